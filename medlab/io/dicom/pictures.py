"""Pictures that nobody placed in a patient: the size of a pixel, if any file element gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

    from medlab.image import Space
    from medlab.io.dicom.header import Header

__all__ = ["is_length", "picture_geometry"]

_CENTIMETRES = 3
_TISSUE = 1


def picture_geometry(header: Header, dataset: Dataset, notes: list[str]) -> tuple[Space, NDArray[np.float64]]:
    """Return `Image.space` and the affine of a picture without a place in the patient.

    Parameters
    ----------
    header : Header
        The file.
    dataset : pydicom.Dataset
        Its whole header.
    notes : list of str
        Gets a sentence about what was decided.

    Returns
    -------
    str
        ``"plane"`` where the size of a pixel is known, ``"pixel"`` otherwise.
    ndarray
        The affine, with (dy, dx) in mm or 1.
    """
    spacing = _region_spacing(dataset, notes) or _stated_spacing(header, notes)
    matrix = np.eye(4)[[2, 1, 0, 3]]
    if spacing is None:
        return "pixel", matrix
    matrix[1, 1], matrix[0, 2] = spacing
    return "plane", matrix


def is_length(value: float) -> bool:
    """Whether a number can be the size of a pixel or the distance of slices, in mm."""
    return 1e-6 < value < 1e6


def _region_spacing(dataset: Dataset, notes: list[str]) -> tuple[float, float] | None:
    """Return (dy, dx) of the tissue regions of an ultrasound picture, if they agree."""
    found = set()
    regions = dataset.get("SequenceOfUltrasoundRegions") or []
    if any(_reaches_beyond(region, dataset) for region in regions):
        notes.append(
            "An ultrasound region is larger than the picture, which was scaled after its header was written; "
            "no spacing was taken from it."
        )
        return None
    for region in regions:
        units = region.get("PhysicalUnitsXDirection"), region.get("PhysicalUnitsYDirection")
        deltas = region.get("PhysicalDeltaY"), region.get("PhysicalDeltaX")
        spatial = region.get("RegionSpatialFormat") in {_TISSUE, None}
        if (
            spatial
            and units == (_CENTIMETRES, _CENTIMETRES)
            and all(isinstance(d, float) and d for d in deltas)
        ):
            found.add(tuple(round(abs(delta) * 10, 9) for delta in deltas))
    if len(found) > 1:
        notes.append(f"The picture holds {len(found)} regions of different scale; no spacing was taken.")
        return None
    return next(iter(found)) if found else None


def _reaches_beyond(region: Dataset, picture: Dataset) -> bool:
    ends = (("RegionLocationMaxX1", "Columns"), ("RegionLocationMaxY1", "Rows"))
    pairs = [(region.get(end), picture.get(size)) for end, size in ends]
    return any(isinstance(end, int) and isinstance(size, int) and end > size for end, size in pairs)


def _stated_spacing(header: Header, notes: list[str]) -> tuple[float, float] | None:
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        values: Any = header.values.get(keyword)
        if not values:
            continue
        if len(values) != 2 or not all(is_length(value) for value in values):
            notes.append(f"{keyword} is {values}; the size of a pixel is unknown.")
            continue
        if keyword == "ImagerPixelSpacing":
            notes.append(
                "Spacing is that at the detector (ImagerPixelSpacing): things in the patient are smaller "
                "by the magnification.",
            )
        return float(values[0]), float(values[1])
    return None
