"""The voxels behind a text header: raw or packed, in the file or beside it, and no more than announced."""

from __future__ import annotations

import bz2
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from medlab.io.errors import CorruptFileError, TruncatedFileError, UnsupportedFormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["beside", "numbers"]

_CHUNK = 1 << 22


def beside(path: Path, name: str) -> Path:
    """Return the data file that a header names, which must lie in the header's folder or below.

    Raises
    ------
    UnsupportedFormatError
        If it is a list or pattern of files, or lies elsewhere.
    TruncatedFileError
        If it is missing.
    """
    other = Path(name.strip())
    if other.is_absolute() or ".." in other.parts or name.startswith("LIST") or "%" in name:
        msg = f"The header points to {name!r}; only one data file in its own folder is read."
        raise UnsupportedFormatError(msg, [path])
    if not (path.parent / other).is_file():
        raise TruncatedFileError(f"The data file {name!r} is missing beside its header.", [path])
    return path.parent / other


def numbers(
    file: BinaryIO, kind: np.dtype[Any], count: int, packing: str, path: Path, skip: int = 0
) -> NDArray[Any]:
    """Return so many numbers from where the file stands.

    Parameters
    ----------
    file : binary file
        Stands where the voxels begin.
    kind : dtype
        Type of the numbers, byte order included.
    count : int
        How many.
    packing : {"raw", "text", "gzip", "bzip2"}
        How they are written; ``"gzip"`` is also zlib's own format.
    path : Path
        The file, for messages.
    skip : int, optional
        Bytes to leave out first; -1: the numbers are the last of the file.

    Raises
    ------
    TruncatedFileError, CorruptFileError
        If there are fewer, or they cannot be unpacked.
    """
    nbytes = count * kind.itemsize
    if packing == "text":
        try:
            flat = np.array(file.read().split()[:count], np.float64).astype(kind).view(np.uint8)
        except ValueError as error:
            raise CorruptFileError(f"The voxels are not all numbers: {error}.", [path]) from error
    elif packing == "raw":
        there = _size(file) - file.tell()
        file.seek(there - nbytes if skip == -1 else skip, 1)
        flat = (
            np.fromfile(file, np.uint8, nbytes)
            if there >= nbytes + max(skip, 0)
            else np.zeros(max(there, 0), np.uint8)
        )
    else:
        flat = _unpacked(file, packing, max(skip, 0), nbytes, path)
    if flat.nbytes < nbytes:
        msg = f"The file holds {flat.nbytes:,} of {nbytes:,} bytes of voxels. Copy or download it again."
        raise TruncatedFileError(msg, [path])
    return flat.view(kind)


def _size(file: BinaryIO) -> int:
    """Return the length of an open file."""
    return os.fstat(file.fileno()).st_size


def _unpacked(file: BinaryIO, packing: str, skip: int, nbytes: int, path: Path) -> NDArray[np.uint8]:
    """Return at most so many unpacked bytes, so that a small file cannot fill the memory."""
    unpacker: Any = zlib.decompressobj(wbits=47) if packing == "gzip" else bz2.BZ2Decompressor()
    result = bytearray()
    try:
        while len(result) < skip + nbytes and not unpacker.eof:
            waiting = getattr(unpacker, "unconsumed_tail", b"")
            data = waiting or (file.read(_CHUNK) if getattr(unpacker, "needs_input", True) else b"")
            part = unpacker.decompress(data, skip + nbytes - len(result))
            if not part and not data:
                break
            result += part
    except (zlib.error, OSError) as error:
        raise CorruptFileError(f"The compressed voxels are damaged: {error}.", [path]) from error
    return np.frombuffer(result, np.uint8)[skip:]
