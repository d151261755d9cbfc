"""A network that aligns two images, and the losses with which it learns to do so without truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.models.backend import keras
from medlab.models.layers import checked_filters, checked_shape, for_ndim
from medlab.models.paths import down, up
from medlab.models.warping import FieldIntegration, SpatialTransformer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["FieldSmoothness", "LocalCorrelation", "registration_net", "registration_pairs"]


def registration_net(
    input_shape: Sequence[int | None],
    *,
    filters: Sequence[int] = (16, 32, 32),
    diffeomorphic: bool = False,
    steps: int = 7,
    name: str = "registration_net",
) -> keras.Model:
    """Build a network that moves one image onto another.

    A U-Net sees both images and predicts where each voxel of the fixed image comes from in the moving one;
    a spatial transformer then moves the image. One pass takes the place of an optimisation for each pair.

    Parameters
    ----------
    input_shape : tuple
        ``(rows, columns, channels)`` or ``(slices, rows, columns, channels)`` of one image, without the
        batch axis. ``None`` stands for a size that varies.
    filters : sequence of int, optional
        Channels at each resolution, full resolution first. The lowest resolution limits how far an image
        can be moved.
    diffeomorphic : bool, optional
        Predict a velocity and integrate it (scaling and squaring), so that nothing folds as long as the
        velocity is smooth.
    steps : int, optional
        Of the integration: ``2 ** steps`` small displacements.
    name : str, optional
        Name of the model.

    Returns
    -------
    keras.Model
        Uncompiled. Inputs ``[moving, fixed]``, each ``(n, *input_shape)`` float32, best scaled to 0…1.
        Outputs ``[moved, field]``: the moving image moved, ``(n, *input_shape)``, and the displacement in
        voxels, ``(n, rows, columns, 2)`` or ``(n, slices, rows, columns, 3)``:
        ``moved[x] = moving[x + field[x]]``. Untrained, it moves next to nothing. Train it with a loss for
        each output, on `registration_pairs`; move label maps with `SpatialTransformer`.

    Raises
    ------
    ValueError
        If the shape or the filters make no sense.

    References
    ----------
    Balakrishnan et al., *VoxelMorph*, IEEE TMI 2019, https://arxiv.org/abs/1809.05231; Dalca et al., MICCAI
    2018, https://arxiv.org/abs/1805.04605 (diffeomorphic).

    Examples
    --------
    >>> import medlab
    >>> model = medlab.models.registration_net((32, 32, 1), filters=(4, 8))
    >>> model.output_shape
    [(None, 32, 32, 1), (None, 32, 32, 2)]
    """
    shape, filters = checked_shape(input_shape), checked_filters(filters)
    ndim = len(shape) - 1
    moving, fixed = keras.Input(shape, name="moving"), keras.Input(shape, name="fixed")
    both = keras.layers.Concatenate(name="both")([moving, fixed])
    field = for_ndim("Conv{}", ndim)(
        ndim,
        3,
        padding="same",
        kernel_initializer=keras.initializers.RandomNormal(stddev=1e-5),
        dtype="float32",
        name="velocity" if diffeomorphic else "field",
    )(up(*down(both, filters), filters))
    if diffeomorphic:
        field = FieldIntegration(steps, name="field")(field)
    moved = SpatialTransformer(name="moved")([moving, field])
    return keras.Model([moving, fixed], [moved, field], name=name)


def registration_pairs(
    moving: ArrayLike, fixed: ArrayLike
) -> tuple[tuple[NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]:
    """Return ``(x, y)`` for training a `registration_net`: the moved image should look like the fixed one.

    Parameters
    ----------
    moving, fixed : (n, rows, columns, channels) or (n, slices, rows, columns, channels) array_like
        Pairs of images.

    Returns
    -------
    x : tuple
        Moving and fixed images.
    y : tuple
        Fixed images, and a field of zeros that takes no memory: no true field is needed, and
        `FieldSmoothness` does not look at it.

    Raises
    ------
    ValueError
        If the two differ in shape.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = registration_pairs(np.zeros((5, 8, 8, 1)), np.ones((5, 8, 8, 1)))
    >>> [part.shape for part in y]
    [(5, 8, 8, 1), (5, 8, 8, 2)]
    """
    moving, fixed = np.asarray(moving), np.asarray(fixed)
    if moving.shape != fixed.shape or moving.ndim not in {4, 5}:
        msg = (
            "moving and fixed must have the same shape, (n, rows, columns, channels) or (n, slices, rows, "
            f"columns, channels); got {moving.shape} and {fixed.shape}. Resample one to the other's grid."
        )
        raise ValueError(msg)
    nothing = np.broadcast_to(np.float32(0), (*fixed.shape[:-1], fixed.ndim - 2))
    return (moving, fixed), (fixed, nothing)


@keras.saving.register_keras_serializable("medlab")
class LocalCorrelation(keras.losses.Loss):
    """1 − squared correlation of two images within small windows, averaged: blind to local brightness.

    Parameters
    ----------
    window : int
        Side of the windows in voxels; smaller along an axis that is shorter.

    Notes
    -----
    Targets and predictions ``(n, ..., channels)``. 0 where one is everywhere a linear function of the other,
    1 without any relation; a window where an image is constant counts as 1. Squared local
    cross-correlation as in VoxelMorph, https://arxiv.org/abs/1809.05231, equation 6.
    """

    def __init__(self, window: int = 9, *, name: str = "local_correlation", **options: Any) -> None:
        super().__init__(name=name, **options)
        self.window = window

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each pair, ``(n,)``."""
        ops = keras.ops
        true, size = ops.cast(y_true, y_pred.dtype), y_pred.shape[1:-1]
        window = tuple(self.window if n is None else min(self.window, n) for n in size)

        def mean(x: Any) -> Any:
            return ops.average_pool(x, window, strides=1, padding="valid")

        true_mean, pred_mean = mean(true), mean(y_pred)
        shared = mean(true * y_pred) - true_mean * pred_mean
        true_variance = ops.maximum(mean(true**2) - true_mean**2, 0.0)
        pred_variance = ops.maximum(mean(y_pred**2) - pred_mean**2, 0.0)
        squared = shared**2 / (true_variance * pred_variance + 1e-5)
        return 1.0 - ops.mean(squared, axis=tuple(range(1, len(y_pred.shape))))

    def get_config(self) -> dict[str, Any]:
        """Return what the loss was made with."""
        return {**super().get_config(), "window": self.window}


@keras.saving.register_keras_serializable("medlab")
class FieldSmoothness(keras.losses.Loss):
    """Mean squared difference of the displacement between neighbouring voxels, times a weight.

    Parameters
    ----------
    weight : float
        How much smoothness counts beside the similarity of the images.

    Notes
    -----
    Predictions ``(n, ..., ndim)`` in voxels; targets are not looked at. Diffusion regularisation as in
    VoxelMorph, https://arxiv.org/abs/1809.05231, equation 8.
    """

    def __init__(self, weight: float = 0.01, *, name: str = "field_smoothness", **options: Any) -> None:
        super().__init__(name=name, **options)
        self.weight = weight

    def call(self, y_true: Any, y_pred: Any) -> Any:  # noqa: ARG002
        """Return the loss of each field, ``(n,)``."""
        ops, ndim = keras.ops, len(y_pred.shape) - 2
        everything = tuple(range(1, ndim + 2))
        steps = [ops.mean(ops.diff(y_pred, axis=axis) ** 2, axis=everything) for axis in range(1, ndim + 1)]
        return self.weight * sum(steps) / ndim

    def get_config(self) -> dict[str, Any]:
        """Return what the loss was made with."""
        return {**super().get_config(), "weight": self.weight}
