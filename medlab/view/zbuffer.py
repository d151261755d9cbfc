"""Meshes as a still picture, by painting the nearest point of each pixel: no graphics card, no browser."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from medlab.view.camera import Camera

__all__ = ["Part", "draw"]

_FINER = 2  # pixels are computed so many times finer and averaged
_AMBIENT = 0.3
_LIGHT = np.array([0.85, 0.4, 0.35])  # along depth, rows and columns of the screen
_MOST_SAMPLES = 4_000_000
_FINE_GROUPS = 16  # larger faces are grouped more coarsely


@dataclasses.dataclass(frozen=True)
class Part:
    """One mesh of a scene.

    Attributes
    ----------
    name : str
        What it is.
    vertices : (n, 3) ndarray
        Positions in mm.
    faces : (m, 3) ndarray
        Indices of vertices.
    colours : (n, 3) ndarray of uint8
        Of the vertices.
    opacity : float
        0 to 1.
    shaded : bool
        Whether light falls on it; a slice of an image keeps its grey levels.
    """

    name: str
    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    colours: NDArray[np.uint8]
    opacity: float = 1.0
    shaded: bool = True


def draw(parts: Sequence[Part], camera: Camera, size: int = 240) -> NDArray[np.uint8]:
    """Return the picture (size, size, 4): colours, and how much of the background is covered.

    Of each part the nearest surface is drawn; what is transparent lets the other parts through.

    Parameters
    ----------
    parts : sequence of Part
        The scene.
    camera : Camera
        From where to look.
    size : int, optional
        Pixels of the square picture; the scene fits into it from every side.
    """
    points = np.concatenate([p.vertices for p in parts])
    low, high = points.min(axis=0), points.max(axis=0)
    middle, radius = (low + high) / 2, max(float(np.linalg.norm(high - low)) / 2, 1e-6)
    fine = size * _FINER
    scale = fine / (2.04 * radius)
    solid = [p for p in parts if p.opacity >= 1]
    groups = ([solid] if solid else []) + [[p] for p in parts if p.opacity < 1]
    layers = [_layer(group, camera, middle, scale, fine) for group in groups]
    result = _blended(layers, [group[0].opacity for group in groups])
    mean = result.reshape(size, _FINER, size, _FINER, 4).mean(axis=(1, 3))
    mean[..., :3] /= np.maximum(mean[..., 3:], 1e-6)
    return np.rint(np.clip(mean, 0, 1) * 255).astype(np.uint8)


def _blended(
    layers: list[tuple[NDArray[np.float32], NDArray[np.float32]]], opacities: list[float]
) -> NDArray[np.float32]:
    """Return colours times cover, and cover, of layers drawn over each other, the farthest first."""
    depths = np.stack([depth for depth, _ in layers])
    order = np.argsort(-depths, axis=0, kind="stable")
    covers = np.where(np.isfinite(depths), np.array(opacities, np.float32)[:, None], np.float32(0))
    colours = np.stack([colour for _, colour in layers])
    pixel = np.arange(depths.shape[1])
    result = np.zeros((pixel.size, 4), np.float32)
    for which in order:
        alpha = covers[which, pixel][:, None]
        result *= 1 - alpha
        result[:, :3] += colours[which, pixel] * alpha
        result[:, 3:] += alpha
    return result


def _layer(
    parts: Sequence[Part], camera: Camera, middle: NDArray[np.float64], scale: float, size: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return depth (infinite where there is nothing) and colour of the nearest surface in each pixel."""
    depth = np.full(size * size, np.inf, np.float32)
    colour = np.zeros((size * size, 3), np.float32)
    facing = [_facing(part, camera, middle, scale) for part in parts]
    corners, shades = (np.concatenate(arrays) for arrays in zip(*facing, strict=True))
    spread = np.ptp(corners[..., 1:], axis=1).max(axis=1)
    for cells, of in _by_size(spread):
        shares = _barycentric(cells)
        at = _mixed(shares, corners[of]) + np.float32(size / 2)
        row, col = (np.clip(at[:, a] + 0.5, 0, size - 1).astype(np.intp) for a in (1, 2))
        _nearest(depth, colour, row * size + col, at[:, 0], _mixed(shares, shades[of]))
    return depth, colour


def _facing(
    part: Part, camera: Camera, middle: NDArray[np.float64], scale: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return corners (depth, row, column) and colours of the faces that are turned to the camera."""
    seen = ((part.vertices - middle) @ camera.axes.T * scale).astype(np.float32)
    colours = part.colours.astype(np.float32) / 255
    faces = part.faces
    if part.shaded:
        a, b, c = np.moveaxis(seen[faces], 1, 0)
        across = np.cross(b - a, c - a)
        colours *= _brightness(across, faces, len(seen))[:, None]
        faces = faces[across[:, 0] > 0]  # depth, row and column are left-handed
    return seen[faces], colours[faces].astype(np.float32)


def _mixed(shares: NDArray[np.float32], corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what lies at shares (s, 3) of the corners (f, 3, n) of triangles, as (s × f, n)."""
    return np.tensordot(shares, corners, axes=(1, 1)).reshape(-1, corners.shape[2])


def _nearest(
    depth: NDArray[np.float32],
    colour: NDArray[np.float32],
    pixel: NDArray[np.intp],
    away: NDArray[np.float32],
    shade: NDArray[np.float32],
) -> None:
    """Paint samples where they are nearer than what is there."""
    before = depth.copy()
    np.minimum.at(depth, pixel, away)
    won = np.flatnonzero((away == depth[pixel]) & (away < before[pixel]))
    colour[pixel[won]] = shade[won]


def _by_size(spread: NDArray[np.floating]) -> list[tuple[int, NDArray[np.intp]]]:
    """Return groups of faces and into how many cells their sides are cut, so that no pixel is left out."""
    cells = np.maximum(np.ceil(spread * 1.2), 1).astype(int)
    cells = np.where(cells > _FINE_GROUPS, 2 ** np.ceil(np.log2(cells)).astype(int), cells)
    groups = []
    for n in np.unique(cells):
        faces = np.flatnonzero(cells == n)
        most = max(1, _MOST_SAMPLES // ((n + 1) * (n + 2) // 2))
        groups += [(int(n), faces[start : start + most]) for start in range(0, len(faces), most)]
    return groups


def _barycentric(cells: int) -> NDArray[np.float32]:
    """Return weights of the corners at points evenly spread over a triangle."""
    a, b = np.meshgrid(np.arange(cells + 1), np.arange(cells + 1), indexing="ij")
    a, b = a[a + b <= cells], b[a + b <= cells]
    return (np.stack([a, b, cells - a - b], axis=1) / cells).astype(np.float32)


def _brightness(across: NDArray[np.float32], faces: NDArray[np.int32], count: int) -> NDArray[np.float32]:
    """Return how bright each vertex is, lit from above and beside the camera, from its faces' normals."""
    normals = np.stack(
        [np.bincount(faces.ravel(), np.repeat(axis, 3), minlength=count) for axis in across.T], axis=1
    )
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    facing = np.abs(normals @ (_LIGHT / np.linalg.norm(_LIGHT)))
    return (_AMBIENT + (1 - _AMBIENT) * facing).astype(np.float32)
