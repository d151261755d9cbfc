"""Which voxels are measured, and whether image and mask fit each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.image import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["box_of", "check_length", "inside", "some_inside", "values_inside"]


def inside(mask: Image, label: int | str | None = None) -> NDArray[np.bool_]:
    """Return which voxels belong to a label.

    Parameters
    ----------
    mask : Image
        Booleans or integer labels.
    label : int or str, optional
        The label's value, or its name in ``mask.labels``. Default: all that is not 0.

    Returns
    -------
    ndarray of bool
        Of the mask's shape; nowhere True where the label is not in use.

    Raises
    ------
    TypeError, ValueError
        If it is no mask, or has no label of that name.
    """
    if not isinstance(mask, Image):
        msg = (
            f"A mask must be a medlab.Image, which knows its voxel size; got {type(mask).__name__}. Make one "
            "with image.as_mask(array)."
        )
        raise TypeError(msg)
    if mask.dtype.kind not in "bui" or "c" in mask.axes:
        msg = f"A mask must hold booleans or integer labels; got {mask!r}. Compare first: array > 0.5."
        raise ValueError(msg)
    if label is None:
        return mask.array != 0
    return mask.array == (_named(mask, label) if isinstance(label, str) else label)


def _named(mask: Image, name: str) -> int:
    names = {known: value for value, known in (mask.labels or {}).items()}
    if name not in names:
        listed = ", ".join(f"{v}: {n}" for n, v in names.items()) or "no names"
        msg = f"The mask has no label {name!r}; it has {listed}. Give the label's value instead."
        raise ValueError(msg)
    return names[name]


def some_inside(mask: Image, label: int | str | None = None) -> NDArray[np.bool_]:
    """Return which voxels belong to a label, of which there must be one at least; see `inside`.

    Raises
    ------
    TypeError, ValueError
        As `inside`, and if no voxel carries the label.
    """
    found = inside(mask, label)
    if not found.any():
        present = ", ".join(str(v) for v in np.unique(mask.array)[:20] if v) or "nothing but 0"
        which = "is empty" if label is None else f"holds no voxel of label {label!r}; it holds {present}"
        msg = f"The mask {which}, so there is nothing to measure."
        raise ValueError(msg)
    return found


def values_inside(image: Image, mask: Image, label: int | str | None = None) -> NDArray[np.float64]:
    """Return the values of an image at the voxels of a label.

    Parameters
    ----------
    image : Image
        Real numbers, axes ``"yx"`` or ``"zyx"``.
    mask : Image
        On the same grid.
    label : int or str, optional
        See `inside`.

    Returns
    -------
    (n,) ndarray of float64

    Raises
    ------
    TypeError, ValueError
        If the two do not lie on one grid, no voxel carries the label, or a value is not finite.
    """
    if not isinstance(image, Image):
        msg = f"The image must be a medlab.Image; got {type(image).__name__}. Read it with medlab.read(path)."
        raise TypeError(msg)
    if image.axes not in ("yx", "zyx"):
        msg = (
            f"The image must be a grey-scale picture 'yx' or volume 'zyx'; got {image!r}. Choose one time "
            "point or channel first."
        )
        raise ValueError(msg)
    found = some_inside(mask, label)
    if mask.axes != image.axes or not image.same_grid(mask):
        msg = (
            f"Image and mask must lie on one grid; bring the mask there with mask.like(image). Image: "
            f"{image!r}; mask: {mask!r}"
        )
        raise ValueError(msg)
    values = image.array[found].astype(np.float64)
    bad = int((~np.isfinite(values)).sum())
    if bad:
        msg = f"{bad} of {len(values)} voxels in the region are not finite; take them out of the mask."
        raise ValueError(msg)
    return values


def check_length(image: Image, what: str) -> None:
    """Raise `ValueError` unless the size of a pixel is known in mm."""
    if image.space == "pixel":
        msg = f"{what} needs a known pixel size; give it with image.with_spacing(mm). Got {image!r}."
        raise ValueError(msg)


def box_of(found: NDArray[np.bool_], margin: int = 0) -> tuple[slice, ...]:
    """Return the smallest box around what is True, `margin` voxels wider but within the array."""
    slices = []
    for axis, length in enumerate(found.shape):
        others: Any = tuple(a for a in range(found.ndim) if a != axis)
        used = np.flatnonzero(found.any(axis=others))
        slices.append(slice(max(int(used[0]) - margin, 0), min(int(used[-1]) + 1 + margin, length)))
    return tuple(slices)
