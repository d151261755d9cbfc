"""The private CSA headers of Siemens MR files, which say how a mosaic was laid out."""

from __future__ import annotations

import struct

__all__ = ["csa_values"]

_MOST_TAGS = 1024


def csa_values(raw: bytes) -> dict[str, list[str]]:
    """Return the elements of a CSA header (versions 1 and 2), every value as text.

    Parameters
    ----------
    raw : bytes
        Value of the private element (0029,xx10) or (0029,xx20).

    Returns
    -------
    dict
        Empty if the bytes are not a CSA header.

    Examples
    --------
    >>> csa_values(b"")
    {}
    """
    second = raw[:4] == b"SV10"
    position = 8 if second else 0
    found: dict[str, list[str]] = {}
    try:
        count, _ = struct.unpack_from("<2I", raw, position)
        position += 8
        if not 0 < count <= _MOST_TAGS:
            return {}
        offset = None
        for _ in range(count):
            name, _, _, _, items, _ = struct.unpack_from("<64si4s3i", raw, position)
            offset = items if offset is None else offset
            position, values = _items(raw, position + 84, items, None if second else offset)
            found[_text(name)] = values
    except (struct.error, ValueError):
        return {}
    return found


def _items(raw: bytes, position: int, count: int, offset: int | None) -> tuple[int, list[str]]:
    """Return the end and the texts of an element's items; version 1 adds an offset to their lengths."""
    values = []
    for _ in range(count):
        lengths = struct.unpack_from("<4i", raw, position)
        position += 16
        length = lengths[1] if offset is None else lengths[0] - offset
        if length < 0 or position + length > len(raw):
            msg = "The CSA header ends within an item."
            raise ValueError(msg)
        values.append(_text(raw[position : position + length]))
        position += -(-length // 4) * 4
    return position, [value for value in values if value]


def _text(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("latin-1").strip()
