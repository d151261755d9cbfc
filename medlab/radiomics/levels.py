"""Into how many grey levels a region's intensities will be sorted, before PyRadiomics does it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.radiomics.region import RegionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["measured_values", "planned_levels"]


def measured_values(
    array: NDArray[Any], inside: NDArray[np.bool_], settings: dict[str, Any]
) -> NDArray[np.float64]:
    """Return the intensities of a region as normalisation and resegmentation will leave them.

    Parameters
    ----------
    array : ndarray
        The whole image.
    inside : ndarray of bool
        The region, same shape.
    settings : mapping
        PyRadiomics' settings.

    Raises
    ------
    RegionError
        If the image cannot be normalised, or resegmentation leaves fewer than two voxels.
    """
    values = array[inside].astype(np.float64)
    if settings.get("normalize"):
        values = _normalised(values, array, settings)
    limits = settings.get("resegmentRange")
    if limits:
        values = _resegmented(values, sorted(limits), settings.get("resegmentMode", "absolute"))
    return values


def planned_levels(low: float, high: float, settings: dict[str, Any]) -> int:
    """Return how many bins PyRadiomics will make from the smallest to the largest intensity."""
    count = settings.get("binCount")
    if count is not None:
        return int(count)
    width = settings.get("binWidth", 25)
    return math.floor(high / width) - math.floor(low / width) + 1


def _normalised(
    values: NDArray[np.float64], array: NDArray[Any], settings: dict[str, Any]
) -> NDArray[np.float64]:
    spread = float(array.std(ddof=1, dtype=np.float64))
    if spread == 0:
        msg = "The whole image has one value, so that it cannot be normalised (normalize: true)."
        raise RegionError("flat", msg)
    values = (values - array.mean(dtype=np.float64)) / spread
    outliers = settings.get("removeOutliers")
    if outliers is not None:
        values = np.clip(values, -outliers, outliers)
    return values * settings.get("normalizeScale", 1)


def _resegmented(values: NDArray[np.float64], limits: list[float], mode: str) -> NDArray[np.float64]:
    scale, offset = {
        "relative": (values.max(), 0.0),
        "sigma": (values.std(), values.mean()),
    }.get(mode, (1.0, 0.0))
    kept = values[values >= limits[0] * scale + offset]
    if len(limits) == 2:
        kept = kept[kept <= limits[1] * scale + offset]
    if kept.size < 2:
        msg = (
            f"resegmentRange {limits} ({mode}) leaves {kept.size} of {values.size} voxels, which run from "
            f"{values.min():g} to {values.max():g}. Check its unit and its mode."
        )
        raise RegionError("size", msg)
    return kept
