"""One part → one image: axes, affine, values, times, facts and notes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.image import Image, Space
from medlab.io.dicom.geometry import Grid, depths, grid, normal, places
from medlab.io.dicom.lut import is_colour
from medlab.io.dicom.meta import acquisition_facts
from medlab.io.dicom.pictures import is_length, picture_geometry
from medlab.io.dicom.pixels import same_pixels
from medlab.io.dicom.repeats import Repeats, arrange
from medlab.io.dicom.units import units_of
from medlab.io.dicom.values import colour_values, measured_values
from medlab.io.dicom.vendors import diffusion_facts
from medlab.io.errors import CorruptFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medlab.io.dicom.frames import Frame
    from medlab.io.dicom.parts import Part

__all__ = ["Layout", "assemble", "lay_out"]


@dataclasses.dataclass(slots=True)
class Layout:
    """Which frame comes where, before any pixel is read."""

    repeats: Repeats
    grid: Grid | None  # None: not placed in a patient

    @property
    def shape(self) -> tuple[int, int]:
        """Number of repeats and of places."""
        slices = len(self.repeats.frames[0])
        if self.grid is not None and self.grid.sample is not None:
            slices = len(self.grid.sample)
        return len(self.repeats.frames), slices


def lay_out(part: Part, on_irregular: str) -> Layout:
    """Order the frames of a part by repeat and place.

    Raises
    ------
    LoadError
        If slices are missing, doubled or irregular.
    """
    frames = part.frames
    if not _usable(part):
        return Layout(arrange([frames], same_pixels), None)
    along = depths(frames)
    by_place = [[frames[i] for i in place] for place in places(along)]
    if len(by_place) < len(frames):
        _find_b_values(frames)
    repeats = arrange(by_place, same_pixels)
    return Layout(repeats, grid(repeats.frames[0], on_irregular))


def assemble(part: Part, on_irregular: str, max_bytes: int, notes: list[str]) -> Image:
    """Read the pixels of a part and return the image.

    Parameters
    ----------
    part : Part
        What was chosen.
    on_irregular : {"raise", "resample"}
        See `read_dicom`.
    max_bytes : int
        Largest size allowed.
    notes : list of str
        What was decided before.

    Raises
    ------
    LoadError
        If the part cannot be one image.
    """
    layout = lay_out(part, on_irregular)
    header = part.first
    dataset = header.dataset()
    flat = [frame for repeat in layout.repeats.frames for frame in repeat]
    notes += layout.repeats.notes
    colour = is_colour(header)
    if colour:
        array = colour_values(flat, part.size, max_bytes)
    else:
        array = measured_values(flat, part.size, max_bytes, notes)
    array = array.reshape(len(layout.repeats.frames), -1, *array.shape[1:])
    if layout.grid is not None:
        array = _resampled(array, layout.grid)
        affine = layout.grid.affine
        space: Space = flat[0].space
        notes += layout.grid.notes
    else:
        space, affine = picture_geometry(header, dataset, notes)
    axes = ("t" if len(array) > 1 else "") + ("z" if array.shape[1] > 1 else "") + "yx" + "c" * colour
    times = layout.repeats.times
    return Image(
        array.reshape([n for n, a in zip(array.shape, "tzyxc", strict=False) if a in axes]),
        axes=axes,
        affine=affine,
        modality=header.text("Modality"),
        units="" if colour else units_of(header, dataset),
        space=space,
        times=times if "t" in axes else None,
        meta=acquisition_facts(dataset, part.headers) | _repeat_facts(layout.repeats),
        notes=tuple(notes),
    )


def _find_b_values(frames: list[Frame]) -> None:
    """Look for b-values in private elements where MR frames that share a place lack the standard one."""
    first = frames[0]
    if first.header.text("Modality") != "MR" or first.fact("DiffusionBValue") is not None:
        return
    if not diffusion_facts(first.header.dataset()):
        return
    for frame in frames:
        frame.facts |= diffusion_facts(frame.header.dataset())


def _usable(part: Part) -> bool:
    """Whether the place of the frames can be used; a lone picture with a broken one is read without it."""
    if not part.frames[0].placed:
        return False
    if len(part.frames) > 1:
        return True
    frame = part.frames[0]
    try:
        normal(frame)
    except CorruptFileError:
        return False
    spacing = frame.spacing
    return spacing is not None and len(spacing) == 2 and all(is_length(s) for s in spacing)


def _resampled(array: NDArray[Any], geometry: Grid) -> NDArray[Any]:
    """Interpolate linearly between slices where the geometry asks for it; (t, z, y, x) in and out."""
    if geometry.sample is None:
        return array
    out = np.empty((len(array), len(geometry.sample), *array.shape[2:]), np.float32)
    last = array.shape[1] - 1
    for place, at in enumerate(geometry.sample):
        below = min(int(at), last)
        share = np.float32(at - below)
        above = min(below + 1, last)
        out[:, place] = array[:, below] * (1 - share) + array[:, above] * share
    return np.rint(out).astype(array.dtype) if array.dtype.kind in "iu" else out


def _repeat_facts(repeats: Repeats) -> dict[str, Any]:
    """Return what is known of each repeat beyond its time: directions, labels, and what the time is."""
    first = [frames[0] for frames in repeats.frames]
    if len(first) < 2:
        return {}
    facts: dict[str, Any] = {"time_axis": repeats.name, "time_unit": repeats.unit}
    for keyword in ("DiffusionBValue", "DiffusionGradientOrientation", "EchoTime", "FrameLabel"):
        values = [_fact(frame, keyword) for frame in first]
        if len(set(values)) > 1:
            facts[f"{keyword}s"] = tuple(values)
    return facts


def _fact(frame: Frame, keyword: str) -> Any:
    value = frame.fact(keyword)
    return tuple(value) if isinstance(value, list) else value
