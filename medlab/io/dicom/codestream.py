"""The picture size that a JPEG, JPEG-LS or JPEG 2000 codestream announces in its first bytes."""

from __future__ import annotations

__all__ = ["announced_size"]

_SIZES_AT = 4096
_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
_ITEM = b"\xfe\xff\x00\xe0"


def announced_size(encapsulated: bytes) -> tuple[int, int] | None:
    """Return (rows, columns) of the first codestream in encapsulated pixel data, None if it is another kind.

    Parameters
    ----------
    encapsulated : bytes
        Value of the pixel element: items, the first of which is an offset table (PS3.5 A.4).
    """
    start = _first_fragment(encapsulated)
    if start is None:
        return None
    head = encapsulated[start : start + 2]
    if head == b"\xff\xd8":
        return _jpeg(encapsulated, start + 2)
    at = encapsulated.find(b"\xff\x4f\xff\x51", start, start + _SIZES_AT)
    return _jpeg_2000(encapsulated, at + 4) if at >= 0 else None


def _first_fragment(data: bytes) -> int | None:
    position = 0
    for item in range(2):
        if data[position : position + 4] != _ITEM:
            return None
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8
        if item == 0:
            position += length
    return position


def _jpeg(data: bytes, position: int) -> tuple[int, int] | None:
    """Walk the markers of a JPEG or JPEG-LS stream to its frame header."""
    while position + 9 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker in _JPEG_FRAMES:
            rows, columns = _number(data, position + 5, 2), _number(data, position + 7, 2)
            return (rows, columns) if rows and columns else None
        if marker == 0xFF:
            position += 1
            continue
        position += 2 + _number(data, position + 2, 2)
    return None


def _jpeg_2000(data: bytes, position: int) -> tuple[int, int] | None:
    """Read the SIZ marker segment: reference grid minus offset."""
    if position + 22 > len(data):
        return None
    width, height, left, top = (_number(data, position + 4 + 4 * i, 4) for i in range(4))
    return height - top, width - left


def _number(data: bytes, position: int, size: int) -> int:
    return int.from_bytes(data[position : position + size], "big")
