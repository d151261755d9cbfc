"""TIFF files to `Image`: a page, a stack, OME-TIFF and ImageJ, with the pixel size where it is told."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.image import Image
from medlab.io.dicom.limits import allowed_bytes, check_size
from medlab.io.errors import CorruptFileError, MultipleSeriesError, TruncatedFileError, UnsupportedFormatError
from medlab.io.guard import parsing
from medlab.io.picture import channel_notes, oriented
from medlab.io.quiet import listening
from medlab.io.values import as_type

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

__all__ = ["read_tiff"]

_MICRONS = ("um", "\u00b5m", "\u03bcm", "\\u00B5m", "micron", "microns", "micrometer")
_MM = {"m": 1000.0, "cm": 10.0, "mm": 1.0, "nm": 1e-6, **dict.fromkeys(_MICRONS, 1e-3)}
#: Resolutions per inch that programs write by themselves.
_PRINT_SETTINGS = np.array([1, 2.54, 72, 96, 100, 150, 200, 300, 600])
_OTHER_SIZE = {"I": "z", "Q": "z", "S": "c"}
#: What tifffile logs where it leaves out pages instead of failing.
_BROKEN = ("invalid page offset", "corrupt")
_CENTIMETRE = 3
_WHITE_IS_ZERO, _PALETTE = 0, 3


def read_tiff(
    path: Path,
    series: str | int | None = None,
    *,
    dtype: DTypeLike | None = None,
    max_bytes: int | None = None,
) -> Image:
    """Read a TIFF file: ``"yx"`` or ``"yxc"``, with more pages ``"zyx"`` or ``"tyx"`` as the file says.

    Pages of which the file does not say what they are become slices, with a note. The size of a pixel is
    taken from OME or ImageJ metadata, or from a resolution per centimetre; then `space` is ``"plane"``. A
    resolution per inch is a setting for printing and is not used.

    Parameters
    ----------
    path : Path
        The file.
    series : int or str, optional
        Which picture, counted from 0, of a file that holds pictures of several shapes.
    dtype : dtype, optional
        Type of the values; default: as stored, float64 as float32.
    max_bytes : int, optional
        Largest decoded size that is accepted.

    Raises
    ------
    MultipleSeriesError
        If the file holds pictures of several shapes and nobody said which.
    TruncatedFileError, CorruptFileError, UnsupportedFormatError, TooLargeError
        If the file is shorter than it says, damaged, of an unknown layout, or larger than allowed.
    """
    import tifffile

    if series is not None and not str(series).isdecimal():
        msg = f"series= must be the number of a picture in the TIFF, counted from 0; got {series!r}."
        raise ValueError(msg)
    number = None if series is None else int(series)
    with parsing(path, "TIFF"), listening("tifffile") as heard:
        with tifffile.TiffFile(path) as tiff:
            chosen = _chosen(tiff, number, path)
            check_size(chosen.nbytes, allowed_bytes(max_bytes), [path])
            _check_complete(chosen, path)
            array, axes, notes = _arranged(chosen.asarray(), chosen.axes, path)
            array, axes, more = _shown(array, axes, chosen.keyframe)
            affine, space = _geometry(tiff, chosen.keyframe, axes, more)
        if broken := [message for message in heard if any(word in message for word in _BROKEN)]:
            raise TruncatedFileError(f"The TIFF does not hold all of its pages: {broken[0]}.", [path])
    return Image(as_type(array, dtype), axes=axes, affine=affine, space=space, notes=(*notes, *more, *heard))


def _chosen(tiff: Any, series: int | None, path: Path) -> Any:
    """Return the one picture or stack to read."""
    pictures = tiff.series
    listed = "; ".join(f"{n}: {p.axes} {p.shape} {p.name!r}" for n, p in enumerate(pictures))
    if series is None and len(pictures) > 1:
        msg = f"The file holds pictures of several shapes; say which with series=. {listed}"
        raise MultipleSeriesError(msg, [path])
    number = 0 if series is None else series
    if not 0 <= number < len(pictures):
        msg = f"There is no picture {number} in this file; it holds {listed or 'none'}."
        raise CorruptFileError(msg, [path])
    return pictures[number]


def _check_complete(chosen: Any, path: Path) -> None:
    """Refuse a file that ends before its pixels do; tifffile would fill the rest with zeros."""
    size = path.stat().st_size
    ends = [0]
    for page in chosen.pages:
        if page is not None:
            ends += [o + n for o, n in zip(page.dataoffsets, page.databytecounts, strict=True)]
    if chosen.dataoffset is not None:
        ends.append(chosen.dataoffset + chosen.nbytes)
    if max(ends) > size:
        msg = (
            f"The pixels should end at byte {max(ends):,}; the file has {size:,}. Copy or download it again."
        )
        raise TruncatedFileError(msg, [path])


def _arranged(array: NDArray[Any], names: str, path: Path) -> tuple[NDArray[Any], str, list[str]]:
    """Name tifffile's axes as ours, drop axes of length 1 and put channels last."""
    axes = "".join(_OTHER_SIZE.get(a, a.lower()) for a in names)
    keep = [n for n, a in enumerate(axes) if a in "yx" or array.shape[n] > 1]
    array, axes = array.reshape([array.shape[n] for n in keep]), "".join(axes[n] for n in keep)
    if len(set(axes)) != len(axes) or not {"y", "x"} <= set(axes) <= set("tzyxc"):
        msg = f"The TIFF has axes {names} of {array.shape}; space, time and one axis of channels are read."
        raise UnsupportedFormatError(msg, [path])
    order = [axes.index(a) for a in "tzyxc" if a in axes]
    notes = []
    if "z" in axes and "Z" not in names:
        notes.append("The file does not say what its pages are; they were taken as slices.")
    return np.ascontiguousarray(array.transpose(order)), "".join(a for a in "tzyxc" if a in axes), notes


def _shown(array: NDArray[Any], axes: str, page: Any) -> tuple[NDArray[Any], str, list[str]]:
    """Apply what a tag asks for before the picture is looked at: palette and orientation."""
    notes = []
    if page.photometric == _PALETTE and page.colormap is not None and "c" not in axes:
        array = np.moveaxis(page.colormap[:, array], 0, -1)
        axes += "c"
        if not (page.colormap & 0xFF).any() or (page.colormap >> 8 == page.colormap & 0xFF).all():
            array = (array >> 8).astype(np.uint8)
        notes.append("Colours were stored as a colour palette and turned into RGB.")
    elif page.photometric == _WHITE_IS_ZERO:
        notes.append("The file says that 0 is white; the values were kept and are not inverted.")
    orientation = page.tags.valueof(274, default=1)
    if axes in ("yx", "yxc"):
        array, turned = oriented(array, int(orientation))
        notes += turned
    if "c" in axes:
        notes += channel_notes(array)
    return array, axes, notes


def _geometry(tiff: Any, page: Any, axes: str, notes: list[str]) -> tuple[Any, Any]:
    """Return affine and space; the affine is None where no size can be relied on."""
    sizes = _ome_sizes(tiff) if tiff.is_ome else _tag_sizes(tiff, page, notes)
    if "x" not in sizes or "y" not in sizes:
        return None, "pixel"
    if "z" in axes and "z" not in sizes:
        notes.append(
            f"Pixels are {sizes['y']:.4g} × {sizes['x']:.4g} mm; the distance of the slices is unknown."
        )
        return None, "pixel"
    return np.diag([sizes["x"], sizes["y"], sizes.get("z", 1.0), 1.0])[:, [2, 1, 0, 3]], "plane"


def _ome_sizes(tiff: Any) -> dict[str, float]:
    """Return mm per pixel from the first image of the OME-XML."""
    import tifffile

    images = tifffile.xml2dict(tiff.ome_metadata)["OME"]["Image"]
    pixels = (images if isinstance(images, dict) else images[0])["Pixels"]
    sizes = {}
    for axis in "xyz":
        unit = _MM.get(pixels.get(f"PhysicalSize{axis.upper()}Unit", "um"))
        size = pixels.get(f"PhysicalSize{axis.upper()}")
        if unit and size and math.isfinite(float(size)) and float(size) > 0:
            sizes[axis] = float(size) * unit
    return sizes


def _tag_sizes(tiff: Any, page: Any, notes: list[str]) -> dict[str, float]:
    """Return mm per pixel from ImageJ's metadata or from a resolution per centimetre."""
    per_unit = {a: _ratio(page.tags.valueof(tag)) for a, tag in (("x", 282), ("y", 283))}
    if min(per_unit.values()) <= 0:
        return {}
    imagej = tiff.imagej_metadata if tiff.is_imagej else None
    if imagej:
        unit = _MM.get(str(imagej.get("unit", "")))
        if unit is None:
            return {}
        depth = {"z": float(imagej["spacing"]) * unit} if imagej.get("spacing") else {}
        return {a: unit / n for a, n in per_unit.items()} | depth
    is_metric = page.tags.valueof(296, default=2) == _CENTIMETRE
    printing = np.isclose(per_unit["x"] * 2.54, _PRINT_SETTINGS, rtol=5e-3).any()
    if is_metric and not printing:
        return {a: 10.0 / n for a, n in per_unit.items()}
    if per_unit["x"] > 1:
        notes.append("The resolution in the file is a setting for printing: no size in mm was taken from it.")
    return {}


def _ratio(value: Any) -> float:
    if value is None:
        return 0.0
    numerator, denominator = value if isinstance(value, tuple) else (value, 1)
    return numerator / denominator if denominator else 0.0
