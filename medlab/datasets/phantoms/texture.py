"""Random fields: the clouds, grain and lines of simulated tissue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["ct_noise", "power_law", "smooth", "streams", "to_uint8"]


def streams(seed: int, view: int = 0) -> tuple[np.random.Generator, np.random.Generator]:
    """Return two generators: one for a patient's anatomy, one for a single picture of it.

    Parameters
    ----------
    seed : int
        The patient: the same seed is the same anatomy.
    view : int, optional
        The picture: another view of the same patient has another pose and other noise.

    Returns
    -------
    anatomy, acquisition : numpy.random.Generator
        Independent streams.
    """
    return np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1 + view])


def power_law(shape: Sequence[int], beta: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return Gaussian noise whose power spectrum falls as 1/f^beta, with mean 0 and variance 1.

    Parameters
    ----------
    shape : sequence of int
        Shape of the field, any number of axes.
    beta : float
        Exponent of the power spectrum: 0 is white noise, about 3 the background of mammograms
        (Burgess A. E. et al. Med Phys 28, 419–437 (2001). doi:10.1118/1.1355308).
    rng : numpy.random.Generator
        Source of the noise.

    Examples
    --------
    >>> import numpy as np
    >>> field = power_law((64, 64), 3.0, np.random.default_rng(0))
    >>> field.shape, round(float(field.std()), 3)
    ((64, 64), 1.0)
    """
    axes = [np.fft.fftfreq(n) for n in shape[:-1]] + [np.fft.rfftfreq(shape[-1])]
    frequency = np.sqrt(sum(f**2 for f in np.meshgrid(*axes, indexing="ij", sparse=True)))
    frequency.flat[0] = np.inf
    spectrum = np.fft.rfftn(rng.standard_normal(tuple(shape))) * frequency ** (-beta / 2)
    field: NDArray[Any] = np.fft.irfftn(spectrum, s=tuple(shape), axes=tuple(range(len(shape))))
    return ((field - field.mean()) / field.std()).astype(np.float32)


def smooth(
    shape: Sequence[int], sigma: float | Sequence[float], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return Gaussian noise blurred by about `sigma` voxels, with mean 0 and variance 1.

    Coarse noise is made on a coarse grid and interpolated, so that its cost does not grow with `sigma`.
    """
    from scipy.ndimage import gaussian_filter, zoom

    wide = np.broadcast_to(np.asarray(sigma, float), (len(shape),))
    step = np.maximum(wide / 2, 1)
    coarse = np.maximum(np.ceil(np.asarray(shape) / step).astype(int) + 1, 2)
    coarse = np.where(step > 1, coarse, shape)
    field = gaussian_filter(
        rng.standard_normal(tuple(coarse), dtype=np.float32), wide / np.maximum(step, 1), mode="reflect"
    )
    if (step > 1).any():
        field = zoom(field, np.asarray(shape) / coarse, order=1, mode="nearest", grid_mode=True)
    return ((field - field.mean()) / max(float(field.std()), 1e-6)).astype(np.float32)


def ct_noise(shape: Sequence[int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return noise as filtered back-projection leaves it in slices (…, y, x), with variance 1.

    Its power grows with frequency f up to what the reconstruction kernel passes: f · exp(−(f / 0.25)²)
    cycles per pixel (Hanson K. M. Med Phys 6, 441–451 (1979). doi:10.1118/1.594534).
    """
    f = np.hypot(np.fft.fftfreq(shape[-2])[:, None], np.fft.rfftfreq(shape[-1]))
    spectrum = np.fft.rfft2(rng.standard_normal(tuple(shape), dtype=np.float32))
    field = np.fft.irfft2(spectrum * np.sqrt(f) * np.exp(-((f / 0.25) ** 2) / 2), s=tuple(shape[-2:]))
    return (field / field.std()).astype(np.float32)


def to_uint8(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Return values of 0 … 1 as 0 … 255, what lies outside cut off."""
    return np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)
