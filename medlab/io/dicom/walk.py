"""A fast walk over the header of an ordinary little-endian file; pydicom reads whatever is unusual.

The walk takes only files it understands completely. Anything else (another byte order, elements out of
order, values that do not parse, private tricks with lengths) raises `UnusualError`, and the caller turns
to pydicom. So a fast answer is the answer that pydicom would have given.
"""

from __future__ import annotations

import dataclasses
import io
import os
import struct

from medlab.io.dicom.elements import ELEMENTS, Value, from_bytes

__all__ = ["UnusualError", "Walk", "walk"]

_CHUNK = 8192
_UNDEFINED = 0xFFFFFFFF
_IMPLICIT = "1.2.840.10008.1.2"
_NOT_WALKED = {"1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"}  # big endian, deflated
_PIXEL_DATA = 0x7FE00010
_FIRST_PIXEL_TAG = 0x7FE00008
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_SHORT = frozenset(
    b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split(),
)
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_DEEPEST = 16

_explicit = struct.Struct("<HH2sH").unpack_from
_implicit = struct.Struct("<HHL").unpack_from
_long = struct.Struct("<L").unpack_from


class UnusualError(Exception):
    """The file needs pydicom."""


@dataclasses.dataclass(slots=True)
class Walk:
    """What the walk found: values by keyword, and where the pixels lie."""

    values: dict[str, Value]
    transfer_syntax: str
    pixel_offset: int
    pixel_length: int | None  # None: encapsulated, of undefined length


class _Window:
    """A view of a part of the file that moves along as it is asked for bytes."""

    __slots__ = ("_file", "base", "data", "size")

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self.size = os.fstat(file.fileno()).st_size
        self.base = 0
        self.data = file.read(_CHUNK)

    def at(self, position: int, length: int) -> int:
        """Return the index in `data` of `length` bytes at a position of the file."""
        index = position - self.base
        if index >= 0 and index + length <= len(self.data):
            return index
        if position + length > self.size:
            raise UnusualError
        self.base = position
        self._file.seek(position)
        self.data = self._file.read(max(length, _CHUNK))
        if len(self.data) < length:
            raise UnusualError
        return 0


def walk(path: str | os.PathLike[str]) -> tuple[Walk, int]:
    """Return what loading needs of one file's header, and the size of the file in bytes.

    Parameters
    ----------
    path : path
        A DICOM file with preamble, in a little-endian transfer syntax that is not deflated.

    Raises
    ------
    UnusualError
        If the file is anything but ordinary.
    OSError
        If it cannot be opened.
    """
    with io.FileIO(path) as file:
        try:
            window = _Window(file)
            transfer_syntax, position = _file_meta(window)
            if transfer_syntax in _NOT_WALKED or not transfer_syntax:
                raise UnusualError
            found = _elements(window, position, transfer_syntax)
        except (ValueError, struct.error) as error:
            raise UnusualError from error
        return found, window.size


def _file_meta(window: _Window) -> tuple[str, int]:
    """Return the transfer syntax and where the data set starts."""
    if window.data[128:132] != b"DICM":
        raise UnusualError
    position, transfer_syntax, before = 132, "", 0
    while True:
        index = window.at(position, 8)
        group, element, vr, length = _explicit(window.data, index)
        if group != 2:
            return transfer_syntax, position
        if element <= before - 1 or (vr not in _SHORT and vr not in _LONG):
            raise UnusualError
        before = element + 1
        position += 8
        if vr in _LONG:
            (length,) = _long(window.data, window.at(position, 4))
            position += 4
        if element == 0x10:
            index = window.at(position, length)
            transfer_syntax = window.data[index : index + length].strip(b" \0").decode("ascii")
        position += length


def _elements(window: _Window, position: int, transfer_syntax: str) -> Walk:
    values: dict[str, Value] = {}
    explicit = transfer_syntax != _IMPLICIT
    before, character_set = 0, ""
    while True:
        tag, vr, length, position = _element(window, position, explicit)
        if tag <= before:
            raise UnusualError
        if tag >= _FIRST_PIXEL_TAG:
            if tag != _PIXEL_DATA:
                raise UnusualError
            undefined = length == _UNDEFINED
            return Walk(values, transfer_syntax, position, None if undefined else length)
        before = tag
        wanted = ELEMENTS.get(tag)
        if wanted is not None:
            keyword, expected = wanted
            if vr and vr != expected.encode() and not (expected == "US" and vr in {b"SS", b"US"}):
                raise UnusualError
            if expected == "SQ":
                values[keyword] = ("present",)
            else:
                index = window.at(position, length)
                values[keyword] = from_bytes(window.data[index : index + length], expected, character_set)
            if tag == 0x00080005:
                character_set = values[keyword][0] if len(values[keyword]) == 1 else "several"
        position = _end(window, position, vr, explicit) if length == _UNDEFINED else position + length


def _element(window: _Window, position: int, explicit: bool) -> tuple[int, bytes, int, int]:
    """Return tag, value representation, length and start of the value of the element at a position."""
    index = window.at(position, 8)
    if not explicit:
        group, element, length = _implicit(window.data, index)
        if position < 4096 and group == 8 and window.data[index + 4 : index + 6] in _SHORT:
            raise UnusualError
        return group << 16 | element, b"", length, position + 8
    group, element, vr, length = _explicit(window.data, index)
    if vr in _SHORT:
        return group << 16 | element, vr, length, position + 8
    if vr not in _LONG:
        raise UnusualError
    (length,) = _long(window.data, window.at(position + 8, 4))
    return group << 16 | element, vr, length, position + 12


def _end(window: _Window, position: int, vr: bytes, explicit: bool, depth: int = 0) -> int:
    """Return where a sequence of undefined length ends."""
    if (explicit and vr != b"SQ") or depth > _DEEPEST:
        raise UnusualError
    while True:
        group, element, length = _implicit(window.data, window.at(position, 8))
        position += 8
        tag = group << 16 | element
        if tag == _SEQUENCE_END:
            return position
        if tag != _ITEM:
            raise UnusualError
        position = position + length if length != _UNDEFINED else _item_end(window, position, explicit, depth)


def _item_end(window: _Window, position: int, explicit: bool, depth: int) -> int:
    while True:
        group, element, _ = _implicit(window.data, window.at(position, 8))
        if group << 16 | element == _ITEM_END:
            return position + 8
        _, vr, length, position = _element(window, position, explicit)
        if length == _UNDEFINED:
            position = _end(window, position, vr, explicit, depth + 1)
        else:
            position += length
