"""Two images brought onto one grid, to be looked at together."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.image import Image
from medlab.view.masks import Masks
from medlab.view.stack import Stack, as_image, stacked

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Pair", "paired"]


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two images, slice for slice at the same places.

    Attributes
    ----------
    first, second : Image
        The images on the grid of the first.
    stacks : (Stack, Stack)
        The same, as the viewer goes through them.
    outside : Masks
        One layer that is 1 where the second image holds nothing; no layer where it covers the first.
    remark : str
        What was done to the second one, empty if nothing.
    """

    first: Image
    second: Image
    stacks: tuple[Stack, Stack]
    outside: Masks
    remark: str


def paired(a: Image | NDArray[Any], b: Image | NDArray[Any]) -> Pair:
    """Bring `b` onto the grid of `a`, by linear interpolation where the grids differ.

    Raises
    ------
    ValueError
        If the two lie in no common space and differ in shape, or in the number of time points.
    """
    first = as_image(a)
    second, outside, remark = _placed(as_image(b), first)
    stacks = stacked(first), stacked(second)
    (times, *lengths), (b_times, *b_lengths) = (s.grid for s in stacks)
    if lengths != b_lengths or b_times not in (1, times):
        msg = (
            f"Both images must have the same number of slices, frames or channels, and the second one or "
            f"{times} time points; got {stacks[0].grid} and {stacks[1].grid} (time, slices, rows, columns)."
        )
        raise ValueError(msg)
    layers = () if outside is None else (np.broadcast_to(outside, (b_times, *lengths)),)
    return Pair(first, second, stacks, Masks(layers=layers), remark)


def _placed(b: Image, a: Image) -> tuple[Image, NDArray[np.uint8] | None, str]:
    """Return `b` on the grid of `a`, where it holds nothing there, and what was done."""
    if a.grid == b.grid and (a.same_grid(b) or "patient" not in (a.space, b.space)):
        return b, None, ""
    if a.grid == b.grid and a.space != b.space:
        return b, None, "B tells no place in the patient: it is shown voxel for voxel on the grid of A."
    if "patient" not in (a.space, b.space) or a.space != b.space:
        msg = (
            f"Images whose places in the patient are unknown can be compared only if their shapes are equal; "
            f"got {a.grid} and {b.grid} (slices, rows, columns). Resize one of them first."
        )
        raise ValueError(msg)
    moved = b.like(a)
    inside = Image(np.ones(b.grid, np.uint8), affine=b.affine, units="label").like(
        Image(np.empty(a.grid, bool), affine=a.affine), fill=0
    )
    if not inside.array.any():
        msg = (
            "The two images do not overlap: they lie at different places in the patient. "
            "Register them first, or compare their arrays."
        )
        raise ValueError(msg)
    outside = np.uint8(1) - inside.array
    how = "nearest neighbour" if b.is_mask else "linear interpolation"
    spacings = [" × ".join(f"{s:.4g}" for s in image.spacing) for image in (b, a)]
    remark = (
        f"B is resampled onto the grid of A for display ({how}; voxels {spacings[0]} mm → {spacings[1]} mm)."
    )
    return moved, outside if outside.any() else None, remark
