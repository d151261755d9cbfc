"""How well masks agree: overlap, distance between surfaces, and volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from medlab.evaluate.resampling import bootstrap, group_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["dice", "segmentation", "segmentation_cases", "surface_distances"]


def dice(a: ArrayLike, b: ArrayLike) -> float:
    """Return the Dice coefficient of two masks, 0 to 1: twice the overlap over the sum of the sizes.

    Parameters
    ----------
    a, b : array_like
        Masks of one shape; what is not 0 counts.

    Returns
    -------
    float
        1 if both masks are empty: they agree.

    References
    ----------
    Dice, *Measures of the amount of ecologic association between species*, Ecology 1945.

    Examples
    --------
    >>> dice([1, 1, 0, 0], [0, 1, 1, 0])
    0.5
    """
    first, second = _pair(a, b)
    total = int(first.sum()) + int(second.sum())
    return 2 * int((first & second).sum()) / total if total else 1.0


def surface_distances(
    a: ArrayLike, b: ArrayLike, spacing: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distance in mm from each surface voxel of `a` to the surface of `b`, and the other way.

    A surface voxel is one of the mask with a face neighbour outside of it; beyond the image is outside.

    Parameters
    ----------
    a, b : array_like
        Masks of one shape; what is not 0 counts.
    spacing : sequence of float
        Distance between neighbours in mm along each axis, in array order, as `Image.spacing` gives it.

    Raises
    ------
    ValueError
        If a mask is empty: there is no surface to measure from.

    Examples
    --------
    >>> there, back = surface_distances([[1, 0, 0]], [[0, 0, 1]], spacing=(1.0, 0.5))
    >>> float(there[0]), float(back[0])
    (1.0, 1.0)
    """
    first, second = _pair(a, b)
    if not first.any() or not second.any():
        msg = "Surface distances need two masks that are not empty; got an empty one."
        raise ValueError(msg)
    box = ndimage.find_objects((first | second).astype(np.uint8))[0]
    edges = [_surface(np.pad(mask[box], 1)) for mask in (first, second)]
    to_edge = [ndimage.distance_transform_edt(~edge, sampling=tuple(spacing)) for edge in edges]
    return to_edge[1][edges[0]], to_edge[0][edges[1]]


def segmentation_cases(
    true: Any,
    predicted: Any,
    spacing: Sequence[float] | Sequence[Sequence[float]],
    groups: ArrayLike | None = None,
    *,
    labels: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Score each case, and each label of it, in a row of its own.

    Parameters
    ----------
    true, predicted : (n, ...) array, or sequence of n arrays
        Masks 0/1 or label maps, one per case: ``(n, rows, columns)`` or ``(n, slices, rows, columns)``. A
        last axis of one channel is dropped.
    spacing : sequence of float, or one such sequence per case
        Distance between neighbours in mm, in array order: ``(dy, dx)`` or ``(dz, dy, dx)``.
    groups : (n,) array_like, optional
        Patient of each case.
    labels : sequence of int, optional
        Labels to score. Default: all found, without 0.

    Returns
    -------
    DataFrame
        Columns ``case``, ``patient``, ``label``, ``dice``, ``iou``, ``hd95_mm``, ``surface_distance_mm``, and
        ``volume_error_ml`` (pictures: ``area_error_mm2``), predicted minus true.

        Both masks empty: Dice and IoU are 1, distances 0. One of them empty: Dice and IoU are 0, distances
        NaN, because there is nothing to measure to.

    Notes
    -----
    ``hd95_mm`` is the larger of the two directed 95th percentiles of the surface distances;
    ``surface_distance_mm`` is the mean over the surface voxels of both masks (average symmetric surface
    distance). See Taha & Hanbury, BMC Medical Imaging 2015, https://doi.org/10.1186/s12880-015-0068-x.

    Examples
    --------
    >>> import numpy as np, medlab
    >>> true = np.zeros((1, 8, 8), int); true[0, 2:6, 2:6] = 1
    >>> table = medlab.evaluate.segmentation_cases(true, np.roll(true, 1, axis=2), spacing=(1, 1))
    >>> table[["dice", "iou", "hd95_mm", "area_error_mm2"]]
       dice  iou  hd95_mm  area_error_mm2
    0  0.75  0.6      1.0             0.0
    """
    import pandas as pd

    pairs = [
        (_label_map(t, "true"), _label_map(p, "predicted")) for t, p in zip(true, predicted, strict=True)
    ]
    if not pairs:
        msg = "segmentation needs at least one case; got none."
        raise ValueError(msg)
    spacings = np.broadcast_to(np.asarray(spacing, dtype=np.float64), (len(pairs), pairs[0][0].ndim))
    wanted = _labels(pairs) if labels is None else list(labels)
    patients = np.arange(len(pairs)) if groups is None else np.asarray(groups)
    group_numbers(patients, len(pairs))
    rows = [
        {
            "case": case,
            "patient": patients[case],
            "label": label,
            **_scores(t == label, p == label, spacings[case]),
        }
        for case, (t, p) in enumerate(pairs)
        for label in wanted
    ]
    return pd.DataFrame(rows)


def segmentation(
    true: Any,
    predicted: Any,
    spacing: Sequence[float] | Sequence[Sequence[float]],
    groups: ArrayLike | None = None,
    *,
    labels: Sequence[int] | None = None,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Summarise how well masks agree: means over cases with bootstrap intervals by patient.

    Parameters
    ----------
    true, predicted, spacing, groups, labels
        As in `segmentation_cases`, which also says how empty masks count.
    confidence : float, optional
        Coverage of the intervals.
    resamples : int, optional
        Bootstrap resamples.
    seed : int, optional
        The same seed gives the same intervals.

    Returns
    -------
    DataFrame
        One row per label and score, with the columns ``mean``, ``low`` and ``high`` (interval of the mean,
        NaN for fewer than 5 patients), ``median``, ``worst``, ``n`` (cases that count) and ``undefined``
        (cases left out because one of the masks is empty: a mean distance without them flatters).

    Examples
    --------
    >>> import numpy as np, medlab
    >>> true = np.zeros((6, 8, 8), int); true[:, 2:6, 2:6] = 1
    >>> medlab.evaluate.segmentation(true, true, spacing=(0.5, 0.5)).loc[(1, "dice"), "mean"]
    np.float64(1.0)
    """
    import pandas as pd

    cases = segmentation_cases(true, predicted, spacing, groups, labels=labels)
    options = {"confidence": confidence, "resamples": resamples, "seed": seed}
    rows = {
        (label, score): _summary(part[score], part["patient"], options)
        for label, part in cases.groupby("label")
        for score in cases.columns[3:]
    }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(rows, names=["label", "score"])
    return table


def _summary(values: pd.Series, patients: pd.Series, options: dict[str, Any]) -> dict[str, float]:
    """Mean with interval, median and worst of one score over the cases where it is defined."""
    known = values.notna()
    found = values[known].to_numpy()
    low = high = np.nan
    if patients[known].nunique() >= 5:
        _, low, high = bootstrap(np.mean, found, groups=patients[known].to_numpy(), **options)
    overlap = values.name in {"dice", "iou"}
    worst = (found.min() if overlap else found[np.abs(found).argmax()]) if len(found) else np.nan
    return {
        "mean": found.mean() if len(found) else np.nan,
        "low": low,
        "high": high,
        "median": np.median(found) if len(found) else np.nan,
        "worst": worst,
        "n": int(known.sum()),
        "undefined": int((~known).sum()),
    }


def _scores(
    true: NDArray[np.bool_], predicted: NDArray[np.bool_], spacing: NDArray[np.float64]
) -> dict[str, float]:
    union = int((true | predicted).sum())
    volume = ("volume_error_ml", 1e-3) if true.ndim == 3 else ("area_error_mm2", 1.0)
    error = (int(predicted.sum()) - int(true.sum())) * float(np.prod(spacing)) * volume[1]
    hd95 = mean = 0.0 if not union else np.nan
    if true.any() and predicted.any():
        there, back = surface_distances(true, predicted, tuple(spacing))
        hd95 = float(max(np.percentile(there, 95), np.percentile(back, 95)))
        mean = float(np.concatenate([there, back]).mean())
    return {
        "dice": dice(true, predicted),
        "iou": int((true & predicted).sum()) / union if union else 1.0,
        "hd95_mm": hd95,
        "surface_distance_mm": mean,
        volume[0]: error,
    }


def _surface(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return mask & ~ndimage.binary_erosion(mask)


def _pair(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    first, second = np.asarray(a).astype(bool), np.asarray(b).astype(bool)
    if first.shape != second.shape:
        msg = (
            f"Two masks must have the same shape; got {first.shape} and {second.shape}. "
            "Resample one to the other's grid."
        )
        raise ValueError(msg)
    return first, second


def _label_map(mask: ArrayLike, what: str) -> NDArray[np.int64]:
    """Return one case as whole numbers without a channel axis."""
    values = np.asarray(mask)
    if values.ndim > 2 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim not in {2, 3} or (values.dtype != bool and (values != np.round(values)).any()):
        msg = (
            f"{what} must hold masks of 2 or 3 dimensions with whole label numbers; got shape "
            f"{values.shape} with values from {values.min()} to {values.max()}. "
            "Compare probabilities first, e.g. predicted > 0.5."
        )
        raise ValueError(msg)
    return values.astype(np.int64)


def _labels(pairs: list[tuple[NDArray[np.int64], NDArray[np.int64]]]) -> list[int]:
    """Return all labels but 0; raise if truth and prediction clearly number them differently."""
    true, predicted = (sorted(set().union(*[np.unique(p[k]).tolist() for p in pairs]) - {0}) for k in (0, 1))
    if true and predicted and not set(true) & set(predicted):
        msg = f"true holds labels {true}, predicted {predicted}: renumber one, e.g. mask > 0, or set labels=."
        raise ValueError(msg)
    return sorted({*true, *predicted}) or [1]
