"""The volume renderer of the notebook: niivue between a title and a legend."""

from __future__ import annotations

import html
import os
from typing import TYPE_CHECKING, Any

import ipyniivue
import ipywidgets
import traitlets
from ipyniivue import SliceType

from medlab.view import turntable
from medlab.view.nifti8 import nifti_bytes
from medlab.view.transfer import offered, ramp

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medlab.view.volume import Solid

__all__ = ["VolumeViewer"]

_STATIC = "MEDLAB_STATIC_VIEWS"
_AZIMUTH, _ELEVATION = 155.0, 15.0  # as niivue counts: from the front, a little from the patient's left
_LIT = 0.5


class _Sent(ipyniivue.Volume):
    """A volume that the browser need not send back."""

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state({name: v for name, v in state.items() if not name.startswith("chunk_img")})


class VolumeViewer(ipywidgets.VBox):
    """A volume in three dimensions; `medlab.view.volume3d` makes one and says what its options mean.

    Attributes
    ----------
    preset : str
        The transfer function shown, ``"own"`` for points of your own; a preset's name may be assigned.
    presets : tuple of str
        Those that suit the image.
    niivue : ipyniivue.NiiVue
        The renderer itself, for clip planes and whatever else it can do.
    """

    preset = traitlets.Unicode()

    def __init__(self, scene: Solid, preset: Any, title: str | None, height: int) -> None:
        self.scene = scene
        self.presets = tuple(offered(scene.image))
        self._ramp = ramp(scene.image, preset)
        self._title = title or " ".join(filter(None, (scene.image.modality, "volume")))
        self.niivue = _renderer(height, known=scene.image.space == "patient")
        self.niivue.on_msg(self._light)
        self._overlay = _overlay(scene)
        self._caption = ipywidgets.HTML()
        names = [*self.presets, *([] if self._ramp.name in self.presets else [self._ramp.name])]
        self._choice = ipywidgets.Dropdown(options=names, value=self._ramp.name, description="Preset")
        heading = ipywidgets.HTML(f"<b>{html.escape(self._title)}</b>")
        top = ipywidgets.HBox([heading, self._choice], layout={"justify_content": "space-between"})
        super().__init__([top, self.niivue, self._caption], preset=self._ramp.name)
        traitlets.link((self, "preset"), (self._choice, "value"))
        self._show()

    def to_png(self, max_bytes: int = 120_000) -> bytes:
        """Return a still picture, seen from the patient's front and left, as PNG of at most `max_bytes`."""
        return self._scene3d().still(max_bytes)

    def to_turntable(self) -> str:
        """Return an HTML page with pictures from all around, which turns with neither kernel nor network."""
        return self._scene3d().page()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        if os.environ.get(_STATIC) == "1":
            return self._scene3d().bundle(repr(self))
        live = super()._repr_mimebundle_(**kwargs)
        return dict(live or {}) | self._scene3d().picture(repr(self))

    def __repr__(self) -> str:
        return f"<VolumeViewer {self.preset!r} of {self.scene.image!r}>"

    def _scene3d(self) -> turntable.Scene:
        title = f"{self._title}, preset {self._ramp.name}"
        return turntable.Scene(
            self.scene.renderer(self._ramp), title, self.scene.legend(self._ramp), self.scene.note()
        )

    def _show(self) -> None:
        """Send the volume as the transfer function sees it."""
        small = self.scene.small
        limits = self._ramp.limits
        data = nifti_bytes(self._ramp.codes(small.array), small.affine, limits)
        volume = _Sent(name=f"{self._ramp.name}.nii", data=data, opacity=1.0)
        volume.set_colormap_label(_columns(self._ramp.table()))
        self.niivue.volumes = [volume, *self._overlay]
        note = f"{self.scene.note()} Drag to turn, scroll to zoom."
        legend = self.scene.legend(self._ramp)
        self._caption.value = (
            f'<div style="display:flex;flex-wrap:wrap;gap:4px 18px;align-items:center">{legend}</div>'
            f'<div style="opacity:0.75">{html.escape(note)}</div>'
        )

    def _light(self, _: Any, content: Any, __: Any) -> None:
        """Let light fall on the volume once it has arrived: niivue prepares that only then."""
        if isinstance(content, dict) and content.get("event") == "image_loaded":
            self.niivue.send({"type": "set_volume_render_illumination", "data": [_LIT]})

    @traitlets.validate("preset")
    def _valid_preset(self, proposal: Any) -> str:
        name = proposal["value"]
        return name if name == self._ramp.name else ramp(self.scene.image, name).name

    @traitlets.observe("preset")
    def _change(self, change: Any) -> None:
        if change["new"] != self._ramp.name:
            self._ramp = ramp(self.scene.image, change["new"])
            self._show()


def _renderer(height: int, *, known: bool) -> ipyniivue.NiiVue:
    viewer = ipyniivue.NiiVue(
        height=height,
        slice_type=SliceType.RENDER,
        back_color=(*(v / 255 for v in turntable.BACKGROUND), 1.0),
        is_orient_cube=known,
        crosshair_width=0.0,
        show_legend=False,
        drag_and_drop_enabled=False,
    )
    viewer.scene.render_azimuth, viewer.scene.render_elevation = _AZIMUTH, _ELEVATION
    return viewer


def _overlay(scene: Solid) -> list[ipyniivue.Volume]:
    """Return the mask as a second volume, if there is one."""
    if scene.codes is None:
        return []
    volume = _Sent(name="mask.nii", data=nifti_bytes(scene.codes, scene.small.affine), opacity=scene.opacity)
    table = scene.overlay()[: len(scene.regions) + 1]
    table[1:, 3] = 255
    volume.set_colormap_label(_columns(table))
    return [volume]


def _columns(table: NDArray[np.uint8]) -> dict[str, list[int]]:
    return {name: [int(v) for v in column] for name, column in zip("RGBA", table.T, strict=True)}
