"""Frames of older multi-frame files: cine, nuclear medicine, dose grids (PS3.3 C.7.6.5, C.8.4.8, C.8.8.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.io.dicom.frames import Frame, frame_count, single_frame
from medlab.io.dicom.header import Header
from medlab.io.errors import CorruptFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

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
    count = frame_count(header)
    base = single_frame(header)
    if header.text("Modality") == "NM":
        _place_detector(dataset, base)
    frames = [
        Frame(
            header,
            index,
            base.position,
            base.orientation,
            base.spacing,
            base.slope,
            base.intercept,
            base.thickness,
        )
        for index in range(count)
    ]
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
    detector = (dataset.get("DetectorInformationSequence") or [{}])[0]
    position, orientation = detector.get("ImagePositionPatient"), detector.get("ImageOrientationPatient")
    if position and orientation and dataset.get("SliceVector") is not None:
        base.position = tuple(float(v) for v in position)
        base.orientation = tuple(float(v) for v in orientation)


def _slice_shifts(dataset: Dataset, header: Header, count: int) -> NDArray[np.float64] | None:
    """Return how far each frame lies from the first along the normal, None if the frames are no slices.

    A dose grid lists offsets. A reconstructed nuclear medicine volume numbers its slices; the sign of
    SpacingBetweenSlices says whether they follow the normal or run against it (PS3.3 C.8.4.15).
    """
    offsets = dataset.get("GridFrameOffsetVector")
    if offsets is not None:
        offsets = [offsets] if isinstance(offsets, float | int) else offsets
        values = _checked([float(v) for v in offsets], "GridFrameOffsetVector", header, count)
        return values - values[0]
    slices = dataset.get("SliceVector")
    distance = header.number("SpacingBetweenSlices") or header.number("SliceThickness")
    if slices is None or not distance:
        return None
    slices = [slices] if isinstance(slices, int) else slices
    numbers = _checked([int(v) for v in slices], "SliceVector", header, count)
    return (numbers - numbers[0]) * distance


def _add_dimensions(dataset: Dataset, header: Header, frames: list[Frame]) -> None:
    """Number the frames along the dimensions a nuclear medicine file lists, and name them."""
    rows: list[list[str]] = [[] for _ in frames]
    keys: list[list[int]] = [[] for _ in frames]
    for keyword, name in _VECTORS.items():
        vector = dataset.get(keyword)
        if vector is None:
            continue
        vector = [vector] if isinstance(vector, int) else vector
        numbers = _checked([int(v) for v in vector], keyword, header, len(frames)).astype(int)
        if len(set(numbers)) < 2:
            continue
        for index, number in enumerate(numbers):
            rows[index].append(f"{name} {number}")
            keys[index].append(int(number))
    order = {key: place for place, key in enumerate(sorted({tuple(key) for key in keys}))}
    if len(order) > 1:
        for frame, row, key in zip(frames, rows, keys, strict=True):
            frame.facts["DimensionIndex"] = order[tuple(key)]
            frame.facts["FrameLabel"] = ", ".join(row)


def _add_times(dataset: Dataset, header: Header, frames: list[Frame]) -> None:
    """Give the frames of a cine their times in ms from the first, and every frame its number."""
    steps = dataset.get("FrameTimeVector")
    if steps is not None and hasattr(steps, "__len__") and len(steps) == len(frames):
        times = np.cumsum([float(step) for step in steps]) - float(steps[0])
    elif header.number("FrameTime"):
        times = header.number("FrameTime") * np.arange(len(frames))
    else:
        times = None
    for index, frame in enumerate(frames):
        frame.facts["FrameNumber"] = index + 1
        if times is not None:
            frame.facts["FrameTimeSinceStart"] = float(times[index])


def _checked(values: list[Any], keyword: str, header: Header, count: int) -> NDArray[np.float64]:
    if len(values) != count or not np.isfinite(values).all():
        msg = f"{keyword} must hold one value for each of {count} frames; it has {len(values)}."
        raise CorruptFileError(msg, [header.path])
    return np.array(values, dtype=np.float64)
