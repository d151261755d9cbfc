"""A volume made small enough for a screen: at right angles, finite, averaged and not just thinned out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.resample import resample
from medlab.view.stack import as_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["coarse", "coarse_mask", "solid"]


def solid(image: Image | NDArray[Any], time: int = 0) -> Image:
    """Return one volume that can be drawn in three dimensions.

    Parameters
    ----------
    image : Image or ndarray
        A grey volume, or several along time.
    time : int, optional
        The time point, negative counts from the end.

    Returns
    -------
    Image
        With axes ``"zyx"`` and finite values: NaN becomes the least value, infinities the extremes.

    Raises
    ------
    TypeError, ValueError
        If it is no volume of at least two slices, rows and columns, has colours, holds labels, or is the
        same everywhere.
    """
    image = as_image(image)
    if "c" in image.axes:
        msg = f"Three dimensions need one value for each voxel, not {image.size('c')} channels: {image!r}"
        raise ValueError(msg)
    if "t" in image.axes and "z" in image.axes:
        if not -image.size("t") <= time < image.size("t"):
            msg = f"time must lie within the image's {image.size('t')} time points; got {time}."
            raise ValueError(msg)
        image = image.replace(array=image.array[time], axes="zyx", times=None)
    if image.axes != "zyx" or min(image.shape) < 2:
        msg = (
            "Three dimensions need a volume of at least 2 slices, rows and columns; got "
            f"{image!r}. Use medlab.view.slices or medlab.view.show for a picture."
        )
        raise ValueError(msg)
    return _finite(image)


def _finite(image: Image) -> Image:
    values = image.array
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        kept = values[np.isfinite(values)]
        if not kept.size:
            msg = "There is nothing to show: no voxel holds a finite number."
            raise ValueError(msg)
        low, high = kept.min(), kept.max()
        values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    if values.min() == values.max():
        msg = f"There is nothing to show: every voxel holds {values.flat[0]}."
        raise ValueError(msg)
    return image.replace(array=values)


def coarse(image: Image, max_size: int) -> Image:
    """Return a volume of at most `max_size` voxels along each axis, at right angles.

    Each new voxel is the mean of what it covers, so that nothing thin flickers or vanishes. A sheared volume
    is resampled first, linearly, to its own spacing.

    Parameters
    ----------
    image : Image
        Axes ``"zyx"``.
    max_size : int
        Largest number of voxels along an axis, 8 to 512.

    Returns
    -------
    Image
        Values float32 where anything was averaged, the image's own else. It covers the same field of view.
    """
    if not 8 <= max_size <= 512:
        msg = f"max_size must lie between 8 and 512 voxels; got {max_size}."
        raise ValueError(msg)
    if image.sheared:
        image = resample(image, image.spacing)
    size = [min(n, max_size) for n in image.shape]
    if size == list(image.shape):
        return image
    return image.replace(array=_averaged(image.array, size), affine=_stretched(image, size))


def coarse_mask(mask: Image, size: tuple[int, ...]) -> Image:
    """Return a mask with `size` voxels that covers the same field of view, by nearest neighbours."""
    picks = np.ix_(
        *[((np.arange(m) + 0.5) * n / m).astype(np.intp) for n, m in zip(mask.shape, size, strict=True)]
    )
    return mask.replace(array=mask.array[picks], affine=_stretched(mask, list(size)))


def _stretched(image: Image, size: list[int]) -> NDArray[np.float64]:
    factors = np.array(image.shape) / size
    affine = image.affine.copy()
    affine[:3, :3] *= factors
    affine[:3, 3] = image.index_to_position((factors - 1) / 2)
    return affine


def _averaged(values: NDArray[Any], size: list[int]) -> NDArray[np.float32]:
    from PIL import Image as Pillow

    def plane(one: NDArray[Any]) -> NDArray[np.float32]:
        picture = Pillow.fromarray(one.astype(np.float32))
        return np.asarray(picture.resize((size[2], size[1]), Pillow.Resampling.BOX))

    planes = np.stack([plane(one) for one in values])
    if size[0] == len(planes):
        return planes
    weights = _weights(len(planes), size[0])
    return np.tensordot(weights, planes, axes=1)


def _weights(old: int, new: int) -> NDArray[np.float32]:
    """Return the (new, old) shares of old samples in the mean of each new one."""
    weights = np.zeros((new, old), np.float32)
    for n in range(new):
        start, stop = n * old / new, (n + 1) * old / new
        for m in range(math.floor(start), min(math.ceil(stop), old)):
            weights[n, m] = min(stop, m + 1) - max(start, m)
    return weights / weights.sum(axis=1, keepdims=True)
