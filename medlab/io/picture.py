"""PNG, JPEG and BMP files to `Image`."""

from __future__ import annotations

import contextlib
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.image import Image
from medlab.io.dicom.limits import allowed_bytes, check_size
from medlab.io.errors import CorruptFileError, TooLargeError, TruncatedFileError, UnsupportedFormatError
from medlab.io.guard import parsing
from medlab.io.quiet import listening
from medlab.io.values import as_type

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

__all__ = ["channel_notes", "oriented", "read_picture"]

_MODES = {"1", "L", "I", "F", "RGB", "RGBA", "I;16", "I;16B", "I;16L"}
_CHANGED = {"P": "a colour palette", "CMYK": "CMYK inks", "YCbCr": "YCbCr", "LAB": "CIELAB", "LA": "a mask"}


def read_picture(path: Path, *, dtype: DTypeLike | None = None, max_bytes: int | None = None) -> Image:
    """Read a PNG, JPEG or BMP file: ``"yx"`` or, in colour, ``"yxc"``; 16 bits kept, EXIF rotation applied.

    `space` is ``"pixel"``: the resolution such files carry is a setting for printing, not a size in the
    patient. Where you know the size of a pixel, say so with `Image.with_spacing`.

    Parameters
    ----------
    path : Path
        The file.
    dtype : dtype, optional
        Type of the values; default: as stored.
    max_bytes : int, optional
        Largest decoded size that is accepted.

    Raises
    ------
    TruncatedFileError, CorruptFileError, TooLargeError
        If the file ends early, is damaged, or is larger than allowed.
    """
    import PIL.Image

    with (
        parsing(path, "picture"),
        listening("PIL"),
        _pillows_reasons(path),
        PIL.Image.open(path, formats=("PNG", "JPEG", "BMP")) as picture,
    ):
        bands = max(len(picture.getbands()), 3 if picture.mode == "P" else 1)
        nbytes = picture.width * picture.height * bands * _itemsize(picture.mode)
        check_size(nbytes, allowed_bytes(max_bytes), [path])
        array, notes = _values(picture, path)
        orientation, dpi = picture.getexif().get(0x0112, 1), picture.info.get("dpi")
    array, turned = oriented(array, orientation)
    if dpi and min(dpi) > 1:
        turned.append(
            f"The file states {float(dpi[0]):.0f} dpi, a setting for printing: no size in mm was taken "
            "from it."
        )
    axes = "yxc" if array.ndim == 3 else "yx"
    notes = [*notes, *turned, *(channel_notes(array) if axes == "yxc" else [])]
    return Image(as_type(array, dtype), axes=axes, notes=tuple(notes))


@contextlib.contextmanager
def _pillows_reasons(path: Path) -> Iterator[None]:
    """Tell a picture that is too large and one that ends early from one that is damaged."""
    import PIL.Image

    try:
        yield
    except PIL.Image.DecompressionBombError as error:
        msg = f"The picture is larger than Pillow reads ({error}). Save it as TIFF."
        raise TooLargeError(msg, [path]) from error
    except OSError as error:
        if "truncated" not in str(error).lower():
            raise
        raise TruncatedFileError(f"The picture ends early: {error}. Copy it again.", [path]) from error


def _itemsize(mode: str) -> int:
    return {"I": 4, "F": 4}.get(mode, 2 if mode.startswith("I;") else 1)


def _values(picture: Any, path: Path) -> tuple[NDArray[Any], list[str]]:
    """Return the pixels and notes on how they were told."""
    if picture.format == "PNG" and (deep := _deep_colour(path)) is not None:
        return deep, []
    mode = picture.mode
    if mode in _MODES:
        array = np.array(picture)
        return (array.astype(np.uint16) if mode.startswith("I;") else array), []
    if mode not in _CHANGED:
        raise UnsupportedFormatError(
            f"Pictures of mode {mode!r} are not read; convert it to RGB first.", [path]
        )
    if mode == "LA":
        return np.array(picture.getchannel("L")), ["The transparency beside the grey values was left out."]
    has_alpha = "transparency" in picture.info
    rgb = np.array(picture.convert("RGBA" if has_alpha else "RGB"))
    if mode == "P" and not has_alpha and (rgb == rgb[..., :1]).all():
        return np.ascontiguousarray(rgb[..., 0]), ["A palette of greys was turned into grey values."]
    return rgb, [f"Colours were stored as {_CHANGED[mode]} and turned into RGB."]


def _deep_colour(path: Path) -> NDArray[Any] | None:
    """Return a PNG of 16-bit colour, which Pillow would cut to 8 bits; None for any other."""
    with path.open("rb") as file:
        head = file.read(26)
        if head[24] != 16 or head[25] not in (2, 6):
            return None
        content = head + file.read()
    _check_png(content, path)
    import imagecodecs

    return np.asarray(imagecodecs.png_decode(content))


def _check_png(content: bytes, path: Path) -> None:
    """Compare the checksum of every chunk; the decoder would write to the screen what it thinks of them."""
    place, kind = 8, b""
    while kind != b"IEND":
        length, kind = int.from_bytes(content[place : place + 4], "big"), content[place + 4 : place + 8]
        end = place + 8 + length
        if len(content) < end + 4:
            raise TruncatedFileError("The picture ends early. Copy or download it again.", [path])
        if zlib.crc32(content[place + 4 : end]) != int.from_bytes(content[end : end + 4], "big"):
            raise CorruptFileError(f"The picture is damaged: checksum of {kind!r}.", [path])
        place = end + 4


def oriented(array: NDArray[Any], orientation: Any) -> tuple[NDArray[Any], list[str]]:
    """Turn and mirror a picture as its EXIF orientation (1–8) asks.

    Parameters
    ----------
    array : (Y, X, ...) ndarray
        The stored pixels.
    orientation : int
        The value of the EXIF tag 0x0112; anything but 2–8 changes nothing.

    Returns
    -------
    ndarray, list of str
        The picture as it is to be looked at, and a note if anything changed.
    """
    if orientation not in range(2, 9):
        return array, []
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    rows, columns = {2: (1, -1), 3: (-1, -1), 4: (-1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}.get(
        orientation, (1, 1)
    )
    note = f"The picture was turned or mirrored as its EXIF orientation {orientation} says."
    return np.ascontiguousarray(array[::rows, ::columns]), [note]


def channel_notes(array: NDArray[Any]) -> list[str]:
    """Return notes on colour that is none: equal channels, transparency that hides nothing."""
    notes = []
    if array.shape[-1] >= 3 and all(np.array_equal(array[..., 0], array[..., n]) for n in (1, 2)):
        notes.append("The three colour channels are equal: image.array[..., 0] is the grey picture.")
    if array.shape[-1] == 4:
        notes.append("The fourth channel is transparency.")
    return notes
