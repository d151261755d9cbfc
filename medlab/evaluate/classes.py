"""How well a model tells classes apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.evaluate import weighted
from medlab.evaluate.intervals import auc_interval, auc_variance, proportion_interval
from medlab.evaluate.resampling import group_numbers, percentile_interval, resampled

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Sample", "checked_binary", "checked_scores", "classification"]

#: Value, low, high, baseline, n, kind of interval.
_Row = tuple[float, float, float, float, int, str]

#: Fewer patients than this in a class, and no bootstrap interval is given.
MINIMUM_PATIENTS = 10


def classification(
    y_true: ArrayLike,
    y_score: ArrayLike,
    groups: ArrayLike | None = None,
    threshold: float = 0.5,
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Score predicted probabilities against the truth, each score with an interval by patient.

    Parameters
    ----------
    y_true : (n,) array_like
        Classes: 0 and 1, or 0 to k − 1.
    y_score : (n,), (n, 1) or (n, k) array_like
        Probability of class 1, or of each class: what ``model.predict`` returns.
    groups : (n,) array_like, optional
        Patient of each image. Default: every image is a patient of its own.
    threshold : float, optional
        A probability of at least this much counts as positive; with k classes the most probable one counts.
    confidence : float, optional
        Coverage of the intervals.
    resamples : int, optional
        Bootstrap resamples.
    seed : int, optional
        The same seed gives the same intervals.

    Returns
    -------
    DataFrame
        One row per score, with the columns ``value``, ``low`` and ``high`` (the interval), ``baseline`` (what
        a model that ignores the image reaches: the most frequent class, or chance), ``n`` (images that
        count) and ``interval`` (how it was made; empty where there are too few patients for one).
        Two classes: AUC, average precision, sensitivity, specificity, PPV, NPV, accuracy, balanced accuracy,
        F1 and Brier score. More: accuracy, balanced accuracy, Cohen's kappa, ``AUC, mean over classes``, and
        for each class ``AUC, class 0`` and ``sensitivity, class 0``.

    Raises
    ------
    ValueError
        If lengths differ, values are missing, or classes and scores do not fit.

    Notes
    -----
    Shares such as the sensitivity have exact (Clopper–Pearson) intervals and the AUC has a score interval
    (Newcombe), which do not collapse to a point when a few patients are all classified correctly. With
    several images per patient, the number of images is divided by the design effect: the variance when
    patients are resampled over the variance if images were independent. The other scores have percentile
    bootstrap intervals by patient, given only where each class has at least 10 patients.

    Examples
    --------
    >>> import medlab
    >>> table = medlab.evaluate.classification([0, 0, 0, 1, 1, 1], [0.1, 0.2, 0.7, 0.4, 0.8, 0.9])
    >>> table.loc[["AUC", "sensitivity"], ["value", "low", "high", "baseline"]].round(2)
                 value   low  high  baseline
    AUC           0.89  0.40  0.99       0.5
    sensitivity   0.67  0.09  0.99       NaN
    """
    import pandas as pd

    true, score = checked_scores(y_true, y_score)
    group = group_numbers(groups, len(true))
    options = {"confidence": confidence, "resamples": resamples, "seed": seed}
    rows = (
        _binary(true, score, group, threshold, options)
        if score.ndim == 1
        else _many(true, score, group, options)
    )
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["value", "low", "high", "baseline", "n", "interval"]
    )


def checked_scores(y_true: ArrayLike, y_score: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return classes (n,) and scores (n,) or (n, k), or raise ValueError saying what does not fit."""
    true, score = np.asarray(y_true), np.asarray(y_score, dtype=np.float64)
    true = true[:, 0] if true.ndim == 2 and true.shape[1] == 1 else true
    if score.ndim == 2 and score.shape[1] <= 2:
        score = score[:, -1]
    if true.ndim != 1 or score.ndim not in {1, 2} or len(true) != len(score) or not len(true):
        msg = (
            "y_true must be (n,) classes and y_score (n,) or (n, k) probabilities of the same n; got shapes "
            f"{np.shape(y_true)} and {np.shape(y_score)}."
        )
        raise ValueError(msg)
    if not np.isfinite(score).all() or not np.isfinite(true.astype(np.float64)).all():
        msg = "y_true and y_score must not hold NaN or infinite values; leave those images out, and say so."
        raise ValueError(msg)
    classes = score.shape[1] if score.ndim == 2 else 2
    found = np.unique(true)
    if not np.isin(found, np.arange(classes)).all():
        msg = f"y_true must hold classes from 0 to {classes - 1}; got {found[:10].tolist()}. Renumber them."
        raise ValueError(msg)
    return true.astype(np.int64), score


def checked_binary(y_true: ArrayLike, y_score: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return classes 0 and 1 (n,) and scores (n,), or raise ValueError if there are not these two classes."""
    true, score = checked_scores(y_true, y_score)
    if score.ndim != 1 or len(np.unique(true)) != 2:
        found = np.unique(true).tolist()
        msg = f"This needs both classes, 0 and 1, and one score each; got classes {found}."
        raise ValueError(msg)
    return true, score


class Sample:
    """Truth, patients and options that every row of one table shares."""

    def __init__(self, true: NDArray[np.int64], group: NDArray[np.int64], options: dict[str, Any]) -> None:
        self.true, self.group = true, group
        self.confidence = options["confidence"]
        self._draw = {"resamples": options["resamples"], "seed": options["seed"]}
        self._clustered = len(np.unique(group)) < len(group)
        self._patients = min(len(np.unique(group[true == c])) for c in np.unique(true))

    def share(
        self, hit: NDArray[np.bool_], among: NDArray[np.bool_] | None = None, base: float = np.nan
    ) -> _Row:
        """Return the row of a share: of `hit` among `among` (everyone by default)."""
        among = np.ones(len(hit), dtype=bool) if among is None else among
        n = int(among.sum())
        if not n:
            return (np.nan, np.nan, np.nan, base, 0, "")
        value = float(hit[among].mean())
        independent = value * (1 - value) / n
        effect = self._design_effect(lambda w: weighted.share(w, hit, among), among, independent)
        low, high = proportion_interval(value, n / effect, self.confidence)
        return (value, low, high, base, n, self._by_patient("exact"))

    def auc(self, positive: NDArray[np.bool_], score: NDArray[np.float64]) -> _Row:
        """Return the row of an AUC."""
        from sklearn import metrics

        m, n = int(positive.sum()), int((~positive).sum())
        if not m or not n:
            return (np.nan, np.nan, np.nan, 0.5, m + n, "")
        value = float(metrics.roc_auc_score(positive, score))
        everyone = np.ones(len(positive), dtype=bool)
        independent = auc_variance(value, m, n)
        effect = self._design_effect(lambda w: weighted.auc(w, positive, score), everyone, independent)
        low, high = auc_interval(value, max(m / effect, 1), max(n / effect, 1), self.confidence)
        return (value, low, high, 0.5, m + n, self._by_patient("score"))

    def other(self, value: float, score: Callable[[NDArray[Any]], NDArray[Any]], base: float) -> _Row:
        """Return the row of any other score, from its value and how it is computed on resamples."""
        low = high = np.nan
        if self._patients >= MINIMUM_PATIENTS:
            low, high = percentile_interval(resampled(score, self.group, **self._draw), self.confidence)
        kind = self._by_patient("bootstrap") if np.isfinite(low) else ""
        return (float(value), low, high, base, len(self.true), kind)

    def _by_patient(self, kind: str) -> str:
        return f"{kind}, by patient" if self._clustered else kind

    def _design_effect(
        self, score: Callable[[NDArray[Any]], NDArray[Any]], among: NDArray[np.bool_], independent: float
    ) -> float:
        """Images that are worth one independent image: 1 to the mean number of images per patient."""
        if not self._clustered:
            return 1.0
        largest = among.sum() / len(np.unique(self.group[among]))
        values = resampled(score, self.group, **self._draw)
        variance = np.nanvar(values) if np.isfinite(values).any() else 0.0
        if variance < 1e-12 or independent < 1e-12:
            return float(largest)
        return float(np.clip(variance / independent, 1.0, largest))


def _binary(
    true: NDArray[np.int64],
    score: NDArray[np.float64],
    group: NDArray[np.int64],
    threshold: float,
    options: dict[str, Any],
) -> dict[str, _Row]:
    from sklearn import metrics

    sample = Sample(true, group, options)
    called, ill = score >= threshold, true == 1
    p = float(ill.mean())
    shares = {
        "sensitivity": sample.share(called, ill),
        "specificity": sample.share(~called, ~ill),
        "PPV": sample.share(ill, called, p),
        "NPV": sample.share(~ill, ~called, 1 - p),
        "accuracy": sample.share(called == ill, base=max(p, 1 - p)),
    }
    if p in {0.0, 1.0}:  # nothing else is defined for one class
        return shares
    precision = metrics.average_precision_score(true, score)
    balanced, f1 = (
        metrics.balanced_accuracy_score(true, called),
        metrics.f1_score(true, called, zero_division=0),
    )
    rows = {
        "AUC": sample.auc(ill, score),
        "average precision": sample.other(precision, lambda w: weighted.average_precision(w, ill, score), p),
        **shares,
        "balanced accuracy": sample.other(
            balanced, lambda w: weighted.balanced_accuracy(w, true, called, 2), 0.5
        ),
        "F1": sample.other(f1, lambda w: weighted.f1(w, ill, called), 2 * p / (1 + p)),
    }
    if score.min() >= 0 and score.max() <= 1:
        brier = metrics.brier_score_loss(true, score)
        rows["Brier score"] = sample.other(brier, lambda w: weighted.brier(w, ill, score), p * (1 - p))
    return rows


def _many(
    true: NDArray[np.int64], score: NDArray[np.float64], group: NDArray[np.int64], options: dict[str, Any]
) -> dict[str, _Row]:
    from sklearn import metrics

    sample = Sample(true, group, options)
    k = score.shape[1]
    called = score.argmax(axis=1)
    rows = {"accuracy": sample.share(called == true, base=float(np.bincount(true).max() / len(true)))}
    if len(np.unique(true)) == k:
        balanced, kappa = (
            metrics.balanced_accuracy_score(true, called),
            metrics.cohen_kappa_score(true, called),
        )
        auc = np.mean([metrics.roc_auc_score(true == c, score[:, c]) for c in range(k)])
        rows |= {
            "balanced accuracy": sample.other(
                balanced, lambda w: weighted.balanced_accuracy(w, true, called, k), 1 / k
            ),
            "Cohen's kappa": sample.other(kappa, lambda w: weighted.kappa(w, true, called, k), 0.0),
            "AUC, mean over classes": sample.other(auc, lambda w: weighted.mean_auc(w, true, score), 0.5),
        }
    for c in range(k):
        rows[f"AUC, class {c}"] = sample.auc(true == c, score[:, c])
        rows[f"sensitivity, class {c}"] = sample.share(called == c, true == c)
    return rows
