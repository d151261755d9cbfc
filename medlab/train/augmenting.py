"""Changes that a training image could have had: another position, another patient, another scanner."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Augmentation", "augmentation"]


def augmentation(
    *,
    flip: Sequence[int] = (),
    rotation: float = 0.0,
    scaling: float = 0.0,
    shift: float = 0.0,
    elastic: float = 0.0,
    noise: float = 0.0,
    blur: float = 0.0,
    brightness: float = 0.0,
    contrast: float = 0.0,
    gamma: float = 0.0,
    bias_field: float = 0.0,
    fill: float | None = None,
) -> Augmentation:
    """Describe how to vary the training images; give the result to ``fit(…, augment=…)``.

    Everything is off unless asked for, because what is harmless depends on the anatomy: a chest radiograph
    that is flipped left to right has its heart on the wrong side.

    Parameters
    ----------
    flip : sequence of int, optional
        Array axes of the image to flip with probability ½: for ``(rows, columns)`` 0 is up–down and 1
        left–right; for ``(slices, rows, columns)`` 2 is left–right.
    rotation : float, optional
        Largest angle in degrees, in the plane of rows and columns.
    scaling : float, optional
        Largest relative change of size, e.g. 0.1.
    shift : float, optional
        Largest shift along each axis, as a share of its length.
    elastic : float, optional
        Standard deviation of a smooth random displacement in voxels (Simard et al., ICDAR 2003).
    noise : float, optional
        Largest standard deviation of added Gaussian noise, as a share of the image's own.
    blur : float, optional
        Largest standard deviation of a Gaussian blur in voxels.
    brightness : float, optional
        Largest shift of all values, as a share of the image's standard deviation.
    contrast : float, optional
        Largest relative change of contrast about the mean, e.g. 0.2.
    gamma : float, optional
        Largest change of gamma, drawn as exp(±gamma), applied between the image's minimum and maximum.
    bias_field : float, optional
        Largest log-amplitude of a smooth multiplicative field, as MR coils cause it (e.g. 0.3); acts on the
        distance from the image's minimum.
    fill : float, optional
        Value outside the image after moving it; masks are filled with 0. Default: the image's minimum, which
        is air where a body ends inside the image. For patches from inside a body give their mean: a
        network that has learned with dark corners, which no test image has, does worse on those.

    Returns
    -------
    Augmentation
        ``augment(x, y, rng) -> (x, y)``. Masks of the images' spatial shape move with them (nearest
        neighbour); classes stay as they are.

    Raises
    ------
    ValueError
        If an amount is negative or too large to make sense.

    Examples
    --------
    >>> import numpy as np
    >>> augment = augmentation(flip=(1,), rotation=10, noise=0.1)
    >>> x = np.zeros((4, 32, 32, 1), np.float32)
    >>> new, y = augment(x, np.zeros(4), np.random.default_rng(0))
    >>> new.shape, new.dtype
    ((4, 32, 32, 1), dtype('float32'))
    """
    return Augmentation(
        tuple(flip),
        rotation,
        scaling,
        shift,
        elastic,
        noise,
        blur,
        brightness,
        contrast,
        gamma,
        bias_field,
        fill,
    )


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Random changes of a batch; `augmentation` makes one and says what its options mean."""

    flip: tuple[int, ...] = ()
    rotation: float = 0.0
    scaling: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0
    noise: float = 0.0
    blur: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    gamma: float = 0.0
    bias_field: float = 0.0
    fill: float | None = None

    def __post_init__(self) -> None:
        amounts = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)[1:-1]}
        limits = {"rotation": 180, "scaling": 0.9, "shift": 1, "contrast": 0.99}
        for name, amount in amounts.items():
            if not 0 <= amount <= limits.get(name, np.inf):
                most = limits.get(name, "any positive number")
                msg = f"{name} must lie between 0 and {most}; got {amount!r}."
                raise ValueError(msg)

    def __call__(
        self, x: NDArray[Any], y: NDArray[Any], rng: np.random.Generator
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Change a batch ``(n, rows, columns, channels)`` or ``(n, slices, rows, columns, channels)``."""
        x, y = np.asarray(x, dtype=np.float32), np.asarray(y)
        spatial = x.shape[1:-1]
        if any(axis not in range(len(spatial)) for axis in self.flip):
            msg = f"flip names axes of the image, 0 to {len(spatial) - 1}; got {self.flip}."
            raise ValueError(msg)
        masks = y.ndim >= x.ndim - 1 and y.shape[1 : len(spatial) + 1] == spatial
        new_x, new_y = np.empty_like(x), y.copy()
        for k in range(len(x)):
            move = self._movement(spatial, rng)
            outside = float(x[k].min()) if self.fill is None else self.fill
            new_x[k] = self._recoloured(move(x[k], 1, outside), rng)
            if masks:
                new_y[k] = move(y[k], 0, 0)
        return new_x, new_y

    def _movement(self, spatial: tuple[int, ...], rng: np.random.Generator) -> Any:
        """Draw one movement; return the function that moves an array ``(*spatial, …)``."""
        flipped = tuple(axis for axis in self.flip if rng.random() < 0.5)
        if not (self.rotation or self.scaling or self.shift or self.elastic):
            return lambda array, _, __: np.flip(array, flipped) if flipped else array
        grid = self._sampled(spatial, rng)

        def move(array: NDArray[Any], order: int, outside: float) -> NDArray[Any]:
            array = np.flip(array, flipped) if flipped else array
            channels = array.reshape(*spatial, -1)
            moved = [
                ndimage.map_coordinates(channels[..., c], grid, order=order, mode="constant", cval=outside)
                for c in range(channels.shape[-1])
            ]
            return np.stack(moved, axis=-1).reshape(array.shape)

        return move

    def _sampled(self, spatial: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """Where each voxel of the new image lies in the old one, (dimensions, *spatial)."""
        ndim = len(spatial)
        middle = (np.array(spatial, dtype=float).reshape(-1, *[1] * ndim) - 1) / 2
        grid = np.indices(spatial, dtype=np.float64) - middle
        angle = np.deg2rad(rng.uniform(-self.rotation, self.rotation))
        zoom = np.exp(rng.uniform(-1, 1) * np.log1p(self.scaling))
        matrix = np.eye(ndim)
        matrix[-2:, -2:] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        grid = np.tensordot(matrix / zoom, grid, axes=1) + middle
        lengths = np.array(spatial, dtype=float)
        grid += (rng.uniform(-self.shift, self.shift, size=ndim) * lengths).reshape(-1, *[1] * ndim)
        if self.elastic:
            grid += self.elastic * np.stack([_smooth(spatial, rng) for _ in spatial])
        return grid

    def _recoloured(self, image: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
        """Change the values of one image ``(*spatial, channels)``."""
        image = image.astype(np.float32)
        spread = float(image.std())
        if self.bias_field:
            field = np.exp(rng.uniform(0, self.bias_field) * _smooth(image.shape[:-1], rng))
            image = image.min() + (image - image.min()) * field[..., None]
        if self.gamma:
            low, high = float(image.min()), float(image.max())
            share = (image - low) / max(high - low, 1e-12)
            image = low + (high - low) * share ** np.exp(rng.uniform(-self.gamma, self.gamma))
        if self.contrast:
            image = image.mean() + (image - image.mean()) * (1 + rng.uniform(-self.contrast, self.contrast))
        if self.brightness:
            image = image + spread * rng.uniform(-self.brightness, self.brightness)
        if self.blur:
            width = rng.uniform(0, self.blur)
            image = ndimage.gaussian_filter(image, (*[width] * (image.ndim - 1), 0))
        if self.noise:
            image = image + spread * rng.uniform(0, self.noise) * rng.normal(size=image.shape)
        return image.astype(np.float32)


def _smooth(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    """Smooth random values of mean 0 and standard deviation 1 about, varying over a quarter of the image."""
    coarse = rng.normal(size=[6] * len(shape))
    grid = np.meshgrid(*[np.linspace(1, 4, n) for n in shape], indexing="ij")
    return ndimage.map_coordinates(coarse, grid, order=3)
