"""Small changes of image and mask that should not change a trustworthy feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.radiomics.region import RegionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medlab.image import Image

__all__ = ["add_noise", "grow", "perturb", "shift"]


def grow(mask: Image, distance: float) -> Image:
    """Return a mask whose outline lies further out everywhere, or further in.

    Parameters
    ----------
    mask : Image
        A mask with one label.
    distance : float
        How far in mm, from voxel centre to voxel centre (pixels where no size is known); below 0 it shrinks.

    Returns
    -------
    Image
        Voxels whose centre lies within `distance` of one inside; for a negative one, those whose centre lies
        further than that from all outside. Beyond the edge of the image nothing is known, so nothing shrinks
        from there.

    Raises
    ------
    RegionError
        If the mask holds several labels, or nothing is left.

    Examples
    --------
    >>> import medlab
    >>> dot = np.zeros((5, 5), bool)
    >>> dot[2, 2] = True
    >>> picture = medlab.Image(np.zeros((5, 5))).with_spacing(0.5)
    >>> int(grow(picture.as_mask(dot), 0.5).array.sum())
    5
    """
    from scipy.ndimage import distance_transform_edt

    labels = np.unique(mask.array[mask.array > 0])
    if len(labels) != 1:
        msg = f"The mask must hold one label; it holds {labels.tolist()}. Take one with mask.array == label."
        raise RegionError("label", msg)
    inside = mask.array > 0
    if distance >= 0:
        changed = distance_transform_edt(~inside, sampling=mask.spacing) <= distance + 1e-9
    elif inside.all():
        changed = inside
    else:
        changed = distance_transform_edt(inside, sampling=mask.spacing) > -distance + 1e-9
    if not changed.any():
        msg = f"Nothing is left of the region {-distance:g} {mask.unit_of_length} further in."
        raise RegionError("empty", msg)
    return mask.replace(array=(changed * labels[0]).astype(mask.dtype))


def shift(mask: Image, distance: Sequence[float]) -> Image:
    """Return a mask moved against its image by whole voxels, as another observer might place it.

    Parameters
    ----------
    mask : Image
        Any mask.
    distance : sequence of float
        How far in mm along each axis in array order; rounded to whole voxels.

    Raises
    ------
    RegionError
        If a part of the mask would leave the image.
    ValueError
        If there is not one distance for each axis.
    """
    if len(distance) != mask.ndim:
        msg = f"distance must name one length for each of the axes {mask.axes!r}; got {list(distance)!r}."
        raise ValueError(msg)
    steps = [round(d / s) for d, s in zip(distance, mask.spacing, strict=True)]
    source = tuple(slice(max(-n, 0), size - max(n, 0)) for n, size in zip(steps, mask.shape, strict=True))
    target = tuple(slice(max(n, 0), size - max(-n, 0)) for n, size in zip(steps, mask.shape, strict=True))
    moved = np.zeros_like(mask.array)
    moved[target] = mask.array[source]
    if np.count_nonzero(moved) < np.count_nonzero(mask.array):
        msg = f"Moved by {list(distance)} {mask.unit_of_length}, a part of the mask leaves the image."
        raise RegionError("empty", msg)
    return mask.replace(array=moved)


def add_noise(image: Image, sd: float, seed: int = 0) -> Image:
    """Return the image with Gaussian noise on top.

    Parameters
    ----------
    image : Image
        Any image.
    sd : float
        Standard deviation, in the image's unit.
    seed : int, optional
        Seed of the random numbers.
    """
    noise = np.random.default_rng(seed).normal(0, sd, image.shape)
    values = image.array + noise
    if image.dtype.kind in "iu":
        limits = np.iinfo(image.dtype)
        values = np.clip(np.rint(values), limits.min, limits.max)
    return image.replace(array=values.astype(image.dtype))


def perturb(
    image: Image, mask: Image, distance: float | None = None, sd: float | None = None, seed: int = 0
) -> dict[str, tuple[Image, Image]]:
    """Return an image and a mask as they are and changed a little, each pair under a name.

    Features computed from these pairs, a row each, are what `stability` needs. Perturbations tell less than a
    second scan of the same patient, but they need none (Zwanenburg et al. 2019).

    Parameters
    ----------
    image, mask : Image
        The pair; one label.
    distance : float, optional
        How far the outline moves, in mm. Default: the smallest spacing.
    sd : float, optional
        Noise, in the image's unit. Default: a twentieth of the standard deviation within the mask.
    seed : int, optional
        Seed of the noise.

    Returns
    -------
    dict of str to (Image, Image)
        ``"original"``, ``"grown"``, ``"shrunk"``, ``"noisy"``, and ``"shifted"`` by one voxel along the last
        axis.

    References
    ----------
    Zwanenburg, A. et al. Assessing robustness of radiomic features by image perturbation. Scientific Reports
    9, 614 (2019).
    """
    distance = min(mask.spacing) if distance is None else distance
    sd = float(image.array[mask.array > 0].std()) / 20 if sd is None else sd
    one = [0.0] * (mask.ndim - 1) + [mask.spacing[-1]]
    return {
        "original": (image, mask),
        "grown": (image, grow(mask, distance)),
        "shrunk": (image, grow(mask, -distance)),
        "noisy": (add_noise(image, sd, seed), mask),
        "shifted": (image, shift(mask, one)),
    }
