"""Whether acting on a model does more good than treating everybody or nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.evaluate.classes import MINIMUM_PATIENTS, checked_binary
from medlab.evaluate.resampling import group_numbers, percentile_interval, resampled

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["decision_curve"]


def decision_curve(
    y_true: ArrayLike,
    y_score: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    thresholds: ArrayLike | None = None,
    prevalence: float | None = None,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Compute the net benefit of acting where the model's probability reaches a threshold.

    Parameters
    ----------
    y_true, y_score, groups
        As in `medlab.evaluate.classification`, for two classes.
    thresholds : array_like, optional
        Probabilities, between 0 and 1, from which one would act. Who acts at 0.1 accepts nine people treated
        for nothing for one treated rightly. Default: 0.01 to 0.99.
    prevalence : float, optional
        Share of people who are ill where one would act. Default: as in `y_true`.
    confidence, resamples, seed
        Of the bootstrap intervals by patient, given where each class has at least 10 patients.

    Returns
    -------
    DataFrame
        Indexed by ``threshold``; ``model`` with ``low`` and ``high``, and ``treat all``. Net benefit in true
        positives per person, after taking off the false positives at their price; treating nobody has 0.

    Raises
    ------
    ValueError
        If a class is missing, or a threshold or the prevalence is not between 0 and 1.

    References
    ----------
    Vickers & Elkin, *Decision curve analysis*, Medical Decision Making 2006,
    https://doi.org/10.1177/0272989X06295361.

    Examples
    --------
    >>> curve = decision_curve([0, 0, 0, 1], [0.1, 0.2, 0.6, 0.7], thresholds=[0.25, 0.5])
    >>> curve[["model", "treat all"]].round(3)
               model  treat all
    threshold
    0.25       0.167        0.0
    0.50       0.000       -0.5
    """
    import pandas as pd

    true, score = checked_binary(y_true, y_score)
    group = group_numbers(groups, len(true))
    limits = (
        np.linspace(0.01, 0.99, 99) if thresholds is None else np.atleast_1d(np.asarray(thresholds, float))
    )
    share = float(true.mean()) if prevalence is None else prevalence
    for what, values in (("thresholds", limits), ("prevalence", np.array([share]))):
        if not ((values > 0) & (values < 1)).all():
            msg = f"{what} must lie between 0 and 1; got {values.min():g} to {values.max():g}."
            raise ValueError(msg)
    enough = min(len(np.unique(group[true == c])) for c in (0, 1)) >= MINIMUM_PATIENTS
    prices, called = limits / (1 - limits), (score >= limits[:, None]).T

    def benefit(w: NDArray) -> NDArray:
        return _net_benefit(w, true == 1, called, prices, prevalence)

    table = pd.DataFrame(
        {"model": benefit(np.ones((1, len(true))))[0]}, index=pd.Index(limits, name="threshold")
    )
    table["low"] = table["high"] = np.nan
    if enough:
        drawn = resampled(benefit, group, resamples, seed)
        table[["low", "high"]] = [percentile_interval(values, confidence) for values in drawn.T]
    table["treat all"] = share - (1 - share) * prices
    return table


def _net_benefit(
    weights: NDArray, ill: NDArray, called: NDArray, prices: NDArray, prevalence: float | None
) -> NDArray:
    """Net benefit of each resample at each threshold, (resamples, thresholds)."""
    right, wrong = (weights @ (called & part[:, None]).astype(float) for part in (ill, ~ill))
    if prevalence is None:
        return (right - wrong * prices) / weights.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        sensitivity, alarms = (
            hits / (weights @ part.astype(float))[:, None] for hits, part in ((right, ill), (wrong, ~ill))
        )
    return sensitivity * prevalence - alarms * (1 - prevalence) * prices
