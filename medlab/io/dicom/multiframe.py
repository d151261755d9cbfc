"""Frames of older multi-frame files: cine, nuclear medicine, dose grids (PS3.3 C.7.6.5, C.8.4.8, C.8.8.3)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from medlab.io.dicom.frames import Frame, frame_count, single_frame
from medlab.io.errors import CorruptFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

    from medlab.io.dicom.header import Header

__all__ = ["vector_frames"]

#: Vectors that number the frames of a nuclear medicine file along its dimensions.
_VECTORS = {
    "EnergyWindowVector": "energy window",
    "DetectorVector": "detector",
    "PhaseVector": "phase",
    "RotationVector": "rotation",
    "RRIntervalVector": "R-R interval",
    "TimeSlotVector": "time slot",
    "AngularViewVector": "view",
    "TimeSliceVector": "time slice",
}


def vector_frames(header: Header) -> list[Frame]:
    """Return the frames of a multi-frame file without functional groups.

    Raises
    ------
    CorruptFileError
        If a vector does not have one value for each frame.
    """
    dataset = header.dataset()
    header.refuse_invalid(*_VECTORS, "SliceVector", "GridFrameOffsetVector", "DetectorInformationSequence")
    count = frame_count(header)
    base = single_frame(header)
    if header.text("Modality") == "NM":
        _place_detector(dataset, base)
    frames = [dataclasses.replace(base, index=index, facts={}) for index in range(count)]
    shifts = _slice_shifts(dataset, header, count)
    for index, frame in enumerate(frames):
        if base.placed and shifts is not None:
            frame.position = tuple(np.array(base.position) + shifts[index] * _normal(base))
    _add_dimensions(dataset, header, frames)
    _add_times(dataset, header, frames)
    return frames


def _normal(frame: Frame) -> NDArray[np.float64]:
    assert frame.orientation is not None  # noqa: S101
    return np.cross(frame.orientation[:3], frame.orientation[3:])


def _place_detector(dataset: Dataset, base: Frame) -> None:
    """Take the place of a reconstructed volume from its first detector; a planar view has none."""
    base.position = base.orientation = None
    if dataset.get("SliceVector") is None:
        return
    detector = (dataset.get("DetectorInformationSequence") or [{}])[0]
    position = _numbers(detector, "ImagePositionPatient", base.header, 3)
    orientation = _numbers(detector, "ImageOrientationPatient", base.header, 6)
    if position is not None and orientation is not None:
        base.position, base.orientation = tuple(position), tuple(orientation)
    else:
        base.position, base.orientation, base.space = (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0), "plane"


def _slice_shifts(dataset: Dataset, header: Header, count: int) -> NDArray[np.float64] | None:
    """Return how far each frame lies from the first along the normal, None if the frames are no slices.

    A dose grid lists offsets. A reconstructed nuclear medicine volume numbers its slices; the sign of
    SpacingBetweenSlices says whether they follow the normal or run against it (PS3.3 C.8.4.15).
    """
    offsets = _numbers(dataset, "GridFrameOffsetVector", header, count)
    if offsets is not None:
        return offsets - offsets[0]
    slices = _numbers(dataset, "SliceVector", header, count)
    distance = header.number("SpacingBetweenSlices") or header.number("SliceThickness")
    return None if slices is None or not distance else (slices - slices[0]) * distance


def _add_dimensions(dataset: Dataset, header: Header, frames: list[Frame]) -> None:
    """Count along the dimensions that a nuclear medicine file lists, and name them."""
    rows: list[list[str]] = [[] for _ in frames]
    keys: list[list[int]] = [[] for _ in frames]
    for keyword, name in _VECTORS.items():
        numbers = _numbers(dataset, keyword, header, len(frames))
        if numbers is None or len(set(numbers)) < 2:
            continue
        for index, number in enumerate(numbers.astype(int)):
            rows[index].append(f"{name} {number}")
            keys[index].append(int(number))
    order = {key: place for place, key in enumerate(sorted({tuple(key) for key in keys}))}
    if len(order) > 1:
        for frame, row, key in zip(frames, rows, keys, strict=True):
            frame.facts["DimensionIndex"] = order[tuple(key)]
            frame.facts["FrameLabel"] = ", ".join(row)


def _add_times(dataset: Dataset, header: Header, frames: list[Frame]) -> None:
    """Give the frames of a cine their times in ms from the first, and every frame its number."""
    steps = _numbers(dataset, "FrameTimeVector", header, len(frames))
    if steps is not None:
        times = np.cumsum(steps) - steps[0]
    elif header.number("FrameTime"):
        times = header.number("FrameTime") * np.arange(len(frames))
    else:
        times = None
    for index, frame in enumerate(frames):
        frame.facts["FrameNumber"] = index + 1
        if times is not None:
            frame.facts["FrameTimeSinceStart"] = float(times[index])


def _numbers(dataset: Dataset, keyword: str, header: Header, count: int) -> NDArray[np.float64] | None:
    """Return an element that must hold `count` numbers, None if it is absent."""
    values = dataset.get(keyword)
    if values is None or values == "":
        return None
    try:
        numbers = np.atleast_1d(np.array(values, dtype=np.float64))
    except (TypeError, ValueError):
        numbers = np.array([np.nan])
    if numbers.shape != (count,) or not np.isfinite(numbers).all():
        msg = f"{keyword} must hold {count} finite numbers; this file has {values}."
        raise CorruptFileError(msg, [header.path])
    return numbers
