"""Values to colours: the same arithmetic as `static/paint.js`, for pictures made without a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medlab.view.masks import Masks

__all__ = ["blended", "greys", "rgb"]


def greys(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Return grey levels: `low` and below 0, `high` and above 255, linear between; NaN is 0.

    Examples
    --------
    >>> greys(np.array([-200, 40, 41, 240]), -160, 240)
    array([  0, 127, 128, 255], dtype=uint8)
    """
    with np.errstate(over="ignore", invalid="ignore"):
        level = np.floor((values.astype(np.float64) - low) * (255 / (high - low)) + 0.5)
    return np.nan_to_num(np.clip(level, 0, 255), nan=0).astype(np.uint8)


def rgb(
    values: NDArray[Any],
    limits: tuple[float, float],
    table: list[list[int]] | None = None,
    *,
    inverted: bool = False,
) -> NDArray[np.uint8]:
    """Return the (…, 3) colours of a plane of values, or of one of (…, 3) colour values."""
    level = greys(values, *limits)
    if inverted:
        level = 255 - level
    if table is not None:
        return np.array(table, np.uint8)[level]
    return level if level.ndim == 3 else np.repeat(level[..., None], 3, axis=-1)


def blended(
    picture: NDArray[np.uint8],
    masks: Masks,
    planes: list[NDArray[np.uint8]],
    opacity: float,
    *,
    outline: bool,
) -> NDArray[np.uint8]:
    """Return a picture with the regions of its mask planes drawn over it."""
    result = picture.astype(np.float32)
    for entry in masks.entries:
        region = planes[entry.layer] == entry.code
        region = edge(region) if outline else region
        colour = np.array([int(entry.colour[n : n + 2], 16) for n in (1, 3, 5)])
        weight = 1.0 if outline else opacity
        result[region] = (1 - weight) * result[region] + weight * colour
    return result.round().astype(np.uint8)


def edge(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of a region that touch a pixel outside it."""
    padded = np.pad(region, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return region & ~inner
