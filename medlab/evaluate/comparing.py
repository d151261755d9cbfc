"""Whether one model is better than another on the same patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from medlab.evaluate.classes import MINIMUM_PATIENTS, checked_binary
from medlab.evaluate.intervals import combined_difference
from medlab.evaluate.resampling import bootstrap, group_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["compare", "compare_cases", "subgroups"]


def compare(
    y_true: ArrayLike,
    score_a: ArrayLike,
    score_b: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    metric: Callable[..., float] | None = None,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> pd.Series:
    """Compare two models' scores of the same images.

    Parameters
    ----------
    y_true : (n,) array_like
        Classes 0 and 1 (any, with a metric of your own).
    score_a, score_b : (n,), (n, 1) or (n, 2) array_like
        What the models predict for the same images in the same order.
    groups : (n,) array_like, optional
        Patient of each image. Default: every image is a patient of its own.
    metric : callable, optional
        ``metric(y_true, y_score) -> float``. Default: the AUC, compared by DeLong's method.
    confidence, resamples, seed
        Of the interval; the last two for a `metric` of your own, by a paired bootstrap over patients.

    Returns
    -------
    Series
        ``a``, ``b``, ``difference`` (a − b), ``low``, ``high``, ``p`` (two-sided, of no difference; NaN for
        the bootstrap, whose interval says it), ``method``.

    Raises
    ------
    ValueError
        If lengths differ, a class is missing, or there are fewer than 10 patients.

    References
    ----------
    DeLong, DeLong & Clarke-Pearson, Biometrics 1988, https://doi.org/10.2307/2531595; with several images per
    patient: Obuchowski, *Nonparametric analysis of clustered ROC curve data*, Biometrics 1997,
    https://doi.org/10.2307/2533958.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> true = np.arange(200) % 2
    >>> good, poor = true + rng.normal(size=200), true + 3 * rng.normal(size=200)
    >>> found = compare(true, good, poor)
    >>> bool(found.low > 0), found.method
    (True, 'DeLong')
    """
    import pandas as pd

    group = group_numbers(groups, len(np.asarray(y_true)))
    if len(np.unique(group)) < MINIMUM_PATIENTS:
        msg = f"A comparison needs at least {MINIMUM_PATIENTS} patients; got {len(np.unique(group))}."
        raise ValueError(msg)
    if metric is not None:
        return _by_bootstrap(y_true, score_a, score_b, group, metric, confidence, resamples, seed)
    true, a = checked_binary(y_true, score_a)
    _, b = checked_binary(y_true, score_b)
    placed = [_placements(true == 1, score) for score in (a, b)]
    auc = [float(ill.mean()) for ill, _ in placed]
    variance = _clustered_variance(placed[0][0] - placed[1][0], placed[0][1] - placed[1][1], true, group)
    difference, error = auc[0] - auc[1], float(np.sqrt(variance))
    z = stats.norm.ppf((1 + confidence) / 2)
    p = 2 * stats.norm.sf(abs(difference) / error) if error > 0 else np.nan
    clustered = len(np.unique(group)) < len(group)
    return pd.Series(
        {
            "a": auc[0],
            "b": auc[1],
            "difference": difference,
            "low": difference - z * error if error > 0 else np.nan,
            "high": difference + z * error if error > 0 else np.nan,
            "p": float(p),
            "method": "Obuchowski (DeLong by patient)" if clustered else "DeLong",
        }
    )


def compare_cases(
    a: ArrayLike,
    b: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> pd.Series:
    """Compare two models by a score that each case has, such as Dice: paired bootstrap and Wilcoxon test.

    Parameters
    ----------
    a, b : (n,) array_like
        The score of each case, of the same cases in the same order.
    groups : (n,) array_like, optional
        Patient of each case; the test compares the patients' means.
    confidence, resamples, seed
        Of the paired bootstrap over patients.

    Returns
    -------
    Series
        ``a``, ``b`` (means), ``difference``, ``low``, ``high``, ``p`` (Wilcoxon's signed-rank
        test), ``method``.

    Raises
    ------
    ValueError
        If lengths differ or values are missing.

    Examples
    --------
    >>> found = compare_cases([0.9, 0.8, 0.85, 0.9, 0.95, 0.7], [0.8, 0.75, 0.8, 0.7, 0.9, 0.6])
    >>> float(found.difference.round(3)), round(found.p, 3)
    (0.092, 0.031)
    """
    import pandas as pd

    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape or first.ndim != 1 or not np.isfinite([first, second]).all():
        msg = (
            "compare_cases needs two (n,) arrays of scores of the same cases without NaN; got shapes "
            f"{first.shape} and {second.shape}. Leave out the same cases of both, and say so."
        )
        raise ValueError(msg)
    group = group_numbers(groups, len(first))
    change = first - second
    _, low, high = bootstrap(
        np.mean, change, groups=group, resamples=resamples, confidence=confidence, seed=seed
    )
    means = np.bincount(group, change) / np.bincount(group)
    p = float(stats.wilcoxon(means).pvalue) if (means != 0).any() else 1.0
    return pd.Series(
        {
            "a": first.mean(),
            "b": second.mean(),
            "difference": change.mean(),
            "low": low,
            "high": high,
            "p": p,
            "method": "paired bootstrap, Wilcoxon",
        }
    )


def subgroups(
    y_true: ArrayLike,
    y_score: ArrayLike,
    by: ArrayLike,
    groups: ArrayLike | None = None,
    threshold: float = 0.5,
    *,
    scores: Sequence[str] = ("AUC", "sensitivity", "specificity"),
    **options: Any,
) -> pd.DataFrame:
    """Score each subgroup beside everybody else.

    Parameters
    ----------
    y_true, y_score, groups, threshold
        As in `medlab.evaluate.classification`.
    by : (n,) array_like
        Subgroup of each image, for example the scanner, the sex or an age band.
    scores : sequence of str, optional
        Rows of `medlab.evaluate.classification` to show.
    **options
        ``confidence``, ``resamples``, ``seed``: passed on.

    Returns
    -------
    DataFrame
        Indexed by subgroup and score: ``value``, ``low``, ``high``, ``n``, ``positives`` (share of class 1),
        and ``difference`` (from the value in everybody else) with ``difference low`` and ``difference high``
        (MOVER: Zou & Donner 2008). Intervals are wide where a subgroup is small: no difference seen is then
        no proof of fairness.

    Raises
    ------
    ValueError
        If there are fewer than two subgroups, or a score is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> true, score = np.tile([0, 1], 20), np.tile([0.2, 0.8, 0.6, 0.4], 10)
    >>> subgroups(true, score, np.tile([0, 0, 1, 1], 10), scores=["AUC"])[["value", "n"]]
                    value   n
    subgroup score
    0        AUC      1.0  20
    1        AUC      0.0  20
    """
    import pandas as pd

    from medlab.evaluate.classes import checked_scores, classification

    true, score = checked_scores(y_true, y_score)
    part = np.asarray(by)
    names = pd.unique(part)
    if part.shape != true.shape or len(names) < 2:
        msg = f"by must name at least two subgroups, one per image ({len(true)}); got {names[:5].tolist()}."
        raise ValueError(msg)
    group = group_numbers(groups, len(true))
    known = classification(true, score, group, threshold, resamples=1).index
    unknown = [wanted for wanted in scores if wanted not in known]
    if unknown:
        msg = f"There is no score {unknown[0]!r}; there are {', '.join(known)}."
        raise ValueError(msg)
    rows = {}
    for name in sorted(names):
        inside = part == name
        own, rest = (
            classification(true[i], score[i], group[i], threshold, **options) for i in (inside, ~inside)
        )
        for wanted in scores:
            rows[name, wanted] = _beside(own, rest, wanted) | {"positives": float((true[inside] == 1).mean())}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index.names = ["subgroup", "score"]
    return table


def _beside(own: pd.DataFrame, rest: pd.DataFrame, score: str) -> dict[str, float]:
    """Value and interval of one score, and its difference from the rest; NaN where it is not defined."""
    value, other = (
        t.loc[score, ["value", "low", "high"]] if score in t.index else np.full(3, np.nan)
        for t in (own, rest)
    )
    difference = combined_difference(tuple(value), tuple(other))
    names = ("value", "low", "high", "n", "difference", "difference low", "difference high")
    n = int(own.loc[score, "n"]) if score in own.index else 0
    return dict(zip(names, [*map(float, value), n, *difference], strict=True))


def _by_bootstrap(
    y_true: ArrayLike,
    score_a: ArrayLike,
    score_b: ArrayLike,
    group: NDArray[np.int64],
    metric: Callable[..., float],
    confidence: float,
    resamples: int,
    seed: int,
) -> pd.Series:
    import pandas as pd

    def difference(t: NDArray, a: NDArray, b: NDArray) -> float:
        return metric(t, a) - metric(t, b)

    data = [np.asarray(values) for values in (y_true, score_a, score_b)]
    found, low, high = bootstrap(
        difference, *data, groups=group, resamples=resamples, confidence=confidence, seed=seed
    )
    return pd.Series(
        {
            "a": float(metric(data[0], data[1])),
            "b": float(metric(data[0], data[2])),
            "difference": found,
            "low": low,
            "high": high,
            "p": np.nan,
            "method": "paired bootstrap by patient",
        }
    )


def _placements(ill: NDArray[np.bool_], score: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """Share of the healthy below each ill image, and of the ill above each healthy one; ties count half."""
    m, n = int(ill.sum()), int((~ill).sum())
    ranks = stats.rankdata(score)
    within_ill, within_healthy = stats.rankdata(score[ill]), stats.rankdata(score[~ill])
    return (ranks[ill] - within_ill) / n, 1 - (ranks[~ill] - within_healthy) / m


def _clustered_variance(
    of_ill: NDArray, of_healthy: NDArray, true: NDArray[np.int64], group: NDArray[np.int64]
) -> float:
    """Variance of a difference of AUCs from the differences of placements, summed over patients."""
    ill = true == 1
    m, n, patients = int(ill.sum()), int((~ill).sum()), int(group.max()) + 1
    mean = of_ill.mean()
    above, below = (
        np.bincount(group[part], values - mean, minlength=patients)
        for part, values in ((ill, of_ill), (~ill, of_healthy))
    )
    with_ill, with_healthy = len(np.unique(group[ill])), len(np.unique(group[~ill]))
    s10 = with_ill / ((with_ill - 1) * m) * (above**2).sum()
    s01 = with_healthy / ((with_healthy - 1) * n) * (below**2).sum()
    s11 = patients / (patients - 1) * (above * below).sum()
    return max(float(s10 / m + s01 / n + 2 * s11 / (m * n)), 0.0)
