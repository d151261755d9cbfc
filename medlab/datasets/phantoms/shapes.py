"""Shapes that simulated anatomy is made of, as depths: millimetres below the surface, positive inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.image import Image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from medlab.image import Space

__all__ = ["axes_mm", "blob", "blur_edge", "first", "on_grid", "tubes"]


def axes_mm(shape: Sequence[int], spacing: Sequence[float]) -> list[NDArray[np.float32]]:
    """Return the coordinate of each axis in mm, 0 in the middle, ready to broadcast against each other."""
    lines = [(np.arange(n, dtype=np.float32) - (n - 1) / 2) * s for n, s in zip(shape, spacing, strict=True)]
    return list(np.meshgrid(*lines, indexing="ij", sparse=True))


def on_grid(
    array: NDArray[Any], spacing: Sequence[float], *, axes: str = "", space: Space = "patient", **fields: Any
) -> Image:
    """Return an array as an `Image` whose middle is the origin.

    Parameters
    ----------
    array : ndarray
        Values of an axial volume, a picture or a cine.
    spacing : sequence of float
        Distance between neighbours in mm, (dz, dy, dx) or (dy, dx).
    axes, space
        As `Image` takes them. Rows run to the back, columns to the left, slices to the head.
    **fields
        Further fields of `Image`.
    """
    axes = axes or {2: "yx", 3: "zyx", 4: "tzyx"}[array.ndim]
    sizes = dict(zip(axes, array.shape, strict=True))
    dz, dy, dx = (1.0, *spacing)[-3:]
    affine = np.diag([dx, dy, dz, 1.0])[:, [2, 1, 0, 3]]
    affine[:3, 3] = [-(sizes.get(a, 1) - 1) / 2 * s for a, s in (("x", dx), ("y", dy), ("z", dz))]
    return Image(array, axes=axes, affine=affine, space=space, **fields)


def blob(
    y: NDArray[Any],
    x: NDArray[Any],
    radius: float,
    rng: np.random.Generator,
    *,
    irregularity: float = 0.1,
    modes: int = 8,
    fall: float = 1.0,
) -> NDArray[Any]:
    """Depth of a star-shaped region around (0, 0) whose outline is a random Fourier series.

    Parameters
    ----------
    y, x : ndarray
        Offsets from the centre.
    radius : float
        Mean radius, in the unit of the offsets.
    rng : numpy.random.Generator
        Source of the outline.
    irregularity : float, optional
        Relative spread of the radius; 0 gives a circle.
    modes : int, optional
        Highest angular frequency.
    fall : float, optional
        Amplitudes fall as ``mode**-fall``: small values make the outline jagged.
    """
    angle = np.arctan2(y, x)
    mode = np.arange(2, modes + 1)
    amplitude = mode.astype(float) ** -fall
    amplitude *= irregularity * np.sqrt(2) / np.sqrt((amplitude**2).sum())
    outline = np.ones_like(angle)
    for m, a, phase in zip(mode, amplitude, rng.uniform(0, 2 * np.pi, mode.size), strict=True):
        outline += a * np.cos(m * angle + phase)
    return radius * np.maximum(outline, 0.1) - np.hypot(y, x)


def blur_edge(depth: NDArray[Any], width: float) -> NDArray[Any]:
    """Return 0 outside, 1 inside, with a linear edge of `width` around the surface."""
    return np.clip(depth / width + 0.5, 0, 1)


def first(field: NDArray[Any], count: float) -> NDArray[np.bool_]:
    """Return a mask of the `count` voxels with the smallest values: its volume is what was asked for."""
    n = int(np.clip(round(count), 0, field.size))
    mask = np.zeros(field.size, bool)
    if n:
        mask[np.argpartition(field, n - 1, axis=None)[:n]] = True
    return mask.reshape(field.shape)


def tubes(
    shape: Sequence[int], spacing: Sequence[float], segments: ArrayLike, radii: ArrayLike, reach: float
) -> NDArray[np.float32]:
    """Depth below the surface of many round tubes; at most `reach` mm outside is computed.

    Parameters
    ----------
    shape, spacing : sequence
        The grid; positions are in mm from its middle, in array order.
    segments : (n, 2, d) array_like
        Both ends of each tube.
    radii : (n,) array_like
        Radius of each tube in mm.
    reach : float
        How far outside the depth is wanted; farther away it is ``-reach``.
    """
    segments, radii = np.asarray(segments, np.float32), np.asarray(radii, np.float32)
    step, middle = np.asarray(spacing, np.float32), (np.asarray(shape, np.float32) - 1) / 2
    depth = np.full(tuple(shape), -reach, np.float32)
    margin = radii[:, None] + reach
    low = np.maximum(np.floor((segments.min(1) - margin) / step + middle).astype(int), 0)
    high = np.minimum(np.ceil((segments.max(1) + margin) / step + middle).astype(int) + 1, shape)
    seen = (high > low).all(1)
    width = np.ceil(np.maximum(high - low, 1) / 4).astype(int) * 4
    for window in np.unique(width[seen], axis=0):
        chosen = np.flatnonzero(seen & (width == window).all(1))
        for part in np.array_split(chosen, max(1, chosen.size * int(window.prod()) // 2_000_000)):
            _draw(depth, segments[part], radii[part], low[part], window, step, middle)
    return depth


def _draw(
    depth: NDArray[np.float32],
    segments: NDArray[np.float32],
    radii: NDArray[np.float32],
    low: NDArray[np.intp],
    window: NDArray[np.intp],
    step: NDArray[Any],
    middle: NDArray[Any],
) -> None:
    """Draw tubes that fit into windows of one size, all at once."""
    n, dims = len(segments), len(window)
    start, along = segments[:, 0], segments[:, 1] - segments[:, 0]
    index, offsets = [], []
    for d in range(dims):
        line = (1, *[-1 if d == e else 1 for e in range(dims)])
        at = np.minimum(low[:, d, None] + np.arange(window[d]), depth.shape[d] - 1)
        places = (at - middle[d]) * step[d] - start[:, d, None]
        index.append(at.reshape(n, *line[1:]))
        offsets.append(places.astype(np.float32).reshape(n, *line[1:]))
    column = (n, *[1] * dims)
    length = np.maximum((along**2).sum(1), 1e-9).reshape(column)
    along = along.T.reshape(dims, *column)
    t = np.clip(sum(o * v for o, v in zip(offsets, along, strict=True)) / length, 0, 1)
    squared = sum((o - t * v) ** 2 for o, v in zip(offsets, along, strict=True))
    flat = np.ravel_multi_index(np.broadcast_arrays(*index), depth.shape)
    np.maximum.at(depth.reshape(-1), flat, radii.reshape(column) - np.sqrt(squared))
