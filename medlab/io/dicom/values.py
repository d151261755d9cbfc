"""Stored values → what was measured: rescaling, padding, and the smallest safe type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.io.dicom.limits import check_size
from medlab.io.dicom.pixels import for_each_frame, stored_dtype
from medlab.io.errors import InconsistentSeriesError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from medlab.io.dicom.frames import Frame

__all__ = ["colour_values", "measured_values"]

_AIR = -1000.0  # HU


def measured_values(
    frames: Sequence[Frame], shape: tuple[int, int], max_bytes: int, notes: list[str]
) -> NDArray[Any]:
    """Return the rescaled values of greyscale frames, (frames, rows, columns).

    The type is that of the stored values where nothing is rescaled (int16 rather than uint16 where the
    values fit), int16 where slope and intercept are whole numbers and the result fits, float32 else.

    Raises
    ------
    TooLargeError
        If the result would exceed `max_bytes`.
    LoadError
        If pixels are damaged.
    """
    dtype = _common_dtype(frames)
    scales = {(frame.slope, frame.intercept) for frame in frames}
    whole = len(scales) == 1 and all(float(v).is_integer() for v in next(iter(scales)))
    paths = [frames[0].header.path]
    itemsize = dtype.itemsize if whole and dtype.kind in "iu" else 4
    check_size(len(frames) * shape[0] * shape[1] * itemsize, max_bytes, paths)
    if whole and dtype.kind in "iu":
        return _whole_numbers(frames, np.empty((len(frames), *shape), dtype), max_bytes, notes)
    return _real_numbers(frames, np.empty((len(frames), *shape), np.float32), notes)


def colour_values(frames: Sequence[Frame], shape: tuple[int, int], max_bytes: int) -> NDArray[Any]:
    """Return colour frames as RGB, (frames, rows, columns, 3); uint8 unless the file holds more.

    Raises
    ------
    TooLargeError
        If the result would exceed `max_bytes`.
    LoadError
        If pixels are damaged.
    """
    dtype = _common_dtype(frames)
    check_size(len(frames) * shape[0] * shape[1] * 3 * dtype.itemsize, max_bytes, [frames[0].header.path])
    out = np.empty((len(frames), *shape, 3), dtype)
    for_each_frame(frames, out, lambda *_: None)
    if dtype == np.uint16 and frames[0].header.number("SamplesPerPixel", 1) == 1:
        low = out & 0xFF
        if not low.any() or (low == out >> 8).all():
            return (out >> 8).astype(np.uint8)
    return out


def _common_dtype(frames: Sequence[Frame]) -> np.dtype[Any]:
    headers = {id(frame.header): frame.header for frame in frames}.values()
    first = stored_dtype(next(iter(headers)))
    different = [header.path for header in headers if stored_dtype(header) != first]
    if different:
        msg = f"The files of this series store values of different types; most {first}, but not:"
        raise InconsistentSeriesError(msg, different)
    return first


def _whole_numbers(
    frames: Sequence[Frame], out: NDArray[Any], max_bytes: int, notes: list[str]
) -> NDArray[Any]:
    """Read into the result itself and rescale in place."""
    ranges = np.empty((len(frames), 2), dtype=np.int64)
    masks = _Padding(frames)

    def work(place: int, frame: Frame, stored: NDArray[Any]) -> None:
        masks.find(place, frame, stored)
        ranges[place] = stored.min(), stored.max()

    for_each_frame(frames, out, work)
    slope, intercept = int(frames[0].slope), int(frames[0].intercept)
    ends = slope * np.array([ranges[:, 0].min(), ranges[:, 1].max()]) + intercept
    fits = ends.min() >= -32768 and ends.max() <= 32767
    if (slope, intercept) != (1, 0) and not (fits and out.itemsize <= 2):
        check_size(out.size * 4, max_bytes, [frames[0].header.path])
        out = out.astype(np.float32)
        out *= slope
        out += intercept
    elif out.itemsize == 2 and fits:
        out = out.view(np.int16)
        if slope != 1:
            np.multiply(out, np.int16(slope), out=out)
        if intercept != 0:
            np.add(out, np.int16(intercept), out=out)
    elif (slope, intercept) != (1, 0):
        out = out.astype(np.int16) * np.int16(slope) + np.int16(intercept)
    masks.fill(out, notes)
    return out


def _real_numbers(frames: Sequence[Frame], out: NDArray[Any], notes: list[str]) -> NDArray[Any]:
    masks = _Padding(frames)

    def work(place: int, frame: Frame, stored: NDArray[Any]) -> None:
        masks.find(place, frame, stored)
        out[place] = stored * np.float64(frame.slope) + frame.intercept

    for_each_frame(frames, None, work)
    masks.fill(out, notes)
    return out


class _Padding:
    """Pixels outside the reconstructed field (Pixel Padding Value, PS3.3 C.7.5.1.1.2)."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._masks: list[NDArray[np.bool_] | None] = [None] * len(frames)
        self._first = frames[0]

    def find(self, place: int, frame: Frame, stored: NDArray[Any]) -> None:
        limits = _padding_range(frame, stored.dtype)
        if limits is None:
            return
        low, high = limits
        mask = stored == low if low == high else (stored >= low) & (stored <= high)
        if mask.any():
            self._masks[place] = mask

    def fill(self, out: NDArray[Any], notes: list[str]) -> None:
        found = [(place, mask) for place, mask in enumerate(self._masks) if mask is not None]
        if not found:
            return
        count = sum(int(mask.sum()) for _, mask in found)
        header = self._first.header
        before = {float(out[place][mask][0]) for place, mask in found}
        if header.text("Modality") == "CT":
            if all(-1024 <= value <= _AIR for value in before):
                return
            air = _AIR
        else:
            inside = np.ones(out.shape, bool)
            for place, mask in found:
                inside[place] = ~mask
            if not inside.any():
                return
            dark = np.max if header.text("PhotometricInterpretation") == "MONOCHROME1" else np.min
            air = float(dark(out[inside]))
            if before == {air}:
                return
        for place, mask in found:
            out[place][mask] = air
        notes.append(f"{count:,} padding pixels outside the field of view were set to {air:g}.")


def _padding_range(frame: Frame, dtype: np.dtype[Any]) -> tuple[int, int] | None:
    values = frame.header.values.get("PixelPaddingValue")
    if not values or dtype.kind not in "iu":
        return None
    limits = frame.header.values.get("PixelPaddingRangeLimit") or values
    ends = sorted(_in_dtype(int(value), dtype) for value in (values[0], limits[0]))
    return ends[0], ends[1]


def _in_dtype(value: int, dtype: np.dtype[Any]) -> int:
    """Return a padding value, read as unsigned 16 bits, as the stored type means it."""
    return value - 65536 if dtype.kind == "i" and value >= 32768 else value
