"""Scores of many resamples at once: each image counts as often as it was drawn.

Every function takes ``weights`` (resamples, n) and returns (resamples,); NaN where a score is undefined.
They agree with scikit-learn's ``sample_weight`` and exist because a call of it per resample takes seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["auc", "average_precision", "balanced_accuracy", "brier", "f1", "kappa", "mean_auc", "share"]


def share(weights: NDArray, hit: NDArray, among: NDArray) -> NDArray:
    """Return the share of `hit` among `among`, both (n,) booleans."""
    return _ratio(weights @ (hit & among).astype(float), weights @ among.astype(float))


def auc(weights: NDArray, positive: NDArray, score: NDArray) -> NDArray:
    """Return the area under the ROC curve; ties count half."""
    pos, neg = _by_score(weights, positive, score)
    below = np.cumsum(neg, axis=1) - neg / 2
    return _ratio((pos * below).sum(axis=1), pos.sum(axis=1) * neg.sum(axis=1))


def mean_auc(weights: NDArray, true: NDArray, score: NDArray) -> NDArray:
    """Return the mean over classes of the AUC of each class against the others; `score` is (n, k)."""
    return np.mean([auc(weights, true == c, score[:, c]) for c in range(score.shape[1])], axis=0)


def average_precision(weights: NDArray, positive: NDArray, score: NDArray) -> NDArray:
    """Return the precision at each threshold, averaged over the recall gained there."""
    pos, neg = (part[:, ::-1] for part in _by_score(weights, positive, score))
    right, called = np.cumsum(pos, axis=1), np.cumsum(pos + neg, axis=1)
    return _ratio((pos * _ratio(right, called, otherwise=0.0)).sum(axis=1), pos.sum(axis=1))


def balanced_accuracy(weights: NDArray, true: NDArray, called: NDArray, classes: int) -> NDArray:
    """Return the mean over classes of the share that was recognised."""
    return np.mean([share(weights, called == c, true == c) for c in range(classes)], axis=0)


def f1(weights: NDArray, positive: NDArray, called: NDArray) -> NDArray:
    """Return the harmonic mean of sensitivity and positive predictive value."""
    both = weights @ (positive & called).astype(float)
    return _ratio(2 * both, weights @ (positive.astype(float) + called))


def brier(weights: NDArray, positive: NDArray, score: NDArray) -> NDArray:
    """Return the mean squared difference between probability and outcome."""
    return _ratio(weights @ (score - positive) ** 2, weights.sum(axis=1))


def kappa(
    weights: NDArray, true: NDArray, called: NDArray, classes: int, cost: NDArray | None = None
) -> NDArray:
    """Return Cohen's kappa: agreement beyond chance; `cost` (classes, classes) is that of a disagreement."""
    cost = 1 - np.eye(classes) if cost is None else cost
    one_hot = np.eye(classes)
    total = weights.sum(axis=1)
    seen = weights @ cost[true, called] / total
    chance = ((weights @ one_hot[true] @ cost) * (weights @ one_hot[called])).sum(axis=1) / total**2
    return 1 - _ratio(seen, chance)


def _by_score(weights: NDArray, positive: NDArray, score: NDArray) -> tuple[NDArray, NDArray]:
    """Return the weight of the positives and of the negatives at each distinct score, rising."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) > 0])
    weights, positive = weights[:, order], positive[order]
    return tuple(np.add.reduceat(weights * part, starts, axis=1) for part in (positive, ~positive))  # type: ignore[return-value]


def _ratio(above: NDArray, below: NDArray, otherwise: float = np.nan) -> NDArray:
    """Divide; `otherwise` where there is nothing to divide by."""
    return np.divide(above, below, out=np.full(np.shape(above), otherwise), where=below > 0)
