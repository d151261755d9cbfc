"""Whether an image and a mask lie on the same grid, and if not, in what they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.image import Image
from medlab.radiomics.region import RegionError

if TYPE_CHECKING:
    from medlab.radiomics.parameters import Parameters

__all__ = ["aligned"]

#: Largest distance between corresponding corners, as a fraction of the smallest spacing.
TOLERANCE = 1e-3


def aligned(image: Image, mask: Image, parameters: Parameters) -> tuple[Image, Image, list[str]]:
    """Return image and mask on one grid, and what had to be done for it.

    Parameters
    ----------
    image, mask : Image
        The two.
    parameters : Parameters
        ``geometryTolerance`` and ``correctMask`` are carried out here.

    Raises
    ------
    RegionError
        If one of them is no grey-scale picture or volume with right angles, or they lie on different grids.
    """
    for name, one in (("image", image), ("mask", mask)):
        _check_axes(name, one)
    tolerance = max(TOLERANCE, parameters.own.get("geometryTolerance") or 0.0)
    if image.axes == mask.axes and image.space == mask.space and mask.same_grid(image, tolerance):
        return image, mask.replace(affine=image.affine), []
    if parameters.own.get("correctMask") and image.space == mask.space:
        moved = mask.like(image)
        before, after = (int(np.count_nonzero(m.array)) for m in (mask, moved))
        warning = f"The mask was resampled onto the image (correctMask): {before} voxels became {after}."
        return image, moved, [warning]
    msg = (
        f"Image and mask lie on different grids: {differences(image, mask)}. Bring the mask onto the image "
        "with mask.like(image), and look whether it then lies where it should."
    )
    raise RegionError("geometry", msg)


def differences(image: Image, mask: Image) -> str:
    """Return in words in what the grids of an image and a mask differ."""
    if image.axes != mask.axes:
        return f"the image has the axes {image.axes!r}, the mask {mask.axes!r}"
    if image.space != mask.space:
        return f"the image lies in {image.space!r} space, the mask in {mask.space!r} space"
    found = []
    if image.shape != mask.shape:
        found.append(f"shape {image.shape} and {mask.shape}")
    if not np.allclose(image.spacing, mask.spacing, rtol=TOLERANCE):
        found.append(f"spacing {image.spacing} and {mask.spacing} mm")
    angle = np.degrees(np.arccos(np.clip((image.direction * mask.direction).sum(axis=0), -1, 1))).max()
    if angle > 0.01:
        found.append(
            f"axes turned by up to {angle:.2f}° (orientation {image.orientation}, {mask.orientation})"
        )
    apart = float(np.linalg.norm(np.subtract(image.origin, mask.origin)))
    if apart > TOLERANCE * min(image.spacing):
        where = " and ".join(str(tuple(round(v, 3) for v in one.origin)) for one in (image, mask))
        found.append(f"first voxels {apart:.3g} mm apart, at {where}")
    return "; ".join(found) or "their corners lie apart by more than the tolerance"


def _check_axes(name: str, one: Image) -> None:
    if not isinstance(one, Image):
        msg = f"{name} must be a medlab.Image; got {type(one).__name__}. Read it with medlab.read(path)."
        raise TypeError(msg)
    if one.axes not in ("yx", "zyx"):
        msg = (
            f"The {name} must be a grey-scale picture 'yx' or volume 'zyx'; got axes {one.axes!r}. Choose "
            "one time point or channel first: image.replace(array=image.array[0], axes='zyx', times=None)."
        )
        raise RegionError("axes", msg)
    if name == "image" and one.dtype.kind not in "iuf":
        msg = f"The image must hold real numbers; got {one.dtype}."
        raise RegionError("axes", msg)
    if one.sheared:
        msg = (
            f"The {name}'s axes are not at right angles (tilted gantry); features assume that they are. "
            "Resample both: image.resample(spacing), then mask.like(image)."
        )
        raise RegionError("axes", msg)
