"""Vessels: calibre, length and tortuosity of each segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.measure.region import box_of, some_inside

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["vessel_calibre"]

#: Steps along a centre line are smoothed over so many pixels (standard deviation) before they are added up.
_SMOOTH = 2.0
#: The edge counts over so many pixels before and behind, and up to so many times its smallest distance.
_WINDOW, _REACH = 2.0, 1.5


def vessel_calibre(
    mask: Image, label: int | str | None = None, *, min_length: float | None = None
) -> pd.DataFrame:
    """Measure each vessel segment: its calibre, length and tortuosity.

    The mask is thinned to its centre line, which is cut where vessels branch or cross. Calibre is twice the
    mean distance from the centre line to the edge, at a right angle to the vessel and averaged over a few
    pixels along it; the edge lies half-way between the last pixel inside and the first outside. A straight
    vessel n pixels wide measures n pixels.

    Parameters
    ----------
    mask : Image
        Axes ``"yx"`` or ``"zyx"``; vessels of any number. Where no size is known all is in pixels.
    label : int or str, optional
        Value or name; default: all that is not 0.
    min_length : float, optional
        Leave out segments that are shorter, in mm (or pixels). Default: those shorter than the vessel is wide
        where they start, which are spurs of the thinning.

    Returns
    -------
    DataFrame
        A row per segment, longest first: ``calibre`` (median along it), ``calibre_sd``, ``length``,
        ``chord`` (straight from end to end), ``tortuosity`` (length / chord, 1 for a straight vessel),
        ``unit``, and the index of its middle (``slice``), ``row``, ``column``.

    Raises
    ------
    TypeError, ValueError
        If it is no mask, or no voxel carries the label.

    References
    ----------
    Zhang & Suen, Communications of the ACM 1984 and Lee et al., CVGIP 1994
    (`skimage.morphology.skeletonize`).
    Hart et al., Measurement and classification of retinal vascular tortuosity, International Journal of
    Medical Informatics 1999.

    Examples
    --------
    >>> from medlab import Image
    >>> vessel = np.zeros((20, 60), bool)
    >>> vessel[8:12, 5:55] = True
    >>> picture = Image(np.zeros((20, 60))).with_spacing(0.01)
    >>> vessel_calibre(picture.as_mask(vessel))[["calibre", "tortuosity", "unit"]].round(2)
       calibre  tortuosity unit
    0     0.04         1.0   mm
    """
    import pandas as pd
    from scipy import ndimage
    from scipy.spatial import cKDTree

    found = some_inside(mask, label)
    if mask.axes not in ("yx", "zyx"):
        msg = (
            f"Calibre is measured in a mask of axes 'yx' or 'zyx'; got {mask!r}. Choose one time point first."
        )
        raise ValueError(msg)
    box = box_of(found)
    part = np.pad(found[box], 1)
    step = np.array(mask.spacing)
    edge = cKDTree(_edges(part) * step)
    pieces, count = _segments(_centre_line(part))
    corner = np.array([s.start - 1 for s in box])
    rows = []
    for number, place in zip(range(1, count + 1), ndimage.find_objects(pieces), strict=True):
        path = _path(np.argwhere(pieces[place] == number)) + [s.start for s in place]
        row, widest = _segment_row(path * step, edge, float(step.max()))
        if row["length"] >= (widest if min_length is None else min_length):
            names = ("slice", "row", "column")[-found.ndim :]
            middle = dict(zip(names, path[len(path) // 2] + corner, strict=True))
            rows.append(row | {"unit": mask.unit_of_length} | middle)
    columns = ["calibre", "calibre_sd", "length", "chord", "tortuosity", "unit"]
    table = pd.DataFrame(rows, columns=None if rows else columns)
    return table.sort_values("length", ascending=False, ignore_index=True)


def _centre_line(part: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Thin a mask to its centre lines.

    Lee's method loses vessels that are symmetric about the faces between voxels; such ones are thinned once
    more with an odd number of voxels across.
    """
    from scipy.ndimage import label
    from skimage.morphology import skeletonize

    line = skeletonize(part)
    vessels, count = label(part, structure=np.ones((3,) * part.ndim))
    lost = np.setdiff1d(np.arange(1, count + 1), vessels[line])
    if len(lost):
        odd = np.isin(vessels, lost)
        for axis in range(part.ndim):
            odd = odd | np.roll(odd, 1, axis=axis)
        line = line | (skeletonize(odd) & np.isin(vessels, lost))
    return line


def _edges(part: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the points half-way between each pixel inside and its face neighbours outside."""
    points = []
    for axis in range(part.ndim):
        first = np.argwhere(np.diff(part.astype(np.int8), axis=axis)).astype(np.float64)
        first[:, axis] += 0.5
        points.append(first)
    return np.concatenate(points)


def _segments(skeleton: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    """Give each piece of a centre line, between its ends and branches, a number.

    A pixel is a branch if its neighbours on the line form three groups or more that share no face.
    """
    from scipy import ndimage

    around = np.ones((3,) * skeleton.ndim, np.uint8)
    line = np.pad(skeleton, 1)
    crowded = line & (ndimage.convolve(line.astype(np.uint8), around, mode="constant") > 3)
    branches = np.zeros(line.shape, bool)
    for index in np.argwhere(crowded):
        block = line[tuple(slice(n - 1, n + 2) for n in index)].copy()
        block[(1,) * skeleton.ndim] = False
        branches[tuple(index)] = ndimage.label(block)[1] > 2
    kept = line & ~ndimage.binary_dilation(branches, around)
    inner = (slice(1, -1),) * skeleton.ndim
    return ndimage.label(kept[inner], structure=around)


def _path(points: NDArray[np.intp]) -> NDArray[np.intp]:
    """Order the pixels of an unbranched line (or a loop) from one end to the other."""
    from scipy.spatial import cKDTree

    if len(points) < 3:
        return points
    links = cKDTree(points).query_ball_point(points, 1.8)
    first = min(range(len(points)), key=lambda n: len(links[n]))
    order, seen = [first], {first}
    while following := [n for n in links[order[-1]] if n not in seen]:
        last = points[order[-1]]
        nearest = min(following, key=lambda n: int(np.abs(points[n] - last).sum()))
        order.append(nearest)
        seen.add(nearest)
    return points[order]


def _segment_row(line: NDArray[np.float64], edge: Any, step: float) -> tuple[dict[str, float], float]:
    """Return the measures of a centre line in mm, and how wide the vessel is at its widest."""
    from scipy.ndimage import gaussian_filter1d

    chord = float(np.linalg.norm(line[-1] - line[0]))
    smooth = line
    if len(line) > 2:
        smooth = gaussian_filter1d(line, _SMOOTH, axis=0, mode="nearest")
        smooth[[0, -1]] = line[[0, -1]]
    nearest = edge.query(line)[0]
    calibre = 2 * nearest if len(line) < 3 else _across(smooth, nearest, edge, step)
    length = float(np.linalg.norm(np.diff(smooth, axis=0), axis=1).sum())
    row = {
        "calibre": float(np.median(calibre)),
        "calibre_sd": float(calibre.std()),
        "length": length,
        "chord": chord,
        "tortuosity": length / chord if chord > 0 else np.nan,
    }
    return row, 2 * float(nearest.max())


def _across(
    line: NDArray[np.float64], nearest: NDArray[np.float64], edge: Any, step: float
) -> NDArray[np.float64]:
    """Return twice the mean distance to the edge at a right angle to each point of a line."""
    ahead = np.gradient(line, axis=0)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-12)
    window = _WINDOW * step
    reach = _REACH * nearest + step
    found = edge.query_ball_point(line, np.hypot(reach, window))
    calibre = np.empty(len(line))
    for n, near in enumerate(found):
        away = edge.data[near] - line[n]
        along = away @ ahead[n]
        aside = np.linalg.norm(away - along[:, None] * ahead[n], axis=1)
        kept = (np.abs(along) <= window) & (aside <= reach[n])
        calibre[n] = 2 * (aside[kept].mean() if kept.any() else nearest[n])
    return calibre
