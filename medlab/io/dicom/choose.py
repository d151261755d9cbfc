"""Choosing one part of what was found, or saying what there is to choose from."""

from __future__ import annotations

from numbers import Integral

from medlab.io.dicom.parts import Part, image_type
from medlab.io.errors import EmptySeriesError, InconsistentSeriesError, MultipleSeriesError

__all__ = ["choose"]

_SHOWN = 20


def choose(parts: list[Part], series: str | int | None) -> Part:
    """Return the part that `series` names, or the only one.

    Parameters
    ----------
    parts : list of Part
        All parts, in the order of the table that `medlab.io.series` returns.
    series : str, int or None
        A number is a row of that table; a text is a series UID, series number or description.

    Raises
    ------
    MultipleSeriesError, InconsistentSeriesError
        If more than one part is left.
    EmptySeriesError
        If `series` names none.
    """
    wanted = parts if series is None else _named(parts, series)
    if not wanted:
        msg = f"No series here is {series!r}. There are:\n{listing(parts)}"
        raise EmptySeriesError(msg)
    if len(wanted) > 1:
        scans = [part for part in wanted if not part.is_localizer]
        if len(scans) == 1 and len({part.uid for part in wanted}) == 1:
            scouts = sum(len(part.frames) for part in wanted) - len(scans[0].frames)
            scans[0].notes.append(
                f"{scouts} localizer image{'s' if scouts > 1 else ''} in the series left out."
            )
            return scans[0]
        raise _several(wanted)
    return wanted[0]


def listing(parts: list[Part]) -> str:
    """Return one line for each part, for an error message."""
    lines = []
    for part in parts[:_SHOWN]:
        rows, columns = part.size
        kind = "\\".join(image_type(part.frames[0])) + ", " if part.parts_of_series > 1 else ""
        description = part.first.text("SeriesDescription") or "no description"
        lines.append(
            f"  {part.row}: number {part.number}, {description!r}, "
            f"{part.first.text('Modality')}, {kind}{len(part.frames)} × {rows} × {columns}, {part.uid}",
        )
    if len(parts) > _SHOWN:
        lines.append(f"  … and {len(parts) - _SHOWN} more; see medlab.io.series(path)")
    return "\n".join(lines)


def _named(parts: list[Part], series: str | int) -> list[Part]:
    if isinstance(series, Integral):
        return [part for part in parts if part.row == series]
    by_uid = [part for part in parts if part.uid == series]
    return by_uid or [
        part for part in parts if series in {part.first.text("SeriesDescription"), str(part.number)}
    ]


def _several(parts: list[Part]) -> MultipleSeriesError | InconsistentSeriesError:
    sizes = {part.size for part in parts}
    same_series = len({part.uid for part in parts}) == 1
    what = "series" if not same_series else "parts of one series"
    reason = " that differ in size" if same_series and len(sizes) > 1 else ""
    msg = (
        f"There are {len(parts)} {what}{reason} here. Choose one with series=<row>, or series='<text>' with "
        f"its UID, number or description:\n{listing(parts)}"
    )
    kind = InconsistentSeriesError if same_series and len(sizes) > 1 else MultipleSeriesError
    return kind(msg)
