"""How slices travel to the browser: a small JSON header, then the bytes of images and masks.

Layout: the header's length (uint32, little-endian), the header (UTF-8, padded with spaces), then the
data, every block at a multiple of 8 bytes. The header lists the pieces; offsets count from the data's start::

    [{"axis": 0, "time": 0, "index": 12, "image": [offset, bytes], "masks": [[offset, bytes, "rle"], …]}, …]

A mask is coded as runs, each a uint32 ``length << 8 | code``, or raw where that is shorter; an empty
one has no bytes.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from medlab.view.masks import Masks
    from medlab.view.stack import Stack

__all__ = ["decode_runs", "encode_runs", "nearest_first", "pack", "pieces"]

_ALIGN = 8
_LONGEST = 2**24 - 1


def pieces(
    stack: Stack, masks: Masks, axis: int, indices: Iterable[int], time: int = 0
) -> list[dict[str, Any]]:
    """Return planes of an image and its masks, ready for `pack`."""
    return [
        {
            "axis": axis,
            "time": time,
            "index": int(n),
            "image": stack.plane(axis, n, time),
            "masks": masks.planes(axis, n, time),
        }
        for n in indices
    ]


def pack(planes: list[dict[str, Any]]) -> bytes:
    """Put planes, as `pieces` returns them, into one block of bytes."""
    blocks: list[bytes] = []
    position = 0

    def place(block: bytes) -> list[int]:
        nonlocal position
        at = position
        blocks.append(block + b"\0" * (-len(block) % _ALIGN))
        position += len(blocks[-1])
        return [at, len(block)]

    header = [
        {
            **{k: p[k] for k in ("axis", "time", "index")},
            "image": place(p["image"].tobytes()),
            "masks": [[*place(block), coding] for block, coding in map(encode_runs, p["masks"])],
        }
        for p in planes
    ]
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 4) % _ALIGN)
    return struct.pack("<I", len(text)) + text + b"".join(blocks)


def encode_runs(codes: NDArray[np.uint8]) -> tuple[bytes, str]:
    """Code a mask plane; return the bytes and ``"rle"``, or ``"raw"`` where that is shorter."""
    flat = codes.ravel()
    if not flat.any():
        return b"", "rle"
    starts = np.union1d(np.flatnonzero(np.diff(flat)) + 1, np.arange(0, flat.size, _LONGEST))
    if 4 * starts.size >= flat.size:
        return flat.tobytes(), "raw"
    lengths = np.diff(np.append(starts, flat.size))
    return (lengths.astype("<u4") << 8 | flat[starts]).astype("<u4").tobytes(), "rle"


def decode_runs(block: bytes, coding: str, size: int) -> NDArray[np.uint8]:
    """Return the `size` codes of a mask plane, as the browser does."""
    if coding == "raw":
        return np.frombuffer(block, np.uint8)
    if not block:
        return np.zeros(size, np.uint8)
    runs = np.frombuffer(block, "<u4")
    return np.repeat((runs & 255).astype(np.uint8), runs >> 8)


def nearest_first(centre: int, length: int) -> list[int]:
    """Return 0 … length - 1, sorted by the distance from `centre`, the following one before the preceding."""
    return sorted(range(length), key=lambda n: (abs(n - centre), n < centre))
