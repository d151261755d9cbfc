"""Features of one image and one mask, with everything needed to compute them again."""

from __future__ import annotations

import functools
import hashlib
import platform
from typing import TYPE_CHECKING, Any

import numpy as np

import medlab
from medlab import provenance
from medlab.radiomics.geometry import aligned
from medlab.radiomics.parameters import Parameters
from medlab.radiomics.quiet import collected
from medlab.radiomics.region import RegionError
from medlab.radiomics.validating import validate
from medlab.radiomics.window import window

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import pandas as pd

    from medlab.image import Image
    from medlab.radiomics.region import Region

__all__ = ["extract"]


def extract(
    image: Image,
    mask: Image,
    params: str | os.PathLike[str] | Mapping[str, Any] | Parameters | None = None,
    label: int | str | None = None,
) -> pd.DataFrame:
    """Compute the radiomic features of a region with PyRadiomics.

    The values are PyRadiomics', bit for bit; the work is not: whatever part of the image cannot change a
    feature is left out first, which for a small lesion in a large volume saves nearly all of the time.

    Parameters
    ----------
    image : Image
        A grey-scale volume ``"zyx"`` or picture ``"yx"``; of a picture the shape features are in 2-D.
    mask : Image
        Labels on the same grid.
    params : path, mapping or Parameters, optional
        A PyRadiomics parameter file (YAML or JSON), or what it would hold: ``setting``, ``imageType``,
        ``featureClass``. Default: PyRadiomics' defaults, all 107 features of the unfiltered image, its
        intensities in bins of 25.
    label : int or str, optional
        Value or name of the label; see `validate`.

    Returns
    -------
    pandas.DataFrame
        One row. First what it was computed from (label, voxels, spacing in mm, units, checksums of the voxels
        and of the parameters, versions, warnings), then a column for each feature under PyRadiomics' name.
        `medlab.radiomics.tidy` turns it into one row for each feature.

    Raises
    ------
    RegionError
        If the features would not mean what they say; see `validate`.
    FileNotFoundError, ValueError
        If the parameter file is not there, or PyRadiomics does not accept it.

    Notes
    -----
    Of 107 reference values of the IBSI's digital phantom 104 come out. Three differ by definition: the
    kurtosis (3 is not subtracted) and the minor and least axis lengths (the covariance of the voxels is
    divided by n, not n − 1). Parameters without ``featureClass`` mean all classes, of which ``shape`` goes
    with volumes and ``shape2D`` with pictures. ``additionalInfo`` has no effect: the row says more.

    What can be left out: around an unfiltered, normalised or gradient image nearly everything, around a
    wavelet what its filters do not reach. LoG, LBP2D, the filters that scale by the largest value, and
    resampling need the whole image.

    References
    ----------
    van Griethuysen, J. J. M. et al. Computational Radiomics System to Decode the Radiographic Phenotype.
    Cancer Research 77(21), e104–e107 (2017).
    Zwanenburg, A. et al. The Image Biomarker Standardization Initiative. Radiology 295(2), 328–338 (2020).

    Examples
    --------
    >>> from medlab import Image
    >>> values = np.arange(4 * 8 * 8.0).reshape(4, 8, 8)
    >>> image = Image(values, affine=np.eye(4)[[2, 1, 0, 3]], units="HU")
    >>> row = extract(image, image.as_mask((values > 80) & (values < 200)))
    >>> row["original_firstorder_Mean"].item(), row["original_shape_VoxelVolume"].item()
    (140.0, 119.0)
    """
    import pandas as pd

    parameters = Parameters.of(params)
    row = compute(image, mask, parameters, label)
    note(parameters)
    return pd.DataFrame([row])


def note(parameters: Parameters) -> None:
    """Tell the report which parameters and versions were used."""
    settings = parameters.settings
    bins = "binCount" if settings.get("binCount") is not None else "binWidth"
    provenance.record(
        "parameter",
        name="radiomics",
        image_types=", ".join(parameters.image_types),
        bins=f"{bins} {settings.get(bins, 25)}",
        sha256=parameters.sha256,
        versions=versions(),
    )


def compute(image: Image, mask: Image, parameters: Parameters, label: int | str | None) -> dict[str, Any]:
    """Return the row of `extract` as a dictionary."""
    region = validate(image, mask, label, parameters)
    image, mask, _ = aligned(image, mask, parameters)
    slices, cut = window(parameters, region, image.shape)
    itk_image, changes = _prepared(image, slices, parameters)
    itk_mask = _to_sitk(mask.replace(array=(mask.array == region.label).astype(np.uint8)), slices)
    try:
        with collected() as messages:
            found = parameters.extractor(image.ndim, **changes).execute(itk_image, itk_mask)
    except ValueError as error:
        msg = f"PyRadiomics refuses this region: {' '.join(str(error).split())}"
        raise RegionError("pyradiomics", msg) from error
    values = {name: float(value) for name, value in found.items()}
    row = _described(image, mask, region, parameters)
    row["used"] = cut
    row["warnings"] = "\n".join([*region.warnings, *messages])
    return row | values


def _prepared(image: Image, slices: tuple[slice, ...], parameters: Parameters) -> tuple[Any, dict[str, Any]]:
    """Return the part of the image that is needed, normalised before it is cut, and settings that follow."""
    if not parameters.settings.get("normalize"):
        return _to_sitk(image, slices), {}
    from radiomics.imageoperations import normalizeImage

    whole = tuple(slice(0, n) for n in image.shape)
    normalised = normalizeImage(_to_sitk(image, whole), **parameters.settings)
    return normalised[tuple(reversed(slices))], {"normalize": False, "removeOutliers": None}


def _to_sitk(image: Image, slices: tuple[slice, ...]) -> Any:
    """Return a part of an image as SimpleITK has it; a picture has two dimensions there, too."""
    import SimpleITK as sitk  # noqa: N813

    if image.ndim == 3:
        return image.crop([(s.start, s.stop) for s in slices]).to_sitk()
    result = sitk.GetImageFromArray(np.ascontiguousarray(image.array[slices]))
    result.SetSpacing(image.spacing[::-1])
    return result


def _described(image: Image, mask: Image, region: Region, parameters: Parameters) -> dict[str, Any]:
    """Return what the features are of, and what they were computed with."""
    dz, dy, dx = (None, *image.spacing)[-3:]
    return {
        "label": region.label,
        "label_name": region.name,
        "voxels": region.voxels,
        "levels": region.levels,
        "modality": image.modality,
        "units": image.units,
        "spacing_z": dz,
        "spacing_y": dy,
        "spacing_x": dx,
        "unit_of_length": image.unit_of_length,
        "image_sha256": checksum(image),
        "mask_sha256": checksum(mask),
        "params_sha256": parameters.sha256,
        "versions": versions(),
        "used": "",
        "warnings": "",
    }


def checksum(image: Image) -> str:
    """Return the SHA-256 of an image's type, shape, geometry and voxels."""
    digest = hashlib.sha256(f"{image.dtype.str} {image.axes} {image.shape}".encode())
    digest.update(np.round(image.affine, 6).tobytes())
    digest.update(np.ascontiguousarray(image.array).data)
    return digest.hexdigest()


@functools.cache
def versions() -> str:
    """Return the versions of what the values depend on."""
    import pywt
    import radiomics
    import SimpleITK as sitk  # noqa: N813

    found = {
        "medlab": medlab.__version__,
        "pyradiomics": radiomics.__version__.removeprefix("v"),
        "numpy": np.__version__,
        "SimpleITK": sitk.__version__,
        "PyWavelets": pywt.__version__,
        "Python": platform.python_version(),
    }
    return "; ".join(f"{name} {version}" for name, version in found.items())
