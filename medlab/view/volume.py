"""Volume rendering in the notebook, and without one."""

from __future__ import annotations

import dataclasses
import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.view.coarse import coarse, coarse_mask, solid
from medlab.view.legends import named_colours, ramp_bar
from medlab.view.masks import layered
from medlab.view.raycast import cast, cropped
from medlab.view.scene import units_text
from medlab.view.stack import as_image, stacked
from medlab.view.transfer import Ramp, ramp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from medlab.image import Image
    from medlab.view.camera import Camera
    from medlab.view.masks import Entry, MaskLike

__all__ = ["Solid", "volume3d"]

BACKENDS = ("niivue", "plotly", "itkwidgets")
_STILL_SIZE = 160  # voxels along an axis that a still picture is made of
_PLOTLY_SIZE = 64  # plotly makes surfaces of every voxel, in the browser


def volume3d(
    image: Image | NDArray[Any],
    mask: MaskLike = None,
    *,
    backend: str = "niivue",
    preset: str | Sequence[tuple[float, str, float]] | None = None,
    time: int = 0,
    max_size: int = 256,
    colors: Mapping[str, str] | Sequence[str] | None = None,
    opacity: float = 0.6,
    title: str | None = None,
    height: int = 480,
) -> Any:
    """Show a volume in three dimensions: drag to turn, scroll to zoom.

    It is sent reduced to what a screen shows, as averages, and in 256 steps over the preset's range, so that
    it opens in seconds without a graphics card. Measure on the image, not on this picture of it.

    Parameters
    ----------
    image : Image or ndarray
        A grey volume, or several along time.
    mask : Image, ndarray or mapping of str to these, optional
        Booleans or integer labels on the image's grid, drawn in colour within it.
    backend : {"niivue", "plotly", "itkwidgets"}, optional
        ``"niivue"`` casts rays with WebGL. ``"plotly"`` draws nested surfaces of a much coarser volume (64
        voxels along an axis) with axes in mm. ``"itkwidgets"`` is used where it is installed and loads its
        viewer from the network; version 0.32 needs ipywidgets 7 and has no extension for JupyterLab 4.
    preset : str or sequence of (value, colour, opacity), optional
        Name of a transfer function (`medlab.view.transfer.offered` lists those that suit an image), or
        points in the image's unit. Default: bone for CT in HU, hot for PET, else a robust range.
    time : int, optional
        The time point of an image with axes ``"tzyx"``.
    max_size : int, optional
        Most voxels along an axis that are sent.
    colors : mapping or sequence of str, optional
        Colours of the mask's regions, by name or in order.
    opacity : float, optional
        Of the mask, 0 to 1.
    title : str, optional
        Above the picture.
    height : int, optional
        In CSS pixels.

    Returns
    -------
    VolumeViewer, VolumeFigure or itkwidgets viewer
        Where nothing runs JavaScript, a still picture stands in for the first two; in a report, pictures
        from all around.

    Raises
    ------
    TypeError, ValueError
        If it is no grey volume of at least two slices, is the same everywhere, a mask does not fit it, or
        an option is out of range.
    ImportError
        If the backend is not installed.

    Examples
    --------
    >>> from medlab import Image
    >>> values = np.zeros((20, 24, 28), np.int16) - 1000
    >>> values[5:15, 6:18, 7:21] = 700
    >>> ct = Image(values, affine=np.eye(4)[:, [2, 1, 0, 3]], modality="CT", units="HU")
    >>> viewer = volume3d(ct)
    >>> viewer.preset, viewer.presets[:3]
    ('bone', ('bone', 'soft tissue', 'skin'))
    """
    if backend not in BACKENDS:
        msg = f"backend must be one of {', '.join(map(repr, BACKENDS))}; got {backend!r}."
        raise ValueError(msg)
    if not 0 <= opacity <= 1:
        msg = f"opacity must lie between 0 and 1; got {opacity}."
        raise ValueError(msg)
    if backend == "itkwidgets":
        return _itkwidgets(image, time)
    scene = Solid.of(
        image, mask, time, max_size if backend == "niivue" else min(max_size, _PLOTLY_SIZE), colors, opacity
    )
    if backend == "plotly":
        from medlab.view.nested import VolumeFigure

        return VolumeFigure(scene, ramp(scene.image, preset), title, height)
    from medlab.view.rendered import VolumeViewer

    return VolumeViewer(scene, preset, title, height)


@dataclasses.dataclass(frozen=True)
class Solid:
    """A volume as it is drawn: reduced, with its regions.

    Attributes
    ----------
    image : Image
        The whole volume, finite.
    small : Image
        What is sent.
    regions : tuple of Entry
        Name and colour of each region of the mask.
    codes : (K, J, I) ndarray of uint8 or None
        On the grid of `small`: the number of the region, from 1; 0 is none.
    opacity : float
        Of the regions.
    """

    image: Image
    small: Image
    regions: tuple[Entry, ...]
    codes: NDArray[np.uint8] | None
    opacity: float

    @classmethod
    def of(cls, image: Any, mask: MaskLike, time: int, max_size: int, colors: Any, opacity: float) -> Solid:
        """Check and reduce an image and its mask."""
        original = as_image(image)
        volume = solid(original, time)
        small = coarse(volume, max_size)
        masks = layered(stacked(original), mask, colors)
        if not masks.entries:
            return cls(volume, small, (), None, opacity)
        codes = np.zeros(volume.shape, np.uint8)
        for number, entry in enumerate(masks.entries, 1):
            layer = masks.layers[entry.layer]
            codes[layer[time if len(layer) > 1 else 0] == entry.code] = number
        return cls(volume, small, masks.entries, _on(small, volume.as_mask(codes)), opacity)

    def overlay(self) -> NDArray[np.uint8]:
        """Return (256, 4) colours and opacities of the regions."""
        table = np.zeros((256, 4), np.uint8)
        for number, entry in enumerate(self.regions, 1):
            table[number, :3] = [int(entry.colour[n : n + 2], 16) for n in (1, 3, 5)]
            table[number, 3] = round(self.opacity * 255)
        return table

    def renderer(self, function: Ramp) -> Callable[[Camera, int], NDArray[np.uint8]]:
        """Return what takes the (size, size, 4) picture of a camera; nothing is computed before the first."""
        prepared: list[Any] = []

        def render(camera: Camera, size: int) -> NDArray[np.uint8]:
            if not prepared:
                prepared.extend(self._prepared(function))
            codes, affine, marks = prepared
            overlay = None if marks is None else (marks, self.overlay())
            return cast(codes, affine, function.table(), camera, size, overlay)

        return render

    def _prepared(self, function: Ramp) -> tuple[Any, ...]:
        small = coarse(self.small, _STILL_SIZE)
        codes, marks = function.codes(small.array), self.codes
        if marks is not None and marks.shape != codes.shape:
            marks = coarse_mask(self.small.as_mask(marks), codes.shape).array
        return cropped(codes, small.affine, function.table(), marks)

    def note(self) -> str:
        """Say what was reduced."""
        old, new = (" × ".join(map(str, one.shape)) for one in (self.image, self.small))
        if self.image.sheared:
            return f"Resampled to right angles and averaged: {new} voxels of {old}."
        return f"Averaged from {old} to {new} voxels." if old != new else f"{old} voxels."

    def legend(self, function: Ramp) -> str:
        """Return HTML that says what the colours mean."""
        return ramp_bar(function, self.unit()) + named_colours((r.name, r.colour) for r in self.regions)

    def unit(self) -> str:
        """Return the unit of the values as it is written."""
        return units_text(self.image)


def _on(small: Image, mask: Image) -> NDArray[np.uint8]:
    if mask.sheared:
        return np.asarray(mask.like(small, order=0).array)
    return np.ascontiguousarray(coarse_mask(mask, small.shape).array)


def _itkwidgets(image: Any, time: int) -> Any:
    if importlib.util.find_spec("itkwidgets") is None:
        msg = (
            "itkwidgets is not installed: version 0.32 needs ipywidgets 7 and has no extension for "
            "JupyterLab 4, and 1.0 loads its viewer from the network (pip install 'medlab[itk]'); "
            "use backend='niivue', which needs neither."
        )
        raise ImportError(msg)
    try:
        import itkwidgets

        return itkwidgets.view(solid(image, time).to_sitk())
    except Exception as error:
        msg = (
            f"itkwidgets could not show the volume ({type(error).__name__}: {error}); it needs a network, "
            "and its 1.0 alphas need zarr 2. Use backend='niivue', which needs neither."
        )
        raise RuntimeError(msg) from error
