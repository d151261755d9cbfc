"""A frame: one picture of one file, with its place in the patient and what its stored numbers mean."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any, Literal

from medlab.io.errors import CorruptFileError, TruncatedFileError

if TYPE_CHECKING:
    from medlab.io.dicom.header import Header

__all__ = [
    "PROJECTIONS",
    "Frame",
    "check_pixels",
    "describes_image",
    "expected_bytes",
    "frame_count",
    "frames_of",
    "is_native",
    "single_frame",
]

#: Modalities whose pictures are projections or photographs: a position, if given, is not of a slice.
PROJECTIONS = frozenset(
    {"CR", "DX", "MG", "PX", "IO", "RF", "XA", "RG", "RTIMAGE", "US", "OP", "XC", "ES", "GM"}
)

_ITEM, _DELIMITER = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_SHORTEST = 16  # an empty offset table and an empty item
_NATIVE = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"}


@dataclasses.dataclass(slots=True)
class Frame:
    """One picture of one file.

    Positions and directions are patient coordinates (LPS) in mm; `spacing` is (rows, columns) = (dy, dx).
    `facts` are the values that may tell this frame from another one at the same place. `space` is
    ``"plane"`` where slices have an order and a distance but nobody said how they lie in the patient.
    """

    header: Header
    index: int = 0
    position: tuple[float, ...] | None = None
    orientation: tuple[float, ...] | None = None
    spacing: tuple[float, ...] | None = None
    slope: float = 1.0
    intercept: float = 0.0
    thickness: float | None = None
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)
    tile: tuple[int, int] | None = None
    space: Literal["patient", "plane"] = "patient"

    @property
    def placed(self) -> bool:
        """Whether the file says where the frame lies in the patient."""
        return self.position is not None and self.orientation is not None

    def fact(self, keyword: str) -> Any:
        """Return one of `facts`, or else a single value of the file's header; None if neither says."""
        if keyword in self.facts:
            return self.facts[keyword]
        values = self.header.values.get(keyword)
        return values[0] if values and len(values) == 1 else values or None


def frames_of(header: Header) -> list[Frame]:
    """Return the frames of one file.

    Raises
    ------
    CorruptFileError
        If position, orientation, spacing or rescaling are broken.
    """
    frames = _frames_of(header)
    for frame in frames:
        if not (math.isfinite(frame.slope) and math.isfinite(frame.intercept)) or frame.slope == 0:
            msg = (
                f"RescaleSlope={frame.slope:g} and RescaleIntercept={frame.intercept:g} destroy the values; "
                "correct the header."
            )
            raise CorruptFileError(msg, [header.path])
    return frames


def _frames_of(header: Header) -> list[Frame]:
    if "PerFrameFunctionalGroupsSequence" in header.values:
        from medlab.io.dicom.functional_groups import grouped_frames

        return grouped_frames(header)
    if "MOSAIC" in header.texts("ImageType"):
        from medlab.io.dicom.mosaic import mosaic_frames

        return mosaic_frames(header)
    if frame_count(header) > 1 or header.text("Modality") == "NM":
        from medlab.io.dicom.multiframe import vector_frames

        return vector_frames(header)
    return [single_frame(header)]


def single_frame(header: Header) -> Frame:
    """Return the only frame of an ordinary file: one slice, or one picture."""
    position = orientation = None
    if header.text("Modality") not in PROJECTIONS:
        position = header.numbers("ImagePositionPatient", 3)
        orientation = header.numbers("ImageOrientationPatient", 6)
    dose = header.number("DoseGridScaling")
    return Frame(
        header,
        position=position,
        orientation=orientation,
        spacing=header.numbers("PixelSpacing"),
        slope=header.number("RescaleSlope", 1.0) if dose is None else dose,
        intercept=header.number("RescaleIntercept", 0.0),
        thickness=header.number("SliceThickness"),
    )


def describes_image(header: Header) -> bool:
    """Whether a file is meant to hold a picture, even if it ends before its pixels."""
    if header.pixels is not None or "Rows" in header.values:
        return True
    from pydicom.uid import UID

    kind = UID(header.text("SOPClassUID")).name
    return "Image Storage" in kind or kind in {"Segmentation Storage", "RT Dose Storage"}


def check_pixels(header: Header) -> None:
    """Check that a file holds the pixels that its header announces, before memory is taken for them.

    Raises
    ------
    TruncatedFileError
        If the file ends before its pixels do.
    CorruptFileError
        If the image pixel module makes no sense.
    """
    if header.pixels is None:
        msg = (
            "This file describes an image but ends before its pixels. Copy it again from its source, "
            "or leave it out by passing a list of the other files."
        )
        raise TruncatedFileError(msg, [header.path])
    rows, columns = header.number("Rows", 0), header.number("Columns", 0)
    bits = header.number("BitsAllocated", 0)
    if rows < 1 or columns < 1 or bits not in {1, 8, 16, 32, 64}:
        msg = f"Rows={rows}, Columns={columns}, BitsAllocated={bits} describe no picture."
        raise CorruptFileError(msg, [header.path])
    _check_length(header)


def frame_count(header: Header) -> int:
    """Return the number of frames of a file, 1 where it does not say."""
    count = header.number("NumberOfFrames", 1)
    if count < 1:
        msg = f"NumberOfFrames={count}: a file holds one frame or more."
        raise CorruptFileError(msg, [header.path])
    return int(count)


def expected_bytes(header: Header) -> int:
    """Return how many bytes the uncompressed pixels of a file take, as its header says."""
    samples = header.number("SamplesPerPixel", 1)
    pixels = int(header.number("Rows")) * int(header.number("Columns")) * int(samples) * frame_count(header)
    if header.text("PhotometricInterpretation") == "YBR_FULL_422" and header.transfer_syntax in _NATIVE:
        pixels = pixels // 3 * 2
    return (pixels * int(header.number("BitsAllocated")) + 7) // 8


def is_native(header: Header) -> bool:
    """Whether the pixels are stored as they are, without compression."""
    return header.transfer_syntax in _NATIVE


def _check_length(header: Header) -> None:
    assert header.pixels is not None  # noqa: S101  # checked by the caller
    if not is_native(header):
        header.pixels.length = _encapsulated_length(header)
        return
    needed = expected_bytes(header)
    length = header.pixels.length
    if length is None:
        msg = "The pixels are of undefined length although the transfer syntax is not a compressed one."
        raise CorruptFileError(msg, [header.path])
    if length < needed:
        msg = (
            f"The header announces {needed:,} bytes of pixels, the pixel element holds {length:,}. "
            "The file is damaged; copy it again from its source."
        )
        raise TruncatedFileError(msg, [header.path])
    if header.size - header.pixels.offset < needed:
        raise _too_short(header, needed - (header.size - header.pixels.offset))


def _encapsulated_length(header: Header) -> int:
    """Return the length of the items of a compressed pixel element, without the delimiter after them."""
    assert header.pixels is not None  # noqa: S101
    position = header.pixels.offset
    end = header.size if header.pixels.length is None else position + header.pixels.length
    if end > header.size:
        raise _too_short(header, end - header.size)
    start = b""
    with header.open() as file:
        while position < end:
            file.seek(position)
            start = file.read(8)
            if start[:4] == _DELIMITER:
                end = position
                break
            if len(start) < 8:
                raise _too_short(header, 8 - len(start))
            if start[:4] != _ITEM:
                msg = "The compressed pixels are not divided into items as they should be (PS3.5 A.4)."
                raise CorruptFileError(msg, [header.path])
            position += 8 + int.from_bytes(start[4:], "little")
    if position > end:
        raise _too_short(header, position - end)
    if header.pixels.length is None and start[:4] != _DELIMITER:
        raise _too_short(header, 8)
    if position - header.pixels.offset < _SHORTEST:
        msg = "The compressed pixels are empty."
        raise CorruptFileError(msg, [header.path])
    return position - header.pixels.offset


def _too_short(header: Header, count: int) -> TruncatedFileError:
    msg = (
        f"The file ends {count:,} bytes before its pixels do. "
        "Copy it again from its source, or leave it out by passing a list of the other files."
    )
    return TruncatedFileError(msg, [header.path])
