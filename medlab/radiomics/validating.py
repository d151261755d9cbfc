"""Everything that makes radiomics wrong without a word, found before the first feature is computed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.radiomics.geometry import aligned
from medlab.radiomics.levels import measured_values, planned_levels
from medlab.radiomics.parameters import Parameters
from medlab.radiomics.region import Region, RegionError, find_region
from medlab.radiomics.window import window

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["validate"]

#: More grey levels than this make matrices of gigabytes, and hardly two voxels share a level.
MOST_LEVELS = 1000
#: Fewer grey levels than this leave no texture to describe; PyRadiomics advises 16 to 128.
FEWEST_LEVELS = 8


def validate(
    image: Image,
    mask: Image,
    label: int | str | None = None,
    params: str | os.PathLike[str] | Mapping[str, Any] | Parameters | None = None,
) -> Region:
    """Check whether features of an image and a mask would mean something.

    Parameters
    ----------
    image : Image
        A grey-scale volume ``"zyx"`` or picture ``"yx"``.
    mask : Image
        Labels on the same grid.
    label : int or str, optional
        Value or name of the label. Default: ``label`` of the parameters, or the only one there is, be it 1
        or 255.
    params : path, mapping or Parameters, optional
        What will be computed; see `extract`.

    Returns
    -------
    Region
        Label, number of voxels, box, grey levels, and warnings: what is allowed but makes features doubtful.

    Raises
    ------
    RegionError
        With `problem` ``"axes"`` (time points, colours, tilted gantry), ``"geometry"`` (another grid: the
        message says what differs), ``"mask"`` (fractions), ``"empty"``, ``"label"`` (not there, or not
        chosen), ``"size"`` (one voxel, too few dimensions), ``"not finite"`` (NaN or infinite values that
        PyRadiomics would turn into plausible numbers), ``"flat"`` (one value everywhere), ``"bins"`` (too
        many grey levels) or ``"parameters"`` (features that cannot be had from this image).

    Examples
    --------
    >>> from medlab import Image
    >>> values = np.arange(4 * 8 * 8.0).reshape(4, 8, 8)
    >>> image = Image(values, affine=np.eye(4)[[2, 1, 0, 3]], units="HU")
    >>> mask = image.as_mask((values > 80) & (values < 200), labels={1: "lesion"})
    >>> validate(image, mask).voxels
    119
    >>> validate(image, mask, label=2)
    Traceback (most recent call last):
    medlab.radiomics.region.RegionError: Label 2 is not in the mask. Its labels are 1 (lesion).
    """
    parameters = Parameters.of(params)
    image, mask, warnings = aligned(image, mask, parameters)
    region = find_region(mask, parameters.own.get("label") if label is None else label)
    _check_features(parameters, image.ndim)
    _check_size(region, parameters)
    inside = mask.array == region.label
    _check_finite(image, inside, parameters, region)
    levels, doubts = _check_levels(image, inside, parameters)
    warnings += _doubts(image, region, parameters) + doubts
    return dataclasses.replace(region, levels=levels, warnings=tuple(warnings))


def _check_features(parameters: Parameters, dimensions: int) -> None:
    wrong = "shape" if dimensions == 2 else ""
    if wrong in parameters.classes_for(dimensions):
        msg = "The features of class 'shape' are for volumes; for a picture ask for 'shape2D' instead."
        raise RegionError("parameters", msg)
    spacing = parameters.settings.get("resampledPixelSpacing")
    if spacing is not None and len(spacing) != dimensions:
        axes = "(x, y, z)" if dimensions == 3 else "(x, y)"
        msg = f"resampledPixelSpacing must name {dimensions} lengths {axes} in mm; got {spacing}."
        raise RegionError("parameters", msg)
    if "LBP3D" in parameters.image_types:
        msg = (
            "The image type LBP3D needs functions that SciPy has removed: PyRadiomics would leave it out "
            "without an error. Take LBP3D out of the parameters."
        )
        raise RegionError("parameters", msg)


def _check_size(region: Region, parameters: Parameters) -> None:
    needed = parameters.settings.get("minimumROIDimensions") or 2
    wide = sum(stop - start > 1 for start, stop in region.box)
    if region.voxels == 1 or wide < needed:
        msg = (
            f"The region of label {region.label} has {region.voxels} voxel(s) along {wide} axes; features "
            f"need at least {needed} axes (minimumROIDimensions) and 2 voxels. Leave it out."
        )
        raise RegionError("size", msg)
    least = parameters.settings.get("minimumROISize")
    if least and region.voxels <= least:
        msg = f"The region has {region.voxels} voxels, and more than {least} were asked for (minimumROISize)."
        raise RegionError("size", msg)


def _check_finite(image: Image, inside: NDArray[np.bool_], parameters: Parameters, region: Region) -> None:
    """Refuse NaN and infinity wherever they would enter a number."""
    if image.dtype.kind != "f":
        return
    wrong = int(np.count_nonzero(~np.isfinite(image.array[inside])))
    if wrong:
        msg = (
            f"{wrong} of {region.voxels} voxels of the region are NaN or infinite; PyRadiomics would give "
            "plausible numbers all the same. Take them out of the mask, or repair the image."
        )
        raise RegionError("not finite", msg)
    slices, reason = window(parameters, region, image.shape)
    if parameters.settings.get("normalize"):
        slices = ()
    elif set(parameters.image_types) == {"Original"} and reason.startswith("region"):
        return
    wrong = int(np.count_nonzero(~np.isfinite(image.array[slices])))
    if wrong:
        msg = (
            f"{wrong} voxels outside of the region are NaN or infinite, and filters, normalisation or "
            "resampling would carry them into it. Give them a value (air, 0) first."
        )
        raise RegionError("not finite", msg)


def _check_levels(
    image: Image, inside: NDArray[np.bool_], parameters: Parameters
) -> tuple[int | None, list[str]]:
    """Return the grey levels that the region will have, and what is doubtful about them."""
    classes = [name for name in parameters.classes_for(image.ndim) if not name.startswith("shape")]
    settings = parameters.of_original()
    if not classes:
        return None, []
    values = measured_values(image.array, inside, parameters.settings)
    low, high = float(values.min()), float(values.max())
    if low == high:
        msg = (
            f"All voxels of the region have the value {low:g}: there is no texture to describe. For shape "
            "alone pass params={'featureClass': {'shape': []}}."
        )
        raise RegionError("flat", msg)
    if settings is None:
        return None, []
    levels = planned_levels(low, high, settings)
    width = settings.get("binWidth", 25)
    unit = f" {image.units}" if image.units else ""
    if levels > MOST_LEVELS:
        msg = (
            f"From {low:g} to {high:g}{unit} in bins of {width:g} makes {levels:,} grey levels; above "
            f"{MOST_LEVELS:,} the matrices take gigabytes and say nothing. Choose a wider binWidth or a "
            "binCount such as 64, check the units (PET in Bq/ml? see medlab.measure.suv), or resegment."
        )
        raise RegionError("bins", msg)
    if levels < FEWEST_LEVELS:
        doubt = (
            f"From {low:g} to {high:g}{unit} in bins of {width:g} makes {levels} grey level(s): too few to "
            f"describe texture. A binWidth of about {(high - low) / 32:.1g} makes about 32."
        )
        return levels, [doubt]
    return levels, []


def _doubts(image: Image, region: Region, parameters: Parameters) -> list[str]:
    doubts = []
    if image.space == "pixel":
        doubts.append(
            "The size of a pixel is unknown: shape features are in pixels, and cases cannot be compared."
        )
    flat = [axis for axis, (start, stop) in zip(image.axes, region.box, strict=True) if stop - start == 1]
    if image.ndim == 3 and flat and "shape" in parameters.classes_for(3):
        doubts.append(f"The region is one voxel thick along {flat[0]}: features of class shape mean little.")
    if region.voxels < 30:
        doubts.append(f"The region has only {region.voxels} voxels: texture features hardly mean anything.")
    return doubts
