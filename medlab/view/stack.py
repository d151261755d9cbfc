"""One shape for all that can be looked at: time × slices × rows × columns, grey or colour."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.image import Image
from medlab.view.window import sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Stack", "as_image", "stacked"]

_INT16 = np.iinfo(np.int16)
_UINT16 = np.iinfo(np.uint16)


@dataclasses.dataclass(frozen=True)
class Stack:
    """An image as the viewer, the page and the figures go through it.

    Attributes
    ----------
    image : Image
        What is shown.
    values : (T, K, J, I) or (T, K, J, I, 3) ndarray
        A view of its array. A cine's frames, or the channels of an image with neither 1, 3 nor 4 of
        them, lie along K where there are no slices, else along T.
    fast, slow : str
        What K and T are: ``"slice"``, ``"frame"``, ``"time"``, ``"channel"`` or ``""``.
    dtype : dtype
        In which the values are sent: exact for 8- and 16-bit integers, colour 8-bit, the rest float32
        (integers are exact up to 2**24, other numbers to 7 digits).
    scale : float
        Colour values are multiplied by it to reach 0–255; 1 for grey images.
    """

    image: Image
    values: NDArray[Any]
    fast: str
    slow: str
    dtype: np.dtype[Any]
    scale: float = 1.0

    @property
    def grid(self) -> tuple[int, int, int, int]:
        """Lengths (T, K, J, I)."""
        t, k, j, i = self.values.shape[:4]
        return t, k, j, i

    @property
    def colour(self) -> bool:
        """Whether a voxel holds red, green and blue."""
        return self.values.ndim == 5

    @property
    def resliceable(self) -> bool:
        """Whether there are planes across the slices."""
        return self.fast == "slice" and self.grid[1] > 1

    def plane(self, axis: int, index: int, time: int = 0) -> NDArray[Any]:
        """Return one plane in array order, contiguous, as it is sent."""
        values = np.take(self.values[time], index, axis=axis)
        if self.colour:
            values = np.clip(values.astype(np.float32) * self.scale, 0, 255) if self.scale != 1 else values
        with np.errstate(over="ignore", invalid="ignore"):
            return np.ascontiguousarray(values, dtype=self.dtype)


def as_image(image: Image | NDArray[Any]) -> Image:
    """Return an Image: a 2-D or 3-D array is wrapped with its spacing unknown.

    Raises
    ------
    TypeError, ValueError
        If it is no image, is empty, or holds values that cannot be drawn.
    """
    if not isinstance(image, Image):
        array = np.asarray(image)
        if array.ndim not in (2, 3) or array.dtype == object:
            msg = (
                f"Expected an Image, or a 2-D or 3-D array of numbers; got {type(image).__name__} "
                f"of shape {array.shape}, {array.dtype}. Name its axes: medlab.Image(array, axes='tzyx')."
            )
            raise TypeError(msg)
        image = Image(array)
    if not image.array.size:
        msg = f"There is nothing to show: the image is empty, shape {image.shape} ({image.axes})."
        raise ValueError(msg)
    if image.dtype.kind not in "buif":
        msg = f"Values must be booleans, integers or floats; got {image.dtype}. Show abs(array), for example."
        raise ValueError(msg)
    return image


def stacked(image: Image) -> Stack:
    """Return the image as time × slices × rows × columns, without a copy of its values."""
    values, axes = image.array, image.axes
    slow = "time" if "t" in axes else ""
    colour = image.size("c") in (3, 4)
    if "c" in axes and image.size("c") == 1:
        values, axes = values[..., 0], axes[:-1]
    elif colour:
        values = values[..., :3]
    elif "c" in axes and "t" in axes:
        msg = f"Time and {image.size('c')} channels cannot be shown together; pick a channel first."
        raise ValueError(msg)
    elif "c" in axes:
        values, axes, slow = np.moveaxis(values, -1, 0), "t" + axes[:-1], "channel"
    fast = "slice"
    if "z" not in axes and slow:
        fast, slow, axes = {"time": "frame", "channel": "channel"}[slow], "", "z" + axes[1:]
    for position, letter in enumerate("tz"):
        if letter not in axes:
            values = np.expand_dims(values, position)
    if colour:
        return Stack(image, values, fast, slow, np.dtype(np.uint8), _colour_scale(image))
    return Stack(image, values, fast, slow, _sent_as(image))


def _sent_as(image: Image) -> np.dtype[Any]:
    dtype = image.dtype
    if dtype.kind == "b" or dtype == np.uint8:
        return np.dtype(np.uint8)
    if dtype.kind == "f":
        return np.dtype("<f4")
    if dtype.itemsize <= 2:
        return np.dtype("<u2" if dtype == np.uint16 else "<i2")
    low, high = image.array.min(), image.array.max()
    if low >= _INT16.min and high <= _INT16.max:
        return np.dtype("<i2")
    return np.dtype("<u2" if low >= 0 and high <= _UINT16.max else "<f4")


def _colour_scale(image: Image) -> float:
    if image.dtype == np.uint8:
        return 1.0
    if image.dtype.kind == "b":
        return 255.0
    if image.dtype.kind in "ui" and image.dtype.itemsize == 2:
        return 255 / _UINT16.max if image.array.max() > 255 else 1.0
    values = sample(image)
    top = float(values.max()) if values.size else 1.0
    return 255.0 if top <= 1 else 255 / max(top, 255.0)
