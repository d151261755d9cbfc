"""Another grid for the same image: resampling, reorienting, cropping."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.image import Image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["crop", "like", "reorient", "resample"]

#: CT number of air, which surrounds what was scanned.
HOUNSFIELD_AIR = -1000.0
_ORDERS = (0, 1, 3)
_SYNONYM = {"S": "H", "I": "F"}
_TOWARDS = {"L": (1, 0, 0), "P": (0, 1, 0), "H": (0, 0, 1), "R": (-1, 0, 0), "A": (0, -1, 0), "F": (0, 0, -1)}


def resample(
    image: Image, spacing: float | Sequence[float], order: int = 1, fill: float | None = None
) -> Image:
    """Return the image with another spacing, on axes at right angles that cover the same field of view.

    Rows and columns keep their directions. Where the image is sheared (tilted gantry), the slice axis is
    turned to stand at right angles on them.

    Parameters
    ----------
    image : Image
        The image; masks are always resampled with order 0.
    spacing : float or sequence of float
        New distance between neighbours in mm, one for all spatial axes or one for each in array order:
        (dz, dy, dx) or (dy, dx).
    order : {0, 1, 3}, optional
        Nearest neighbour, linear, or cubic B-spline. Nothing is smoothed before thinning out.
    fill : float, optional
        Value outside of the image. Default: -1000 for HU, else 0.

    Returns
    -------
    Image
        Integers stay integers (rounded); the type of the values does not change.

    Raises
    ------
    ValueError
        If a spacing is not positive or their number does not fit the axes.

    Examples
    --------
    >>> ct = Image(np.zeros((10, 64, 64), np.int16), affine=np.diag([0.5, 0.5, 3, 1])[:, [2, 1, 0, 3]])
    >>> resample(ct, 1.0)
    <Image zyx (30, 32, 32) int16; spacing 1 × 1 × 1 mm; orientation HPL; 60 KiB>
    """
    old = np.array(image.spacing)
    try:
        new = np.broadcast_to(np.asarray(spacing, np.float64), old.shape)
    except ValueError:
        new = np.zeros(0)
    if new.shape != old.shape or not (np.isfinite(new).all() and (new > 0).all()):
        axes = "(dz, dy, dx)" if len(old) == 3 else "(dy, dx)"
        msg = f"spacing must be one positive number, or one for each of {axes} in mm; got {spacing!r}."
        raise ValueError(msg)
    directions = _right_angles(image)
    thickness = np.linalg.norm(image.affine[:3, 0])
    affine, grid = _covering(image, directions, np.array([thickness, *new])[-3:])
    return _onto(image, affine, grid, order, fill, keep_slice="z" in image.axes)


def like(image: Image, other: Image, order: int = 1, fill: float | None = None) -> Image:
    """Return the image on the grid of another one: the same slices, rows and columns at the same places.

    Parameters
    ----------
    image : Image
        The image to resample; masks are always resampled with order 0.
    other : Image
        Gives the grid. It may be oblique, sheared, or of any spacing.
    order : {0, 1, 3}, optional
        Nearest neighbour, linear, or cubic B-spline.
    fill : float, optional
        Value outside of the image. Default: -1000 for HU, else 0.

    Raises
    ------
    ValueError
        If the two do not share a space: one in patient coordinates, the other not.
    """
    if image.space != other.space:
        msg = (
            f"Both images must lie in the same space; this one is in {image.space!r} and the other in "
            f"{other.space!r}. Only images in patient coordinates can be brought together by position."
        )
        raise ValueError(msg)
    if image.same_grid(other) and ("z" in image.axes) == ("z" in other.axes):
        return image.replace(affine=other.affine)
    return _onto(image, other.affine, other.grid, order, fill, keep_slice="z" in other.axes)


def reorient(image: Image, orientation: str) -> Image:
    """Return the image with its array axes running where you say; every voxel stays where it is.

    Parameters
    ----------
    image : Image
        An image in patient coordinates.
    orientation : str
        Where each spatial array axis shall run *to*, in array order (slices, rows, columns), as
        `Image.orientation` tells it: ``"HPL"`` is the usual axial CT (slices to the head, rows to the back,
        columns to the left). Letters: L/R, A/P, H/F, with S for H and I for F. Programs that count x first
        write the same letters the other way round: NIfTI's "RAS" is ``"SAR"`` here.

    Raises
    ------
    ValueError
        If the letters do not name each patient direction once, or the image does not say how it lies.

    Examples
    --------
    >>> ct = Image(np.zeros((2, 3, 4)), affine=np.eye(4)[:, [2, 1, 0, 3]])
    >>> ct.orientation, reorient(ct, "RAS").orientation, reorient(ct, "RAS").shape
    ('HPL', 'RAH', (4, 3, 2))
    """
    first = 0 if "z" in image.axes else 1
    letters = [_SYNONYM.get(letter, letter) for letter in orientation.upper()]
    towards = np.array([_TOWARDS.get(letter, (0, 0, 0)) for letter in letters]).reshape(-1, 3)
    if len(letters) != 3 - first or (np.abs(towards).sum(axis=0) > 1).any() or not towards.any(axis=1).all():
        msg = (
            f"orientation must name each of {3 - first} directions once, such as 'HPL' or 'RAS'; got "
            f"{orientation!r}."
        )
        raise ValueError(msg)
    if image.space != "patient":
        msg = f"Nobody said how this image lies in the patient, so it cannot be reoriented: {image!r}"
        raise ValueError(msg)
    fit = towards @ image.direction
    orders = list(itertools.permutations(range(first, 3)))
    order = max(orders, key=lambda columns: sum(abs(fit[m, c]) for m, c in enumerate(columns)))
    along = np.array([fit[m, c] for m, c in enumerate(order)])
    if (np.abs(along) < 1e-6).any():
        msg = f"A plane that runs to {image.orientation!r} cannot be turned to {orientation!r}."
        raise ValueError(msg)
    return _permuted(image, order, along < 0)


def crop(image: Image, box: Image | ArrayLike, margin_mm: float = 0.0) -> Image:
    """Return the part of the image around a mask, or within a box.

    Parameters
    ----------
    image : Image
        The image; time points and channels are all kept.
    box : Image, array_like of bool, or sequence of (start, stop)
        A mask on the same grid (what is not 0 is kept), or for each spatial axis in array order the first
        index and the one behind the last.
    margin_mm : float, optional
        What to keep around it, in mm (pixels where no size is known); never beyond the image.

    Raises
    ------
    ValueError
        If the mask is empty or on another grid, or the box lies outside of the image.
    """
    spatial = [a for a in image.axes if a in "zyx"]
    sizes = [image.size(a) for a in spatial]
    if isinstance(box, Image) and not image.same_grid(box):
        msg = (
            f"The mask lies on another grid; bring it here with mask.like(image). Image: {image!r}; "
            f"mask: {box!r}"
        )
        raise ValueError(msg)
    values = box.array if isinstance(box, Image) else np.asarray(box)
    if values.shape == tuple(sizes) and values.shape != (2, 2):
        limits = _extent(values)
    elif values.shape == (len(sizes), 2):
        limits = [(int(a), int(b)) for a, b in values]
    else:
        msg = (
            f"Expected a mask of shape {tuple(sizes)} or {len(sizes)} pairs (start, stop); got shape "
            f"{values.shape}."
        )
        raise ValueError(msg)
    if any(not 0 <= start < stop <= n for (start, stop), n in zip(limits, sizes, strict=True)):
        msg = f"The box {limits} must lie within the image, whose {''.join(spatial)} sizes are {sizes}."
        raise ValueError(msg)
    margins = [int(np.ceil(margin_mm / step - 1e-6)) for step in image.spacing]
    slices = {
        a: slice(max(start - m, 0), min(stop + m, n))
        for a, (start, stop), m, n in zip(spatial, limits, margins, sizes, strict=True)
    }
    affine = image.affine.copy()
    corner = [slices[a].start if a in slices else 0 for a in "zyx"]
    affine[:3, 3] = image.index_to_position(corner)
    return image.replace(
        array=image.array[tuple(slices.get(a, slice(None)) for a in image.axes)].copy(), affine=affine
    )


def _extent(mask: NDArray[Any]) -> list[tuple[int, int]]:
    found = np.nonzero(mask)
    if not len(found[0]):
        msg = "The mask is empty: there is nothing to crop to."
        raise ValueError(msg)
    return [(int(axis.min()), int(axis.max()) + 1) for axis in found]


def _permuted(image: Image, order: Sequence[int], flipped: NDArray[np.bool_]) -> Image:
    """Return the image with the affine's columns in another order, some of them reversed."""
    first = 3 - len(order)
    places = {"zyx"[first + m]: "zyx"[c] for m, c in enumerate(order)}
    array = image.array.transpose([image.axes.index(places.get(a, a)) for a in image.axes])
    affine = image.affine.copy()
    affine[:3, first:3] = image.affine[:3, list(order)]
    for m, reverse in enumerate(flipped):
        if reverse:
            axis = image.axes.index("zyx"[first + m])
            array = np.flip(array, axis)
            affine[:3, 3] += affine[:3, first + m] * (array.shape[axis] - 1)
            affine[:3, first + m] *= -1
    return image.replace(array=np.ascontiguousarray(array), affine=affine)


def _right_angles(image: Image) -> NDArray[np.float64]:
    """Return unit vectors of slice, row and column axes, the slice axis turned onto the others' normal."""
    k, j, i = image.direction.T
    j = j - i * (i @ j)
    j = j / np.linalg.norm(j)
    normal = np.cross(i, j)
    return np.stack([normal * np.sign(normal @ k), j, i], axis=1)


def _covering(
    image: Image, directions: NDArray[np.float64], spacing: NDArray[np.float64]
) -> tuple[NDArray[np.float64], tuple[int, int, int]]:
    """Return affine and size of the grid along these directions that covers the image, edges included."""
    edges = np.array(list(itertools.product(*[(-0.5, n - 0.5) for n in image.grid])))
    along = image.index_to_position(edges) @ directions
    low, high = along.min(axis=0), along.max(axis=0)
    count = np.maximum(1, np.rint((high - low) / spacing)).astype(int)
    affine = np.eye(4)
    affine[:3, :3] = directions * spacing
    affine[:3, 3] = directions @ ((low + high) / 2 - (count - 1) / 2 * spacing)
    k, j, i = (int(n) for n in count)
    return affine, (k, j, i)


def _onto(
    image: Image,
    affine: NDArray[np.float64],
    grid: tuple[int, int, int],
    order: int,
    fill: float | None,
    *,
    keep_slice: bool,
) -> Image:
    """Return the image sampled at the voxels of another grid."""
    if order not in _ORDERS:
        msg = f"order must be 0 (nearest neighbour), 1 (linear) or 3 (cubic); got {order!r}."
        raise ValueError(msg)
    order = 0 if image.is_mask else order
    outside = fill if fill is not None else HOUNSFIELD_AIR if image.units == "HU" else 0.0
    full = image.array if "z" in image.axes else np.expand_dims(image.array, image.axes.index("y"))
    repeats = [range(image.size(a)) for a in "tc"]
    result = np.empty((len(repeats[0]), *grid, len(repeats[1])), image.dtype)
    source = full.reshape(len(repeats[0]), *image.grid, len(repeats[1]))
    to_index = np.linalg.inv(image.affine) @ affine
    for t, c in itertools.product(*repeats):
        result[t, ..., c] = _sampled(source[t, ..., c], to_index, grid, order, outside)
    axes = "".join(a for a in "tzyxc" if a in image.axes or (a == "z" and keep_slice))
    axes = axes if keep_slice else axes.replace("z", "")
    array = result.reshape([n for a, n in zip("tzyxc", result.shape, strict=True) if a in axes])
    return image.replace(array=array, axes=axes, affine=affine)


def _sampled(
    volume: NDArray[Any], to_index: NDArray[np.float64], grid: tuple[int, int, int], order: int, fill: float
) -> NDArray[Any]:
    """Return values at the indices ``to_index @ (k, j, i, 1)`` of a volume, in its type."""
    import SimpleITK as sitk  # noqa: N813

    kind = volume.dtype
    if kind.kind in "iub":
        exact = np.float32 if kind.itemsize <= 2 else np.float64
        numbers = volume.astype(np.uint8 if kind == np.bool_ else kind if order == 0 else exact)
    else:
        numbers = volume.astype(np.float64 if kind == np.float64 else np.float32)
    flat = grid[0] == 1 == volume.shape[0] and np.allclose(to_index[0], [to_index[0, 0], 0, 0, 0])
    xyz = [2, 1] if flat else [2, 1, 0]
    transform = sitk.AffineTransform(len(xyz))
    transform.SetMatrix(to_index[np.ix_(xyz, xyz)].ravel().tolist())
    transform.SetTranslation(to_index[xyz, 3].tolist())
    size = [grid[n] for n in xyz]
    interpolator = {0: sitk.sitkNearestNeighbor, 1: sitk.sitkLinear, 3: sitk.sitkBSpline3}[order]
    itk = sitk.GetImageFromArray(np.ascontiguousarray(numbers[0] if flat else numbers))
    zeros, ones = [0.0] * len(xyz), [1.0] * len(xyz)
    resampled = sitk.Resample(
        itk, size, transform, interpolator, zeros, ones, np.eye(len(xyz)).ravel().tolist(), fill
    )
    values = sitk.GetArrayFromImage(resampled).reshape(grid)
    if kind.kind in "iu" and order > 0:
        limits = np.iinfo(kind)
        values = np.clip(np.rint(values), limits.min, limits.max)
    return values.astype(kind)
