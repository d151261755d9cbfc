"""Plotly figures in patient millimetres that also show something where nothing runs JavaScript."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from medlab.view import turntable

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from medlab.image import Image
    from medlab.view.camera import Camera

__all__ = ["Figure3d", "layout"]

_STATIC = "MEDLAB_STATIC_VIEWS"
_BACKGROUND = "rgb({},{},{})".format(*turntable.BACKGROUND)
_DIRECTIONS = ("R → L", "A → P", "F → H")


class Figure3d(go.FigureWidget):
    """A plotly figure with a still picture and a turntable of the same scene.

    Parameters
    ----------
    traces, layout
        What plotly draws.
    render : callable
        Returns the (size, size, 4) picture that a camera takes.
    legend : str
        HTML that names the colours.
    note : str
        A sentence on what is shown.
    known : bool
        Whether it is known how the scene lies in the patient.
    """

    def __init__(
        self,
        traces: list[Any],
        layout: dict[str, Any],
        render: Callable[[Camera, int], NDArray[np.uint8]],
        legend: str,
        note: str,
        *,
        known: bool,
    ) -> None:
        super().__init__(data=traces, layout=layout)
        self._scene3d = turntable.Scene(render, layout["title"]["text"], legend, note, known)

    def to_png(self, max_bytes: int = 120_000) -> bytes:
        """Return a still picture, seen from the patient's front and left, as PNG of at most `max_bytes`."""
        return self._scene3d.still(max_bytes)

    def to_turntable(self) -> str:
        """Return an HTML page with pictures from all around, which turns with neither kernel nor network."""
        return self._scene3d.page()

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        if os.environ.get(_STATIC) == "1":
            return self._scene3d.bundle(repr(self))
        live = super()._repr_mimebundle_(*args, **kwargs)
        return live | self._scene3d.picture(repr(self))


def layout(image: Image, title: str, height: int) -> dict[str, Any]:
    """Return a layout whose axes are those of an image's space, drawn to scale and seen from the front.

    In perspective: plotly lights meshes wrongly in an orthographic projection.

    Parameters
    ----------
    image : Image
        Gives space and unit of length.
    title : str
        Above the figure.
    height : int
        In CSS pixels.
    """
    unit = image.unit_of_length
    titles = [
        f"{letter} ({unit}), {way}" if image.space == "patient" else f"{letter} ({unit})"
        for letter, way in zip("xyz", _DIRECTIONS, strict=True)
    ]
    axes = {f"{letter}axis": {"title": {"text": text}} for letter, text in zip("xyz", titles, strict=True)}
    eye = {"x": 0.95, "y": -2.2, "z": 0.7}
    return {
        "title": {"text": title, "font": {"size": 15}},
        "height": height,
        "margin": {"l": 0, "r": 0, "t": 40, "b": 0},
        "scene": {
            **axes,
            "aspectmode": "data",
            "bgcolor": _BACKGROUND,
            "camera": {"eye": eye},
        },
        "legend": {"itemsizing": "constant"},
        "template": "plotly_dark",
        "paper_bgcolor": _BACKGROUND,
    }
