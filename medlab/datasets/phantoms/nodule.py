"""A simulated solid nodule in a real CT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from medlab.image import Image

__all__ = ["insert_nodule"]


def insert_nodule(
    image: Image,
    position: ArrayLike,
    diameter: float,
    *,
    value: float = 30.0,
    irregularity: float = 0.2,
    blur: float = 0.7,
    rng: np.random.Generator | None = None,
) -> tuple[Image, Image]:
    """Put a simulated solid nodule into a real CT.

    The shape is an ellipsoid with random axes and a bumpy surface. Its edge is blurred as by a scanner, and
    inside it the image's own noise is kept: new = old + weight × (value − local mean of old).

    Parameters
    ----------
    image : Image
        A CT in HU, axes ``"zyx"``.
    position : (3,) array_like
        Centre (x, y, z) in mm.
    diameter : float
        Mean diameter in mm.
    value : float, optional
        Mean value inside in HU; solid nodules without calcium lie near soft tissue.
    irregularity : float, optional
        Relative spread of the axes and of the surface; 0 gives a sphere.
    blur : float, optional
        Standard deviation of the edge in mm.
    rng : numpy.random.Generator, optional
        Source of the random shape.

    Returns
    -------
    image, mask : Image
        The changed image and the exact truth.

    Raises
    ------
    ValueError
        If the nodule lies outside the image.
    """
    from scipy.special import expit

    rng = np.random.default_rng() if rng is None else rng
    position = np.asarray(position, dtype=np.float64)
    centre = image.position_to_index(position)
    reach = (0.75 * diameter + 4 * blur) / np.array(image.spacing)
    low = np.maximum(np.floor(centre - reach).astype(int), 0)
    high = np.minimum(np.ceil(centre + reach).astype(int) + 1, image.grid)
    if (np.array(image.grid) <= low).any() or (high <= 0).any():
        msg = f"The nodule at {np.round(position, 1)} mm lies outside the image: index {np.round(centre, 1)}."
        raise ValueError(msg)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    index = np.stack(np.meshgrid(*[np.arange(s.start, s.stop) for s in box], indexing="ij"), axis=-1)
    depth = _depth(image.index_to_position(index) - position, diameter, irregularity, rng)

    old = image.array[box].astype(np.float32)
    core = depth > 0
    local = old[core].mean() if core.any() else float(old.mean())
    weight = expit(1.7 * depth / blur)
    new = old + weight * (value - local) * (1 - _solid(old, local, value))
    array = image.array.copy()
    array[box] = np.round(new).astype(array.dtype) if np.issubdtype(array.dtype, np.integer) else new
    mask = np.zeros(image.grid, bool)
    mask[box] = core
    return image.replace(array=array), image.as_mask(mask, {1: "simulated nodule"})


def _solid(old: NDArray[Any], local: float, value: float) -> NDArray[Any]:
    """How far a voxel is solid already (0 … 1), so that a vessel does not shine; noise counts as 0."""
    return np.clip(((old - local) / (value - local) - 0.2) / 0.8, 0, 1)


def _depth(
    offset: NDArray[np.float64], diameter: float, irregularity: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Signed depth below the surface in mm at offsets (…, 3) from the centre: positive inside."""
    axes = np.exp(irregularity * rng.normal(size=3) / 2)
    axes /= axes.prod() ** (1 / 3)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turned = offset @ rotation / axes
    radius = np.linalg.norm(turned, axis=-1)
    unit = turned / np.maximum(radius, 1e-6)[..., None]
    bumps = np.zeros_like(radius)
    for _ in range(6):
        bumps += rng.normal() * np.sin(unit @ rng.normal(scale=3, size=3) + rng.uniform(0, 6.3))
    return diameter / 2 * (1 + irregularity / 4 * bumps) - radius
