"""The slice shown as a small PNG, for places that run no JavaScript."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from medlab.view.paint import blended, rgb

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

    from medlab.view.masks import Masks
    from medlab.view.planes import Plane
    from medlab.view.stack import Stack

__all__ = ["coloured", "encoded", "picture"]

_LONGEST_SIDE = 480


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
    pixel = max(tall, wide) / min(_LONGEST_SIDE, max(256, *values.shape[:2]))
    size = (max(1, round(wide / pixel)), max(1, round(tall / pixel)))
    return Pillow.fromarray(values).resize(size, Pillow.Resampling.BICUBIC, reducing_gap=2)


def encoded(shown: Picture, max_bytes: int) -> bytes:
    """Return a picture as PNG, made smaller until it takes at most `max_bytes`."""
    while True:
        buffer = io.BytesIO()
        shown.save(buffer, "PNG", compress_level=3)
        if buffer.tell() <= max_bytes or max(shown.size) <= 16:
            return buffer.getvalue()
        shrink = min(0.95, (max_bytes / buffer.tell()) ** 0.5)
        shown = shown.resize((max(1, int(shown.width * shrink)), max(1, int(shown.height * shrink))))
