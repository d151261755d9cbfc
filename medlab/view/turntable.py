"""A scene that turns without a kernel, a graphics card or a network: still pictures from all around."""

from __future__ import annotations

import base64
import dataclasses
import html
import io
import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from medlab.view.camera import Camera
from medlab.view.png import encoded

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["BACKGROUND", "STEPS", "Scene"]

BACKGROUND = (17, 20, 24)
STEPS = 24
_ELEVATION = 12.0
_STILL = Camera(25, 15)
_STILL_SIZE = 320
_FRAME_SIZE = 240
_SHOWN = 420  # CSS pixels of the longer side
_AROUND = 150  # height of title, slider, legend and note in CSS pixels


@dataclasses.dataclass(frozen=True)
class Scene:
    """What can be looked at from all around.

    Attributes
    ----------
    render : callable
        Returns the (size, size, 4) picture that a camera takes.
    title : str
        Above the picture.
    legend : str
        HTML below it.
    note : str
        A sentence on what is shown.
    known : bool
        Whether it is known how the scene lies in the patient.
    """

    render: Callable[[Camera, int], NDArray[np.uint8]]
    title: str
    legend: str
    note: str
    known: bool = True

    def still(self, max_bytes: int = 120_000) -> bytes:
        """Return the view from the front and left as a PNG of at most `max_bytes`, smaller if need be."""
        from PIL import Image as Pillow

        picture = self.render(_STILL, _STILL_SIZE)
        rows, cols = _extent(picture[..., 3])
        shown = Pillow.fromarray(_on_background(picture[rows, cols]))
        scale = _SHOWN / max(shown.size)
        size = (max(1, round(shown.width * scale)), max(1, round(shown.height * scale)))
        return encoded(shown.resize(size, Pillow.Resampling.BICUBIC), max_bytes)

    def page(self) -> str:
        """Return an HTML page on which the scene turns when dragged; nothing is fetched from elsewhere."""
        pictures = [self.render(Camera(360 * n / STEPS, _ELEVATION), _FRAME_SIZE) for n in range(STEPS)]
        rows, cols = _extent(np.max([p[..., 3] for p in pictures], axis=0))
        frames = [_jpeg(_on_background(p[rows, cols])) for p in pictures]
        said = f"{self.note} {STEPS} still pictures, computed without a graphics card; drag to turn."
        if self.known:
            said += " 0° looks from the front, 90° from the patient's left."
        text = (files("medlab.view") / "static" / "turntable.html").read_text(encoding="utf-8")
        filling = {
            "title": html.escape(self.title),
            "legend": self.legend,
            "note": html.escape(said.strip()),
            "frames": json.dumps(frames),
            "width": str(_width(rows, cols)),
        }
        return re.sub(r"{{(\w+)}}", lambda found: filling[found[1]], text)

    def picture(self, text: str) -> dict[str, str]:
        """Return the still picture and a text as Jupyter's outputs carry them."""
        return {"image/png": base64.b64encode(self.still()).decode(), "text/plain": text}

    def bundle(self, text: str) -> dict[str, str]:
        """Return the turntable in a frame, the still picture and a text, for a report."""
        frame = (
            f'<iframe srcdoc="{html.escape(self.page())}" title="{html.escape(self.title)}" '
            f'sandbox="allow-scripts" style="width: 100%; height: {_SHOWN + _AROUND}px; '
            'border: 1px solid #c8ced5; border-radius: 6px"></iframe>'
        )
        return {"text/html": frame} | self.picture(text)


def _extent(cover: NDArray[np.uint8]) -> tuple[slice, slice]:
    """Return the rows and columns that hold something, with a small margin."""
    shown = cover > 2
    if not shown.any():
        return slice(None), slice(None)
    margin = cover.shape[0] // 40
    limits = []
    for axis in (1, 0):
        found = np.flatnonzero(shown.any(axis=axis))
        limits.append(slice(max(0, int(found[0]) - margin), int(found[-1]) + 1 + margin))
    return limits[0], limits[1]


def _width(rows: slice, cols: slice) -> int:
    wide, tall = ((s.stop or 1) - (s.start or 0) for s in (cols, rows))
    return round(_SHOWN * min(1.0, wide / tall))


def _on_background(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    cover = picture[..., 3:].astype(np.float32) / 255
    mixed = picture[..., :3] * cover + np.array(BACKGROUND, np.float32) * (1 - cover)
    return np.rint(mixed).astype(np.uint8)


def _jpeg(colours: NDArray[np.uint8]) -> str:
    from PIL import Image as Pillow

    buffer = io.BytesIO()
    Pillow.fromarray(colours).save(buffer, "JPEG", quality=85, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
