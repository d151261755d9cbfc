"""Closed planar contours to voxels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.io.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["fill", "voxels_inside"]

#: A contour may leave a plane of the reference by so many of its slice distances.
_FLAT = 0.25
#: Contours so close together, in slice distances, lie in one plane.
_SAME_PLANE = 0.05
_NAMES = ("slices", "rows", "columns")


def fill(polygons: Sequence[NDArray[np.float64]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels whose centre lies inside an odd number of polygons.

    Holes may be contours of their own inside the outer one, or be reached by a keyhole. A centre exactly on
    an edge belongs to the pixel's upper or left side, so that polygons that share an edge share no pixel.

    Parameters
    ----------
    polygons : sequence of (N, 2) ndarray
        Corners (row, column) in pixels; (0, 0) is the centre of the first pixel. The last corner is joined to
        the first.
    shape : (rows, columns)
        Size of the result.

    Examples
    --------
    >>> fill([np.array([(0.5, 0.5), (0.5, 3.5), (2.5, 3.5), (2.5, 0.5)])], (4, 5)).astype(int)
    array([[0, 0, 0, 0, 0],
           [0, 1, 1, 1, 0],
           [0, 1, 1, 1, 0],
           [0, 0, 0, 0, 0]])
    """
    rows, columns = shape
    crossings = np.zeros((rows, columns + 1), np.int32)
    for polygon in polygons:
        for (y0, x0), (y1, x1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            low, high = (y0, y1) if y0 < y1 else (y1, y0)
            first, behind = max(int(np.ceil(low)), 0), min(int(np.ceil(high)), rows)
            if first >= behind:
                continue
            row = np.arange(first, behind)
            column = np.ceil(x0 + (row - y0) * ((x1 - x0) / (y1 - y0)))
            crossings[row, np.clip(column, 0, columns).astype(int)] += 1
    return np.cumsum(crossings, axis=1)[:, :columns] % 2 == 1


def voxels_inside(
    contours: Sequence[NDArray[np.float64]], reference: Image, name: str
) -> tuple[NDArray[np.bool_], list[str]]:
    """Return the voxels of a grid whose centres lie inside contours, and notes on what was decided.

    The contours may lie in the planes of any of the three array axes. A slice on which nothing was drawn
    takes the contours of the nearest plane within half of the distance between planes.

    Parameters
    ----------
    contours : sequence of (N, 3) ndarray
        Corners (x, y, z) of closed contours in mm.
    reference : Image
        Gives the grid.
    name : str
        What the contours outline, for messages.

    Returns
    -------
    (K, J, I) ndarray of bool, list of str
        The voxels, and notes.

    Raises
    ------
    LoadError
        If the contours are not parallel to slices, rows or columns of the grid, or lie outside of it.
    """
    indices = [reference.position_to_index(c) for c in contours]
    axis = _axis(indices, reference, name)
    heights = np.array([float(i[:, axis].mean()) for i in indices])
    planes = _planes(heights)
    sizes = [n for a, n in enumerate(reference.grid) if a != axis]
    polygons = [np.delete(i, axis, axis=1) for i in indices]
    mask = np.zeros(reference.grid, bool)
    distance = _distance(planes)
    used: set[int] = set()
    for n in range(reference.grid[axis]):
        nearest = int(np.argmin(np.abs(planes - n)))
        if abs(planes[nearest] - n) <= distance / 2 + 1e-3:
            used.add(nearest)
            on_it = np.abs(heights - planes[nearest]) <= _SAME_PLANE
            here = [p for p, there in zip(polygons, on_it, strict=True) if there]
            mask[(slice(None),) * axis + (n,)] = fill(here, (sizes[0], sizes[1]))
    _check_inside(polygons, used, sizes, name)
    return mask, [f"{name}: {note}" for note in _notes(mask, planes, used, polygons, sizes)]


def _axis(indices: Sequence[NDArray[np.float64]], reference: Image, name: str) -> int:
    """Return the array axis that stands on the planes of the contours."""
    spread = np.max([np.ptp(i, axis=0) for i in indices], axis=0)
    axis = int(np.argmin(spread))
    if spread[axis] > _FLAT:
        msg = (
            f"The contours of {name!r} are not parallel to slices, rows or columns of the reference: "
            f"they leave its {_NAMES[axis]} by up to {spread[axis]:.2f} of a voxel ({_FLAT} allowed). "
            f"Read them on the image they were drawn on, then use mask.like(image). Reference: {reference!r}"
        )
        raise LoadError(msg)
    return axis


def _planes(heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the heights of the planes, each contour's own within the tolerance."""
    ordered = np.sort(heights)
    starts = np.concatenate([[True], np.diff(ordered) > _SAME_PLANE])
    return ordered[starts]


def _check_inside(
    polygons: Sequence[NDArray[np.float64]], used: set[int], sizes: Sequence[int], name: str
) -> None:
    corners = np.concatenate(polygons)
    if not used or _beside(corners, sizes).all():
        msg = f"All contours of {name!r} lie outside of the reference; is it the image they were drawn on?"
        raise LoadError(msg)


def _beside(corners: NDArray[np.float64], sizes: Sequence[int]) -> NDArray[np.bool_]:
    """Return which corners lie beyond the edges of the plane."""
    beside = (corners < -0.5) | (corners > np.array(sizes) - 0.5)
    return np.asarray(beside.any(axis=1))


def _notes(
    mask: NDArray[np.bool_],
    planes: NDArray[np.float64],
    used: set[int],
    polygons: Sequence[NDArray[np.float64]],
    sizes: Sequence[int],
) -> list[str]:
    notes = []
    if len(used) < len(planes):
        notes.append(f"{len(planes) - len(used)} of {len(planes)} contour planes have no slice here.")
    if _beside(np.concatenate(polygons), sizes).any():
        notes.append("contours leave the image sideways and were cut.")
    distance = _distance(planes)
    if np.abs(planes - np.rint(planes)).max() > 0.1 or abs(distance - 1) > 0.1:
        notes.append(f"contours lie {distance:.3g} slices apart; each slice took the nearest.")
    if not mask.any():
        notes.append("no voxel has its centre inside the contours.")
    return notes


def _distance(planes: NDArray[np.float64]) -> float:
    """Return the usual distance between planes, in slices."""
    return float(np.median(np.diff(planes))) if len(planes) > 1 else 1.0
