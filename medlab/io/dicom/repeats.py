"""Several frames at the same place: time points, b-values, echoes, or a slice that came twice."""

from __future__ import annotations

import dataclasses
from functools import partial
from operator import methodcaller
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.io.dicom.clock import seconds
from medlab.io.errors import DuplicateSliceError, MissingSliceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from medlab.io.dicom.frames import Frame

__all__ = ["Repeats", "arrange"]


@dataclasses.dataclass(slots=True)
class Repeats:
    """Frames by repeat and place, and what tells the repeats apart."""

    frames: list[list[Frame]]  # [repeat][place]
    times: NDArray[np.float64] | None = None
    name: str = ""
    unit: str = ""
    labels: list[str] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)


#: What may tell repeats apart: keyword, name, unit, and whether its values are the same at every place.
_SAME_EVERYWHERE = (
    ("DiffusionBValue", "b-value", "s/mm²"),
    ("EchoTime", "echo time", "ms"),
    ("EffectiveEchoTime", "echo time", "ms"),
    ("InversionTime", "inversion time", "ms"),
    ("FlipAngle", "flip angle", "°"),
    ("TriggerTime", "trigger time", "ms"),
    ("TemporalPositionIdentifier", "temporal position", ""),
    ("TemporalPositionIndex", "temporal position", ""),
    ("FrameReferenceTime", "frame reference time", "ms"),
    ("NominalCardiacTriggerDelayTime", "trigger time", "ms"),
    ("FrameTimeSinceStart", "frame time", "ms"),
    ("TemporalPositionTimeOffset", "temporal position", "s"),
    ("DimensionIndex", "dimension index", ""),
    ("FrameNumber", "frame number", ""),
)
_RANKED = (
    ("TriggerTime", "trigger time", "ms"),
    ("FrameReferenceTime", "frame reference time", "ms"),
    ("AcquisitionTime", "acquisition time", "s"),
    ("FrameAcquisitionSeconds", "acquisition time", "s"),
    ("FrameReferenceSeconds", "frame reference time", "s"),
    ("DimensionIndex", "dimension index", ""),
    ("AcquisitionNumber", "acquisition number", ""),
    ("ContentTime", "content time", "s"),
    ("InstanceNumber", "instance number", ""),
)
_CLOCKS = frozenset({"AcquisitionTime", "ContentTime"})
_MOMENTS = _CLOCKS | {"FrameAcquisitionSeconds", "FrameReferenceSeconds"}


def arrange(by_place: list[list[Frame]], same_pixels: Callable[[Frame, Frame], bool]) -> Repeats:
    """Arrange frames that are grouped by place into complete repeats.

    Parameters
    ----------
    by_place : list of list of Frame
        The frames at each place, places in order.
    same_pixels : callable
        Says whether two frames hold the same stored values.

    Raises
    ------
    DuplicateSliceError
        If different frames claim one place and nothing tells them apart.
    MissingSliceError
        If a repeat lacks a slice.
    """
    notes: list[str] = []
    by_place = [_without_copies(frames, same_pixels, notes) for frames in by_place]
    if all(len(frames) == 1 for frames in by_place):
        return Repeats([[frames[0] for frames in by_place]], notes=_summed(notes))
    found = _two_fold(by_place) or _same_everywhere(by_place) or _ranked(by_place)
    if found is None:
        _check_complete(by_place)
    if found is None:
        by_place = [_without_twins(frames, same_pixels, notes) for frames in by_place]
        if any(len(frames) > 1 for frames in by_place):
            raise _unexplained(by_place)
        found = Repeats([[frames[0] for frames in by_place]])
    found.notes = _summed(notes) + found.notes
    return found


def _without_copies(
    frames: list[Frame], same_pixels: Callable[[Frame, Frame], bool], notes: list[str]
) -> list[Frame]:
    """Drop second copies of the same object (SOP Instance UID); refuse copies that differ."""
    if len(frames) == 1:
        return frames
    kept: dict[tuple[str, int], Frame] = {}
    for frame in frames:
        uid = frame.header.text("SOPInstanceUID")
        key = (uid or str(frame.header.path), frame.index)
        first = kept.setdefault(key, frame)
        if first is frame:
            continue
        if not same_pixels(first, frame):
            msg = "Two files carry the same SOP Instance UID but different pixels; leave one out:"
            raise DuplicateSliceError(msg, [first.header.path, frame.header.path])
        notes.append(str(frame.header.path.name))
    return list(kept.values())


def _without_twins(
    frames: list[Frame], same_pixels: Callable[[Frame, Frame], bool], notes: list[str]
) -> list[Frame]:
    """Drop frames whose pixels and rescaling equal those of the first frame at their place."""
    first, kept = frames[0], [frames[0]]
    for frame in frames[1:]:
        alike = (frame.slope, frame.intercept) == (first.slope, first.intercept)
        if alike and same_pixels(first, frame):
            notes.append(str(frame.header.path.name))
        else:
            kept.append(frame)
    return kept


def _summed(names: list[str]) -> list[str]:
    if not names:
        return []
    shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    number = "1 identical copy" if len(names) == 1 else f"{len(names)} identical copies"
    return [f"{number} of slices left out ({shown})."]


def _same_everywhere(by_place: list[list[Frame]]) -> Repeats | None:
    """Find one fact whose values are different at a place, and the same set at every place."""
    for keyword, name, unit in _SAME_EVERYWHERE:
        columns = [[frame.fact(keyword) for frame in frames] for frames in by_place]
        wanted = set(columns[0])
        if not all(isinstance(v, int | float) for column in columns for v in column):
            continue
        most = set().union(*columns)
        if all(len(set(c)) == len(c) for c in columns) and len(most) > 1:
            if all(set(column) == wanted for column in columns):
                key = methodcaller("fact", keyword)
                return _sorted_by(by_place, key, sorted(wanted), name, unit)
            if len(most) <= max(len(c) for c in columns):
                raise _incomplete(by_place, keyword, name, sorted(most))
    return None


def _sorted_by(
    by_place: list[list[Frame]], key: Callable[[Frame], Any], values: Sequence[float], name: str, unit: str
) -> Repeats:
    columns = [sorted(frames, key=key) for frames in by_place]
    repeats = [list(frames) for frames in zip(*columns, strict=True)]
    return Repeats(repeats, np.array(values, dtype=np.float64), name, unit)


def _two_fold(by_place: list[list[Frame]]) -> Repeats | None:
    """Explain repeats by two facts: b-value or echo, and within one of them a time or an order."""
    count = len(by_place[0])
    if any(len(frames) != count for frames in by_place):
        return None
    for keyword, name, unit in _SAME_EVERYWHERE[:3]:
        columns = [sorted((f.fact(keyword) for f in frames), key=_number) for frames in by_place]
        numbers = all(isinstance(v, int | float) for column in columns for v in column)
        if not numbers or len(set(columns[0])) in {1, count} or any(c != columns[0] for c in columns):
            continue
        alike = [
            [frame for frame in frames if frame.fact(keyword) == value]
            for frames in by_place
            for value in set(columns[0])
        ]
        later = _ranking(alike)
        if later is None:
            return None
        order = partial(_value_and_rank, keyword=keyword, entry=later)
        return _sorted_by(by_place, order, columns[0], name, unit)
    return None


def _value_and_rank(frame: Frame, *, keyword: str, entry: tuple[str, str, str]) -> tuple[Any, Any]:
    return frame.fact(keyword), _rank(frame, entry)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else -np.inf


def _ranking(by_place: list[list[Frame]]) -> tuple[str, str, str] | None:
    """Return the first fact whose values are different within every place."""
    for entry in _RANKED:
        columns = [[_rank(frame, entry) for frame in frames] for frames in by_place]
        if all(None not in column and len(set(column)) == len(column) for column in columns):
            return entry
    return None


def _rank(frame: Frame, entry: tuple[str, str, str]) -> Any:
    value = frame.fact(entry[0])
    if entry[0] in _CLOCKS:
        return seconds(frame.fact(entry[0].replace("Time", "Date")), value)
    return value if isinstance(value, int | float) else None


def _ranked(by_place: list[list[Frame]]) -> Repeats | None:
    """Order the frames at each place by a time that may differ from place to place."""
    count = len(by_place[0])
    if any(len(frames) != count for frames in by_place):
        return None
    entry = _ranking(by_place)
    if entry is None:
        return None
    keyword, name, unit = entry
    table = np.sort([[_rank(frame, entry) for frame in frames] for frames in by_place], axis=1)
    values = np.median(table, axis=0)
    if keyword in _MOMENTS:
        values = values - values[0]
    found = _sorted_by(by_place, lambda f: _rank(f, entry), values, name, unit)
    if keyword in {"AcquisitionNumber", "InstanceNumber"}:
        found.notes.append(f"The {count} repeats are told apart by {name} only; their times are unknown.")
    elif (
        np.ptp(table - values - np.median(table - values, axis=1, keepdims=True)) > 0
        or np.ptp(table[:, 0]) > 0
    ):
        found.notes.append(f"The {name} differs between slices; `times` holds the median of each repeat.")
    return found


def _incomplete(
    by_place: list[list[Frame]], keyword: str, name: str, values: list[float]
) -> MissingSliceError:
    holes = [
        (value, frames[0])
        for frames in by_place
        for value in values
        if value not in {frame.fact(keyword) for frame in frames}
    ]
    value, frame = holes[0]
    msg = (
        f"{len(holes)} slice{'s are' if len(holes) > 1 else ' is'} missing in a series with {len(values)} "
        f"repeats: {name} {value:g} has no slice at the position of the file below. Copy the series again, "
        "or pass a list of the files of the complete repeats:"
    )
    return MissingSliceError(msg, [frame.header.path])


def _check_complete(by_place: list[list[Frame]]) -> None:
    """Refuse repeats of which most places have more than a few others have."""
    counts = [len(frames) for frames in by_place]
    usual = int(np.median(counts))
    short = [frames for frames in by_place if len(frames) < usual]
    if usual > 1 and short:
        msg = (
            f"Most positions have {usual} slices, {len(short)} of {len(counts)} have fewer: a repeat is "
            "incomplete. Copy the series again, or pass a list of the files of the complete repeats. "
            "Slices are missing where these files lie:"
        )
        raise MissingSliceError(msg, [frames[0].header.path for frames in short])


def _unexplained(by_place: list[list[Frame]]) -> DuplicateSliceError:
    frames = next(frames for frames in by_place if len(frames) > 1)
    msg = (
        f"{len(frames)} different slices claim one position ({frames[0].position}), and neither time nor "
        "b-value nor echo tells them apart everywhere. Leave files out by passing a list of the others:"
    )
    return DuplicateSliceError(msg, [frame.header.path for frame in frames])
