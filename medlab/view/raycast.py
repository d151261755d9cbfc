"""A volume as a still picture, by casting rays through it: no graphics card, no browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medlab.view.camera import Camera

__all__ = ["cast", "cropped"]

_SAMPLES = 256  # along the longest side: the thickness that opacities are given for
_OPAQUE = 0.97
_DEPTH = 0.7  # layers for each pixel
_AMBIENT = 0.4


def cast(
    codes: NDArray[np.uint8],
    affine: NDArray[np.float64],
    table: NDArray[np.uint8],
    camera: Camera,
    size: int = 240,
    overlay: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None,
) -> NDArray[np.uint8]:
    """Return the picture (size, size, 4) of a volume: colours, and how much of the background is covered.

    Rays run parallel, are composited from front to back, and surfaces are lit from the camera
    (diffuse reflection, the gradient as normal).

    Parameters
    ----------
    codes : (K, J, I) ndarray of uint8
        Rows of `table`.
    affine : (4, 4) ndarray
        From (k, j, i, 1) to LPS mm.
    table : (256, 4) ndarray of uint8
        Red, green, blue and opacity.
    camera : Camera
        From where to look.
    size : int, optional
        Pixels of the square picture; the volume's diagonal fits into it from every side.
    overlay : (codes, table), optional
        A second volume on the same grid, drawn where its opacity is not 0.

    References
    ----------
    M. Levoy, Display of surfaces from volume data, IEEE Computer Graphics and Applications 8(3), 1988.
    """
    to_index, grid, step = _view_grid(codes.shape, affine, camera, size)
    seen = _turned(codes, to_index, grid, linear=True)
    marked = None if overlay is None else _turned(overlay[0], to_index, grid, linear=False)
    longest = max(np.linalg.norm(affine[:3, :3], axis=0) * codes.shape)
    lut = _per_step(table, step * _SAMPLES / longest)
    top = None if overlay is None else _per_step(overlay[1], step * _SAMPLES / longest)
    return _composited(seen, lut, marked, top)


def cropped(
    codes: NDArray[np.uint8],
    affine: NDArray[np.float64],
    table: NDArray[np.uint8],
    marks: NDArray[np.uint8] | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.uint8] | None]:
    """Return the part of a volume that holds all that can be seen, with a margin, its affine and its marks.

    A volume in which nothing can be seen is returned whole.
    """
    seen = table[:, 3][codes] > 0
    if marks is not None:
        seen |= marks > 0
    if not seen.any():
        return codes, affine, marks
    limits = []
    for axes in ((1, 2), (0, 2), (0, 1)):
        found = np.flatnonzero(seen.any(axis=axes))
        limits.append(slice(max(0, int(found[0]) - 2), int(found[-1]) + 3))
    part = tuple(limits)
    moved = affine.copy()
    moved[:3, 3] += affine[:3, :3] @ [one.start for one in limits]
    return codes[part], moved, None if marks is None else marks[part]


def _view_grid(
    shape: tuple[int, ...], affine: NDArray[np.float64], camera: Camera, size: int
) -> tuple[NDArray[np.float64], tuple[int, int, int], float]:
    """Return the matrix from the screen to array indices, the screen's grid, and its layers' distance.

    On the screen are (depth, row, column, 1); the distance is in mm.
    """
    diagonal = np.linalg.norm(affine[:3, :3] @ np.array(shape))
    grid = (max(3, round(size * _DEPTH)), size, size)
    steps = diagonal / np.array(grid)
    middle = affine[:3, :3] @ ((np.array(shape) - 1) / 2) + affine[:3, 3]
    view = np.eye(4)
    view[:3, :3] = camera.axes.T * steps
    view[:3, 3] = middle - view[:3, :3] @ ((np.array(grid) - 1) / 2)
    return np.linalg.inv(affine) @ view, grid, float(steps[0])


def _turned(
    volume: NDArray[np.uint8], to_index: NDArray[np.float64], grid: tuple[int, int, int], *, linear: bool
) -> NDArray[np.uint8]:
    """Return the volume on the screen's grid (depth, row, column)."""
    import SimpleITK as sitk  # noqa: N813

    transform = sitk.AffineTransform(3)
    order = [2, 1, 0]
    transform.SetMatrix(to_index[np.ix_(order, order)].ravel().tolist())
    transform.SetTranslation(to_index[order, 3].tolist())
    interpolator = sitk.sitkLinear if linear else sitk.sitkNearestNeighbor
    source = sitk.GetImageFromArray(np.ascontiguousarray(volume))
    zeros, ones, upright = [0.0] * 3, [1.0] * 3, np.eye(3).ravel().tolist()
    turned = sitk.Resample(source, grid[::-1], transform, interpolator, zeros, ones, upright, 0.0)
    return sitk.GetArrayFromImage(turned)


def _per_step(table: NDArray[np.uint8], thickness: float) -> NDArray[np.float32]:
    """Return the table as 0–1, its opacities for a layer of another thickness."""
    lut = table.astype(np.float32) / 255
    lut[:, 3] = 1 - (1 - np.minimum(lut[:, 3], 0.999)) ** thickness
    return lut.astype(np.float32)


def _composited(
    seen: NDArray[np.uint8],
    lut: NDArray[np.float32],
    marked: NDArray[np.uint8] | None,
    top: NDArray[np.float32] | None,
) -> NDArray[np.uint8]:
    depth, rows, cols = seen.shape
    through = np.ones(rows * cols, np.float32)
    colour = np.zeros((rows * cols, 3), np.float32)
    visible = lut[:, 3] > 0
    for d in range(1, depth - 1):
        here = visible[seen[d]].ravel()
        if marked is not None:
            here |= marked[d].ravel() > 0
        active = np.flatnonzero(here & (through > 1 - _OPAQUE))
        if not active.size:
            continue
        rgba = lut[seen[d].ravel()[active]]
        if marked is not None and top is not None:
            labels = marked[d].ravel()[active]
            rgba = np.where(labels[:, None] > 0, top[labels], rgba)
            normals = _normals((marked[d - 1 : d + 2] > 0) * np.uint8(200), active)
            normals = np.where(labels[:, None] > 0, normals, _normals(seen[d - 1 : d + 2], active))
        else:
            normals = _normals(seen[d - 1 : d + 2], active)
        weight = through[active] * rgba[:, 3]
        colour[active] += (weight * _lit(normals))[:, None] * rgba[:, :3]
        through[active] -= weight
    picture = np.zeros((rows * cols, 4), np.float32)
    cover = 1 - through
    picture[:, :3] = colour / np.maximum(cover, 1e-6)[:, None]
    picture[:, 3] = cover
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8).reshape(rows, cols, 4)


def _normals(slab: NDArray[np.uint8], active: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return gradients (n, 3) along depth, rows and columns at positions in the middle of three layers."""
    front, middle, back = (layer.ravel() for layer in slab)
    cols = slab.shape[2]
    last = middle.size - 1
    gradient = np.empty((active.size, 3), np.float32)
    gradient[:, 0] = back[active].astype(np.float32) - front[active]
    for axis, stride in ((1, cols), (2, 1)):
        after = middle[np.minimum(active + stride, last)].astype(np.float32)
        gradient[:, axis] = after - middle[np.maximum(active - stride, 0)]
    return gradient


def _lit(gradient: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return brightness: the more a surface turns to the camera, the brighter; flat regions in between."""
    length = np.sqrt((gradient**2).sum(axis=1))
    facing = np.abs(gradient[:, 0]) / np.maximum(length, 1e-6)
    certain = np.minimum(length / 24, 1)
    return _AMBIENT + (1 - _AMBIENT) * (certain * facing + (1 - certain) * 0.8)
