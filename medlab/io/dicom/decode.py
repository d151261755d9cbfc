"""Pixels that must be decoded: compressed, big endian, colour by plane, packed bits."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from medlab.io.dicom.codestream import announced_size
from medlab.io.dicom.frames import expected_bytes, frame_count, is_native
from medlab.io.dicom.last_resort import decode_with_itk
from medlab.io.dicom.silence import no_c_messages
from medlab.io.errors import CorruptFileError, LoadError, UnsupportedTransferSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from medlab.io.dicom.header import Header

__all__ = ["PixelSource", "codec_threads", "cores"]

_MOST_CORES = 8
_LAST_RESORT = frozenset(
    {"1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"},
)
_RLE = "1.2.840.10008.1.2.5"
_JPEG_2000 = frozenset({"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"})
_OPTIONS = {
    "rows": ("Rows", None),
    "columns": ("Columns", None),
    "samples_per_pixel": ("SamplesPerPixel", 1),
    "bits_allocated": ("BitsAllocated", None),
    "pixel_representation": ("PixelRepresentation", 0),
    "planar_configuration": ("PlanarConfiguration", 0),
}


class PixelSource:
    """The pixel element of one file in memory, to decode frames from.

    Parameters
    ----------
    header : Header
        The file.

    Raises
    ------
    UnsupportedTransferSyntaxError
        If neither pydicom's decoders nor SimpleITK know the compression.
    CorruptFileError
        If a multi-frame file cannot be divided into its frames.
    """

    def __init__(self, header: Header) -> None:
        from pydicom.pixels import get_decoder

        assert header.pixels is not None  # noqa: S101  # checked when the header was read
        self._header = header
        self._count = frame_count(header)
        try:
            self._decoder = get_decoder(header.transfer_syntax)
        except NotImplementedError as error:
            raise _unsupported(header, str(error)) from error
        length = expected_bytes(header) if is_native(header) else header.pixels.length
        with header.open() as file:
            file.seek(header.pixels.offset)
            self._buffer = file.read(-1 if length is None else length + length % 2)
        self._encoded = None if is_native(header) or self._count == 1 else self._split()

    def decode(self, index: int) -> NDArray[Any]:
        """Return one frame, (rows, columns) or (rows, columns, 3), colour as RGB.

        Raises
        ------
        CorruptFileError
            If the frame cannot be decoded.
        UnsupportedTransferSyntaxError
            If no decoder is installed.
        """
        header = self._header
        if is_native(header):
            return self._with_pydicom(self._buffer, index, self._count)
        encoded = self._buffer if self._encoded is None else self._encoded[index]
        self._check_codestream(encoded)
        problem: LoadError = _unsupported(header, "; ".join(self._decoder.missing_dependencies))
        for plugin in self._plugins():
            try:
                return self._with_pydicom(encoded, 0, 1, plugin)
            except CorruptFileError as error:
                problem = error
        if header.transfer_syntax not in _LAST_RESORT:
            raise problem
        array = decode_with_itk(encoded, header)
        if array is None:
            raise problem
        return array

    def _plugins(self) -> list[str]:
        """Return what to try: any decoder of pydicom, for JPEG 2000 first the one that uses several cores."""
        if not self._decoder.is_available:
            return []
        grey = self._header.number("SamplesPerPixel", 1) == 1
        pillow = cores() > 1 and "pillow" in self._decoder.available_plugins
        parallel = grey and pillow and self._header.transfer_syntax in _JPEG_2000
        return ["pillow", ""] if parallel else [""]

    def _split(self) -> list[bytes]:
        """Divide a multi-frame element into one single-frame element for each frame."""
        from pydicom.encaps import encapsulate, generate_frames

        try:
            frames = list(generate_frames(self._buffer, number_of_frames=self._count))
        except Exception as error:
            msg = f"The compressed frames of this file cannot be told apart ({error})."
            raise CorruptFileError(msg, [self._header.path]) from error
        if len(frames) < self._count:
            msg = f"The file announces {self._count} frames but holds {len(frames)}."
            raise CorruptFileError(msg, [self._header.path])
        return [encapsulate([frame], has_bot=False) for frame in frames]

    def _with_pydicom(self, buffer: bytes, index: int, count: int, plugin: str = "") -> NDArray[Any]:
        options = self._options() | {"number_of_frames": count, "decoding_plugin": plugin}
        careless = no_c_messages() if self._header.transfer_syntax == _RLE else contextlib.nullcontext()
        try:
            with careless:
                array, _ = self._decoder.as_array(buffer, index=index, **options)
        except BaseException as error:  # decoders raise many kinds on damaged data, Rust's beyond Exception
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            reason = str(error).splitlines()[-1].strip() if str(error) else type(error).__name__
            msg = f"The pixels of this file cannot be decoded ({reason})."
            raise CorruptFileError(msg, [self._header.path]) from error
        return array

    def _options(self) -> dict[str, Any]:
        header = self._header
        options: dict[str, Any] = {
            name: int(header.number(keyword, default)) for name, (keyword, default) in _OPTIONS.items()
        }
        options["bits_stored"] = int(header.number("BitsStored", options["bits_allocated"]))
        options["photometric_interpretation"] = header.text("PhotometricInterpretation") or "MONOCHROME2"
        options["pixel_keyword"] = header.pixels.keyword if header.pixels else "PixelData"
        options["pixel_vr"] = header.pixels.vr if header.pixels else "OW"
        if options["samples_per_pixel"] == 1:
            del options["planar_configuration"]
        return options

    def _check_codestream(self, encoded: bytes) -> None:
        """Refuse a compressed picture that claims another size than the header before it is decoded."""
        size = announced_size(encoded)
        expected = int(self._header.number("Rows")), int(self._header.number("Columns"))
        if size is not None and size != expected:
            msg = (
                f"The header says {expected[0]} × {expected[1]} pixels, "
                f"the compressed picture {size[0]} × {size[1]}."
            )
            raise CorruptFileError(msg, [self._header.path])


def cores() -> int:
    """Return how many processor cores this process may use for decoding."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), _MOST_CORES)
    return min(os.cpu_count() or 1, _MOST_CORES)


@contextlib.contextmanager
def codec_threads() -> Iterator[None]:
    """Let OpenJPEG, where it was built for it, use all cores for one picture."""
    before = os.environ.get("OPJ_NUM_THREADS")
    os.environ["OPJ_NUM_THREADS"] = before or str(cores())
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("OPJ_NUM_THREADS", None)


def _unsupported(header: Header, detail: str) -> UnsupportedTransferSyntaxError:
    msg = (
        f"No decoder for transfer syntax {header.transfer_syntax} is installed. "
        f"Install one of: {detail}; or convert the files, for example with dcmdjpeg or gdcmconv --raw."
    )
    return UnsupportedTransferSyntaxError(msg, [header.path])
