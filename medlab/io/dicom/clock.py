"""DICOM dates and times (DA, TM, DT) as seconds."""

from __future__ import annotations

import datetime as dt
import re

__all__ = ["seconds"]

_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?(\.\d+)?")


def seconds(date: str | None, time: str | None) -> float | None:
    """Return a date and a time of day in seconds, comparable with other results of this function.

    Parameters
    ----------
    date : str or None
        ``YYYYMMDD``; without one, only times of the same day compare.
    time : str or None
        ``HHMMSS.FFFFFF``, of which the end may be missing.

    Returns
    -------
    float or None
        None if there is no valid time.

    Examples
    --------
    >>> seconds("20200131", "235959.5") - seconds("20200131", "2359")
    59.5
    """
    match = _TIME.match(str(time or "").strip())
    if match is None:
        return None
    hours, minutes, whole, fraction = match.groups()
    clock = int(hours) * 3600 + int(minutes or 0) * 60 + int(whole or 0) + float(fraction or 0)
    day = _DATE.match(str(date or "").strip())
    if day is None:
        return clock
    try:
        return dt.date(*(int(part) for part in day.groups())).toordinal() * 86400.0 + clock
    except ValueError:
        return clock
