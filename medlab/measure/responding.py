"""What became of a lesion between two visits: RECIST 1.1, change of volume, doubling time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike

__all__ = ["growth", "response"]

_NODE_MM = 10.0


def response(
    before: ArrayLike,
    after: ArrayLike,
    *,
    nadir: float | None = None,
    nodes: Sequence[bool] | None = None,
    new_lesions: bool = False,
) -> pd.Series:
    """Classify the change of target lesions as RECIST 1.1 does, for research.

    The sum of diameters counts: the longest one of a lesion, the short axis of a lymph node.

    ====  ===========================================================================================
    CR    every lesion has gone, every lymph node is below 10 mm
    PD    the sum is at least 20 % **and** 5 mm above the nadir, or there is a new lesion
    PR    the sum is at least 30 % below that at baseline
    SD    none of these
    ====  ===========================================================================================

    Parameters
    ----------
    before, after : float or (n,) array_like
        Diameters in mm of the n target lesions at baseline and now, in the same order; 0 for one that has
        gone.
    nadir : float, optional
        The smallest sum in mm at any visit between. Default: none was smaller than the baseline.
    nodes : (n,) sequence of bool, optional
        Which of the lesions are lymph nodes. Default: none.
    new_lesions : bool, optional
        Whether a new lesion is certain.

    Returns
    -------
    Series
        ``category`` (``"CR"``, ``"PR"``, ``"SD"``, ``"PD"``), ``sum_before_mm``, ``sum_after_mm``,
        ``nadir_mm``, ``change_percent`` (from baseline), ``from_nadir_mm``, ``from_nadir_percent``.

    Raises
    ------
    ValueError
        If the lesions of both visits do not match, a diameter is negative, or there is none at baseline.

    Notes
    -----
    Progression goes before partial response: a sum that is 30 % below the baseline and has risen from the
    nadir is PD. A lesion that comes back after all had gone is PD. Non-target lesions, which RECIST also asks
    for, are not considered. A category of a study, not a clinical decision.

    References
    ----------
    Eisenhauer et al., European Journal of Cancer 2009, section 4.3,
    https://doi.org/10.1016/j.ejca.2008.10.026.

    Examples
    --------
    >>> response([32, 18], [20, 12])[["category", "change_percent"]].to_dict()
    {'category': 'PR', 'change_percent': -36.0}
    >>> response(50, 35, nadir=28)["category"]
    'PD'
    """
    import pandas as pd

    old, new = (np.atleast_1d(np.asarray(v, np.float64)) for v in (before, after))
    lymph = np.zeros(len(old), bool) if nodes is None else np.asarray(nodes, bool)
    if old.shape != new.shape or old.shape != lymph.shape or old.ndim != 1:
        msg = f"before, after and nodes must name the same lesions; got {len(old)}, {len(new)}, {len(lymph)}."
        raise ValueError(msg)
    if not (np.isfinite([*old, *new]).all() and min(*old, *new) >= 0 and old.sum() > 0):
        msg = f"Diameters must be numbers from 0 mm up, not all 0 at baseline; got {before!r} and {after!r}."
        raise ValueError(msg)
    total, now = float(old.sum()), float(new.sum())
    lowest = total if nadir is None else min(float(nadir), total)
    rise = now - lowest
    rise_percent = 100 * rise / lowest if lowest > 0 else (math.inf if rise > 0 else 0.0)
    gone = bool(np.where(lymph, new < _NODE_MM, new == 0).all())
    back = lowest == 0 and rise > 0
    if new_lesions or back or (not gone and rise_percent >= 20 and rise >= 5):
        category = "PD"
    elif gone:
        category = "CR"
    else:
        category = "PR" if now <= 0.7 * total + 1e-9 else "SD"
    return pd.Series(
        {
            "category": category,
            "sum_before_mm": total,
            "sum_after_mm": now,
            "nadir_mm": lowest,
            "change_percent": 100 * (now - total) / total,
            "from_nadir_mm": rise,
            "from_nadir_percent": rise_percent,
        }
    )


def growth(before_ml: float, after_ml: float, days: float) -> pd.Series:
    """Return change and doubling time of a volume.

    Doubling time = days × ln 2 / ln(after / before), for growth at a constant rate.

    Parameters
    ----------
    before_ml, after_ml : float
        Volumes, in one unit.
    days : float
        Days between the two.

    Returns
    -------
    Series
        ``change_ml``, ``change_percent``, ``doubling_time_days``: negative for a volume that shrinks (then it
        is the time to half), infinite for one that stays.

    Raises
    ------
    ValueError
        If a volume or the time is not above 0.

    References
    ----------
    Schwartz, A biomathematical approach to clinical tumor growth, Cancer 1961.

    Examples
    --------
    >>> float(growth(1.0, 2.0, days=100)["doubling_time_days"])
    100.0
    """
    import pandas as pd

    if not (before_ml > 0 and after_ml > 0 and days > 0):
        msg = f"Volumes and days must be above 0; got {before_ml}, {after_ml} and {days} days."
        raise ValueError(msg)
    rate = math.log(after_ml / before_ml)
    return pd.Series(
        {
            "change_ml": after_ml - before_ml,
            "change_percent": 100 * (after_ml - before_ml) / before_ml,
            "doubling_time_days": days * math.log(2) / rate if rate else math.inf,
        }
    )
