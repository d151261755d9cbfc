"""What the browser must know about an image besides its values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.view.window import offered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medlab.image import Image
    from medlab.view.masks import Masks
    from medlab.view.planes import Plane
    from medlab.view.stack import Stack

__all__ = ["checked_time", "colour_table", "describe", "inverted", "start", "units_text"]

_SEARCHED = 400  # slices looked at when searching for the one with most of the mask


def describe(
    stack: Stack,
    masks: Masks,
    planes: tuple[Plane, Plane, Plane],
    *,
    colormap: str | None = None,
    title: str | None = None,
    opacity: float = 0.4,
    outline: bool = False,
    height: int = 480,
) -> dict[str, Any]:
    """Return the facts, JSON-serialisable, that `static/` draws with."""
    if not 0 <= opacity <= 1:
        msg = f"opacity must lie between 0 and 1; got {opacity!r}."
        raise ValueError(msg)
    image = stack.image
    low_high = offered(image)
    return {
        "title": title if title is not None else _title(image),
        "grid": list(stack.grid),
        "colour": stack.colour,
        "dtype": stack.dtype.name,
        "fast": stack.fast,
        "slow": stack.slow,
        "steps": _steps(stack),
        "planes": [
            {
                "axis": p.axis,
                "down": p.down,
                "across": p.across,
                "flipDown": p.flip_down,
                "flipAcross": p.flip_across,
                "name": p.name,
                "letters": list(p.letters),
            }
            for p in (planes if stack.resliceable else planes[:1])
        ],
        "spacing": np.linalg.norm(image.affine[:3, :3], axis=0).tolist(),
        "affine": image.affine[:3].tolist(),
        "space": image.space,
        "units": units_text(image),
        "presets": [{"name": n, "centre": (a + b) / 2, "width": b - a} for n, (a, b) in low_high.items()],
        "table": colour_table(image, colormap),
        "inverted": inverted(image, colormap),
        "regions": [
            {"name": e.name, "colour": e.colour, "layer": e.layer, "code": e.code} for e in masks.entries
        ],
        "layers": len(masks.layers),
        "opacity": float(opacity),
        "outline": bool(outline),
        "height": int(height),
    }


def start(stack: Stack, masks: Masks, axis: int, index: int | None) -> tuple[int, int, int]:
    """Return the index (k, j, i) to start at: the middle, or the slice with most of the mask."""
    grid = stack.grid[1:]
    where = [(n - 1) // 2 if axis_ else n // 2 for axis_, n in enumerate(grid)]
    where[0] = 0 if stack.fast != "slice" else where[0]
    if index is not None:
        if not -grid[axis] <= index < grid[axis]:
            msg = f"index must lie between 0 and {grid[axis] - 1} along axis {axis}; got {index}."
            raise ValueError(msg)
        where[axis] = int(index) % grid[axis]
    elif masks.layers:
        where = _fullest(masks, axis, where)
    return where[0], where[1], where[2]


def checked_time(stack: Stack, time: int) -> int:
    """Return a time point counted from the start; negative ones count from the end."""
    count = stack.grid[0]
    if not -count <= time < count:
        msg = f"time must lie between 0 and {count - 1}; got {time}."
        raise ValueError(msg)
    return int(time) % count


def inverted(image: Image, colormap: str | None = None) -> bool:
    """Whether low values are drawn white: MONOCHROME1 pictures, and SUV as nuclear medicine shows it."""
    if colormap is not None:
        return False
    return image.meta.get("PhotometricInterpretation") == "MONOCHROME1" or image.units == "SUVbw"


def colour_table(image: Image, colormap: str | None) -> list[list[int]] | None:
    """Return 256 colours from low to high, None for grey.

    Raises
    ------
    ValueError
        If matplotlib knows no colour map of that name.
    """
    if colormap in (None, "gray", "grey") or image.size("c") in (3, 4):
        return None
    import matplotlib as mpl

    if colormap not in mpl.colormaps:
        msg = f"Unknown colormap {colormap!r}; any of matplotlib's will do, for example 'hot' or 'viridis'."
        raise ValueError(msg)
    return (mpl.colormaps[colormap](np.arange(256))[:, :3] * 255).round().astype(int).tolist()


def _fullest(masks: Masks, axis: int, where: list[int]) -> list[int]:
    """Move to the slice with most of the mask, and to the mask's centre within it."""
    layer = masks.layers[0][0]
    step = math.ceil(layer.shape[axis] / _SEARCHED)
    counts = [int(np.count_nonzero(np.take(layer, n, axis=axis))) for n in range(0, layer.shape[axis], step)]
    if not any(counts):
        return where
    where = list(where)
    where[axis] = int(np.argmax(counts)) * step
    inside = np.argwhere(np.take(layer, where[axis], axis=axis)).mean(axis=0)
    others = [a for a in range(3) if a != axis]
    for a, centre in zip(others, inside, strict=True):
        where[a] = round(float(centre))
    return where


def _steps(stack: Stack) -> dict[str, Any] | None:
    """Return the times of the frames, where they are known and of use."""
    image = stack.image
    if image.times is None or not np.isfinite(image.times).all():
        return None
    return {"values": _plain(image.times), "unit": str(image.meta.get("time_unit", ""))}


def _plain(values: NDArray[np.float64]) -> list[float]:
    return [float(f"{v:.6g}") for v in values]


def units_text(image: Image) -> str:
    """Return the unit as it is written beside a value."""
    return {"SUVbw": "SUV", "label": ""}.get(image.units, image.units)


def _title(image: Image) -> str:
    return image.modality
