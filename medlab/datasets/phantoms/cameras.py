"""What a PET ring and a gamma camera see of an activity on average, and the transpose of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from medlab.datasets.phantoms.projection import ParallelBeam

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Camera", "PetCamera", "SpectCamera"]

_FWHM = 2.3548


class Camera(Protocol):
    """What reconstruction needs to know of a scanner."""

    views: int

    def forward(self, activity: NDArray[Any], views: slice = ...) -> NDArray[np.float32]:
        """Return mean counts of true events."""

    def adjoint(self, counts: NDArray[Any], views: slice = ...) -> NDArray[np.float32]:
        """Return the transpose of `forward`."""


class PetCamera:
    """Mean true coincidences of a ring scanner, slice by slice.

    Counts in a bin = sensitivity × ∫ activity dl × exp(−∫ μ dl), after a blur with the scanner's resolution.

    Parameters
    ----------
    attenuation : (z, y, x) ndarray
        Linear attenuation at 511 keV in cm⁻¹; rows as many as columns.
    spacing : tuple of float
        Voxel size (dz, dy, dx) in mm; dy = dx.
    views : int, optional
        Number of angles over 180°.
    fwhm : float, optional
        Resolution in mm, full width at half maximum.
    sensitivity : float, optional
        Counts per Bq/ml and cm of path.

    References
    ----------
    Cherry S. R., Sorenson J. A., Phelps M. E. Physics in Nuclear Medicine, 4th ed. (2012), chapter 18.
    """

    def __init__(
        self,
        attenuation: NDArray[Any],
        spacing: Sequence[float],
        *,
        views: int = 96,
        fwhm: float = 5.0,
        sensitivity: float = 1.0,
    ) -> None:
        self.views = views
        self._beam = ParallelBeam(attenuation.shape[-1], np.arange(views) * 180 / views)
        self._sigma = [fwhm / _FWHM / s for s in spacing]
        self._centimetre = np.float32(spacing[-1] / 10)
        self.survival = np.exp(-self._beam.forward(attenuation) * self._centimetre)
        self._scale = np.float32(sensitivity) * self._centimetre

    def forward(self, activity: NDArray[Any], views: slice = slice(None)) -> NDArray[np.float32]:
        """Return mean trues (z, angle, bin) of an activity (z, y, x) in Bq/ml."""
        trues = self._beam.forward(self._blur(activity), views)
        return trues * self.survival[:, views] * self._scale

    def adjoint(self, counts: NDArray[Any], views: slice = slice(None)) -> NDArray[np.float32]:
        """Return the transpose of `forward`."""
        return self._blur(self._beam.adjoint(counts * self.survival[:, views] * self._scale, views))

    def _blur(self, volume: NDArray[Any]) -> NDArray[np.float32]:
        from scipy.ndimage import gaussian_filter

        return gaussian_filter(np.asarray(volume, np.float32), self._sigma, mode="constant")


class SpectCamera:
    """Mean counts of a rotating gamma camera with a parallel-hole collimator.

    At each angle the body is turned, weakened by what lies between a voxel and the camera, and blurred the
    more the farther it is away: FWHM(d)² = intrinsic² + (hole × (length + d) / length)².

    Parameters
    ----------
    attenuation : (z, y, x) ndarray
        Linear attenuation at the photon energy in cm⁻¹ (140 keV in water: 0.154); rows as many as columns.
    spacing : tuple of float
        Voxel size (dz, dy, dx) in mm; dy = dx.
    views : int, optional
        Number of angles over 360°.
    intrinsic, hole, length : float, optional
        Intrinsic resolution, hole diameter and effective hole length in mm; the defaults are those of a
        low-energy high-resolution collimator.
    radius : float, optional
        Distance from axis to camera in mm; default: the edge of the field.
    sensitivity : float, optional
        Counts per Bq/ml and cm of path in one view.

    References
    ----------
    Cherry S. R., Sorenson J. A., Phelps M. E. Physics in Nuclear Medicine, 4th ed. (2012), sections 14.C and
    17.B.
    """

    def __init__(
        self,
        attenuation: NDArray[Any],
        spacing: Sequence[float],
        *,
        views: int = 60,
        intrinsic: float = 3.8,
        hole: float = 1.4,
        length: float = 24.0,
        radius: float | None = None,
        sensitivity: float = 1.0,
    ) -> None:
        self.views = views
        n = attenuation.shape[-1]
        self._centimetre = np.float32(spacing[-1] / 10)
        self._scale = np.float32(sensitivity) * self._centimetre
        edge = n * spacing[-1] / 2
        distance = (edge if radius is None else radius) + (np.arange(n) - n // 2) * spacing[-1]
        fwhm = np.hypot(intrinsic, hole * (length + np.maximum(distance, 0)) / length)
        self._transfer, self._padded = _transfer(fwhm / _FWHM, spacing, (n, len(attenuation)))
        self._turns = [_turn(n, 2 * np.pi * v / views) for v in range(views)]
        self._survival = [self._weight(turn, attenuation) for turn in self._turns]

    def forward(self, activity: NDArray[Any], views: slice = slice(None)) -> NDArray[np.float32]:
        """Return mean counts (z, angle, bin) of an activity (z, y, x) in Bq/ml.

        Where next to nothing arrives they may lie just below zero: the blur is done by Fourier transform,
        unclipped so that `adjoint` is the exact transpose. Clip them before drawing Poisson counts.
        """
        from scipy import fft

        rows = np.asarray(activity, np.float32).reshape(len(activity), -1).T
        seen = []
        for turn, survival in zip(self._turns[views], self._survival[views], strict=True):
            planes = (turn @ rows).reshape(survival.shape) * survival  # depth, bin, slice
            spread = (fft.rfft2(planes, self._padded) * self._transfer).sum(axis=0)
            seen.append(self._cropped(fft.irfft2(spread, self._padded)).T * self._scale)
        return np.stack(seen, axis=1)

    def adjoint(self, counts: NDArray[Any], views: slice = slice(None)) -> NDArray[np.float32]:
        """Return the transpose of `forward`."""
        from scipy import fft

        total: NDArray[Any] | float = 0.0
        for v, (turn, survival) in enumerate(zip(self._turns[views], self._survival[views], strict=True)):
            plane = np.asarray(counts[:, v].T, np.float32) * self._scale
            spread = fft.irfft2(fft.rfft2(plane, self._padded) * self._transfer, self._padded)
            planes = self._cropped(spread) * survival
            total = total + turn.T @ planes.reshape(-1, planes.shape[-1])
        n = self._survival[0].shape[0]
        return np.ascontiguousarray(np.asarray(total).T).reshape(-1, n, n)

    def _cropped(self, planes: NDArray[Any]) -> NDArray[Any]:
        _, bins, slices = self._survival[0].shape
        return planes[..., :bins, :slices]

    def _weight(self, turn: Any, attenuation: NDArray[Any]) -> NDArray[np.float32]:
        """Share of photons that leave each voxel of the turned body towards the camera at depth 0."""
        n = attenuation.shape[-1]
        flat = np.asarray(attenuation, np.float32).reshape(len(attenuation), -1).T
        mu = (turn @ flat).reshape(n, n, -1) * self._centimetre
        return np.exp(-(np.cumsum(mu, axis=0) - mu / 2)).astype(np.float32)


def _transfer(
    sigma: NDArray[np.float64], spacing: Sequence[float], shape: tuple[int, int]
) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """Fourier transform of the blur at each depth over (bin, slice), and the padded shape it is for."""
    from scipy import fft

    margin = 2 * sigma.max()
    bins, slices = (
        fft.next_fast_len(n + int(np.ceil(margin / s)))
        for n, s in zip(shape, (spacing[2], spacing[0]), strict=True)
    )
    u, w = fft.fftfreq(bins, spacing[2])[:, None], fft.rfftfreq(slices, spacing[0])
    transfer = np.exp(-2 * (np.pi * sigma[:, None, None]) ** 2 * (u**2 + w**2))
    return transfer.astype(np.float32), (bins, slices)


def _turn(n: int, angle: float) -> Any:
    """Sparse (pixel, pixel) matrix that turns a slice about its centre with bilinear interpolation."""
    from scipy.sparse import csr_matrix

    middle = n // 2
    depth, bin_ = np.indices((n, n)).reshape(2, -1) - middle
    y = depth * np.cos(angle) - bin_ * np.sin(angle) + middle
    x = bin_ * np.cos(angle) + depth * np.sin(angle) + middle
    row, column = np.floor(y).astype(np.int32), np.floor(x).astype(np.int32)
    weights, columns = [], []
    for i in (0, 1):
        for j in (0, 1):
            share = np.abs(1 - i - (y - row)) * np.abs(1 - j - (x - column))
            inside = (row + i >= 0) & (row + i < n) & (column + j >= 0) & (column + j < n)
            weights.append(np.where(inside, share, 0))
            columns.append(np.clip(row + i, 0, n - 1) * n + np.clip(column + j, 0, n - 1))
    data = np.stack(weights, axis=1).reshape(-1).astype(np.float32)
    return csr_matrix(
        (data, np.stack(columns, axis=1).reshape(-1), np.arange(n * n + 1, dtype=np.int32) * 4),
        shape=(n * n,) * 2,
    )
