"""Stored values of frames: read straight into their place, or decoded."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.io.dicom.decode import PixelSource, codec_threads, cores
from medlab.io.dicom.frames import is_native
from medlab.io.dicom.lut import apply_lut, is_colour, lut_kind
from medlab.io.dicom.mosaic import tile_of
from medlab.io.errors import CorruptFileError, InconsistentSeriesError, TruncatedFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from medlab.io.dicom.frames import Frame
    from medlab.io.dicom.header import Header

__all__ = ["for_each_frame", "same_pixels", "stored_dtype"]

_BIG_ENDIAN = "1.2.840.10008.1.2.2"

#: JPEG Baseline and Extended: their decoder frees the interpreter, so threads help. The other decoders
#: hold it; JPEG 2000 uses threads of its own.
_LETS_OTHERS_RUN = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"})


def stored_dtype(header: Header) -> np.dtype[Any]:
    """Return the type of the stored values of a file in memory, after its look-up table if it has one."""
    if header.pixels is not None and header.pixels.keyword != "PixelData":
        return np.dtype(np.float32 if header.pixels.keyword == "FloatPixelData" else np.float64)
    if lut_kind(header):
        return np.dtype(np.uint16)
    bits = max(int(header.number("BitsAllocated")), 8)
    return np.dtype(f"{'i' if header.number('PixelRepresentation', 0) else 'u'}{bits // 8}")


def reads_directly(header: Header) -> bool:
    """Whether frames can be read as they lie in the file."""
    return (
        is_native(header)
        and header.transfer_syntax != _BIG_ENDIAN
        and header.pixels is not None
        and header.pixels.keyword == "PixelData"
        and header.number("BitsAllocated") in {8, 16, 32}
        and not lut_kind(header)
        and (not is_colour(header) or _interleaved_rgb(header))
    )


def for_each_frame(frames: Sequence[Frame], out: NDArray[Any] | None, work: Any) -> None:
    """Read or decode every frame and call `work` with its place, itself and its stored values.

    Parameters
    ----------
    frames : sequence of Frame
        In the order of their places.
    out : ndarray or None
        Array (frames, rows, columns[, 3]) of the stored type to read into; None to use scratch memory.
    work : callable
        ``work(place, frame, values)``, called once for each frame, perhaps from several threads.

    Raises
    ------
    LoadError
        If pixels are damaged or cannot be decoded.
    """
    by_file: dict[int, list[tuple[int, Frame]]] = {}
    for place, frame in enumerate(frames):
        by_file.setdefault(id(frame.header), []).append((place, frame))
    jobs: list[Callable[[], None]] = []
    for members in by_file.values():
        header, tiled = members[0][1].header, members[0][1].tile is not None
        if reads_directly(header) and not tiled:
            jobs.append(partial(_read_directly, members, out, work))
        elif tiled or len(members) == 1:
            jobs.append(partial(_decode_file, members, out, work))
        else:
            source = PixelSource(header)
            jobs += [partial(_decode_one, source, *member, out, work) for member in members]
    threads = any(frame.header.transfer_syntax in _LETS_OTHERS_RUN for frame in frames)
    with codec_threads():
        _run(jobs, cores() if threads else 1)


def same_pixels(one: Frame, other: Frame) -> bool:
    """Whether two frames hold the same stored values."""
    values: list[NDArray[Any]] = []
    for frame in (one, other):
        for_each_frame([frame], None, lambda _, __, stored: values.append(stored.copy()))
    return bool(np.array_equal(values[0], values[1]))


def _run(jobs: Iterable[Callable[[], None]], workers: int) -> None:
    jobs = list(jobs)
    if workers == 1 or len(jobs) == 1:
        for job in jobs:
            job()
        return
    pool = ThreadPoolExecutor(workers)
    try:
        for result in [pool.submit(job) for job in jobs]:
            result.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _read_directly(members: list[tuple[int, Frame]], out: NDArray[Any] | None, work: Any) -> None:
    header = members[0][1].header
    shape = _shape(header)
    scratch = np.empty(shape if out is None else 0, stored_dtype(header))
    bits = int(header.number("BitsStored", header.number("BitsAllocated")))
    with io.BytesIO(header.inflated) if header.inflated is not None else io.FileIO(header.path) as file:
        for place, frame in members:
            values: NDArray[Any] = scratch if out is None else out[place]
            file.seek(header.pixels.offset + frame.index * values.nbytes)  # type: ignore[union-attr]
            if file.readinto(values.reshape(-1).view(np.uint8).data) != values.nbytes:
                msg = "The file became shorter while it was read."
                raise TruncatedFileError(msg, [header.path])
            _clear_unused_bits(values, bits)
            work(place, frame, values)


def _decode_file(members: list[tuple[int, Frame]], out: NDArray[Any] | None, work: Any) -> None:
    source = PixelSource(members[0][1].header)
    tiled = members[0][1].tile is not None
    picture = source.decode(0 if tiled else members[0][1].index)
    for place, frame in members:
        _deliver(tile_of(picture, frame) if tiled else picture, place, frame, out, work)


def _decode_one(source: PixelSource, place: int, frame: Frame, out: NDArray[Any] | None, work: Any) -> None:
    _deliver(source.decode(frame.index), place, frame, out, work)


def _deliver(stored: NDArray[Any], place: int, frame: Frame, out: NDArray[Any] | None, work: Any) -> None:
    header = frame.header
    stored = apply_lut(stored, header)
    expected = (*(frame.tile or _shape(header)[:2]), *((3,) if is_colour(header) else ()))
    if stored.shape != expected:
        msg = f"The decoder returned {stored.shape} where {expected} was announced."
        raise CorruptFileError(msg, [header.path])
    if out is None:
        work(place, frame, stored)
        return
    if stored.dtype != out.dtype and not np.can_cast(stored.dtype, out.dtype):
        msg = f"This file's values are {stored.dtype}, those of the series {out.dtype}."
        raise InconsistentSeriesError(msg, [header.path])
    out[place] = stored
    work(place, frame, out[place])


def _shape(header: Header) -> tuple[int, ...]:
    size = int(header.number("Rows")), int(header.number("Columns"))
    return (*size, 3) if is_colour(header) else size


def _interleaved_rgb(header: Header) -> bool:
    return (
        header.text("PhotometricInterpretation") == "RGB"
        and header.number("PlanarConfiguration", 0) == 0
        and header.number("SamplesPerPixel", 1) == 3
    )


def _clear_unused_bits(values: NDArray[Any], bits: int) -> None:
    """Remove what lies in the bits above Bits Stored, if anything does (PS3.5 8.1.1)."""
    unused = 8 * values.itemsize - bits
    if not 0 < unused < 8 * values.itemsize:
        return
    signed = values.dtype.kind == "i"
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    if values.min() < low or values.max() > high:
        np.left_shift(values, unused, out=values)
        np.right_shift(values, unused, out=values)
