"""Arterioles against venules of the retina: CRAE, CRVE and their ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

__all__ = ["arteriovenous_ratio", "central_equivalent"]

_KNUDTSON = {"arteriole": 0.88, "venule": 0.95}


def central_equivalent(widths: ArrayLike, kind: Literal["arteriole", "venule"]) -> float:
    """Return the calibre of the one vessel that six would branch from: CRAE or CRVE.

    The widest and the narrowest are joined by w = k √(w₁² + w₂²), then the next two, and so on, until one is
    left; an odd one in the middle is carried over. k is 0.88 for arterioles and 0.95 for venules.

    Parameters
    ----------
    widths : (n,) array_like
        Calibres of vessels near the optic disc, in any unit; the six widest count.
    kind : {"arteriole", "venule"}
        Which of the two they are.

    Returns
    -------
    float
        In the unit of the widths.

    Raises
    ------
    ValueError
        If there are fewer than two vessels, or one is not above 0.

    References
    ----------
    Knudtson et al., Revised formulas for summarizing retinal vessel diameters, Current Eye Research 2003,
    https://doi.org/10.1076/ceyr.27.3.143.16049.

    Examples
    --------
    >>> central_equivalent([3.0, 4.0], "arteriole")
    4.4
    """
    left = sorted(np.asarray(widths, np.float64).ravel().tolist(), reverse=True)[:6]
    if kind not in _KNUDTSON or len(left) < 2 or not all(np.isfinite(w) and w > 0 for w in left):
        msg = (
            f"Expected two or more widths above 0 of kind 'arteriole' or 'venule'; got {widths!r}, {kind!r}."
        )
        raise ValueError(msg)
    while len(left) > 1:
        pairs = len(left) // 2
        joined = [_KNUDTSON[kind] * float(np.hypot(left[n], left[-1 - n])) for n in range(pairs)]
        left = sorted(joined + left[pairs : len(left) - pairs], reverse=True)
    return left[0]


def arteriovenous_ratio(arterioles: ArrayLike, venules: ArrayLike) -> pd.Series:
    """Return ``CRAE``, ``CRVE`` and their ratio ``AVR``; see `central_equivalent`.

    Parameters
    ----------
    arterioles, venules : array_like
        Calibres near the optic disc (half to one disc diameter from its margin), in one unit.

    Examples
    --------
    >>> arteriovenous_ratio([90, 85, 80, 75, 70, 65], [120, 115, 110, 100, 95, 90]).round(2).to_dict()
    {'CRAE': 136.31, 'CRVE': 225.63, 'AVR': 0.6}
    """
    import pandas as pd

    crae, crve = central_equivalent(arterioles, "arteriole"), central_equivalent(venules, "venule")
    return pd.Series({"CRAE": crae, "CRVE": crve, "AVR": crae / crve})
