"""Shapes whose measures are known, on grids that are neither isotropic nor axial."""

from __future__ import annotations

import numpy as np

import medlab


def turned(spacing, shape, angles=(20.0, -35.0, 50.0), centre=(10.0, -20.0, 30.0)):
    """Return an empty oblique volume with its middle at `centre`."""
    from scipy.spatial.transform import Rotation

    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("zyx", angles, degrees=True).as_matrix()[:, [2, 1, 0]] * spacing
    affine[:3, 3] = np.asarray(centre) - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return medlab.Image(np.zeros(shape, np.float32), affine=affine)


def straight(spacing, shape):
    """Return an empty axial volume with its middle at the origin."""
    return turned(spacing, shape, (0, 0, 0), (0, 0, 0))


def positions(image):
    """Return the position (x, y, z) of every voxel."""
    return image.index_to_position(np.moveaxis(np.indices(image.grid), 0, -1))


def ellipsoid(image, half_axes, centre=(0.0, 0.0, 0.0), turn=None):
    """Return the mask of an ellipsoid; the columns of `turn` are the directions of its axes."""
    away = (positions(image) - centre) @ (np.eye(3) if turn is None else turn) / half_axes
    return image.as_mask((away**2).sum(axis=-1) <= 1)


def flat(shape, spacing=1.0):
    """Return an empty picture with a pixel size."""
    return medlab.Image(np.zeros(shape, np.float32)).with_spacing(spacing)
