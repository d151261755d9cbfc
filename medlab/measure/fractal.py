"""The fractal dimension of a region by counting boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.measure.region import box_of, some_inside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["fractal_dimension"]


def fractal_dimension(
    mask: Image, label: int | str | None = None, *, sizes: Sequence[int] | None = None
) -> float:
    """Return the box-counting dimension of a region: 1 for a line, 2 for a filled plane, between for a tree.

    The slope of log N(s) over log 1/s, where N(s) boxes of s pixels are needed to cover it.

    Parameters
    ----------
    mask : Image
        Axes ``"yx"`` or ``"zyx"``; a vessel tree or its centre line. Boxes are counted in pixels.
    label : int or str, optional
        Value or name; default: all that is not 0.
    sizes : sequence of int, optional
        Box sizes in pixels. Default: powers of 2 from 2 to a quarter of the longest side of the region.

    Raises
    ------
    TypeError, ValueError
        If it is no mask, no voxel carries the label, or fewer than two sizes fit.

    References
    ----------
    Mainster, The fractal properties of retinal vessels, Eye 1990; Masters, Annual Review of Biomedical
    Engineering 2004.
    """
    found = some_inside(mask, label)
    part = found[box_of(found)]
    chosen = sizes or [2**n for n in range(1, 16) if 2**n <= max(part.shape) / 4]
    if len(set(chosen)) < 2 or min(chosen) < 1:
        msg = (
            f"Box counting needs two box sizes or more; got {list(chosen)} for a region of {part.shape} "
            "pixels."
        )
        raise ValueError(msg)
    counts = [_boxes(part, size) for size in chosen]
    return float(-np.polyfit(np.log(chosen), np.log(counts), 1)[0])


def _boxes(part: NDArray[np.bool_], size: int) -> int:
    for axis in range(part.ndim):
        part = np.maximum.reduceat(part, np.arange(0, part.shape[axis], size), axis=axis)
    return int(part.sum())
