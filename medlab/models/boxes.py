"""Boxes as tables, drawn as the targets of a detector and read off its predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.models.layers import checked_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["box_columns", "detection_targets", "detections"]

_AXES = ("slice", "row", "col")
_SPREAD = 0.54 / 6  # standard deviation of a Gaussian in a target, as a part of the box (TTFNet's alpha)


def box_columns(ndim: int) -> list[str]:
    """Return the columns of a table of boxes in two or three dimensions.

    >>> box_columns(2)
    ['row_start', 'row_stop', 'col_start', 'col_stop']
    """
    return [f"{axis}_{end}" for axis in _AXES[3 - ndim :] for end in ("start", "stop")]


def detection_targets(
    boxes: pd.DataFrame, n: int, input_shape: Sequence[int], *, classes: int = 1, stride: int = 4
) -> NDArray[np.float32]:
    """Draw boxes as what a `detector` should predict.

    Parameters
    ----------
    boxes : DataFrame
        One row for each box: ``image`` (number of the image, from 0), ``row_start``, ``row_stop``,
        ``col_start``, ``col_stop`` in pixels, half-open like slices: ``array[row_start:row_stop, …]``; for
        volumes also ``slice_start`` and ``slice_stop``. ``class`` (from 0) if there are several.
    n : int
        Number of images; those without a row have no object.
    input_shape : tuple
        ``(rows, columns, channels)`` or ``(slices, rows, columns, channels)`` of the images.
    classes, stride : int, optional
        As for `detector`.

    Returns
    -------
    (n, rows / stride, columns / stride, classes + 2 · dimensions) ndarray of float32
        Heat map with a Gaussian for each object, exactly 1 in the cell of its centre and nowhere else; in
        these cells the offset and the size of the box, elsewhere 0. The Gaussian's standard deviation is
        0.09 of the box along each axis (Liu et al., *Training-time-friendly network*, AAAI 2020,
        https://arxiv.org/abs/1909.00700).

    Raises
    ------
    ValueError
        If columns are missing, or a box is empty, outside its image or of an unknown class.

    Examples
    --------
    >>> import pandas as pd
    >>> boxes = pd.DataFrame([[1, 8, 16, 20, 32]], columns=["image", *box_columns(2)])
    >>> target = detection_targets(boxes, 2, (64, 64, 1))
    >>> target.shape, target[1, 3, 6].tolist()  # centre (12, 26), a box of 8 × 12 pixels
    ((2, 16, 16, 5), [1.0, 0.0, 0.5, 2.0, 3.0])
    """
    size = np.array(checked_shape(input_shape)[:-1], dtype=float)
    ndim = len(size)
    image, kind, start, stop = _checked_boxes(boxes, n, size, classes)
    grid = tuple(-(-int(length) // stride) for length in size)
    target = np.zeros((n, *grid, classes + 2 * ndim), np.float32)
    centre, extent = (start + stop) / 2 / stride, (stop - start) / stride
    cells = np.minimum(centre.astype(int), np.array(grid) - 1)
    for i, c, cell, wide in zip(image, kind, cells, extent, strict=True):
        heat = target[i, ..., c]
        np.maximum(heat, _gaussian(grid, cell, np.maximum(wide * _SPREAD, 0.3)), out=heat)
    for i, cell, place, wide in zip(image, cells, centre, extent, strict=True):
        target[(i, *cell)][classes:] = [*(place - cell), *wide]
    return target


def detections(
    prediction: ArrayLike,
    input_shape: Sequence[int],
    *,
    stride: int = 4,
    threshold: float = 0.1,
    overlap: float = 0.5,
    most: int = 100,
) -> pd.DataFrame:
    """Read boxes off what a `detector` predicts.

    A cell counts where none of its neighbours has a higher probability. Of two boxes of a class that
    overlap, the less probable is left out (non-maximum suppression).

    Parameters
    ----------
    prediction : array_like
        Output of a `detector`, or targets.
    input_shape : tuple
        ``(rows, columns, channels)`` or ``(slices, rows, columns, channels)``; boxes are cut at the edge.
    stride : int, optional
        As for the `detector`.
    threshold : float, optional
        Lowest probability.
    overlap : float, optional
        Largest intersection over union of two boxes of a class, 0 to 1.
    most : int, optional
        Boxes in an image at most, the most probable ones.

    Returns
    -------
    DataFrame
        ``image``, ``class``, ``score`` (0…1), ``row_start``, ``row_stop``, ``col_start``, ``col_stop`` in
        pixels and parts of pixels, for volumes also ``slice_start`` and ``slice_stop``; ordered by image and
        falling score.

    Raises
    ------
    ValueError
        If the prediction does not belong to images of this shape.

    Examples
    --------
    >>> import pandas as pd
    >>> boxes = pd.DataFrame([[1, 8, 16, 20, 32]], columns=["image", *box_columns(2)])
    >>> detections(detection_targets(boxes, 2, (64, 64, 1)), (64, 64, 1)).iloc[0].astype(int).to_dict()
    {'image': 1, 'class': 0, 'score': 1, 'row_start': 8, 'row_stop': 16, 'col_start': 20, 'col_stop': 32}
    """
    import pandas as pd

    limits = np.array(checked_shape(input_shape)[:-1], dtype=float)
    ndim, values = len(limits), np.asarray(prediction, dtype=np.float32)
    grid = tuple(-(-int(length) // stride) for length in limits)
    if values.ndim != ndim + 2 or values.shape[1:-1] != grid or values.shape[-1] <= 2 * ndim:
        msg = (
            f"prediction must have the shape (n, {', '.join(map(str, grid))}, classes + {2 * ndim}) for "
            f"input_shape={tuple(input_shape)} and stride={stride}; got {values.shape}."
        )
        raise ValueError(msg)
    rows = []
    for image, value in enumerate(values):
        score, kind, start, stop = _peaks(value, limits, stride, threshold, most)
        for k in _kept(start, stop, kind, overlap):
            bounds = np.stack([start[k], stop[k]], axis=1).ravel()
            rows.append([image, int(kind[k]), float(score[k]), *bounds.tolist()])
    return pd.DataFrame(rows, columns=["image", "class", "score", *box_columns(ndim)])


def _checked_boxes(
    boxes: pd.DataFrame, n: int, size: NDArray[np.float64], classes: int
) -> tuple[Any, Any, Any, Any]:
    """Return number of the image, class, start and stop of each box, or raise."""
    columns = box_columns(len(size))
    needed = ["image", *columns, *(["class"] if classes > 1 else [])]
    missing = [c for c in needed if c not in boxes]
    if missing:
        msg = f"boxes must have the columns {needed}; {missing} are missing from {list(boxes.columns)}."
        raise ValueError(msg)
    image = boxes["image"].to_numpy(dtype=int)
    kind = boxes["class"].to_numpy(dtype=int) if "class" in boxes else np.zeros(len(boxes), int)
    bounds = boxes[columns].to_numpy(dtype=float).reshape(-1, len(size), 2)
    start, stop = bounds[..., 0], bounds[..., 1]
    good = (image >= 0) & (image < n) & (kind >= 0) & (kind < classes)
    good &= ((start < stop) & (start >= 0) & (stop <= size)).all(axis=1)
    if not good.all():
        first = boxes[~good].iloc[0].to_dict()
        msg = (
            f"A box must be larger than nothing and lie within its image of {size.astype(int).tolist()} "
            f"pixels, with image 0 to {n - 1} and class 0 to {classes - 1}; {int((~good).sum())} boxes do "
            f"not, the first is {first}."
        )
        raise ValueError(msg)
    return image, kind, start, stop


def _gaussian(grid: tuple[int, ...], cell: NDArray[Any], sigma: NDArray[Any]) -> NDArray[np.float64]:
    value = np.ones(())
    for length, middle, width in zip(grid, cell, sigma, strict=True):
        value = np.multiply.outer(value, np.exp(-((np.arange(length) - middle) ** 2) / (2 * width**2)))
    return value


def _peaks(
    value: NDArray[np.float32], limits: NDArray[np.float64], stride: int, threshold: float, most: int
) -> tuple[Any, Any, Any, Any]:
    """Return score, class, start and stop of the boxes at local maxima, the highest score first."""
    from scipy.ndimage import maximum_filter

    ndim = len(limits)
    heat, rest = value[..., : -2 * ndim], value[..., -2 * ndim :]
    highest = maximum_filter(heat, size=(*[3] * ndim, 1), mode="constant")
    places = np.argwhere((heat == highest) & (heat >= threshold))
    score = heat[tuple(places.T)]
    order = np.argsort(-score, kind="stable")[:most]
    places, score = places[order], score[order]
    cells, kind = places[:, :ndim], places[:, ndim]
    found = rest[tuple(cells.T)].astype(float)
    centre = (cells + found[:, :ndim]) * stride
    half = np.maximum(found[:, ndim:], 0) * stride / 2
    return score, kind, np.clip(centre - half, 0, limits), np.clip(centre + half, 0, limits)


def _kept(start: Any, stop: Any, kind: Any, overlap: float) -> list[int]:
    """Return which boxes stay when each removes those of its class that overlap it too much."""
    volume = (stop - start).prod(axis=1)
    left = np.ones(len(start), bool)
    kept = []
    for k in range(len(start)):
        if not left[k]:
            continue
        kept.append(k)
        shared = np.clip(np.minimum(stop, stop[k]) - np.maximum(start, start[k]), 0, None).prod(axis=1)
        union = volume + volume[k] - shared
        left &= (kind != kind[k]) | (shared <= overlap * np.maximum(union, 1e-9))
    return kept
