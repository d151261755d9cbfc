"""What is written on a picture made without a browser: plane, window, orientation letters, scale bar."""

from __future__ import annotations

import functools
import importlib.util
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from PIL.ImageDraw import ImageDraw as Pen
    from PIL.ImageFont import FreeTypeFont, ImageFont

    from medlab.view.planes import Plane

__all__ = ["place_text", "window_lines", "written"]

_SMALLEST = (360, 150)  # width and height that the words need
_EDGE = 8
_LINE = 16


def written(picture: Picture, plane: Plane, scene: dict[str, Any], place: str, lines: list[str]) -> Picture:
    """Return a picture with its marks, on black where it is too small to hold them.

    Parameters
    ----------
    picture : Picture
        One plane, as `medlab.view.png.picture` makes it.
    plane : Plane
        How it lies.
    scene : dict
        What `medlab.view.scene.describe` says.
    place, lines : str, list of str
        What is written at the top, and at the bottom.
    """
    from PIL import Image as Pillow
    from PIL import ImageDraw

    wide, tall = (max(n, least) for n, least in zip(picture.size, _SMALLEST, strict=True))
    left, top = (wide - picture.width) // 2, (tall - picture.height) // 2
    sheet = picture
    if (wide, tall) != picture.size:
        sheet = Pillow.new("RGB", (wide, tall))
        sheet.paste(picture, (left, top))
    pen = ImageDraw.Draw(sheet)
    _letters(pen, plane, (left, top, left + picture.width, top + picture.height))
    _write(pen, (_EDGE, _EDGE), place, "la")
    for n, line in enumerate(reversed(lines)):
        _write(pen, (_EDGE, tall - _EDGE - _LINE * n), line, "ld")
    if scene["space"] != "pixel":
        across = scene["grid"][1 + plane.across] * scene["spacing"][plane.across]
        _scale(pen, wide, tall, across / picture.width)
    return sheet


def place_text(scene: dict[str, Any], plane: Plane, state: dict[str, Any]) -> str:
    """Return the title on a line of its own, the plane with its number, and the time point of several."""
    time, slices = scene["grid"][0], scene["grid"][1 + plane.axis]
    words = []
    if len(scene["planes"]) > 1 or scene["grid"][1] > 1:
        name = plane.name if scene["fast"] == "slice" else scene["fast"]
        name += ":" if name[-1].isdigit() else ""
        words.append(f"{name} {state['position'][plane.axis]} / {slices - 1}")
    if time > 1:
        words.append(f"{scene['slow']} {state['time']} / {time - 1}")
    return "\n".join(filter(None, (scene["title"], ", ".join(words))))


def window_lines(scene: dict[str, Any], window: tuple[float, float]) -> list[str]:
    """Return the window in words, with its name where it has one; nothing for colour images."""
    if scene["colour"]:
        return []
    centre, width = window
    near = {"rel_tol": 0, "abs_tol": 1e-6 * max(1e-9, width)}
    names = [
        p["name"]
        for p in scene["presets"]
        if math.isclose(p["centre"], centre, **near) and math.isclose(p["width"], width, **near)
    ]
    return [*names[:1], f"C {_short(centre, width)}  W {_short(width, width)} {scene['units']}".strip()]


def _short(value: float, span: float) -> str:
    """Return a number as short as its neighbours on the grey scale can be told apart."""
    if abs(value) >= 1e6 or 0 < abs(value) < 1e-3:
        return f"{value:.2e}"
    digits = max(0, 3 - math.floor(math.log10(max(span, 1e-3))))
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _letters(pen: Pen, plane: Plane, box: tuple[int, int, int, int]) -> None:
    x0, y0, x1, y1 = box
    x, y = (x0 + x1) // 2, (y0 + y1) // 2
    places = (((x, y0 + 6), "ma"), ((x1 - 6, y), "rm"), ((x, y1 - 6), "md"), ((x0 + 6, y), "lm"))
    for letter, (at, anchor) in zip(plane.letters, places, strict=True):
        _write(pen, at, letter, anchor, 14)


def _scale(pen: Pen, wide: int, tall: int, millimetres: float) -> None:
    """Draw a bar of a round length in the lower right corner; `millimetres` is a pixel's width."""
    most = min(0.25 * wide, 140) * millimetres
    power = 10.0 ** math.floor(math.log10(most))
    length = next((n * power for n in (5, 2, 1) if n * power <= most), power)
    x1, y = wide - _EDGE, tall - _EDGE
    x0 = x1 - length / millimetres
    for colour, thick in (("black", 4), ("white", 2)):
        pen.line((x0, y - 5, x0, y, x1, y, x1, y - 5), fill=colour, width=thick)
    text = f"{length / 10:g} cm" if length >= 10 else f"{length:.3g} mm"
    _write(pen, ((x0 + x1) / 2, y - 5), text, "md")


def _write(pen: Pen, at: tuple[float, float], text: str, anchor: str, size: int = 12) -> None:
    if text:
        pen.text(at, text, "white", _font(size), anchor, stroke_width=1, stroke_fill="black")


@functools.cache
def _font(size: int) -> FreeTypeFont | ImageFont:
    """Return matplotlib's font, found without importing matplotlib: Pillow's own has no dashes."""
    from PIL import ImageFont

    found = importlib.util.find_spec("matplotlib")
    if found is None or not found.submodule_search_locations:
        return ImageFont.load_default(size)
    path = Path(found.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(path, size) if path.is_file() else ImageFont.load_default(size)
