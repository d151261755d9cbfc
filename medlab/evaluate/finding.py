"""Whether objects were found, and how many false alarms that cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from medlab.evaluate.classes import MINIMUM_PATIENTS
from medlab.evaluate.resampling import group_numbers, percentile_interval, resampled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["compare_detection", "detection", "froc"]

_AXES = ("slice", "row", "col")

#: False positives per image at which the sensitivity is read: Setio et al. 2017.
RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


def froc(
    true: pd.DataFrame,
    found: pd.DataFrame,
    images: int,
    *,
    hit: Literal["centre", "overlap"] = "centre",
    overlap: float = 0.3,
) -> pd.DataFrame:
    """Trace the sensitivity over the false positives per image (free-response ROC).

    Parameters
    ----------
    true, found : DataFrame
        One row for each box: ``image`` (number from 0) and, half-open in pixels, ``row_start``, ``row_stop``,
        ``col_start``, ``col_stop``; for volumes also ``slice_start`` and ``slice_stop``; `found` with
        ``score``: what `medlab.models.detections` gives. Where both have ``class``, classes must agree.
    images : int
        Number of images, those without any box included.
    hit : {"centre", "overlap"}, optional
        A box is a hit if its centre lies in the ellipse (ellipsoid) that fills a true box, as in the
        LUNA16 challenge; or if its intersection over union with it is at least `overlap`.
    overlap : float, optional
        Least intersection over union, for ``hit="overlap"``.

    Returns
    -------
    DataFrame
        From the most to the least certain box: ``threshold``, ``false positives per image``,
        ``sensitivity``. A second hit on an object counts neither way.

    Raises
    ------
    ValueError
        If a column is missing, an image number does not exist, or there is no true object.

    References
    ----------
    Setio et al., *Validation, comparison, and combination of algorithms for automatic detection of pulmonary
    nodules*, Medical Image Analysis 2017, https://doi.org/10.1016/j.media.2017.06.015.

    Examples
    --------
    >>> import pandas as pd
    >>> box = ["image", "row_start", "row_stop", "col_start", "col_stop"]
    >>> true = pd.DataFrame([[0, 10, 20, 10, 20]], columns=box)
    >>> found = pd.DataFrame([[0, 11, 19, 12, 22, 0.9], [1, 0, 5, 0, 5, 0.4]], columns=[*box, "score"])
    >>> froc(true, found, images=2)
       threshold  false positives per image  sensitivity
    0        0.9                        0.0          1.0
    1        0.4                        0.5          1.0
    """
    import pandas as pd

    events = _Events(true, found, images, hit, overlap)
    right, wrong = events.counts(np.ones((1, images)))
    table = {
        "threshold": events.score[events.last],
        "false positives per image": wrong[0] / images,
        "sensitivity": right[0] / events.objects.sum(),
    }
    return pd.DataFrame(table)


def detection(
    true: pd.DataFrame,
    found: pd.DataFrame,
    images: int,
    groups: ArrayLike | None = None,
    *,
    hit: Literal["centre", "overlap"] = "centre",
    overlap: float = 0.3,
    rates: Sequence[float] = RATES,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Score found objects by their sensitivity at rates of false positives, with intervals by patient.

    Parameters
    ----------
    true, found, images, hit, overlap
        As in `froc`.
    groups : (images,) array_like, optional
        Patient of each image. Default: every image is a patient of its own.
    rates : sequence of float, optional
        False positives per image. Default: 1/8 to 8, whose mean sensitivity is the competition performance
        metric (CPM) of LUNA16.
    confidence, resamples, seed
        Of the percentile bootstrap, given where at least 10 patients have an object.

    Returns
    -------
    DataFrame
        Rows ``sensitivity at 0.125`` … and ``CPM``; columns ``value``, ``low``, ``high``, ``n`` (objects).
        The sensitivity at a rate is the highest one that costs at most this rate: nothing is interpolated.
    """
    import pandas as pd

    events = _Events(true, found, images, hit, overlap)
    limits = np.asarray(rates, dtype=np.float64)
    low, high = _interval(
        lambda w: _with_mean(events.sensitivities(w, limits)),
        group_numbers(groups, images),
        events.objects,
        confidence,
        resamples,
        seed,
    )
    value = _with_mean(events.sensitivities(np.ones((1, images)), limits))[0]
    table = {"value": value, "low": low, "high": high, "n": int(events.objects.sum())}
    return pd.DataFrame(table, index=_rows(limits))


def compare_detection(
    true: pd.DataFrame,
    a: pd.DataFrame,
    b: pd.DataFrame,
    images: int,
    groups: ArrayLike | None = None,
    *,
    hit: Literal["centre", "overlap"] = "centre",
    overlap: float = 0.3,
    rates: Sequence[float] = RATES,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare two detectors on the same images; the bootstrap draws the same patients for both.

    Parameters
    ----------
    true, images, groups, hit, overlap, rates, confidence, resamples, seed
        As in `detection`.
    a, b : DataFrame
        The boxes that each detector found, as ``found`` in `froc`.

    Returns
    -------
    DataFrame
        Rows as in `detection`; columns ``a``, ``b``, ``difference`` (a − b), and its ``low`` and ``high``.

    Examples
    --------
    >>> import pandas as pd
    >>> box = ["image", "row_start", "row_stop", "col_start", "col_stop"]
    >>> true = pd.DataFrame([[n, 10, 20, 10, 20] for n in range(20)], columns=box)
    >>> good = true.assign(score=0.9)
    >>> compare_detection(true, good, good[::2], images=20, rates=[1]).loc["CPM"].round(2).tolist()
    [1.0, 0.5, 0.5, 0.3, 0.7]
    """
    import pandas as pd

    first, second = (_Events(true, found, images, hit, overlap) for found in (a, b))
    limits = np.asarray(rates, dtype=np.float64)

    def scores(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        both = [_with_mean(events.sensitivities(weights, limits)) for events in (first, second)]
        return np.stack([*both, both[0] - both[1]])

    low, high = _interval(
        lambda w: scores(w)[2], group_numbers(groups, images), first.objects, confidence, resamples, seed
    )
    values = dict(zip(("a", "b", "difference"), scores(np.ones((1, images)))[:, 0], strict=True))
    return pd.DataFrame({**values, "low": low, "high": high}, index=_rows(limits))


def _rows(rates: NDArray[np.float64]) -> list[str]:
    return [*(f"sensitivity at {rate:g}" for rate in rates), "CPM"]


def _with_mean(sensitivities: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([sensitivities, sensitivities.mean(axis=1)])


def _interval(
    scores: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    group: NDArray[np.int64],
    objects: NDArray[np.int64],
    confidence: float,
    resamples: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return the lower and upper ends of each column, NaN where too few patients have an object."""
    if len(np.unique(group[objects > 0])) < MINIMUM_PATIENTS:
        return np.full((2, scores(np.ones((1, len(group)))).shape[1]), np.nan)
    drawn = resampled(scores, group, resamples, seed)
    return np.array([percentile_interval(column, confidence) for column in drawn.T]).T


class _Events:
    """Found boxes by falling score, each a hit, a false alarm, or a repeated hit that counts neither way."""

    def __init__(
        self, true: pd.DataFrame, found: pd.DataFrame, images: int, hit: str, overlap: float
    ) -> None:
        columns = _columns(true, found)
        for what, table in (("true", true), ("found", found)):
            if not table["image"].isin(range(images)).all():
                numbers = sorted(set(table["image"]) - set(range(images)))[:5]
                msg = f"{what} names images {numbers}; images={images} means numbers from 0 to {images - 1}."
                raise ValueError(msg)
        if true.empty:
            msg = "A sensitivity needs at least one true object; true has no row."
            raise ValueError(msg)
        if hit not in {"centre", "overlap"}:
            msg = f"hit must be 'centre' or 'overlap'; got {hit!r}."
            raise ValueError(msg)
        half = len(columns) // 2
        if (true[columns[half:]].to_numpy() <= true[columns[:half]].to_numpy()).any():
            msg = "true holds a box that is empty: each stop must be larger than its start."
            raise ValueError(msg)
        found = found.sort_values("score", ascending=False, kind="stable")
        self.image = found["image"].to_numpy(int)
        self.score = found["score"].to_numpy(float)
        self.objects = np.bincount(true["image"].to_numpy(int), minlength=images)
        self.hit, self.false = _judged(true, found, columns, hit, overlap)
        differs = np.diff(self.score) != 0
        self.last = np.flatnonzero(np.r_[differs, True]) if len(found) else np.zeros(0, int)

    def counts(self, weights: NDArray) -> tuple[NDArray, NDArray]:
        """Hits and false alarms up to each distinct score, (resamples, scores)."""
        drawn = weights[:, self.image]
        right, wrong = (np.cumsum(drawn * part, axis=1)[:, self.last] for part in (self.hit, self.false))
        return right, wrong

    def sensitivities(self, weights: NDArray, rates: NDArray[np.float64]) -> NDArray:
        """Sensitivity at each rate of false alarms, (resamples, rates)."""
        right, wrong = self.counts(weights)
        total, images = weights @ self.objects, weights.sum(axis=1)
        out = np.zeros((len(weights), len(rates)))
        for row, (hits, alarms) in enumerate(zip(right, wrong, strict=True)):
            reached = np.searchsorted(alarms, rates * images[row] + 1e-9, side="right")
            out[row] = np.r_[0, hits][reached] / total[row] if total[row] else np.nan
        return out


def _columns(true: pd.DataFrame, found: pd.DataFrame) -> list[str]:
    ndim = 3 if "slice_start" in true else 2
    columns = [f"{axis}_{end}" for end in ("start", "stop") for axis in _AXES[3 - ndim :]]
    for what, table, needed in (
        ("true", true, ["image", *columns]),
        ("found", found, ["image", *columns, "score"]),
    ):
        missing = [name for name in needed if name not in table]
        if missing:
            msg = f"{what} needs the columns {needed}; {missing} are missing."
            raise ValueError(msg)
    return columns


def _judged(
    true: pd.DataFrame, found: pd.DataFrame, columns: list[str], hit: str, overlap: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say for each found box, most certain first, whether it is a new hit or a false alarm."""
    ndim = len(columns) // 2
    by_image = {
        image: (rows[columns].to_numpy(float), rows["class"].to_numpy() if "class" in rows else None)
        for image, rows in true.groupby("image")
    }
    classes = found["class"].to_numpy() if "class" in found and "class" in true else None
    taken: set[tuple[int, int]] = set()
    new, false = np.zeros(len(found), bool), np.zeros(len(found), bool)
    boxes = found[columns].to_numpy(float)
    for k, (image, box) in enumerate(zip(found["image"], boxes, strict=True)):
        if image not in by_image:
            false[k] = True
            continue
        objects, kinds = by_image[image]
        close = _closeness(box, objects, ndim, hit, overlap)
        if classes is not None:
            close[kinds != classes[k]] = -1
        free = [j for j in np.argsort(-close, kind="stable") if close[j] >= 0 and (image, j) not in taken]
        if free:
            taken.add((image, free[0]))
            new[k] = True
        else:
            false[k] = not (close >= 0).any()
    return new, false


def _closeness(box: NDArray, objects: NDArray, ndim: int, hit: str, overlap: float) -> NDArray:
    """How well a box fits each object: at least 0 where it is a hit, the more the better."""
    low, high = objects[:, :ndim], objects[:, ndim:]
    if hit == "centre":
        offset = ((box[:ndim] + box[ndim:]) - (low + high)) / (high - low)
        return 1 - np.linalg.norm(offset, axis=1)
    inner = np.minimum(box[ndim:], high) - np.maximum(box[:ndim], low)
    shared = np.prod(np.maximum(inner, 0), axis=1)
    union = np.prod(box[ndim:] - box[:ndim]) + np.prod(high - low, axis=1) - shared
    return shared / union - overlap
