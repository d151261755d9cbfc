"""The slice shown as a small PNG, for places that run no JavaScript."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from medlab.view.paint import blended, rgb

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from medlab.view.masks import Masks
    from medlab.view.planes import Plane
    from medlab.view.stack import Stack

__all__ = ["encoded", "picture"]

_LONGEST_SIDE = 480


def picture(
    stack: Stack, masks: Masks, plane: Plane, scene: dict[str, Any], state: dict[str, Any]
) -> Picture:
    """Return the plane that `state` names as a picture with square pixels, at most 480 wide and high."""
    from PIL import Image as Pillow

    index, (centre, width) = state["position"][plane.axis], state["window"]
    limits = (centre - width / 2, centre + width / 2)
    values = rgb(
        stack.plane(plane.axis, index, state["time"]), limits, scene["table"], inverted=scene["inverted"]
    )
    over = masks.planes(plane.axis, index, state["time"])
    values = blended(values, masks, over, scene["opacity"], outline=scene["outline"])
    values = plane.arrange(values)
    tall, wide = (
        max(1.0, n * scene["spacing"][a])
        for n, a in zip(values.shape[:2], (plane.down, plane.across), strict=True)
    )
    pixel = max(tall, wide) / min(_LONGEST_SIDE, max(256, *values.shape[:2]))
    size = (max(1, round(wide / pixel)), max(1, round(tall / pixel)))
    return Pillow.fromarray(values).resize(size, Pillow.Resampling.BICUBIC, reducing_gap=2)


def encoded(
    stack: Stack, masks: Masks, plane: Plane, scene: dict[str, Any], state: dict[str, Any], *, max_bytes: int
) -> bytes:
    """Return `picture` as PNG, made smaller until it takes at most `max_bytes`."""
    shown = picture(stack, masks, plane, scene, state)
    while True:
        buffer = io.BytesIO()
        shown.save(buffer, "PNG")
        if buffer.tell() <= max_bytes or max(shown.size) <= 16:
            return buffer.getvalue()
        shrink = min(0.95, (max_bytes / buffer.tell()) ** 0.5)
        shown = shown.resize((max(1, int(shown.width * shrink)), max(1, int(shown.height * shrink))))
