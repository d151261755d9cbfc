"""How far two readers, methods or visits agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats

from medlab.evaluate import weighted
from medlab.evaluate.resampling import Interval, bootstrap, group_numbers, percentile_interval, resampled
from medlab.radiomics.agreement import icc

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["bland_altman", "fleiss_kappa", "icc", "kappa", "paired_values"]


def bland_altman(
    a: ArrayLike, b: ArrayLike, *, relative: bool = False, confidence: float = 0.95
) -> pd.DataFrame:
    """Return the bias between two measurements and the limits between which 95 % of the differences lie.

    Parameters
    ----------
    a, b : (n,) array_like
        The same quantity of the same n patients, measured twice. One pair per patient: average repeats first.
    relative : bool, optional
        Differences in percent of the mean of the two, where they grow with it.
    confidence : float, optional
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        Rows ``bias`` (mean of a − b), ``lower limit``, ``upper limit`` (bias ∓ 1.96 standard deviations) and
        ``repeatability`` (1.96 √2 times the within-patient standard deviation: two measurements of one
        patient differ by less in 95 %); columns ``value``, ``low``, ``high``.

    Raises
    ------
    ValueError
        If lengths differ, values are missing, or there are fewer than 3 pairs.

    References
    ----------
    Bland & Altman, Lancet 1986 and *Measuring agreement in method comparison studies*, Statistical Methods in
    Medical Research 1999, https://doi.org/10.1177/096228029900800204; repeatability: Raunig et al. (QIBA),
    2015, https://doi.org/10.1177/0962280214537344.

    Examples
    --------
    >>> bland_altman([10, 12, 14, 16], [9, 12, 13, 14]).value.round(2).to_dict()
    {'bias': 1.0, 'lower limit': -0.6, 'upper limit': 2.6, 'repeatability': 2.4}
    """
    import pandas as pd

    first, second = paired_values(a, b)
    change = first - second
    if relative:
        change = 100 * change / ((first + second) / 2)
    n, bias, sd = len(change), change.mean(), change.std(ddof=1)
    t = stats.t.ppf((1 + confidence) / 2, n - 1)
    z = stats.norm.ppf(0.975)
    bias_error = sd / np.sqrt(n)
    limit_error = sd * np.sqrt(1 / n + z**2 / (2 * (n - 1)))
    within = np.sqrt((change**2).mean() / 2)
    tails = stats.chi2.ppf([(1 + confidence) / 2, (1 - confidence) / 2], n)
    rows = {
        "bias": (bias, bias - t * bias_error, bias + t * bias_error),
        "lower limit": (bias - z * sd, bias - z * sd - t * limit_error, bias - z * sd + t * limit_error),
        "upper limit": (bias + z * sd, bias + z * sd - t * limit_error, bias + z * sd + t * limit_error),
        "repeatability": tuple(z * np.sqrt(2) * within * np.array([1, *np.sqrt(n / tails)])),
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "low", "high"])


def kappa(
    a: ArrayLike,
    b: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    weights: Literal["linear", "quadratic"] | None = None,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return Cohen's kappa of two readers with its bootstrap interval by patient.

    Parameters
    ----------
    a, b : (n,) array_like
        What each reader called the same images.
    groups : (n,) array_like, optional
        Patient of each image.
    weights : {"linear", "quadratic"}, optional
        For grades, which must sort in their order: how much a disagreement by several grades counts.
    confidence, resamples, seed
        Of the interval.

    Returns
    -------
    Interval
        ``(value, low, high)``: 1 for full agreement, 0 for as much as by chance.

    References
    ----------
    Cohen, Educational and Psychological Measurement 1960; weighted: Cohen, Psychological Bulletin 1968.

    Examples
    --------
    >>> round(kappa([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1]).value, 3)
    0.667
    """
    first, second = np.asarray(a), np.asarray(b)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        msg = f"kappa needs two (n,) arrays of the same images; got shapes {first.shape} and {second.shape}."
        raise ValueError(msg)
    names, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    apart = np.abs(np.subtract.outer(np.arange(len(names)), np.arange(len(names))))
    cost = {None: (apart > 0).astype(float), "linear": apart, "quadratic": apart**2}[weights]

    def agreed(drawn: NDArray) -> NDArray:
        return weighted.kappa(drawn, codes[: len(first)], codes[len(first) :], len(names), cost)

    group = group_numbers(groups, len(first))
    limits = percentile_interval(resampled(agreed, group, resamples, seed), confidence)
    return Interval(float(agreed(np.ones((1, len(first))))[0]), *limits)


def fleiss_kappa(
    ratings: ArrayLike, *, confidence: float = 0.95, resamples: int = 1000, seed: int = 0
) -> Interval:
    """Return Fleiss' kappa of any number of readers with its bootstrap interval.

    Parameters
    ----------
    ratings : (n, readers) array_like
        What each reader called each patient's image.
    confidence, resamples, seed
        Of the interval.

    Returns
    -------
    Interval
        ``(value, low, high)``.

    References
    ----------
    Fleiss, *Measuring nominal scale agreement among many raters*, Psychological Bulletin 1971.

    Examples
    --------
    >>> round(fleiss_kappa([[0, 0, 0], [1, 1, 1], [0, 0, 1], [1, 1, 0]]).value, 3)
    0.333
    """
    values = np.asarray(ratings)
    if values.ndim != 2 or values.shape[1] < 2:
        msg = f"ratings must be (n, readers) of at least 2 readers; got shape {values.shape}."
        raise ValueError(msg)
    counts = np.stack([(values == name).sum(axis=1) for name in np.unique(values)], axis=1)

    def agreed(table: NDArray) -> float:
        readers = values.shape[1]
        observed = ((table**2).sum(axis=1) - readers).mean() / (readers * (readers - 1))
        chance = (table.mean(axis=0) / readers) @ (table.mean(axis=0) / readers)
        return float((observed - chance) / (1 - chance)) if chance < 1 else np.nan

    return bootstrap(agreed, counts, resamples=resamples, confidence=confidence, seed=seed)


def paired_values(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two measurements of the same patients as (n,) arrays, or raise ValueError."""
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if (
        first.shape != second.shape
        or first.ndim != 1
        or len(first) < 3
        or not np.isfinite([first, second]).all()
    ):
        msg = (
            "Agreement needs two (n,) arrays of at least 3 pairs without NaN; got shapes "
            f"{first.shape} and {second.shape}."
        )
        raise ValueError(msg)
    return first, second
