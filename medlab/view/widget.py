"""The slice viewer: state in Python, drawing in the browser, slices sent as the browser asks for them."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from medlab.view import marks, packet, page, png, scene, source
from medlab.view.masks import MaskLike, layered
from medlab.view.planes import axis_number, planes
from medlab.view.stack import as_image, stacked
from medlab.view.window import WindowSpec, window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

    from medlab.image import Image
    from medlab.view.masks import Masks
    from medlab.view.planes import Plane
    from medlab.view.stack import Stack

__all__ = ["SliceViewer", "slices"]

_FIRST_BYTES = 1_000_000
_MOST_ASKED = 512
_STATIC = "MEDLAB_STATIC_VIEWS"


def slices(
    image: Image | NDArray[Any],
    mask: MaskLike = None,
    *,
    window: WindowSpec = None,
    axis: int | str = 0,
    index: int | None = None,
    time: int = 0,
    colormap: str | None = None,
    title: str | None = None,
    colors: Mapping[str, str] | Sequence[str] | None = None,
    opacity: float = 0.4,
    outline: bool = False,
    three_planes: bool = False,
    height: int = 480,
) -> SliceViewer:
    """Look through an image slice by slice.

    Scroll or use the arrow keys to change the slice, drag to change the window, Ctrl+scroll to zoom,
    Shift+drag to pan; the ? button lists the rest.

    Parameters
    ----------
    image : Image or ndarray
        A volume, picture, cine or colour image. A 2-D or 3-D array is shown with its spacing unknown.
    mask : Image, ndarray or mapping of str to these, optional
        Booleans or integer labels on the image's grid; several by name.
    window : str or (float, float), optional
        A preset's name or (centre, width) in the image's unit; see `medlab.view.window.window`.
    axis : {0, 1, 2, "axial", "coronal", "sagittal"}, optional
        The array axis that the plane is perpendicular to, or the plane's name where it is known.
    index : int, optional
        The slice to start with, of a cine the frame; negative counts from the end. Default: the middle
        (of a cine the first), or with a mask the slice that holds most of it.
    time : int, optional
        The time point to start with, of an image with axes ``"tzyx"``.
    colormap : str, optional
        Name of a matplotlib colour map. Default: grey; black on white for SUV.
    title : str, optional
        Shown above the picture.
    colors : mapping or sequence of str, optional
        Colours of the mask's regions, by name or in order.
    opacity : float, optional
        Of the filled mask, 0 to 1.
    outline : bool, optional
        Draw outlines of the mask instead of filling it.
    three_planes : bool, optional
        Show three linked planes with a crosshair instead of one.
    height : int, optional
        Height of the picture area in CSS pixels.

    Returns
    -------
    SliceViewer
        A widget. Its `index`, `axis`, `position`, `time` and `window` follow the view and move it.

    Raises
    ------
    TypeError, ValueError
        If the image cannot be drawn, a mask does not fit it, or an option is out of range.

    Notes
    -----
    The output holds a PNG of the first view as well, which GitHub, nbviewer and nbconvert show. JupyterLab
    itself never takes it: in a saved notebook that is opened again it says "Loading widget..." or "model not
    found" in a widget's place until the cell is run. Its setting "Save Widget State" keeps the slice shown,
    at about a megabyte for each viewer; `to_html` keeps them all in a page of their own.

    Examples
    --------
    >>> import numpy as np
    >>> from medlab import Image
    >>> ct = Image(np.zeros((40, 64, 64), np.int16), modality="CT", units="HU")
    >>> viewer = slices(ct, window="lung", index=12)
    >>> viewer.index, viewer.window
    (12, (-600.0, 1500.0))
    """
    return SliceViewer(
        image,
        mask,
        window=window,
        axis=axis,
        index=index,
        time=time,
        colormap=colormap,
        title=title,
        colors=colors,
        opacity=opacity,
        outline=outline,
        three_planes=three_planes,
        height=height,
    )


class SliceViewer(anywidget.AnyWidget):
    """A slice viewer; `medlab.view.slices` makes one and says what its options mean.

    Attributes
    ----------
    index : int
        The slice shown, along `axis`.
    axis : int
        The array axis (0 slice, 1 row, 2 column) the plane is perpendicular to.
    position : tuple of int
        Index (k, j, i) of the crosshair.
    time : int
        The time point shown.
    window : tuple of float
        (centre, width); a preset's name may be assigned.
    three_planes : bool
        Whether three linked planes are shown.
    """

    _esm = source.widget_module()
    _css = source.css()

    _scene = traitlets.Dict().tag(sync=True)
    _first = traitlets.Bytes().tag(sync=True)
    index = traitlets.Int()
    axis = traitlets.Any(0).tag(sync=True)
    position = traitlets.Any((0, 0, 0)).tag(sync=True, to_json=lambda v, _: list(v))
    time = traitlets.Int(0).tag(sync=True)
    window = traitlets.Any().tag(sync=True, to_json=lambda v, _: list(v))
    three_planes = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        image: Image | NDArray[Any],
        mask: MaskLike = None,
        *,
        window: WindowSpec = None,
        axis: int | str = 0,
        index: int | None = None,
        time: int = 0,
        three_planes: bool = False,
        colors: Mapping[str, str] | Sequence[str] | None = None,
        **look: Any,
    ) -> None:
        self.image = as_image(image)
        self._stack = stacked(self.image)
        self._masks = self._layered(mask, colors)
        self._planes = planes(self.image)
        axis = axis_number(self.image, axis)
        time = scene.checked_time(self._stack, time)
        start = scene.start(self._stack, self._masks, axis, index)
        traits = {name: look.pop(name) for name in self.trait_names() if name in look}
        super().__init__(
            **self._opening(axis, start, time),
            _scene=self._described(look),
            axis=axis,
            position=start,
            index=start[axis],
            time=time,
            window=window,
            three_planes=three_planes,
            **traits,
        )
        self.on_msg(self._answer)

    def to_html(self, path: str | os.PathLike[str] | None = None, max_bytes: int = 4_000_000) -> str:
        """Return the view as one HTML page that needs neither a kernel nor a network.

        Parameters
        ----------
        path : path, optional
            Where to write it as well.
        max_bytes : int, optional
            Largest size of the page. What has to be given up for it, sampling within the slices and
            grey levels, is stated on the page.

        Returns
        -------
        str
            The page.

        Raises
        ------
        ValueError
            If the image does not fit into `max_bytes` in any acceptable quality.
        """
        text = page.standalone(self._layers(), self._scene, self._state(), max_bytes)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def to_png(self, max_bytes: int = 120_000, *, labelled: bool = True) -> bytes:
        """Return the slice shown as a PNG of at most `max_bytes`, smaller than the slice if need be.

        Parameters
        ----------
        max_bytes : int, optional
            Largest size.
        labelled : bool, optional
            Write plane, slice, window, orientation letters and a scale bar on it, and show three planes
            where the viewer does.
        """
        return png.encoded(self._picture(labelled=labelled), max_bytes)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        picture = base64.b64encode(self.to_png()).decode()
        if os.environ.get(_STATIC) == "1":
            frame = page.framed(self.to_html(), self._scene)
            return {"text/html": frame, "image/png": picture, "text/plain": repr(self)}, {}
        bundle = super()._repr_mimebundle_(**kwargs)
        return bundle and (bundle[0] | {"image/png": picture}, bundle[1])

    def __repr__(self) -> str:
        plane = self._planes[self.axis].name
        return f"<{type(self).__name__} {plane} {self._stack.fast} {self.index} of {self.image!r}>"

    def _picture(self, *, labelled: bool) -> Picture:
        if self.three_planes and labelled and len(self._scene["planes"]) > 1:
            return png.row([self._plane_picture(plane, labelled=True) for plane in self._planes])
        return self._plane_picture(self._planes[self.axis], labelled=labelled)

    def _plane_picture(self, plane: Plane, *, labelled: bool) -> Picture:
        state = self._state()
        shown = png.coloured(self._stack, plane, self._scene, state, self.window, self._masks)
        picture = self._drawn_on(png.picture(shown, plane, self._scene), plane)
        if not labelled:
            return picture
        place = marks.place_text(self._scene, plane, state)
        return marks.written(picture, plane, self._scene, place, marks.window_lines(self._scene, self.window))

    def _drawn_on(self, picture: Picture, plane: Plane) -> Picture:  # noqa: ARG002
        """Add to the picture what another kind of viewer draws."""
        return picture

    def _layered(self, mask: MaskLike, colors: Mapping[str, str] | Sequence[str] | None) -> Masks:
        return layered(self._stack, mask, colors)

    def _layers(self) -> list[tuple[Stack, Masks]]:
        """Return what slices are sent of: one image here."""
        return [(self._stack, self._masks)]

    def _described(self, look: dict[str, Any]) -> dict[str, Any]:
        return scene.describe(self._stack, self._masks, self._planes, **look)

    def _state(self) -> dict[str, Any]:
        return {
            "axis": self.axis,
            "position": list(self.position),
            "time": self.time,
            "window": list(self.window),
            "three_planes": self.three_planes,
        }

    def _opening(self, axis: int, start: tuple[int, int, int], time: int) -> dict[str, Any]:
        """Return the traits that hold the first slices."""
        return {"_first": packet.pack(self._first_pieces(axis, start[axis], time))}

    def _first_pieces(self, axis: int, index: int, time: int, image: int = 0) -> list[dict[str, Any]]:
        """Return the slice shown, and in a small image its neighbours, nearest first."""
        stack, masks = self._layers()[image]
        size = stack.plane(axis, index, time).nbytes
        count = max(1, _FIRST_BYTES // max(size, 1)) if axis == 0 else 1
        order = packet.nearest_first(index, stack.grid[1 + axis])
        return packet.pieces(stack, masks, axis, order[:count], time)

    def _answer(self, _: Any, content: Any, __: Any) -> None:
        """Send the planes the browser asks for, in its order."""
        if not isinstance(content, dict) or content.get("kind") != "want":
            return
        answer = {name: content[name] for name in ("id", "image") if name in content}
        try:
            axis, time = int(content["axis"]), int(content["time"])
            stack, masks = self._layers()[int(content.get("image", 0))]
            lengths = stack.grid
            wanted = [int(n) for n in content["indices"]][:_MOST_ASKED]
            inside = [n for n in wanted if 0 <= n < lengths[1 + axis]]
            planes_ = packet.pieces(stack, masks, axis, inside, time % lengths[0])
            self.send(answer | {"kind": "planes"}, [packet.pack(planes_)])
        except Exception as error:  # noqa: BLE001  a message handler has no one to raise to: the viewer shows it
            self.send(answer | {"kind": "error", "message": f"{type(error).__name__}: {error}"})

    @traitlets.validate("axis")
    def _valid_axis(self, proposal: Any) -> int:
        return axis_number(self.image, proposal["value"])

    @traitlets.validate("window")
    def _valid_window(self, proposal: Any) -> tuple[float, float]:
        low, high = window(self.image, proposal["value"])
        return (low + high) / 2, high - low

    @traitlets.validate("position")
    def _valid_position(self, proposal: Any) -> tuple[int, int, int]:
        k, j, i = (_clipped(v, n) for v, n in zip(proposal["value"], self._stack.grid[1:], strict=True))
        return k, j, i

    @traitlets.validate("time")
    def _valid_time(self, proposal: Any) -> int:
        return _clipped(proposal["value"], self._stack.grid[0])

    @traitlets.validate("index")
    def _valid_index(self, proposal: Any) -> int:
        return _clipped(proposal["value"], self._stack.grid[1 + self.axis])

    @traitlets.observe("index")
    def _move(self, change: Any) -> None:
        position = list(self.position)
        position[self.axis] = change["new"]
        self.position = tuple(position)

    @traitlets.observe("position", "axis")
    def _follow(self, _: Any) -> None:
        self.index = self.position[self.axis]


def _clipped(value: Any, length: int) -> int:
    return min(max(round(float(value)), 0), length - 1)
