"""What one DICOM file says about itself: read by the fast walk, or by pydicom where that gives up."""

from __future__ import annotations

import dataclasses
import io
import struct
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO

from medlab.io.dicom.elements import ELEMENTS, PIXEL_TAGS, Value, from_pydicom
from medlab.io.dicom.silence import quiet
from medlab.io.dicom.walk import UnusualError, walk
from medlab.io.errors import CorruptFileError, TooLargeError

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import Dataset

__all__ = ["Header", "Pixels", "read_dataset", "read_header"]

_DEFLATED = b"1.2.840.10008.1.2.1.99"
_EXPLICIT = b"1.2.840.10008.1.2.1\0\0\0"
_UNDEFINED = 0xFFFFFFFF
_LONG = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})


@dataclasses.dataclass(slots=True)
class Pixels:
    """Where the pixel element lies: keyword, start of its value, length (None: encapsulated), and type."""

    keyword: str
    offset: int
    length: int | None
    vr: str = "OW"


@dataclasses.dataclass(slots=True)
class Header:
    """One file: the elements that loading needs, and the way to its pixels and to everything else."""

    path: Path
    size: int
    values: dict[str, Value]
    transfer_syntax: str
    pixels: Pixels | None
    invalid: frozenset[str] = frozenset()
    inflated: bytes | None = None

    def texts(self, keyword: str) -> tuple[str, ...]:
        """Return the values of a text element, none if it is absent or empty."""
        return self.values.get(keyword, ())

    def text(self, keyword: str) -> str:
        """Return the first value of a text element, ``""`` if it is absent or empty."""
        values = self.values.get(keyword)
        return values[0] if values else ""

    def numbers(self, keyword: str, count: int | None = None) -> tuple[float, ...] | None:
        """Return the values of a numeric element, None if it is absent or empty.

        Raises
        ------
        CorruptFileError
            If the element cannot be read as numbers, or has another count than asked for.
        """
        values = self.values.get(keyword)
        if not values:
            if keyword in self.invalid:
                msg = f"{keyword} of this file is not a number; correct the header or leave the file out."
                raise CorruptFileError(msg, [self.path])
            return None
        if count is not None and len(values) != count:
            msg = f"{keyword} must hold {count} numbers; this file has {len(values)}: {values}."
            raise CorruptFileError(msg, [self.path])
        return values

    def number(self, keyword: str, default: float | None = None) -> Any:
        """Return the first value of a numeric element, or the default if it is absent or empty."""
        values = self.numbers(keyword)
        return values[0] if values else default

    def open(self) -> BinaryIO:
        """Open the file (the inflated content of a deflated one) for reading in binary."""
        if self.inflated is not None:
            return io.BytesIO(self.inflated)
        return _Bounded(io.FileIO(self.path))

    def dataset(self) -> Dataset:
        """Return everything before the pixels as a pydicom data set, without elements that do not parse.

        The keywords of those are added to `invalid`.

        Raises
        ------
        CorruptFileError
            If pydicom cannot parse the header at all.
        """
        with self.open() as file, quiet():
            dataset = _parse(file, self.path)
            self.invalid |= _remove_invalid(dataset)
        return dataset

    def refuse_invalid(self, *keywords: str) -> None:
        """Refuse the file if one of these elements does not parse.

        Raises
        ------
        CorruptFileError
            Naming the element.
        """
        broken = self.invalid.intersection(keywords)
        if broken:
            names = ", ".join(sorted(broken))
            msg = f"{names} of this file cannot be read; correct the header or leave the file out."
            raise CorruptFileError(msg, [self.path])


class _Bounded(io.BufferedReader):
    """A reader that never asks for memory beyond the end of its file."""

    def __init__(self, raw: io.FileIO) -> None:
        super().__init__(raw)
        self._end = raw.seek(0, io.SEEK_END)
        raw.seek(0)

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(self._end - self.tell(), 0)
        return super().read(left if size is None or size < 0 else min(size, left))


def read_dataset(path: Path) -> Dataset:
    """Return everything before the pixels of a file as a pydicom data set.

    Raises
    ------
    CorruptFileError
        If pydicom cannot parse it.
    """
    with _Bounded(io.FileIO(path)) as file:
        return _parse(file, path)


def read_header(path: Path, max_bytes: int) -> Header:
    """Read the header of one DICOM file.

    Parameters
    ----------
    path : Path
        A file that looks like DICOM.
    max_bytes : int
        Largest size allowed for the content of a deflated file.

    Raises
    ------
    CorruptFileError
        If it cannot be parsed.
    TooLargeError
        If a deflated file inflates beyond the limit.
    """
    try:
        found, size = walk(path)
    except UnusualError:
        return _read_with_pydicom(path, max_bytes)
    pixels = Pixels("PixelData", found.pixel_offset, found.pixel_length)
    return Header(path, size, found.values, found.transfer_syntax, pixels)


def _read_with_pydicom(path: Path, max_bytes: int) -> Header:
    inflated = _inflate(path, max_bytes)
    size = path.stat().st_size if inflated is None else len(inflated)
    with io.BytesIO(inflated) if inflated is not None else _Bounded(io.FileIO(path)) as file:
        dataset = _parse(file, path)
        syntax, implicit, little = _transfer_syntax(dataset)
        pixels = _pixel_element(file, implicit, little)
    values, invalid = _values(dataset)
    return Header(path, size, values, syntax, pixels, invalid, inflated)


def _parse(file: BinaryIO, path: Path) -> Dataset:
    import pydicom

    try:
        with quiet():
            return pydicom.dcmread(file, stop_before_pixels=True, force=True)
    except Exception as error:  # pydicom raises many kinds on broken files
        msg = f"The header of this file cannot be parsed ({type(error).__name__}: {error})."
        raise CorruptFileError(msg, [path]) from error


def _remove_invalid(dataset: Dataset) -> frozenset[str]:
    """Remove the elements whose values pydicom cannot convert, at any depth; return their keywords."""
    from pydicom.datadict import keyword_for_tag

    removed: set[str] = set()
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
            if element.VR == "SQ":
                removed.update(*(_remove_invalid(item) for item in element.value))
        except Exception:  # noqa: BLE001  # pydicom raises many kinds on broken values
            del dataset[tag]
            removed.add(keyword_for_tag(tag))
    return frozenset(removed)


def _transfer_syntax(dataset: Dataset) -> tuple[str, bool, bool]:
    """Return the transfer syntax, guessed where the file names none, and how elements are written."""
    implicit, little = dataset.original_encoding
    named = str(getattr(dataset, "file_meta", {}).get("TransferSyntaxUID", "") or "").strip(" \0")
    if named:
        return named, bool(implicit), bool(little)
    guess = "1.2.840.10008.1.2" if implicit else "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2"
    return guess, bool(implicit), bool(little)


def _pixel_element(file: BinaryIO, implicit: bool, little: bool) -> Pixels | None:
    """Return the pixel element that starts where the file stands, if one does."""
    order = "<" if little else ">"
    start = file.read(12)
    if len(start) < 8:
        return None
    group, element = struct.unpack(f"{order}HH", start[:4])
    keyword = PIXEL_TAGS.get(group << 16 | element)
    if keyword is None:
        return None
    vr = "OW" if implicit else start[4:6].decode("latin-1")
    if implicit or not (vr.isascii() and vr.isupper()):  # some files say explicit and are not
        vr = "OW"
        length, size = struct.unpack(f"{order}L", start[4:8])[0], 8
    elif vr in _LONG and len(start) == 12:
        length, size = struct.unpack(f"{order}L", start[8:12])[0], 12
    else:
        length, size = struct.unpack(f"{order}H", start[6:8])[0], 8
    offset = file.tell() - len(start) + size
    return Pixels(keyword, offset, None if length == _UNDEFINED else length, vr)


def _values(dataset: Dataset) -> tuple[dict[str, Value], frozenset[str]]:
    values: dict[str, Value] = {}
    invalid = set()
    with quiet():
        for tag, (keyword, vr) in ELEMENTS.items():
            if tag not in dataset:
                continue
            try:
                values[keyword] = from_pydicom(dataset[tag].value, vr)
            except Exception:  # noqa: BLE001  # pydicom raises many kinds on broken values
                invalid.add(keyword)
    return values, frozenset(invalid)


def _inflate(path: Path, max_bytes: int) -> bytes | None:
    """Return a deflated file as it would be without compression, None for any other file."""
    with _Bounded(io.FileIO(path)) as file:
        start = file.read(1024)
        at = start.find(_DEFLATED)
        if start[128:132] != b"DICM" or at < 0:
            return None
        file.seek(0)
        content = file.read()
    end = _end_of_file_meta(content)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        dataset = inflater.decompress(content[end:], max_bytes)
    except zlib.error as error:
        msg = f"The deflated part of this file is damaged ({error}); copy the file again."
        raise CorruptFileError(msg, [path]) from error
    if inflater.unconsumed_tail:
        msg = (
            f"This deflated file inflates to more than max_bytes={max_bytes:,}. "
            "Raise max_bytes if you trust it and have the memory."
        )
        raise TooLargeError(msg, [path])
    return content[:end].replace(_DEFLATED, _EXPLICIT) + dataset


def _end_of_file_meta(content: bytes) -> int:
    """Return where the file meta information ends, walking its elements."""
    position = 132
    while content[position : position + 2] == b"\x02\x00":
        vr = content[position + 4 : position + 6].decode("latin-1")
        if vr in _LONG:
            position += 12 + int.from_bytes(content[position + 8 : position + 12], "little")
        else:
            position += 8 + int.from_bytes(content[position + 6 : position + 8], "little")
    return position
