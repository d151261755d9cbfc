"""Whether a probability of 0.8 comes true in 8 of 10 cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.evaluate import weighted
from medlab.evaluate.classes import MINIMUM_PATIENTS, checked_binary
from medlab.evaluate.intervals import proportion_interval
from medlab.evaluate.resampling import group_numbers, percentile_interval, resampled

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["calibration", "calibration_bins"]

#: A steeper slope means classes that are separated: there is none.
_STEEPEST = 50


def calibration(
    y_true: ArrayLike,
    y_score: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    bins: int = 10,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Score how well predicted probabilities agree with what happened.

    Parameters
    ----------
    y_true, y_score, groups
        As in `medlab.evaluate.classification`, for two classes and probabilities 0…1.
    bins : int, optional
        Bins of equally many images for the ECE.
    confidence, resamples, seed
        Of the bootstrap intervals by patient, given where each class has at least 10 patients.

    Returns
    -------
    DataFrame
        Rows ``ECE`` (expected calibration error: mean distance between the mean probability and the share
        that is positive, over bins), ``observed - predicted`` (share that is positive minus mean
        probability), ``slope`` (of a logistic regression on the log odds: below 1, the probabilities are too
        extreme) and ``Brier score``; columns ``value``, ``low``, ``high`` and ``baseline``: what these
        scores are for probabilities that are perfectly right. It is not 0 for the ECE: in bins of few
        images, shares scatter.

    Raises
    ------
    ValueError
        If a class is missing or the scores are not probabilities.

    References
    ----------
    Guo et al., *On calibration of modern neural networks*, ICML 2017, https://arxiv.org/abs/1706.04599;
    Van Calster et al., *Calibration: the Achilles heel of predictive analytics*, BMC Medicine 2019,
    https://doi.org/10.1186/s12916-019-1466-7.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> p = rng.uniform(size=2000)
    >>> happened = rng.uniform(size=2000) < p
    >>> calibration(happened.astype(int), p).value.round(2).to_dict()
    {'ECE': 0.03, 'observed - predicted': 0.01, 'slope': 1.03, 'Brier score': 0.16}
    """
    import pandas as pd

    true, score = _probabilities(y_true, y_score)
    group = group_numbers(groups, len(true))
    ill, bin_of = true == 1, _bins(score, bins)
    rng = np.random.default_rng(seed)
    imagined = rng.random((200, len(score))) < score
    one = np.ones((1, len(score)))
    perfect = [_ece(one, happened, score, bin_of)[0] for happened in imagined]
    scores = {
        "ECE": (lambda w: _ece(w, ill, score, bin_of), float(np.mean(perfect))),
        "observed - predicted": (lambda w: w @ (ill - score) / w.sum(axis=1), 0.0),
        "slope": (lambda w: _slope(w, ill, score), 1.0),
        "Brier score": (lambda w: weighted.brier(w, ill, score), float(np.mean(score * (1 - score)))),
    }
    enough = min(len(np.unique(group[true == c])) for c in (0, 1)) >= MINIMUM_PATIENTS
    rows = {}
    for name, (function, baseline) in scores.items():
        limits = (np.nan, np.nan)
        if enough:
            limits = percentile_interval(resampled(function, group, resamples, seed), confidence)
        rows[name] = (float(function(one)[0]), *limits, baseline)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "low", "high", "baseline"])


def calibration_bins(
    y_true: ArrayLike,
    y_score: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    bins: int = 10,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare probability and outcome in bins of equally many images.

    Parameters
    ----------
    y_true, y_score, groups, bins, confidence
        As in `calibration`.

    Returns
    -------
    DataFrame
        One row per bin: ``predicted`` (mean probability), ``observed`` (share that is positive) with its
        exact interval ``low`` to ``high``, and ``n``. With several images per patient the interval is that
        of as many images as there are patients: too wide rather than too narrow.

    Examples
    --------
    >>> calibration_bins([0, 0, 1, 1], [0.1, 0.3, 0.7, 0.9], bins=2)[["predicted", "observed", "n"]]
       predicted  observed  n
    0        0.2       0.0  2
    1        0.8       1.0  2
    """
    import pandas as pd

    true, score = _probabilities(y_true, y_score)
    group, bin_of = group_numbers(groups, len(true)), _bins(score, bins)
    rows = []
    for number in np.unique(bin_of):
        inside = bin_of == number
        observed = float(true[inside].mean())
        low, high = proportion_interval(observed, len(np.unique(group[inside])), confidence)
        rows.append((score[inside].mean(), observed, low, high, int(inside.sum())))
    return pd.DataFrame(rows, columns=["predicted", "observed", "low", "high", "n"])


def _probabilities(y_true: ArrayLike, y_score: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    true, score = checked_binary(y_true, y_score)
    if score.min() < 0 or score.max() > 1:
        msg = (
            f"Calibration needs probabilities from 0 to 1; got scores from {score.min():.3g} to "
            f"{score.max():.3g}. Apply a sigmoid to logits first."
        )
        raise ValueError(msg)
    return true, score


def _bins(score: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """Return the bin of each image; images of one score are in one bin."""
    if not 1 <= bins <= len(score):
        msg = f"bins must lie between 1 and the number of images, {len(score)}; got {bins}."
        raise ValueError(msg)
    edges = np.quantile(score, np.linspace(0, 1, bins + 1)[1:-1])
    return np.searchsorted(edges, score, side="right")


def _ece(
    weights: NDArray, ill: NDArray[np.bool_], score: NDArray[np.float64], bin_of: NDArray[np.int64]
) -> NDArray:
    excess = weights * (ill - score)
    return sum(np.abs(excess[:, bin_of == b].sum(axis=1)) for b in np.unique(bin_of)) / weights.sum(axis=1)


def _slope(weights: NDArray, ill: NDArray[np.bool_], score: NDArray[np.float64]) -> NDArray:
    """Slope of a logistic regression of the outcome on the log odds (Newton's method); NaN if it runs off."""
    p = np.clip(score, 1e-6, 1 - 1e-6)
    x = np.log(p / (1 - p))
    beta = np.tile([0.0, 1.0], (len(weights), 1))
    for _ in range(25):
        fitted = 1 / (1 + np.exp(-np.clip(beta[:, :1] + beta[:, 1:] * x, -50, 50)))
        residual, curved = weights * (ill - fitted), weights * fitted * (1 - fitted)
        gradient = np.stack([residual.sum(axis=1), residual @ x], axis=1)
        a, b, c = curved.sum(axis=1), curved @ x, curved @ x**2
        determinant = a * c - b**2
        solvable = determinant > 1e-9 * np.maximum(a * c, 1e-300)
        step = np.stack(
            [c * gradient[:, 0] - b * gradient[:, 1], a * gradient[:, 1] - b * gradient[:, 0]], axis=1
        )
        beta += np.where(solvable[:, None], step / np.where(solvable, determinant, 1)[:, None], np.nan)
    return np.where(np.abs(beta[:, 1]) < _STEEPEST, beta[:, 1], np.nan)
