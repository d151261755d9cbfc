"""The data elements that loading needs of every file, and how their bytes become values."""

from __future__ import annotations

import struct
from typing import Any

__all__ = ["ELEMENTS", "PIXEL_TAGS", "Value", "from_bytes", "from_pydicom"]

#: Every value is a tuple; an element that is there but empty gives an empty tuple.
Value = tuple[Any, ...]

#: Tag → (keyword, value representation) of PS3.6, as far as loading looks at every file.
ELEMENTS: dict[int, tuple[str, str]] = {
    0x00080005: ("SpecificCharacterSet", "CS"),
    0x00080008: ("ImageType", "CS"),
    0x00080016: ("SOPClassUID", "UI"),
    0x00080018: ("SOPInstanceUID", "UI"),
    0x00080021: ("SeriesDate", "DA"),
    0x00080022: ("AcquisitionDate", "DA"),
    0x00080023: ("ContentDate", "DA"),
    0x0008002A: ("AcquisitionDateTime", "DT"),
    0x00080031: ("SeriesTime", "TM"),
    0x00080032: ("AcquisitionTime", "TM"),
    0x00080033: ("ContentTime", "TM"),
    0x00080060: ("Modality", "CS"),
    0x0008103E: ("SeriesDescription", "LO"),
    0x00180050: ("SliceThickness", "DS"),
    0x00180080: ("RepetitionTime", "DS"),
    0x00180081: ("EchoTime", "DS"),
    0x00180082: ("InversionTime", "DS"),
    0x00180086: ("EchoNumbers", "IS"),
    0x00180088: ("SpacingBetweenSlices", "DS"),
    0x00181060: ("TriggerTime", "DS"),
    0x00181063: ("FrameTime", "DS"),
    0x00181164: ("ImagerPixelSpacing", "DS"),
    0x00181314: ("FlipAngle", "DS"),
    0x00182010: ("NominalScannedPixelSpacing", "DS"),
    0x00189087: ("DiffusionBValue", "FD"),
    0x00189089: ("DiffusionGradientOrientation", "FD"),
    0x0020000E: ("SeriesInstanceUID", "UI"),
    0x00200011: ("SeriesNumber", "IS"),
    0x00200012: ("AcquisitionNumber", "IS"),
    0x00200013: ("InstanceNumber", "IS"),
    0x00200032: ("ImagePositionPatient", "DS"),
    0x00200037: ("ImageOrientationPatient", "DS"),
    0x00200100: ("TemporalPositionIdentifier", "IS"),
    0x00201041: ("SliceLocation", "DS"),
    0x00209161: ("ConcatenationUID", "UI"),
    0x00280002: ("SamplesPerPixel", "US"),
    0x00280004: ("PhotometricInterpretation", "CS"),
    0x00280006: ("PlanarConfiguration", "US"),
    0x00280008: ("NumberOfFrames", "IS"),
    0x00280010: ("Rows", "US"),
    0x00280011: ("Columns", "US"),
    0x00280030: ("PixelSpacing", "DS"),
    0x00280100: ("BitsAllocated", "US"),
    0x00280101: ("BitsStored", "US"),
    0x00280102: ("HighBit", "US"),
    0x00280103: ("PixelRepresentation", "US"),
    0x00280120: ("PixelPaddingValue", "US"),
    0x00280121: ("PixelPaddingRangeLimit", "US"),
    0x00281052: ("RescaleIntercept", "DS"),
    0x00281053: ("RescaleSlope", "DS"),
    0x00281054: ("RescaleType", "LO"),
    0x00283000: ("ModalityLUTSequence", "SQ"),
    0x00541001: ("Units", "CS"),
    0x00541300: ("FrameReferenceTime", "DS"),
    0x3004000E: ("DoseGridScaling", "DS"),
    0x52009229: ("SharedFunctionalGroupsSequence", "SQ"),
    0x52009230: ("PerFrameFunctionalGroupsSequence", "SQ"),
}

#: Float Pixel Data, Double Float Pixel Data, Pixel Data.
PIXEL_TAGS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}

_BINARY = {"US": ("H", 2), "FD": ("d", 8)}
_ENCODINGS = {"": "ascii", "ISO_IR 6": "ascii", "ISO_IR 100": "latin-1", "ISO_IR 192": "utf-8"}


def from_bytes(raw: bytes, vr: str, character_set: str = "") -> Value:
    r"""Return the values in the bytes of one little-endian element.

    Raises
    ------
    ValueError
        If the bytes do not hold what the value representation promises.

    Examples
    --------
    >>> from_bytes(b"0.5\\0.75 ", "DS"), from_bytes(b"ORIGINAL\\PRIMARY", "CS"), from_bytes(b"\x00\x02", "US")
    ((0.5, 0.75), ('ORIGINAL', 'PRIMARY'), (512,))
    """
    if vr == "SQ":
        return ("present",)
    if vr in _BINARY:
        letter, size = _BINARY[vr]
        return struct.unpack(f"<{len(raw) // size}{letter}", raw)
    raw = raw.strip(b" \0")
    if not raw:
        return ()
    if vr == "DS":
        return tuple(float(part) for part in raw.split(b"\\"))
    if vr == "IS":
        return tuple(int(part) for part in raw.split(b"\\"))
    encoding = "ascii" if vr != "LO" else _ENCODINGS.get(character_set, "ascii")
    return tuple(part.strip(" \0") for part in raw.decode(encoding).split("\\"))


def from_pydicom(value: Any, vr: str) -> Value:
    """Return pydicom's value of one element in the same form as `from_bytes`.

    Raises
    ------
    ValueError
        If the value is not what the value representation promises.
    """
    if vr == "SQ":
        return ("present",)
    if value is None or (isinstance(value, str) and not value.strip(" \0")):
        return ()
    if isinstance(value, str | bytes | int | float) or not hasattr(value, "__iter__"):
        parts = [value]
    else:
        parts = list(value)
    if vr in {"DS", "FD"}:
        return tuple(float(part) for part in parts)
    if vr == "IS":
        return tuple(int(part) for part in parts)
    if vr == "US":
        return tuple(int(part) & 0xFFFF for part in parts)
    return tuple(str(part).strip(" \0") for part in parts)
