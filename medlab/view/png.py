"""The slice shown as a small PNG, for places that run no JavaScript."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.view.paint import blended, rgb

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

    from medlab.view.masks import Masks
    from medlab.view.planes import Plane
    from medlab.view.stack import Stack

__all__ = ["coloured", "encoded", "picture", "row"]

_LONGEST_SIDE, _LEAST_SIDE = 480, 360
_GAP = 6  # pixels between pictures in a row
_COLOURS = 256
_RARE = 1000  # colours that are replaced by the nearest of those kept


def coloured(
    stack: Stack,
    plane: Plane,
    scene: dict[str, Any],
    state: dict[str, Any],
    window: tuple[float, float],
    masks: Masks | None = None,
) -> NDArray[np.uint8]:
    """Return the colours (rows, columns, 3) of the plane that `state` names, in array order."""
    index, time = state["position"][plane.axis], min(state["time"], stack.grid[0] - 1)
    centre, width = window
    limits = (centre - width / 2, centre + width / 2)
    values = rgb(stack.plane(plane.axis, index, time), limits, scene["table"], inverted=scene["inverted"])
    if masks is None:
        return values
    over = masks.planes(plane.axis, index, time)
    return blended(values, masks, over, scene["opacity"], outline=scene["outline"])


def picture(values: NDArray[np.uint8], plane: Plane, scene: dict[str, Any]) -> Picture:
    """Return a plane's colours as a picture with square pixels, at most 480 wide and high."""
    from PIL import Image as Pillow

    values = plane.arrange(values)
    tall, wide = (
        max(1.0, n * scene["spacing"][a])
        for n, a in zip(values.shape[:2], (plane.down, plane.across), strict=True)
    )
    pixel = max(tall, wide) / min(_LONGEST_SIDE, max(_LEAST_SIDE, *values.shape[:2]))
    size = (max(1, round(wide / pixel)), max(1, round(tall / pixel)))
    return Pillow.fromarray(values).resize(size, Pillow.Resampling.BICUBIC, reducing_gap=2)


def row(pictures: list[Picture]) -> Picture:
    """Return pictures side by side, centred on black."""
    from PIL import Image as Pillow

    wide, tall = sum(one.width + _GAP for one in pictures) - _GAP, max(one.height for one in pictures)
    sheet = Pillow.new("RGB", (wide, tall))
    left = 0
    for one in pictures:
        sheet.paste(one, (left, (tall - one.height) // 2))
        left += one.width + _GAP
    return sheet


def encoded(shown: Picture, max_bytes: int) -> bytes:
    """Return a picture as PNG of at most `max_bytes`: with fewer grey levels first, then smaller."""
    while True:
        buffer = io.BytesIO()
        fits = shown.width * shown.height * 3 <= max_bytes
        (shown if fits else _indexed(shown)).save(buffer, "PNG", compress_level=3)
        if buffer.tell() <= max_bytes or max(shown.size) <= 16:
            return buffer.getvalue()
        shrink = min(0.95, (max_bytes / buffer.tell()) ** 0.5)
        shown = shown.resize((max(1, int(shown.width * shrink)), max(1, int(shown.height * shrink))))


def _indexed(shown: Picture) -> Picture:
    """Return a picture with a palette, half the size, where 64 levels of a few hues are nearly all of it."""
    from PIL import Image as Pillow

    levels = ((np.arange(256) * 63 + 127) // 255).astype(np.uint8)[np.asarray(shown.convert("RGB"))]
    codes = levels[..., 0].astype(np.int32)
    for channel in (1, 2):
        codes <<= 6
        codes |= levels[..., channel]
    counts = np.bincount(codes.ravel(), minlength=1 << 18)
    found = np.flatnonzero(counts)
    found = found[np.argsort(-counts[found])]
    kept, rest = found[:_COLOURS], found[_COLOURS:]
    if counts[rest].sum() > 0.02 * codes.size or rest.size > _RARE:
        return shown
    places = np.zeros(1 << 18, np.uint8)
    places[kept] = np.arange(kept.size)
    colours = np.stack([found >> 12, found >> 6 & 63, found & 63], axis=-1) * 255 // 63
    distance = np.square(colours[_COLOURS:, None] - colours[:_COLOURS]).sum(axis=-1)
    places[rest] = distance.argmin(axis=1)
    indexed = Pillow.fromarray(places[codes])
    indexed.putpalette(colours[:_COLOURS].astype(np.uint8).tobytes())
    return indexed
