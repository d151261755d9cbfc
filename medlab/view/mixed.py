"""Pictures of two images together, with the arithmetic of `static/compare.js`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.view import marks, png
from medlab.view.paint import blended, greys

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

    from medlab.view.masks import Masks
    from medlab.view.planes import Plane
    from medlab.view.stack import Stack

__all__ = ["MODES", "picture"]

MODES = ("side by side", "blend", "checkerboard", "difference")
_GAP = 4


def picture(
    layers: list[tuple[Stack, Masks]],
    plane: Plane,
    scene: dict[str, Any],
    state: dict[str, Any],
    *,
    labelled: bool,
) -> Picture:
    """Return what the view shows, or both pictures beside each other."""
    mode = state["mode"]
    pictures = [png.picture(v, plane, scene) for v in _shown(layers, plane, scene, state)]
    if labelled:
        texts = [_texts(n, plane, scene, state) for n in range(len(pictures))]
        pictures = [marks.written(p, plane, scene, *t) for p, t in zip(pictures, texts, strict=True)]
    return _beside(*pictures) if mode == "side by side" else pictures[0]


def _texts(number: int, plane: Plane, scene: dict[str, Any], state: dict[str, Any]) -> tuple[str, list[str]]:
    """Return what is written on a picture: at the top its place, at the bottom the windows."""
    mode, names = state["mode"], scene["names"]
    a = marks.window_lines(scene, state["window"])
    b = marks.window_lines(scene["other"], state["b_window"])
    position = state["b_position" if number else "position"]
    place = marks.place_text(scene, plane, state | {"position": position})
    if mode == "side by side":
        return place, [names[number], *(b if number else a)]
    if mode == "difference":
        return place, ["B − A", f"±{state['difference']:.4g} {scene['units']}".strip()]
    return place, [mode, " ".join(["A", *a[-1:]]), " ".join(["B", *b[-1:]])]


def _shown(
    layers: list[tuple[Stack, Masks]], plane: Plane, scene: dict[str, Any], state: dict[str, Any]
) -> list[NDArray[np.uint8]]:
    """Return the colours of what the view shows: of both images, or of what is made of them."""
    first, second = (_colours(layers, n, plane, scene, state) for n in (0, 1))
    mode = state["mode"]
    if mode == "side by side":
        return [first, second]
    if mode == "difference":
        shown = _difference(layers, plane, scene, state)
    else:
        weight = (
            state["blend"] if mode == "blend" else _board(first.shape[:2], plane, scene, state["squares"])
        )
        outside = _outside(layers[1][1], plane, state["position"], state["time"])
        weight = np.where(outside, 0.0, weight)[..., None]
        shown = np.rint(first * (1 - weight) + second * weight).astype(np.uint8)
    return [_marked(shown, layers[0][1], plane, scene, state)]


def _beside(left: Picture, right: Picture) -> Picture:
    from PIL import Image as Pillow

    wide, tall = left.size
    sheet = Pillow.new("RGB", (2 * wide + _GAP, tall), "white")
    sheet.paste(left, (0, 0))
    sheet.paste(right, (wide + _GAP, 0))
    return sheet


def _colours(
    layers: list[tuple[Stack, Masks]], number: int, plane: Plane, scene: dict[str, Any], state: dict[str, Any]
) -> NDArray[np.uint8]:
    """Return the colours of one image, black where it holds nothing, with the masks where it stands alone."""
    if number:
        state = state | {"position": state["b_position"]}
        values = png.coloured(layers[1][0], plane, scene["other"], state, state["b_window"])
        values[_outside(layers[1][1], plane, state["position"], state["time"])] = 0
    else:
        values = png.coloured(layers[0][0], plane, scene, state, state["window"])
    alone = state["mode"] == "side by side"
    return _marked(values, layers[0][1], plane, scene, state) if alone else values


def _marked(
    values: NDArray[np.uint8], masks: Masks, plane: Plane, scene: dict[str, Any], state: dict[str, Any]
) -> NDArray[np.uint8]:
    over = masks.planes(plane.axis, state["position"][plane.axis], state["time"])
    return blended(values, masks, over, scene["opacity"], outline=scene["outline"])


def _outside(outside: Masks, plane: Plane, position: list[int], time: int) -> Any:
    if not outside.layers:
        return np.False_
    layer = outside.layers[0]
    return np.take(layer[min(time, len(layer) - 1)], position[plane.axis], axis=plane.axis) > 0


def _board(shape: tuple[int, ...], plane: Plane, scene: dict[str, Any], squares: int) -> NDArray[np.float64]:
    """Return a checkerboard in array order, 1 where the second image is shown."""
    shown = plane.arrange(np.arange(shape[0] * shape[1]).reshape(shape))
    steps = scene["spacing"][plane.down], scene["spacing"][plane.across]
    side = max(n * s for n, s in zip(shown.shape, steps, strict=True)) / squares
    row, col = ((np.arange(n) + 0.5) * s // side for n, s in zip(shown.shape, steps, strict=True))
    board = np.empty(shape)
    board.ravel()[shown] = (row[:, None] + col[None, :]) % 2
    return board


def _difference(
    layers: list[tuple[Stack, Masks]], plane: Plane, scene: dict[str, Any], state: dict[str, Any]
) -> NDArray[np.uint8]:
    index, limit = state["position"][plane.axis], state["difference"]
    a, b = (
        stack.plane(plane.axis, index, min(state["time"], stack.grid[0] - 1)).astype(np.float64)
        for stack, _ in layers
    )
    shown = np.array(scene["difference"]["table"], np.uint8)[greys(b - a, -limit, limit)]
    shown[np.isnan(b - a) | _outside(layers[1][1], plane, state["position"], state["time"])] = 0
    return shown
