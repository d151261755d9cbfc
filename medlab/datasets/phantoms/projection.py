"""Line integrals through slices and their adjoint: what CT, PET and SPECT share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

__all__ = ["ParallelBeam"]

_KEPT_ENTRIES = 2.0e7


class ParallelBeam:
    """Parallel rays through square slices at given angles, by Joseph's method.

    Each ray is followed row by row, or column by column where it runs flatter than 45°, with linear
    interpolation between two neighbours. Angle and bins are those of `skimage.transform.radon`: the rays at
    0° run along the columns, and the angle grows counter-clockwise as seen on the screen.

    Parameters
    ----------
    n : int
        Rows and columns of a slice; also the number of detector bins, one pixel wide.
    angles : array_like
        Angles in degrees.

    References
    ----------
    Joseph P. M. An improved algorithm for reprojecting rays through pixel images. IEEE Trans Med Imaging 1,
    192–196 (1982). doi:10.1109/TMI.1982.4307572.

    Examples
    --------
    >>> beam = ParallelBeam(8, [0, 90])
    >>> beam.forward(np.ones((8, 8))).shape  # angle, bin
    (2, 8)
    """

    def __init__(self, n: int, angles: ArrayLike) -> None:
        self.n = n
        self.angles = np.atleast_1d(np.asarray(angles, np.float64))
        self._kept: dict[int, Any] = {}

    def __len__(self) -> int:
        return len(self.angles)

    def forward(self, volume: ArrayLike, views: slice = slice(None)) -> NDArray[np.float32]:
        """Return sums along the rays in units of one pixel.

        Parameters
        ----------
        volume : array_like
            A slice (y, x) or a stack of them (z, y, x).
        views : slice, optional
            Only these angles.

        Returns
        -------
        ndarray
            (angle, bin), or (z, angle, bin) for a stack.
        """
        slices = np.asarray(volume, np.float32)
        flat = np.ascontiguousarray(slices.reshape(-1, self.n * self.n).T)
        rays = np.stack([(matrix @ flat).T for matrix in self._matrices(views)], axis=1)
        return rays if slices.ndim == 3 else rays[0]

    def adjoint(self, sinogram: ArrayLike, views: slice = slice(None)) -> NDArray[np.float32]:
        """Return the exact transpose of `forward`: (z, angle, bin) in, (z, y, x) out."""
        rays = np.asarray(sinogram, np.float32)
        stack = rays.reshape(-1, *rays.shape[-2:])
        flat = np.zeros((self.n * self.n, len(stack)), np.float32)
        for view, matrix in enumerate(self._matrices(views)):
            flat += matrix.T @ np.ascontiguousarray(stack[:, view].T)
        slices = flat.T.reshape(-1, self.n, self.n)
        return slices if rays.ndim == 3 else slices[0]

    def smear(self, sinogram: ArrayLike) -> NDArray[np.float32]:
        """Return the back-projection with linear interpolation between bins that FBP uses."""
        rays = np.asarray(sinogram, np.float32)
        stack = rays.reshape(-1, *rays.shape[-2:])
        y, x = np.indices((self.n, self.n), np.float32).reshape(2, -1) - self.n // 2
        flat = np.zeros((self.n * self.n, len(stack)), np.float32)
        for view, angle in enumerate(np.deg2rad(self.angles)):
            bin_ = x * np.cos(angle) - y * np.sin(angle) + self.n // 2
            flat += _interpolation(bin_, self.n) @ np.ascontiguousarray(stack[:, view].T)
        slices = flat.T.reshape(-1, self.n, self.n)
        return slices if rays.ndim == 3 else slices[0]

    def _matrices(self, views: slice) -> Iterator[Any]:
        keep = 2.0 * self.n**2 * len(self) <= _KEPT_ENTRIES
        for view in range(len(self))[views]:
            matrix = self._kept.get(view)
            if matrix is None:
                matrix = _rays(self.n, np.deg2rad(self.angles[view]))
                if keep:
                    self._kept[view] = matrix
            yield matrix


def _rays(n: int, angle: float) -> Any:
    """Sparse (bin, pixel) matrix of one view."""
    from scipy.sparse import csr_matrix

    cos, sin = np.cos(angle), np.sin(angle)
    bins, steps = np.meshgrid(np.arange(n) - n // 2, np.arange(n) - n // 2, indexing="ij")
    # bin = x cos − y sin: solve for the coordinate that changes faster across the rays
    across = (bins + steps * sin) / cos if abs(cos) >= abs(sin) else (steps * cos - bins) / sin
    across = across + n // 2
    low = np.floor(across).astype(np.int32)
    part = (across - low).astype(np.float32)
    length = np.float32(1 / max(abs(cos), abs(sin)))
    along = (steps + n // 2).astype(np.int32)
    columns, weights = [], []
    for index, weight in ((low, 1 - part), (low + 1, part)):
        inside = (index >= 0) & (index < n)
        clipped = np.clip(index, 0, n - 1)
        columns.append(along * n + clipped if abs(cos) >= abs(sin) else clipped * n + along)
        weights.append(np.where(inside, weight * length, np.float32(0)))
    indices = np.stack(columns, axis=-1).reshape(-1)
    return csr_matrix(
        (np.stack(weights, axis=-1).reshape(-1), indices, np.arange(n + 1, dtype=np.int32) * 2 * n),
        shape=(n, n * n),
    )


def _interpolation(position: NDArray[np.float32], n: int) -> Any:
    """Sparse (pixel, bin) matrix that reads `n` bins at fractional positions, 0 outside them."""
    from scipy.sparse import csr_matrix

    low = np.floor(position).astype(np.int32)
    part = (position - low).astype(np.float32)
    indices = np.stack([low, low + 1], axis=-1)
    weights = np.stack([1 - part, part], axis=-1)
    weights[(indices < 0) | (indices >= n)] = 0
    pointer = np.arange(len(position) + 1, dtype=np.int32) * 2
    return csr_matrix(
        (weights.reshape(-1), np.clip(indices, 0, n - 1).reshape(-1), pointer), shape=(len(position), n)
    )
