"""A volume as nested surfaces in a plotly figure, with axes in millimetres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from medlab.resample import like
from medlab.view.figure3d import Figure3d, layout

if TYPE_CHECKING:
    from medlab.image import Image
    from medlab.view.transfer import Ramp
    from medlab.view.volume import Solid

__all__ = ["VolumeFigure"]

_SURFACES = 14
_TOP = 90.0  # percentile of what is visible, at which the last surface lies
_THICKER = 4  # a surface stands for so many layers of the volume that the preset is made for


class VolumeFigure(Figure3d):
    """A plotly figure of a volume; ``medlab.view.volume3d(…, backend="plotly")`` makes one."""

    def __init__(self, scene: Solid, function: Ramp, title: str | None, height: int) -> None:
        title = title or " ".join(filter(None, (scene.image.modality, "volume, preset", function.name)))
        upright = _upright(scene.small)
        super().__init__(
            [_volume(upright, function, scene.unit())],
            layout(upright, title, height),
            scene.renderer(function),
            scene.legend(function),
            scene.note(),
            known=upright.space == "patient",
        )
        self._of = scene.image

    def __repr__(self) -> str:
        return f"<VolumeFigure of {self._of!r}>"


def _upright(image: Image) -> Image:
    """Return the volume on a grid along x, y and z that holds all of it."""
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in image.grid])).reshape(3, -1).T
    positions = image.index_to_position(corners)
    low, high = positions.min(axis=0), positions.max(axis=0)
    step = float((high - low).max()) / (max(image.grid) - 1)
    x, y, z = (int(np.ceil(v - 1e-6)) + 1 for v in (high - low) / step)
    affine = np.diag([step, step, step, 1.0])[:, [2, 1, 0, 3]]
    affine[:3, 3] = low
    grid = image.replace(array=np.zeros((z, y, x), np.uint8), affine=affine)
    values = image.replace(array=image.array.astype(np.float32))
    return like(values, grid, fill=float(image.array.min()))


def _volume(upright: Image, function: Ramp, unit: str) -> go.Volume:
    low, high = function.limits
    seen = upright.array[upright.array > low]
    top = min(high, float(np.percentile(seen, _TOP))) if seen.size else high
    levels = np.linspace(low, top, _SURFACES)
    z, y, x = np.indices(upright.shape, np.float32)
    positions = upright.index_to_position(np.stack([z.ravel(), y.ravel(), x.ravel()], axis=1))
    at = np.linspace(0, 1, _SURFACES)
    colours = [
        f"rgb({r:.0f},{g:.0f},{b:.0f})"
        for r, g, b in zip(*(np.interp(levels, function.values, c) for c in function.colours.T), strict=True)
    ]
    opacities = 1 - (1 - np.interp(levels, function.values, function.opacities).clip(0, 0.999)) ** _THICKER
    px, py, pz = positions.T.astype(np.float32)
    return go.Volume(
        x=px,
        y=py,
        z=pz,
        value=upright.array.ravel(),
        isomin=low,
        isomax=top,
        surface_count=_SURFACES,
        colorscale=[[float(a), c] for a, c in zip(at, colours, strict=True)],
        opacityscale=[[float(a), float(o)] for a, o in zip(at, opacities, strict=True)],
        caps={f"{axis}_show": False for axis in "xyz"},
        colorbar={"title": {"text": unit}, "thickness": 12, "len": 0.7},
        hoverinfo="skip",
    )
