"""Frames of an enhanced multi-frame file, from its functional groups (PS3.3 C.7.6.16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medlab.io.dicom.clock import seconds
from medlab.io.dicom.frames import Frame, frame_count
from medlab.io.errors import CorruptFileError, UnsupportedFormatError

if TYPE_CHECKING:
    from pydicom import Dataset

    from medlab.io.dicom.header import Header

__all__ = ["grouped_frames"]

#: Functional group → elements of it that may tell frames at one place apart.
_FACTS = {
    "FrameContentSequence": (
        "TemporalPositionIndex",
        "StackID",
        "FrameReferenceDateTime",
        "FrameAcquisitionDateTime",
    ),
    "MREchoSequence": ("EffectiveEchoTime",),
    "MRDiffusionSequence": ("DiffusionBValue",),
    "CardiacSynchronizationSequence": ("NominalCardiacTriggerDelayTime",),
    "TemporalPositionSequence": ("TemporalPositionTimeOffset",),
    "MRTimingAndRelatedParametersSequence": ("FlipAngle",),
    "MRImageFrameTypeSequence": ("FrameType", "ComplexImageComponent"),
    "CTImageFrameTypeSequence": ("FrameType",),
    "PETFrameTypeSequence": ("FrameType",),
    "SegmentIdentificationSequence": ("ReferencedSegmentNumber",),
}
_NEEDED = (
    "PerFrameFunctionalGroupsSequence",
    "SharedFunctionalGroupsSequence",
    "PlanePositionSequence",
    "ImagePositionPatient",
    "PlaneOrientationSequence",
    "ImageOrientationPatient",
    "PixelMeasuresSequence",
    "PixelSpacing",
    "RescaleSlope",
    "PixelValueTransformationSequence",
    "RescaleIntercept",
    "RealWorldValueSlope",
    "RealWorldValueIntercept",
    "DimensionIndexValues",
    "TemporalPositionIndex",
    "DiffusionBValue",
    "EffectiveEchoTime",
)
_SPATIAL = frozenset({0x00200032, 0x00209057, 0x00209056, 0x0048021E, 0x0048021F})


def grouped_frames(header: Header) -> list[Frame]:
    """Return the frames of an enhanced file.

    Raises
    ------
    CorruptFileError
        If the number of functional groups is not the number of frames.
    UnsupportedFormatError
        If it is a tiled whole-slide image.
    """
    dataset = header.dataset()
    header.refuse_invalid(*_NEEDED)
    per_frame = dataset.PerFrameFunctionalGroupsSequence
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [{}])[0]
    if "TotalPixelMatrixColumns" in dataset and "PlanePositionSlideSequence" in (per_frame or [{}])[0]:
        msg = "This is a tiled whole-slide image, which is not one DICOM picture; use a whole-slide reader."
        raise UnsupportedFormatError(msg, [header.path])
    count = frame_count(header)
    if len(per_frame) < count:
        msg = f"The file announces {count} frames but describes {len(per_frame)}."
        raise CorruptFileError(msg, [header.path])
    per_frame = per_frame[:count]
    try:
        frames = [_frame(header, index, _Groups(own, shared)) for index, own in enumerate(per_frame)]
    except (ValueError, TypeError, AttributeError) as error:
        msg = f"The functional groups of this file cannot be read ({error})."
        raise CorruptFileError(msg, [header.path]) from error
    _add_dimension_index(dataset, per_frame, frames)
    return frames


class _Groups:
    """The functional groups of one frame: its own ones before the shared ones."""

    def __init__(self, own: Dataset, shared: Dataset) -> None:
        self._own = own
        self._shared = shared

    def item(self, name: str) -> Any:
        """Return the first item of a functional group, an empty mapping where there is none."""
        for source in (self._own, self._shared):
            sequence = source.get(name)
            if sequence:
                return sequence[0]
        return {}

    def numbers(self, group: str, keyword: str, count: int) -> tuple[float, ...] | None:
        values = self.item(group).get(keyword)
        if values is None or not hasattr(values, "__len__") or len(values) != count:
            return None
        return tuple(float(value) for value in values)

    def number(self, group: str, keyword: str) -> float | None:
        value = self.item(group).get(keyword)
        return None if value is None or value == "" else float(value)


def _frame(header: Header, index: int, groups: _Groups) -> Frame:
    slope, intercept = _rescale(groups)
    return Frame(
        header,
        index,
        position=groups.numbers("PlanePositionSequence", "ImagePositionPatient", 3),
        orientation=groups.numbers("PlaneOrientationSequence", "ImageOrientationPatient", 6),
        spacing=groups.numbers("PixelMeasuresSequence", "PixelSpacing", 2),
        slope=slope,
        intercept=intercept,
        thickness=groups.number("PixelMeasuresSequence", "SliceThickness"),
        facts=_facts(groups),
    )


def _rescale(groups: _Groups) -> tuple[float, float]:
    """Return slope and intercept: of the pixel value transformation, or of a single real-world mapping."""
    slope = groups.number("PixelValueTransformationSequence", "RescaleSlope")
    if slope is not None:
        return slope, groups.number("PixelValueTransformationSequence", "RescaleIntercept") or 0.0
    slope = groups.number("RealWorldValueMappingSequence", "RealWorldValueSlope")
    if slope is not None:
        return slope, groups.number("RealWorldValueMappingSequence", "RealWorldValueIntercept") or 0.0
    return 1.0, 0.0


def _facts(groups: _Groups) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for group, keywords in _FACTS.items():
        item = groups.item(group)
        for keyword in keywords:
            value = item.get(keyword)
            if value is not None and value != "":
                facts[keyword] = _plain(value)
    for name in ("FrameAcquisition", "FrameReference"):
        stamp = str(facts.pop(f"{name}DateTime", ""))
        moment = seconds(stamp[:8], stamp[8:])
        if moment is not None:
            facts[f"{name}Seconds"] = moment
    direction = groups.item("MRDiffusionSequence").get("DiffusionGradientDirectionSequence")
    if direction:
        facts["DiffusionGradientOrientation"] = _plain(direction[0].get("DiffusionGradientOrientation"))
    return facts


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    if hasattr(value, "__iter__"):
        return tuple(_plain(part) for part in value)
    return float(value) if isinstance(value, float) else int(value) if isinstance(value, int) else value


def _add_dimension_index(dataset: Dataset, per_frame: Any, frames: list[Frame]) -> None:
    """Count along the dimensions that are not spatial, as a last resort to tell frames apart."""
    pointers = [item.get("DimensionIndexPointer") for item in dataset.get("DimensionIndexSequence") or []]
    kept = [column for column, pointer in enumerate(pointers) if pointer not in _SPATIAL]
    rows = []
    for own in per_frame:
        content = own.get("FrameContentSequence") or [{}]
        values = content[0].get("DimensionIndexValues")
        values = [values] if isinstance(values, int) else list(values or [])
        if len(values) != len(pointers) or not kept:
            return
        rows.append(tuple(int(values[column]) for column in kept))
    order = {row: number for number, row in enumerate(sorted(set(rows)))}
    if len(order) > 1:
        for frame, row in zip(frames, rows, strict=True):
            frame.facts["DimensionIndex"] = order[row]
