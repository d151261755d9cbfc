"""Whole-slide images to `Image`, one level and region at a time, through tiffslide."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.image import Image
from medlab.io.dicom.limits import allowed_bytes, check_size
from medlab.io.guard import parsing
from medlab.io.quiet import listening
from medlab.io.values import as_type

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

__all__ = ["is_slide", "read_slide"]

_VENDORS = ("is_svs", "is_ndpi", "is_philips", "is_bif", "is_scn", "is_qpi", "is_vsi")


def is_slide(path: Path) -> bool:
    """Whether a TIFF file comes from a slide scanner tiffslide knows."""
    import tifffile

    with contextlib.suppress(Exception), listening("tifffile"), tifffile.TiffFile(path) as tiff:
        return any(getattr(tiff, vendor, False) for vendor in _VENDORS)
    return False  # the reader of TIFF says what is wrong with it


def read_slide(
    path: Path,
    *,
    level: int | None = None,
    region: tuple[int, int, int, int] | None = None,
    dtype: DTypeLike | None = None,
    max_bytes: int | None = None,
) -> Image:
    """Read a level of a whole slide, or a region of it, as ``"yxc"``.

    Parameters
    ----------
    path : Path
        A slide that tiffslide reads: SVS, NDPI, SCN, or another tiled pyramid TIFF.
    level : int, optional
        0 is the full resolution. Default: the overview, the smallest level; with a region: level 0.
    region : (row, column, rows, columns), optional
        Part to read, in pixels of that level, counted from its upper left corner. Default: all of it.
    dtype : dtype, optional
        Type of the values; default: as stored.
    max_bytes : int, optional
        Largest decoded size that is accepted.

    Returns
    -------
    Image
        With the slide's microns per pixel as spacing in mm and the region's place as origin, both of the
        level; `space` is ``"plane"``, or ``"pixel"`` if the slide does not tell its resolution.

    Raises
    ------
    ValueError
        If there is no such level, or the region leaves it.
    TooLargeError, CorruptFileError
        If the region is larger than allowed, or the slide cannot be decoded.
    """
    import tiffslide

    with contextlib.ExitStack() as stack:
        stack.enter_context(listening("tifffile"))
        with parsing(path, "slide"):
            slide = stack.enter_context(tiffslide.TiffSlide(path))
            levels = [(rows, columns) for columns, rows in slide.level_dimensions]
        chosen = _checked_level(levels, level, region)
        place = _checked_region(levels[chosen], chosen, region)
        check_size(place[2] * place[3] * 3, allowed_bytes(max_bytes), [path])
        with parsing(path, "slide"):
            array = _pixels(slide, chosen, place)
            affine, facts = _geometry(slide, chosen, place)
    sizes = [f"{n}: {rows} × {columns}" for n, (rows, columns) in enumerate(levels)]
    note = (
        f"Level {chosen} of the levels {'; '.join(sizes)} (rows × columns); choose with level= and region=."
    )
    return Image(
        as_type(array, dtype),
        axes="yxc",
        affine=affine,
        space="pixel" if affine is None else "plane",
        modality="SM",
        meta=facts,
        notes=(note,),
    )


def _checked_level(levels: list[tuple[int, int]], level: int | None, region: Any) -> int:
    if level is None:
        return len(levels) - 1 if region is None else 0
    if not 0 <= level < len(levels):
        msg = f"level must be 0 (full resolution) … {len(levels) - 1}; got {level}."
        raise ValueError(msg)
    return level


def _checked_region(
    size: tuple[int, int], level: int, region: tuple[int, int, int, int] | None
) -> tuple[int, int, int, int]:
    rows, columns = size
    row, column, height, width = region or (0, 0, rows, columns)
    if min(row, column) < 0 or min(height, width) < 1 or row + height > rows or column + width > columns:
        msg = (
            "region must be (row, column, rows, columns) within the level, "
            f"which has {rows} rows and {columns} columns at level {level}; got {region}."
        )
        raise ValueError(msg)
    return row, column, height, width


def _pixels(slide: Any, level: int, place: tuple[int, int, int, int]) -> NDArray[Any]:
    """Return the region; tiffslide wants its corner in pixels of level 0."""
    row, column, height, width = place
    (full_width, full_height), (level_width, level_height) = (
        slide.level_dimensions[0],
        slide.level_dimensions[level],
    )
    corner = (round(column * full_width / level_width), round(row * full_height / level_height))
    return np.asarray(slide.read_region(corner, level, (width, height), as_array=True))


def _geometry(slide: Any, level: int, place: tuple[int, int, int, int]) -> tuple[Any, dict[str, Any]]:
    """Return the affine of a region, or None, and the facts the slide tells about itself."""
    names = {"tiffslide.vendor": "Manufacturer", "tiffslide.objective-power": "ObjectivePower"}
    facts = {name: slide.properties[key] for key, name in names.items() if slide.properties.get(key)}
    microns = [slide.properties.get(f"tiffslide.mpp-{a}") for a in "yx"]
    if not all(microns):
        return None, facts
    (width, height), (level_width, level_height) = slide.level_dimensions[0], slide.level_dimensions[level]
    dy, dx = float(microns[0]) * height / level_height / 1000, float(microns[1]) * width / level_width / 1000
    affine = np.diag([dx, dy, 1.0, 1.0])[:, [2, 1, 0, 3]]
    affine[:2, 3] = (place[1] + 0.5) * dx, (place[0] + 0.5) * dy
    return affine, facts
