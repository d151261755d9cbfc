"""The bootstrap, in which a patient is drawn with all of his or her images."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Interval", "bootstrap", "group_numbers", "percentile_interval", "resampled"]

#: Share of the resamples in which a metric must be defined for an interval to be given.
_DEFINED = 0.9


class Interval(NamedTuple):
    """A value with its interval; ``low`` and ``high`` are NaN where the data cannot give one."""

    value: float
    low: float
    high: float


def bootstrap(
    metric: Callable[..., float],
    *arrays: ArrayLike,
    groups: ArrayLike | None = None,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return a metric with its percentile bootstrap interval; patients are resampled, not images.

    Parameters
    ----------
    metric : callable
        ``metric(*arrays) -> float``, for example `sklearn.metrics.roc_auc_score`.
    *arrays : (n, ...) array_like
        What the metric takes, samples first.
    groups : (n,) array_like, optional
        Patient of each sample. Default: every sample is a patient of its own.
    resamples : int, optional
        How often patients are drawn with replacement.
    confidence : float, optional
        Share of the resampled values inside the interval.
    seed : int, optional
        The same seed gives the same interval.

    Returns
    -------
    Interval
        ``(value, low, high)``. The interval is NaN if there is only one patient, if every resample gives the
        same value (a perfect score on a few patients does not mean that there is no doubt), or if the metric
        is undefined in more than a tenth of the resamples (one class only).

    Notes
    -----
    With fewer than about 20 patients per class the interval is too narrow: for a true AUC of 0.9 and 10 + 10
    patients it held the truth in 86 of 100 simulated studies, not 95. `classification` therefore uses other
    intervals for the AUC and for proportions.

    A metric of *pairs* of samples, such as the adjusted Rand index, comes out a little too high in the
    resamples: a patient who is drawn twice agrees with himself.

    References
    ----------
    Efron & Tibshirani, *An introduction to the bootstrap*, 1993, ch. 13; Field & Welsh, *Bootstrapping
    clustered data*, J. R. Stat. Soc. B 2007.

    Examples
    --------
    >>> import numpy as np, medlab
    >>> errors = np.arange(20.0)
    >>> value, low, high = medlab.evaluate.bootstrap(np.mean, errors, seed=0)
    >>> low < value < high
    True
    """
    data = [np.asarray(a) for a in arrays]
    if not data or len({len(a) for a in data}) != 1 or not len(data[0]):
        msg = f"bootstrap needs arrays of one common length, at least 1; got {[len(a) for a in data]}."
        raise ValueError(msg)
    group = group_numbers(groups, len(data[0]))
    value = float(metric(*data))
    values = _metric_values(metric, data, group, resamples, seed)
    return Interval(value, *percentile_interval(values, confidence))


def percentile_interval(values: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    """Return the interval that holds this share of the values; NaN if they are undefined or all the same."""
    defined = values[np.isfinite(values)]
    if len(defined) < max(_DEFINED * len(values), 1) or np.ptp(defined) < 1e-12:
        return np.nan, np.nan
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def resampled(
    score: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    group: NDArray[np.int64],
    resamples: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return a score of each resample of patients, from how often each image was drawn.

    Parameters
    ----------
    score : callable
        Takes weights (resamples, n) and returns (resamples,); called on a hundred resamples at a time.
    group : (n,) ndarray of int
        Patient of each image, numbered from 0.
    resamples : int
        How often patients are drawn.
    seed : int
        The same seed draws the same patients.
    """
    patients = int(group.max()) + 1
    rng = np.random.default_rng(seed)
    values = []
    for start in range(0, resamples, 100):
        drawn = rng.multinomial(patients, np.full(patients, 1 / patients), size=min(100, resamples - start))
        values.append(score(drawn[:, group].astype(np.float64)))
    return np.concatenate(values)


def group_numbers(groups: ArrayLike | None, n: int) -> NDArray[np.int64]:
    """Return the patient of each of n samples as a number from 0; each its own where `groups` is None.

    Raises
    ------
    ValueError
        If there is not one group per sample.
    """
    if groups is None:
        return np.arange(n)
    numbers = np.unique(np.asarray(groups), return_inverse=True)[1]
    if numbers.shape != (n,):
        msg = f"groups must name the patient of each of the {n} samples; got shape {np.shape(groups)}."
        raise ValueError(msg)
    return numbers


def _metric_values(
    metric: Callable[..., float],
    data: list[NDArray[Any]],
    group: NDArray[np.int64],
    resamples: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return the metric on each resample of patients; NaN where it is undefined."""
    values = np.full(resamples, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of metrics that meet one class only
        for k, rows in enumerate(_resampled_rows(group, resamples, seed)):
            try:
                values[k] = metric(*[a[rows] for a in data])
            except ValueError:  # how scikit-learn says undefined
                continue
    return values


def _resampled_rows(group: NDArray[np.int64], resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of as many patients as there are, drawn with replacement."""
    rng = np.random.default_rng(seed)
    order = np.argsort(group, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    if len(members) == len(group):
        for _ in range(resamples):
            yield rng.integers(0, len(group), len(group))
        return
    for _ in range(resamples):
        drawn = rng.integers(0, len(members), len(members))
        yield np.concatenate([members[d] for d in drawn])
