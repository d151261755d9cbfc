"""`Image` to and from SimpleITK, whose axes run (x, y, z, t)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab import facts
from medlab.image import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["from_sitk", "to_sitk"]

_TYPES = {"f2": np.float32, "b1": np.uint8}
_XYZ = [2, 1, 0]


def to_sitk(image: Image) -> Any:
    """Return the image as a `SimpleITK.Image`, its axes reversed to (x, y, z, t).

    A two-dimensional image that lies in space becomes a volume of one slice, so that its position stays.
    Shear stays too: SimpleITK keeps a direction that is not orthogonal and maps points with it, but many of
    its filters assume right angles (`Image.resample` makes them). Modality, units and labels travel as
    metadata. The voxels are copied.

    Parameters
    ----------
    image : Image
        Any image; channels become vector pixels.

    Examples
    --------
    >>> ct = Image(np.zeros((4, 5, 6), np.int16), affine=np.diag([3, 2, 1, 1])[[2, 1, 0, 3]])
    >>> itk = to_sitk(ct)
    >>> itk.GetSize(), itk.GetSpacing()
    ((6, 5, 4), (1.0, 2.0, 3.0))
    """
    import SimpleITK as sitk  # noqa: N813

    array = image.array.astype(_TYPES.get(image.dtype.str[1:], image.dtype), copy=False)
    text = facts.of(image.replace(array=array))
    dimension = 2 if _is_flat(image) else 3
    if dimension == 3 and "z" not in image.axes:
        array = np.expand_dims(array, image.axes.index("y"))
    result = sitk.GetImageFromArray(np.ascontiguousarray(array), isVector="c" in image.axes)
    direction, spacing = _split(image.affine[:3, _XYZ][:dimension, :dimension])
    origin = image.affine[:dimension, 3]
    if "t" in image.axes:
        first, step = _time_line(image)
        direction = np.block([[direction, np.zeros((dimension, 1))], [np.zeros(dimension), 1]])
        origin, spacing = np.append(origin, first), np.append(spacing, step)
    result.SetDirection(direction.ravel().tolist())
    result.SetOrigin(origin.tolist())
    result.SetSpacing(spacing.tolist())
    result.SetMetaData(facts.KEY, text)
    return result


def from_sitk(itk: Any) -> Image:
    """Return a `SimpleITK.Image` as an `Image`, its axes reversed to (t, z, y, x), vector pixels last.

    A fourth dimension becomes time. Three dimensions are taken as patient coordinates (LPS), as SimpleITK's
    readers give them; two dimensions as a plane, with a size only if the spacing is not 1. The voxels are
    copied: the result stays valid after the SimpleITK image is gone.

    Parameters
    ----------
    itk : SimpleITK.Image
        An image of two to four dimensions.
    """
    import SimpleITK as sitk  # noqa: N813

    array = sitk.GetArrayFromImage(itk)
    axes = {2: "yx", 3: "zyx", 4: "tzyx"}[itk.GetDimension()]
    axes += "c" if itk.GetNumberOfComponentsPerPixel() > 1 else ""
    dimension = min(itk.GetDimension(), 3)
    spacing, direction = np.array(itk.GetSpacing()), np.array(itk.GetDirection())
    affine = np.eye(4)
    square = direction.reshape(itk.GetDimension(), -1)[:dimension, :dimension]
    affine[:dimension, :dimension] = square * spacing[:dimension]
    affine[:dimension, 3] = itk.GetOrigin()[:dimension]
    flat_space = "pixel" if np.allclose(spacing, 1) else "plane"
    fields: dict[str, Any] = {"space": "patient" if dimension == 3 else flat_space}
    if "t" in axes:
        fields["times"] = itk.GetOrigin()[-1] + spacing[-1] * np.arange(array.shape[0])
    text = itk.GetMetaData(facts.KEY) if itk.HasMetaDataKey(facts.KEY) else None
    array, axes = facts.without_added_slice(text, array, axes)
    fields |= facts.restored(text, array, axes)
    return Image(array, axes=axes, affine=affine[:, [*_XYZ, 3]], **fields)


def _is_flat(image: Image) -> bool:
    """Whether two dimensions hold the geometry: a still picture, not placed in space."""
    in_plane = not image.affine[2, 1:].any()
    return image.space != "patient" and "z" not in image.axes and "t" not in image.axes and in_plane


def _split(columns: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return directions (unit columns) and spacing."""
    spacing = np.linalg.norm(columns, axis=0)
    return columns / spacing, spacing


def _time_line(image: Image) -> tuple[float, float]:
    """Return first time and step; 0 and 1 where times are unknown or uneven."""
    if image.times is None:
        return 0.0, 1.0
    steps = np.diff(image.times)
    if len(steps) == 0 or not np.allclose(steps, steps[0]) or steps[0] <= 0:
        return 0.0, 1.0
    return float(image.times[0]), float(steps[0])
