"""Where to put the threshold, and what a result then means where the disease is rarer or more frequent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.evaluate.classes import Sample, checked_binary
from medlab.evaluate.resampling import group_numbers

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

__all__ = ["choose_threshold", "predictive_values"]


def choose_threshold(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    sensitivity: float | None = None,
    specificity: float | None = None,
) -> float:
    """Return the threshold of an operating point; choose it on validation data, never on the test data.

    Parameters
    ----------
    y_true : (n,) array_like
        Classes 0 and 1.
    y_score : (n,), (n, 1) or (n, 2) array_like
        Probability of class 1.
    sensitivity : float, optional
        Reach at least this sensitivity, with the highest threshold that does.
    specificity : float, optional
        Reach at least this specificity, with the lowest threshold that does.

    Returns
    -------
    float
        A score of at least this much counts as positive. With neither option, the threshold of the largest
        Youden index, sensitivity + specificity − 1 (Youden, Cancer 1950).

    Raises
    ------
    ValueError
        If both options are given, one is not a share, or a class is missing.

    Examples
    --------
    >>> choose_threshold([0, 0, 0, 1, 1, 1], [0.1, 0.2, 0.6, 0.5, 0.8, 0.9], sensitivity=1.0)
    0.5
    """
    from sklearn import metrics

    true, score = checked_binary(y_true, y_score)
    if sensitivity is not None and specificity is not None:
        msg = "choose_threshold takes sensitivity= or specificity=, not both: one fixes the other."
        raise ValueError(msg)
    goal = sensitivity if specificity is None else specificity
    if goal is not None and not 0 < goal <= 1:
        msg = f"A sensitivity or specificity to reach lies between 0 and 1; got {goal!r}."
        raise ValueError(msg)
    wrong, right, thresholds = metrics.roc_curve(true, score, drop_intermediate=False)
    if sensitivity is not None:
        return float(thresholds[np.argmax(right >= sensitivity - 1e-12)])
    if specificity is not None:
        last = len(wrong) - 1 - np.argmax((1 - wrong >= specificity - 1e-12)[::-1])
        return float(thresholds[last]) if last else float(np.nextafter(score.max(), np.inf))
    return float(thresholds[np.argmax(right - wrong)])


def predictive_values(
    y_true: ArrayLike,
    y_score: ArrayLike,
    prevalence: float | ArrayLike,
    groups: ArrayLike | None = None,
    threshold: float = 0.5,
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Say what a positive and a negative result would mean at another prevalence.

    A data set for training often has as many ill as healthy people; where a test is used, few may be ill.

    Parameters
    ----------
    y_true, y_score, groups, threshold, confidence, resamples, seed
        As in `medlab.evaluate.classification`, for two classes.
    prevalence : float or array_like
        Share of people who are ill where the test would be used, between 0 and 1.

    Returns
    -------
    DataFrame
        One row per prevalence, with ``PPV``, ``PPV low``, ``PPV high``, ``NPV``, ``NPV low``, ``NPV high``
        and ``positives per 1000``, of 1,000 people tested.

    Raises
    ------
    ValueError
        If a class is missing in `y_true`, or a prevalence is not between 0 and 1.

    Notes
    -----
    Bayes' theorem, with the sensitivity and specificity found; it assumes that they are the same where the
    prevalence differs. The interval joins those of sensitivity and specificity on the scale of the log
    likelihood ratio (MOVER: Zou & Donner, Statistics in Medicine 2008, https://doi.org/10.1002/sim.3095).

    Examples
    --------
    >>> true, score = [0] * 90 + [1] * 10, [0.1] * 81 + [0.9] * 9 + [0.2] + [0.8] * 9
    >>> table = predictive_values(true, score, [0.1, 0.01])
    >>> table[["PPV", "NPV"]].round(3)
                  PPV    NPV
    prevalence
    0.10        0.500  0.988
    0.01        0.083  0.999
    """
    import pandas as pd

    true, score = checked_binary(y_true, y_score)
    rates = np.atleast_1d(np.asarray(prevalence, dtype=np.float64))
    if not ((rates > 0) & (rates < 1)).all():
        msg = f"A prevalence lies between 0 and 1 (1 % is 0.01); got {rates.tolist()}."
        raise ValueError(msg)
    options = {"confidence": confidence, "resamples": resamples, "seed": seed}
    sample = Sample(true, group_numbers(groups, len(true)), options)
    called, ill = score >= threshold, true == 1
    sens, spec = (np.array(row[:3]) for row in (sample.share(called, ill), sample.share(~called, ~ill)))
    odds = np.log(rates / (1 - rates))
    ppv = [_sigmoid(odds + ratio) for ratio in _log_ratio(sens, 1 - spec[[0, 2, 1]])]
    npv = [_sigmoid(ratio - odds) for ratio in _log_ratio(spec, 1 - sens[[0, 2, 1]])]
    positives = 1000 * (rates * sens[0] + (1 - rates) * (1 - spec[0]))
    names = ["PPV", "PPV low", "PPV high", "NPV", "NPV low", "NPV high", "positives per 1000"]
    return pd.DataFrame(
        dict(zip(names, [*ppv, *npv, positives], strict=True)), index=pd.Index(rates, name="prevalence")
    )


def _log_ratio(above: np.ndarray, below: np.ndarray) -> tuple[float, float, float]:
    """Value, low and high of log(above / below), each given as value, low, high of a share."""
    with np.errstate(divide="ignore", invalid="ignore"):
        (a, a_low, a_high), (b, b_low, b_high) = np.log(above), np.log(below)
        low, high = a - b - np.hypot(a - a_low, b_high - b), a - b + np.hypot(a_high - a, b - b_low)
        return (
            a - b,
            low if np.isfinite(low) else a_low - b_high,  # both limits at once where a share is 0 or 1
            high if np.isfinite(high) else a_high - b_low,
        )


def _sigmoid(x: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return expit(x)
