"""Splitting what a folder holds into parts that can each be one image."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from medlab.io.dicom.frames import Frame
    from medlab.io.dicom.header import Header

__all__ = ["Part", "image_type", "split"]


@dataclasses.dataclass(slots=True)
class Part:
    """Frames of one series that share size, orientation and pixel spacing.

    A series of an ordinary scan is one part. A scout among the slices is a part of its own,
    and so is every picture that has no place in the patient.
    """

    frames: list[Frame]
    row: int = 0
    parts_of_series: int = 1
    notes: list[str] = dataclasses.field(default_factory=list)

    @property
    def first(self) -> Header:
        """Header of the first file."""
        return self.frames[0].header

    @property
    def uid(self) -> str:
        """Series Instance UID."""
        return self.first.text("SeriesInstanceUID")

    @property
    def number(self) -> int | None:
        """Series Number, None where the series has none."""
        value = self.first.values.get("SeriesNumber")
        return int(value[0]) if value else None

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        frame = self.frames[0]
        if frame.tile is not None:
            return frame.tile
        return int(frame.header.number("Rows")), int(frame.header.number("Columns"))

    @property
    def is_localizer(self) -> bool:
        """Whether every frame says that it is a scout image for planning."""
        return all("LOCALIZER" in frame.header.texts("ImageType") for frame in self.frames)

    @property
    def headers(self) -> list[Header]:
        """The files the frames come from, each once, in order."""
        return list({id(frame.header): frame.header for frame in self.frames}.values())


def split(frames: Iterable[Frame]) -> list[Part]:
    """Split frames into parts, in the order of series number, series UID and first file.

    Parameters
    ----------
    frames : iterable of Frame
        All frames of all files.

    Returns
    -------
    list of Part
        With `row`, the place in this list.
    """
    by_series: dict[str, list[Frame]] = {}
    for frame in frames:
        by_series.setdefault(frame.header.text("SeriesInstanceUID"), []).append(frame)
    parts: list[Part] = []
    for members in by_series.values():
        own = [Part(kind) for group in _groups(members) for kind in _kinds(group)]
        for part in own:
            part.parts_of_series = len(own)
        parts += own
    parts.sort(key=lambda p: (p.number is None, p.number or 0, p.uid))
    for row, part in enumerate(parts):
        part.row = row
    return parts


def _groups(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Group the frames of one series by what one array must share."""
    groups: list[tuple[tuple[object, ...], Frame, list[Frame]]] = []
    seen: dict[tuple[object, ...], list[Frame]] = {}
    for frame in frames:
        exact = (*_size(frame), frame.orientation, frame.spacing, *_alone(frame))
        members = seen.get(exact)
        if members is None:
            for key, representative, existing in groups:
                if key == (*_size(frame), *_alone(frame)) and _parallel(frame, representative):
                    members = existing
                    break
            else:
                members = []
                groups.append(((*_size(frame), *_alone(frame)), frame, members))
            seen[exact] = members
        members.append(frame)
    return [members for _, _, members in groups]


def _kinds(frames: list[Frame]) -> list[list[Frame]]:
    """Divide frames by image type (magnitude, phase, fat, water …) where one place holds several types."""
    at_place: dict[object, set[object]] = {}
    for frame in frames:
        at_place.setdefault(frame.position or id(frame.header), set()).add(image_type(frame))
    if all(len(types) == 1 for types in at_place.values()):
        return [frames]
    by_type: dict[object, list[Frame]] = {}
    for frame in frames:
        by_type.setdefault(image_type(frame), []).append(frame)
    return list(by_type.values())


def image_type(frame: Frame) -> tuple[str, ...]:
    """Return the image type of a frame, with the component of a complex image where that is given."""
    kind = frame.facts.get("FrameType") or frame.header.texts("ImageType")
    component = frame.facts.get("ComplexImageComponent")
    return (*kind, component) if component else tuple(kind)


def _size(frame: Frame) -> tuple[object, ...]:
    values = frame.header.values
    return (
        frame.tile,
        values.get("Rows"),
        values.get("Columns"),
        values.get("SamplesPerPixel"),
        values.get("Modality"),
    )


def _alone(frame: Frame) -> tuple[object, ...]:
    """Return what keeps a frame without a place in the patient apart from those of other files."""
    return (True,) if frame.placed else (False, id(frame.header))


def _parallel(frame: Frame, other: Frame) -> bool:
    """Whether two frames agree in orientation and pixel spacing."""
    for mine, theirs, tolerance in (
        (frame.orientation, other.orientation, 1e-3),
        (frame.spacing, other.spacing, 1e-4 * max(other.spacing or (1.0,))),
    ):
        if (mine is None) != (theirs is None):
            return False
        if mine is not None and theirs is not None:
            apart = np.subtract(mine, theirs) if len(mine) == len(theirs) else np.array([np.inf])
            if np.abs(apart).max() > tolerance:
                return False
    return True
