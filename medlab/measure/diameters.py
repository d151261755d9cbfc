"""Diameters of a lesion as RECIST and WHO measure them: the longest in a slice, and across it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from medlab.measure.region import box_of, check_length, some_inside

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["Diameters", "recist"]

_HEAD = np.array([0.0, 0.0, 1.0])


@dataclasses.dataclass(frozen=True, eq=False)
class Diameters:
    """The two diameters of a lesion, and where they lie.

    Attributes
    ----------
    longest_mm : float
        The longest diameter in any slice.
    perpendicular_mm : float
        The longest in the same slice at a right angle to it.
    slice : int
        The index of that slice, along `axis`.
    axis : str
        The array axis the slices are stacked along: ``"z"`` unless the slices were acquired otherwise.
    longest_ends, perpendicular_ends : (2, 3) ndarray
        The end points as fractional array indices (k, j, i), to be drawn.
    longest_positions, perpendicular_positions : (2, 3) ndarray
        The same as positions (x, y, z) in mm.
    """

    longest_mm: float
    perpendicular_mm: float
    slice: int
    axis: str
    longest_ends: NDArray[np.float64]
    perpendicular_ends: NDArray[np.float64]
    longest_positions: NDArray[np.float64]
    perpendicular_positions: NDArray[np.float64]

    @property
    def product_mm2(self) -> float:
        """The product of the two diameters in mm², as WHO measures (Miller et al., Cancer 1981)."""
        return self.longest_mm * self.perpendicular_mm

    def to_series(self) -> pd.Series:
        """Return the numbers without the end points."""
        import pandas as pd

        return pd.Series(
            {
                "longest_mm": self.longest_mm,
                "perpendicular_mm": self.perpendicular_mm,
                "product_mm2": self.product_mm2,
                "slice": self.slice,
            }
        )


def recist(mask: Image, label: int | str | None = None, *, plane: str = "axial") -> Diameters:
    """Measure a lesion: the longest diameter in the axial plane, and the longest perpendicular to it.

    Both run from edge to edge: the outline of the mask lies half-way between the last voxel inside and the
    first outside (marching squares), so that a row of n pixels is n pixels long and a single pixel has a
    diameter. Distances are taken in mm, also in oblique and in tilted stacks.

    Parameters
    ----------
    mask : Image
        Axes ``"zyx"`` or ``"yx"``, one lesion: measure the labels of several one by one.
    label : int or str, optional
        Value or name; default: all that is not 0.
    plane : {"axial", "acquired"}, optional
        The slices of the array that lie closest to axial, or those along its first axis. A picture has only
        the one; so has a volume of which nobody knows how it lies in the patient.

    Returns
    -------
    Diameters
        The longest over all slices. Both diameters join points of one outline: parts that do not touch in a
        slice count one by one. A diameter may cross a notch of the outline.

    Raises
    ------
    TypeError, ValueError
        If it is no mask with a known spacing, or no voxel carries the label.

    References
    ----------
    Eisenhauer et al., New response evaluation criteria in solid tumours: revised RECIST guideline (version
    1.1), European Journal of Cancer 2009, https://doi.org/10.1016/j.ejca.2008.10.026.
    Miller et al., Reporting results of cancer treatment, Cancer 1981 (the product of the two).

    Examples
    --------
    >>> from medlab import Image
    >>> ct = Image(np.zeros((4, 20, 20)), affine=np.diag([0.5, 0.5, 3.0, 1])[:, [2, 1, 0, 3]])
    >>> lesion = np.zeros((4, 20, 20), bool)
    >>> lesion[1:3, 9, 4:16] = True
    >>> found = recist(ct.as_mask(lesion))
    >>> found.longest_mm, found.perpendicular_mm, found.slice
    (6.0, 0.5, 1)
    """
    if plane not in ("axial", "acquired"):
        msg = f"plane must be 'axial' or 'acquired'; got {plane!r}."
        raise ValueError(msg)
    found = some_inside(mask, label)
    if mask.axes not in ("yx", "zyx"):
        msg = f"Diameters need a mask of axes 'yx' or 'zyx'; got {mask!r}. Choose one time point first."
        raise ValueError(msg)
    check_length(mask, "A diameter")
    found = found.reshape(mask.grid)
    axis = 0
    if plane == "axial" and mask.space == "patient" and mask.axes == "zyx":
        axis = int(np.argmax(np.abs(_HEAD @ mask.direction)))
    longest, number, ends, outline = _longest(found, mask, axis)
    across_mm, across = _across(outline, ends)
    where = [_full(_in_plane(mask, axis, points, back=True), axis, number) for points in (ends, across)]
    return Diameters(
        longest_mm=longest,
        perpendicular_mm=across_mm,
        slice=number,
        axis="zyx"[axis],
        longest_ends=where[0],
        perpendicular_ends=where[1],
        longest_positions=mask.index_to_position(where[0]),
        perpendicular_positions=mask.index_to_position(where[1]),
    )


def _longest(
    found: NDArray[np.bool_], mask: Image, axis: int
) -> tuple[float, int, NDArray[np.float64], NDArray[np.float64]]:
    """Return length, slice, both ends and the whole outline (in mm in the plane) of the longest diameter."""
    from skimage.measure import find_contours

    box = box_of(found)
    corner = [s.start - 1 for a, s in enumerate(box) if a != axis]
    best: tuple[float, int, NDArray[np.float64], NDArray[np.float64]] | None = None
    for number, flat in enumerate(np.moveaxis(found[box], axis, 0), box[axis].start):
        for line in find_contours(np.pad(flat, 1).astype(np.float32), 0.5, fully_connected="high"):
            outline = _in_plane(mask, axis, line + corner)
            length, ends = _farthest(outline)
            if best is None or length > best[0] + 1e-9:
                best = (length, number, ends, outline)
    assert best is not None  # noqa: S101
    return best


def _in_plane(
    mask: Image, axis: int, points: NDArray[np.float64], *, back: bool = False
) -> NDArray[np.float64]:
    """Turn fractional indices in a slice into mm along two axes at right angles, or back."""
    first, second = (mask.affine[:3, a] for a in range(3) if a != axis)
    along = first / np.linalg.norm(first)
    aside = second - along * (along @ second)
    aside = aside / np.linalg.norm(aside)
    matrix = np.array([[first @ along, second @ along], [0.0, second @ aside]])
    return points @ (np.linalg.inv(matrix) if back else matrix).T


def _full(points: NDArray[np.float64], axis: int, number: int) -> NDArray[np.float64]:
    return np.insert(points, axis, number, axis=1)


def _farthest(outline: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return the largest distance between two points, and the two."""
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import pdist, squareform

    corners = outline[ConvexHull(outline).vertices]
    apart = squareform(pdist(corners))
    one, other = np.unravel_index(int(apart.argmax()), apart.shape)
    return float(apart.max()), corners[[one, other]]


def _across(outline: NDArray[np.float64], ends: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return the longest distance across the outline at a right angle to a line, and where it ends.

    Between two neighbouring corners (seen along the line) both sides of the outline are straight, so the
    largest distance lies at a corner.
    """
    along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    turned = np.stack([along, [-along[1], along[0]]])
    u, v = turned @ outline.T
    start, stop, low, high = u[:-1], u[1:], v[:-1], v[1:]
    places = np.unique(u)[:, None]
    run = np.where(stop == start, 1.0, stop - start)
    share = np.where(stop == start, 0.0, (places - start) / run)
    crossed = (places >= np.minimum(start, stop)) & (places <= np.maximum(start, stop))
    height = low + share * (high - low)
    flat = crossed & (stop == start)
    top = np.where(crossed, np.where(flat, np.maximum(low, high), height), -np.inf).max(axis=1)
    bottom = np.where(crossed, np.where(flat, np.minimum(low, high), height), np.inf).min(axis=1)
    best = int((top - bottom).argmax())
    points = np.array([[places[best, 0], bottom[best]], [places[best, 0], top[best]]])
    return float(top[best] - bottom[best]), points @ turned
