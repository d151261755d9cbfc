"""Less data for a page, honestly: values, quality and sampling are given up step by step, and stated."""

from __future__ import annotations

import base64
import dataclasses
import io
import math
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.view import packet
from medlab.view.window import sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from medlab.view.masks import Masks
    from medlab.view.stack import Stack

__all__ = ["Reduction", "reduced", "reduced_together"]

_LEVELS = 256
_BINS = 8192
_QUALITIES = (92, 88, 82, 75)  # of JPEG; below the last one the sampling is made coarser instead
_COARSEST = 0.45  # sampling within the slices goes down to this before slices are left out
_SMALLEST = 32  # pixels on the longest side
_TRIED = 10
_LOOKED_AT = 7  # slices that sizes and errors are estimated from


@dataclasses.dataclass(frozen=True)
class Reduction:
    """How the data of a page differ from the image's.

    Attributes
    ----------
    rows, cols : int
        Size of a slice.
    every : int
        Every so many slices are kept.
    levels : (256,) ndarray or None
        The values that stored bytes stand for; None where values are stored as they are.
    quality : int
        Of JPEG; 0 stores bytes without loss.
    """

    rows: int
    cols: int
    every: int = 1
    levels: NDArray[np.float64] | None = None
    quality: int = 0

    def kept(self, stack: Stack) -> range:
        """Return the slices that are kept."""
        return range((stack.grid[1] - 1) % self.every // 2, stack.grid[1], self.every)

    def scene(self, stack: Stack, scene: dict[str, Any]) -> dict[str, Any]:
        """Return the scene of the page."""
        t, _, j, i = stack.grid
        kept = self.kept(stack)
        fy, fx = j / self.rows, i / self.cols
        eight_bit = self.levels is not None or stack.dtype == np.uint8
        change: dict[str, Any] = {
            "grid": [t, len(kept), self.rows, self.cols],
            "spacing": [s * f for s, f in zip(scene["spacing"], (self.every, fy, fx), strict=True)],
            "sampling": [[kept[0], self.every], [(fy - 1) / 2, fy], [(fx - 1) / 2, fx]],
            "coding": "jpeg" if self.quality else "predicted" if eight_bit else "raw",
            "approximate": self.levels is not None or self.quality > 0,
        }
        if self.levels is not None:
            change |= {"dtype": "uint8", "levels": [float(f"{v:.6g}") for v in self.levels]}
        return scene | change

    def sentences(self, stack: Stack, units: str) -> list[str]:
        """Say what was reduced."""
        _, k, j, i = stack.grid
        said = []
        if self.every > 1:
            said.append(f"{len(self.kept(stack))} of {k} {stack.fast}s, every {_ordinal(self.every)}")
        if (self.rows, self.cols) != (j, i):
            said.append(f"{stack.fast}s averaged from {j} × {i} to {self.rows} × {self.cols}")
        if self.levels is not None:
            low, high = self.levels[0], self.levels[-1]
            said.append(
                f"values in {len(self.levels)} steps, finer where the image has more of them, "
                f"from {low:.5g} to {high:.5g} {units}".rstrip()
            )
        if self.quality:
            unit = "grey or colour levels" if self.levels is None else units
            said.append(
                f"JPEG quality {self.quality}, typical error {_short(_error(stack, self))} {unit}".rstrip()
            )
        elif self.levels is not None:
            said.append(f"typical error {_short(_error(stack, self))} {units}".rstrip())
        if stack.scale != 1:
            said.append(f"colours scaled to 0–255 by {stack.scale:.4g}")
        return said


def reduced(stack: Stack, masks: Masks, max_bytes: int) -> tuple[str, Reduction]:
    """Return the slices as deflated base64 text of at most `max_bytes`, and how they were reduced.

    Tried in this order: all values, 256 levels, JPEG at full size, JPEG at a coarser sampling, fewer slices.

    Raises
    ------
    ValueError
        If even the coarsest reduction does not fit.
    """
    for attempt in _attempts(stack, masks, max_bytes) if max_bytes > 0 else ():
        text = _encoded(stack, masks, attempt)
        if len(text) <= max_bytes:
            return text, attempt
    msg = (
        f"{stack.image!r} does not fit into the {max_bytes} bytes left for it; "
        "allow more with max_bytes, or crop it first."
    )
    raise ValueError(msg)


def reduced_together(layers: list[tuple[Stack, Masks]], max_bytes: int) -> tuple[list[str], list[Reduction]]:
    """Return `reduced` of each of several images on one grid, all sampled alike.

    Raises
    ------
    ValueError
        If even the coarsest reduction does not fit.
    """
    share = max_bytes // len(layers)
    texts, reductions = zip(*(reduced(*layer, share) for layer in layers), strict=True)
    rows, cols = min(r.rows for r in reductions), min(r.cols for r in reductions)
    every = max(r.every for r in reductions)
    alike = [dataclasses.replace(r, rows=rows, cols=cols, every=every) for r in reductions]
    return [
        text if new == old else _encoded(*layer, new)
        for text, layer, old, new in zip(texts, layers, reductions, alike, strict=True)
    ], alike


def _attempts(stack: Stack, masks: Masks, max_bytes: int) -> Iterator[Reduction]:
    """Yield reductions that are likely to fit, the best first."""
    j, i = stack.grid[2:]
    levels = None if stack.dtype == np.uint8 else _levels(stack)
    best = [Reduction(j, i), Reduction(j, i, 1, levels)]
    best += [Reduction(j, i, 1, levels, quality) for quality in _QUALITIES]
    for candidate in best:
        if _estimate(stack, masks, candidate) < max_bytes:
            yield candidate
    lowest = best[-1]
    scale, every = 1.0, 1
    for _ in range(_TRIED):
        size = _estimate(stack, masks, lowest)
        if size > 0.97 * max_bytes:
            scale *= min(0.97, (0.97 * max_bytes / size) ** 0.6)
        if scale < _COARSEST and every < stack.grid[1] // 4:
            every, scale = every + 1, scale * math.sqrt((every + 1) / every)
        rows, cols = (max(1, min(n, round(n * scale))) for n in (j, i))
        if max(rows, cols) < min(_SMALLEST, j, i):
            return
        lowest = Reduction(rows, cols, every, levels, _QUALITIES[-1])
        if _estimate(stack, masks, lowest) < max_bytes:
            yield lowest


def _encoded(stack: Stack, masks: Masks, reduction: Reduction) -> str:
    planes = [
        _piece(stack, masks, reduction, time=time, number=number, k=k)
        for time in range(stack.grid[0])
        for number, k in enumerate(reduction.kept(stack))
    ]
    return base64.b64encode(zlib.compress(packet.pack(planes), 6)).decode()


def _estimate(stack: Stack, masks: Masks, reduction: Reduction) -> float:
    """Return the bytes that the whole would take, from a few slices."""
    some = _some(stack)
    planes = [
        _piece(stack, masks, reduction, time=stack.grid[0] // 2, number=n, k=k) for n, k in enumerate(some)
    ]
    count = stack.grid[0] * len(reduction.kept(stack))
    return len(zlib.compress(packet.pack(planes), 6)) * 4 / 3 * count / len(some)


def _some(stack: Stack) -> list[int]:
    return sorted({round(n) for n in np.linspace(0, stack.grid[1] - 1, _LOOKED_AT)})


def _error(stack: Stack, reduction: Reduction) -> float:
    """Return the root mean square error of a few slices' values, the averaging left out."""
    squares = []
    for k in _some(stack):
        plane = _averaged(stack.plane(0, k, stack.grid[0] // 2), reduction.rows, reduction.cols)
        back = stored = plane if reduction.levels is None else _quantised(plane, reduction.levels)
        if reduction.quality:
            from PIL import Image as Pillow

            back = np.asarray(Pillow.open(io.BytesIO(_jpeg(stored, reduction.quality))))
        shown = back if reduction.levels is None else reduction.levels[back]
        wanted = (
            plane if reduction.levels is None else np.clip(plane, reduction.levels[0], reduction.levels[-1])
        )
        squares.append(np.nanmean((shown.astype(np.float64) - wanted) ** 2))
    return float(np.sqrt(np.mean(squares)))


def _piece(
    stack: Stack, masks: Masks, reduction: Reduction, *, time: int, number: int, k: int
) -> dict[str, Any]:
    rows, cols = reduction.rows, reduction.cols
    image = _averaged(stack.plane(0, k, time), rows, cols)
    if reduction.levels is not None:
        image = _quantised(image, reduction.levels)
    if reduction.quality:
        image = np.frombuffer(_jpeg(image, reduction.quality), np.uint8)
    elif image.dtype == np.uint8:
        image = _predicted(image)
    pick = np.ix_(_centres(stack.grid[2], rows), _centres(stack.grid[3], cols))
    codes = [np.ascontiguousarray(m[pick]) for m in masks.planes(0, k, time)]
    return {"axis": 0, "time": time, "index": number, "image": image, "masks": codes}


def _jpeg(plane: NDArray[np.uint8], quality: int) -> bytes:
    from PIL import Image as Pillow

    buffer = io.BytesIO()
    Pillow.fromarray(plane).save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def _averaged(plane: NDArray[Any], rows: int, cols: int) -> NDArray[Any]:
    if plane.shape[:2] == (rows, cols):
        return plane
    from PIL import Image as Pillow

    if plane.dtype == np.uint8:
        return np.asarray(Pillow.fromarray(plane).resize((cols, rows), Pillow.Resampling.BOX))
    plane = np.nan_to_num(plane.astype(np.float32))
    return np.asarray(Pillow.fromarray(plane).resize((cols, rows), Pillow.Resampling.BOX))


def _centres(length: int, count: int) -> NDArray[np.intp]:
    return ((np.arange(count) + 0.5) * length / count).astype(np.intp)


def _levels(stack: Stack) -> NDArray[np.float64]:
    """Return 256 values, denser where the image has more of them (the cube root of its histogram)."""
    values = sample(stack.image)
    if not values.size:
        return np.linspace(0, 1, _LEVELS)
    low, high = np.percentile(values, [0.02, 99.98])
    if high <= low:
        low, high = values.min(), values.max()
    if high <= low:
        return low + np.linspace(0, 1, _LEVELS)
    counts, edges = np.histogram(values, bins=_LEVELS * 2, range=(low, high))
    density = np.cbrt(counts / max(counts.max(), 1)) + 0.15
    cumulated = np.concatenate([[0], np.cumsum(density)]) / density.sum()
    return np.interp(np.linspace(0, 1, _LEVELS), cumulated, edges)


def _quantised(plane: NDArray[Any], levels: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the number of the nearest level of each value."""
    low, high = levels[0], levels[-1]
    bins = np.linspace(low, high, _BINS)
    code = np.searchsorted((levels[1:] + levels[:-1]) / 2, bins).astype(np.uint8)
    place = np.nan_to_num((plane.astype(np.float64) - low) * ((_BINS - 1) / (high - low)), nan=0.0)
    return code[np.clip(np.rint(place), 0, _BINS - 1).astype(np.intp)]


def _predicted(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return each byte less the mean of its left and upper neighbours, modulo 256: it deflates better."""
    wide = plane.astype(np.int16)
    guess = np.zeros_like(wide)
    guess[1:, 1:] = (wide[1:, :-1] + wide[:-1, 1:]) >> 1
    guess[0, 1:] = wide[0, :-1]
    guess[1:, 0] = wide[:-1, 0]
    return ((wide - guess) & 255).astype(np.uint8)


def _ordinal(n: int) -> str:
    return {2: "second", 3: "third"}.get(n, f"{n}th")


def _short(value: float) -> str:
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"
