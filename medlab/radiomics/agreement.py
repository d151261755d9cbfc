"""How well repeated measurements agree: intraclass correlation with confidence intervals."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from medlab.radiomics.tables import features

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["ICC", "icc", "stability"]

Model = Literal["ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)"]
_MODELS = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")
#: Limits of Koo & Li (2016).
_WORDS = ((0.5, "poor"), (0.75, "moderate"), (0.9, "good"), (np.inf, "excellent"))


@dataclasses.dataclass(frozen=True)
class ICC:
    """Intraclass correlation of one or several quantities: estimate and confidence limits."""

    value: Any
    low: Any
    high: Any


def icc(values: ArrayLike, model: Model = "ICC(2,1)", confidence: float = 0.95) -> ICC:
    """Return the intraclass correlation coefficient of repeated measurements.

    Parameters
    ----------
    values : (n, k) or (n, k, f) array_like
        n subjects, each measured k times (by k raters, on k days), of f quantities.
    model : str, optional
        In Shrout and Fleiss' notation. ``"ICC(1,1)"``: each subject has raters of its own; ``"ICC(2,1)"``:
        the raters are a sample of all raters, and a systematic difference between them counts (absolute
        agreement); ``"ICC(3,1)"``: only these raters matter, and it does not count (consistency). With
        ``k`` for the mean of the k measurements instead of a single one.
    confidence : float, optional
        Level of the interval; for ``"ICC(2,…)"`` it is an approximation that is a little too narrow where
        there are few raters.

    Returns
    -------
    ICC
        ``value``, ``low`` and ``high``: numbers, or arrays of length f. NaN where nothing varies at all.

    Raises
    ------
    ValueError
        If there are fewer than two subjects or measurements, values that are not finite, or no such model.

    References
    ----------
    Shrout, P. E. & Fleiss, J. L. Intraclass correlations: uses in assessing rater reliability. Psychological
    Bulletin 86(2), 420–428 (1979). McGraw, K. O. & Wong, S. P. Forming inferences about some intraclass
    correlation coefficients. Psychological Methods 1(1), 30–46 (1996).

    Examples
    --------
    >>> shrout_fleiss = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> agreement = icc(shrout_fleiss, "ICC(2,1)")
    >>> f"{agreement.value:.2f} [{agreement.low:.2f}, {agreement.high:.2f}]"
    '0.29 [0.02, 0.76]'
    """
    array = np.asarray(values, np.float64)
    if array.ndim not in (2, 3) or min(array.shape[:2]) < 2 or not np.isfinite(array).all():
        msg = (
            "values must be finite and have the shape (subjects, measurements), at least 2 of each; got "
            f"shape {array.shape}."
        )
        raise ValueError(msg)
    if model not in _MODELS or not 0 < confidence < 1:
        msg = (
            f"model must be one of {', '.join(_MODELS)} and confidence lie in (0, 1); got {model!r} and "
            f"{confidence!r}."
        )
        raise ValueError(msg)
    stack = array if array.ndim == 3 else array[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        limits = _single(stack, int(model[4]), 1 - confidence)
        if model.endswith("k)"):
            k = stack.shape[1]
            limits = [k * r / (1 + (k - 1) * r) for r in limits]
    return ICC(*(limits if array.ndim == 3 else [float(r[0]) for r in limits]))


def stability(
    table: pd.DataFrame,
    case: str = "case",
    repeat: str = "repeat",
    model: Model = "ICC(2,1)",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Tell which features stay the same when the measurement is repeated.

    Parameters
    ----------
    table : DataFrame
        A row for each case and repeat (scan, rater, perturbation of the mask), as `extract_batch` returns
        it; every case must have every repeat once.
    case, repeat : str, optional
        Columns that name the case and the repeat.
    model, confidence
        As for `icc`.

    Returns
    -------
    DataFrame
        For each feature (index): ``icc``, ``low``, ``high``, the numbers of ``cases`` and ``repeats``, and
        Koo and Li's word for the lower limit: below 0.5 ``"poor"``, below 0.75 ``"moderate"``, below 0.9
        ``"good"``, else ``"excellent"``; ``"constant"`` where a feature does not vary at all.

    Raises
    ------
    ValueError
        If a column is missing, or a case lacks a repeat or has one twice or failed.

    References
    ----------
    Koo, T. K. & Li, M. Y. A guideline of selecting and reporting intraclass correlation coefficients for
    reliability research. Journal of Chiropractic Medicine 15(2), 155–163 (2016).
    """
    import pandas as pd

    missing = {case, repeat} - set(table.columns)
    if missing:
        msg = f"The table has no column {', '.join(sorted(missing))}; it has {list(table.columns)[:12]} …"
        raise ValueError(msg)
    table = table.reset_index(drop=True)
    values = features(table)
    counts = pd.crosstab(table[case], table[repeat])
    bad = [*counts.index[(counts != 1).any(axis=1)]]
    bad += [*table.loc[values.isna().any(axis=1), case].unique()]
    if bad:
        msg = (
            f"Every case must have every repeat once, with all its features; not so for "
            f"{', '.join(map(str, bad[:8]))}{' …' if len(bad) > 8 else ''}. Leave these cases out first."
        )
        raise ValueError(msg)
    n, k = counts.shape
    ordered = values.loc[table.sort_values([case, repeat]).index].to_numpy(np.float64)
    result = icc(ordered.reshape(n, k, -1), model, confidence)
    frame = pd.DataFrame(
        {"icc": result.value, "low": result.low, "high": result.high, "cases": n, "repeats": k},
        index=pd.Index(values.columns, name="feature"),
    )
    return frame.assign(agreement=[_word(low) for low in frame["low"]])


def _word(low: float) -> str:
    return "constant" if np.isnan(low) else next(word for limit, word in _WORDS if low < limit)


def _single(x: NDArray[np.float64], kind: int, alpha: float) -> list[NDArray[np.float64]]:
    """Return estimate and limits for a single measurement, from the mean squares of the two-way table."""
    from scipy.stats import f

    n, k = x.shape[:2]
    grand, rows, columns = x.mean(axis=(0, 1)), x.mean(axis=1), x.mean(axis=0)
    between = k * ((rows - grand) ** 2).sum(axis=0) / (n - 1)
    within = ((x - rows[:, None]) ** 2).sum(axis=(0, 1)) / (n * (k - 1))
    raters = n * ((columns - grand) ** 2).sum(axis=0) / (k - 1)
    rest = ((x - rows[:, None] - columns[None] + grand) ** 2).sum(axis=(0, 1)) / ((n - 1) * (k - 1))
    if kind == 2:
        return _absolute(between, raters, rest, n, k, alpha)
    error, freedom = (within, n * (k - 1)) if kind == 1 else (rest, (n - 1) * (k - 1))
    ratio = between / error
    low = ratio / f.ppf(1 - alpha / 2, n - 1, freedom)
    high = ratio * f.ppf(1 - alpha / 2, freedom, n - 1)
    return [_of_ratio(r, k) for r in (ratio, low, high)]


def _of_ratio(ratio: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Return (F − 1) / (F + k − 1), which is 1 where there is no error at all."""
    return np.where(np.isinf(ratio), 1.0, (ratio - 1) / (ratio + k - 1))


def _absolute(
    between: NDArray[np.float64],
    raters: NDArray[np.float64],
    rest: NDArray[np.float64],
    n: int,
    k: int,
    alpha: float,
) -> list[NDArray[np.float64]]:
    """Return ICC(2,1) with McGraw and Wong's limits for absolute agreement, case A."""
    from scipy.stats import f

    value = (between - rest) / (between + (k - 1) * rest + k * (raters - rest) / n)
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    freedom = (a * raters + b * rest) ** 2 / (
        (a * raters) ** 2 / (k - 1) + (b * rest) ** 2 / ((n - 1) * (k - 1))
    )
    upper, lower = f.ppf(1 - alpha / 2, n - 1, freedom), f.ppf(1 - alpha / 2, freedom, n - 1)
    spread = k * raters + (k * n - k - n) * rest
    low = n * (between - upper * rest) / (upper * spread + n * between)
    high = n * (lower * between - rest) / (spread + n * lower * between)
    perfect = value == 1
    return [np.where(perfect, 1.0, r) for r in (value, low, high)]
