"""Two images together: side by side, blended, as a checkerboard, or their difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from medlab.view import mixed, packet, scene
from medlab.view import window as windows
from medlab.view.together import paired
from medlab.view.widget import SliceViewer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

    from medlab.image import Image
    from medlab.view.masks import MaskLike, Masks
    from medlab.view.stack import Stack
    from medlab.view.window import WindowSpec

__all__ = ["CompareViewer", "compare"]

_DIVERGING = "RdBu_r"


def compare(
    a: Image | NDArray[Any],
    b: Image | NDArray[Any],
    *,
    mode: str = "side by side",
    linked: bool = True,
    window: WindowSpec = None,
    b_window: WindowSpec = None,
    colormap: str | None = None,
    b_colormap: str | None = None,
    blend: float = 0.5,
    squares: int = 8,
    difference: float | None = None,
    names: Sequence[str] | None = None,
    mask: MaskLike = None,
    colors: Mapping[str, str] | Sequence[str] | None = None,
    axis: int | str = 0,
    index: int | None = None,
    time: int = 0,
    opacity: float = 0.4,
    outline: bool = False,
    title: str | None = None,
    height: int = 480,
) -> CompareViewer:
    """Look at two images together, slice by slice.

    Where the grids differ, `b` is resampled onto the grid of `a` for display, and the view says so.

    Parameters
    ----------
    a, b : Image or ndarray
        Volumes, pictures or cines: in patient coordinates, or of equal shape.
    mode : {"side by side", "blend", "checkerboard", "difference"}, optional
        How to start; the view's buttons change it. The difference is B − A, for grey images of one unit.
    linked : bool, optional
        Side by side: move slices, window and zoom of both together.
    window, b_window : str or (float, float), optional
        As for `medlab.view.slices`. Images of one unit share a window unless `b_window` is given.
    colormap, b_colormap : str, optional
        matplotlib colour maps, for example ``b_colormap="hot"`` for PET over CT.
    blend : float, optional
        Weight of `b` when blending, 0 to 1.
    squares : int, optional
        Squares along the longer side of the checkerboard.
    difference : float, optional
        Difference that is drawn in full colour. Default: the 99th percentile of the absolute differences.
    names : two str, optional
        What the images are called. Default: their modalities.
    mask : Image, ndarray or mapping, optional
        Regions on the grid of `a`, drawn over both.
    colors, axis, index, time, opacity, outline, title, height
        As for `medlab.view.slices`.

    Returns
    -------
    CompareViewer
        A widget. What can be set above, can be read and changed on it.

    Raises
    ------
    TypeError, ValueError
        If an image cannot be drawn, the two cannot be brought together, or an option is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from medlab import Image
    >>> before = Image(np.zeros((40, 64, 64), np.int16), modality="CT", units="HU")
    >>> after = before.replace(array=before.array + 50)
    >>> viewer = compare(before, after, mode="difference", index=12)
    >>> viewer.mode, viewer.difference, viewer.index
    ('difference', 50.0, 12)
    """
    return CompareViewer(
        a,
        b,
        mode=mode,
        linked=linked,
        window=window,
        b_window=b_window,
        colormap=colormap,
        b_colormap=b_colormap,
        blend=blend,
        squares=squares,
        difference=difference,
        names=names,
        mask=mask,
        colors=colors,
        axis=axis,
        index=index,
        time=time,
        opacity=opacity,
        outline=outline,
        title=title,
        height=height,
    )


class CompareViewer(SliceViewer):
    """A viewer of two images; `medlab.view.compare` makes one and says what its options mean.

    Attributes
    ----------
    mode, linked, blend, squares, difference
        See `medlab.view.compare`.
    b_window : tuple of float
        (centre, width) of the second image.
    b_position : tuple of int
        Index (k, j, i) of the second image, on the grid of the first; differs from `position` only where
        the two are not linked.
    """

    _b_first = traitlets.Bytes().tag(sync=True)
    mode = traitlets.Any("side by side").tag(sync=True)
    linked = traitlets.Bool(True).tag(sync=True)
    b_position = traitlets.Any((0, 0, 0)).tag(sync=True, to_json=lambda v, _: list(v))
    b_window = traitlets.Any().tag(sync=True, to_json=lambda v, _: list(v))
    blend = traitlets.Any(0.5).tag(sync=True)
    squares = traitlets.Any(8).tag(sync=True)
    difference = traitlets.Any(1.0).tag(sync=True)

    def __init__(
        self,
        a: Image | NDArray[Any],
        b: Image | NDArray[Any],
        *,
        mask: MaskLike = None,
        window: WindowSpec = None,
        b_window: WindowSpec = None,
        b_colormap: str | None = None,
        difference: float | None = None,
        names: Sequence[str] | None = None,
        **options: Any,
    ) -> None:
        self._pair = paired(a, b)
        self.other = self._pair.second
        self._names = _names(self._pair.first, self.other, names)
        self._b_colormap = b_colormap
        alike = _alike(self._pair.first, self.other) and b_window is None
        self._shares_window = alike
        both = _both_windows(self._pair.first, window, b_window, alike=alike)
        limit = _limit(self._pair.stacks) if difference is None else difference
        super().__init__(
            self._pair.first, mask, window=both[0], b_window=both[1], difference=limit, **options
        )

    def _opening(self, axis: int, start: tuple[int, int, int], time: int) -> dict[str, Any]:
        times = self._pair.stacks[1].grid[0]
        pieces = self._first_pieces(axis, start[axis], min(time, times - 1), image=1)
        return super()._opening(axis, start, time) | {"_b_first": packet.pack(pieces), "b_position": start}

    def _described(self, look: dict[str, Any]) -> dict[str, Any]:
        other = scene.describe(
            self._pair.stacks[1], self._pair.outside, self._planes, colormap=self._b_colormap
        )
        difference = None
        if _subtractable(*self._pair.stacks):
            difference = {"table": scene.colour_table(self.image, _DIVERGING)}
        described = super()._described(look)
        if not look.get("title"):
            described["title"] = ""
        return described | {
            "other": other,
            "difference": difference,
            "names": self._names,
            "sharedWindow": self._shares_window,
            "remark": self._pair.remark,
        }

    def _layers(self) -> list[tuple[Stack, Masks]]:
        return [*super()._layers(), (self._pair.stacks[1], self._pair.outside)]

    def _picture(self, *, labelled: bool) -> Picture:
        plane = self._planes[self.axis]
        return mixed.picture(self._layers(), plane, self._scene, self._state(), labelled=labelled)

    def _state(self) -> dict[str, Any]:
        return super()._state() | {
            "mode": self.mode,
            "linked": self.linked,
            "b_position": list(self.b_position),
            "b_window": list(self.b_window),
            "blend": self.blend,
            "squares": self.squares,
            "difference": self.difference,
        }

    def __repr__(self) -> str:
        plane = self._planes[self.axis].name
        place = f"{plane} {self._stack.fast} {self.index}"
        return f"<CompareViewer {self.mode}, {place} of {self.image!r} and {self.other!r}>"

    @traitlets.validate("mode")
    def _valid_mode(self, proposal: Any) -> str:
        if proposal["value"] not in mixed.MODES:
            msg = f"mode must be one of {', '.join(map(repr, mixed.MODES))}; got {proposal['value']!r}."
            raise ValueError(msg)
        if proposal["value"] == "difference" and not _subtractable(*self._pair.stacks):
            units = [scene.units_text(i) or "arbitrary units" for i in (self.image, self.other)]
            msg = (
                f"A difference needs two grey images of one unit; these hold {units[0]} and {units[1]}"
                f"{', and colours' if any(s.colour for s in self._pair.stacks) else ''}. Blend them instead."
            )
            raise ValueError(msg)
        return str(proposal["value"])

    @traitlets.validate("blend")
    def _valid_blend(self, proposal: Any) -> float:
        if not 0 <= proposal["value"] <= 1:
            msg = f"blend must lie between 0 and 1; got {proposal['value']!r}."
            raise ValueError(msg)
        return float(proposal["value"])

    @traitlets.validate("squares")
    def _valid_squares(self, proposal: Any) -> int:
        if not 1 <= proposal["value"] <= 200:
            msg = f"squares must lie between 1 and 200; got {proposal['value']!r}."
            raise ValueError(msg)
        return int(proposal["value"])

    @traitlets.validate("difference")
    def _valid_difference(self, proposal: Any) -> float:
        if not 0 < proposal["value"] < np.inf:
            msg = f"difference must be a positive number; got {proposal['value']!r}."
            raise ValueError(msg)
        return float(proposal["value"])

    @traitlets.validate("b_window")
    def _valid_b_window(self, proposal: Any) -> tuple[float, float]:
        low, high = windows.window(self.other, proposal["value"])
        return (low + high) / 2, high - low

    @traitlets.validate("b_position")
    def _valid_b_position(self, proposal: Any) -> tuple[int, int, int]:
        return self._valid_position(proposal)

    @traitlets.observe("position", "linked")
    def _link(self, _: Any) -> None:
        if self.linked:
            self.b_position = self.position

    @traitlets.observe("window")
    def _link_window(self, change: Any) -> None:
        if self.linked and self._shares_window and change["old"] is not None:
            self.b_window = change["new"]


def _alike(a: Image, b: Image) -> bool:
    return a.units == b.units and a.modality == b.modality and a.size("c") == b.size("c")


def _both_windows(
    a: Image, window: WindowSpec, b_window: WindowSpec, *, alike: bool
) -> tuple[WindowSpec, WindowSpec]:
    """Return the windows of both: the same one where they hold the same kind of values."""
    if not alike:
        return window, b_window
    low, high = windows.window(a, window)
    shared = ((low + high) / 2, high - low)
    return shared, shared


def _subtractable(a: Stack, b: Stack) -> bool:
    return a.image.units == b.image.units and not a.colour and not b.colour


def _limit(stacks: tuple[Stack, Stack]) -> float:
    """Return a round 99th percentile of the absolute differences in the middle slices."""
    a, b = stacks
    if not _subtractable(a, b):
        return 1.0
    count = a.grid[1]
    some = sorted({round(n) for n in np.linspace(0, count - 1, 9)})
    gaps = np.concatenate([np.abs(b.plane(0, k) - a.plane(0, k).astype(np.float64)).ravel() for k in some])
    gaps = gaps[np.isfinite(gaps)]
    top = float(np.percentile(gaps, 99)) if gaps.size else 0.0
    return float(f"{top:.2g}") or float(f"{gaps.max(initial=0):.2g}") or 1.0


def _names(a: Image, b: Image, names: Sequence[str] | None) -> list[str]:
    if names is None:
        return [f"{letter} {image.modality}".strip() for letter, image in (("A", a), ("B", b))]
    if isinstance(names, str) or len(names) != 2:
        msg = f"names must hold two names; got {names!r}."
        raise ValueError(msg)
    return [f"{letter} {name}" for letter, name in zip("AB", names, strict=True)]
