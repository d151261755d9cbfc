"""A network that finds objects as points with a size, and its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.models.backend import keras
from medlab.models.layers import checked_filters, checked_shape, conv_block, for_ndim
from medlab.models.paths import down, up

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DetectionLoss", "detector"]

_PRIOR = 0.1  # probability of a centre that an untrained network gives, as in the paper


def detector(
    input_shape: Sequence[int | None],
    *,
    classes: int = 1,
    filters: Sequence[int] = (16, 32, 64),
    stride: int = 4,
    dropout: float = 0.0,
    name: str = "detector",
) -> keras.Model:
    """Build a detector without anchor boxes: a heat map of centres, and a box at each place.

    Parameters
    ----------
    input_shape : tuple
        ``(rows, columns, channels)`` or ``(slices, rows, columns, channels)``, without the batch axis.
        ``None`` stands for a size that varies.
    classes : int, optional
        Kinds of objects.
    filters : sequence of int, optional
        Channels at each resolution, full resolution first; each further entry halves the size.
    stride : int, optional
        Pixels per cell of the output: 1, 2, 4, … up to the lowest resolution. A cell should not be larger
        than the smallest object.
    dropout : float, optional
        Share of channels dropped at the lowest resolution while training, 0 to 1.
    name : str, optional
        Name of the model.

    Returns
    -------
    keras.Model
        Uncompiled. Input ``(n, *input_shape)`` float32, best scaled to about 0…1 or to mean 0 and standard
        deviation 1. Output ``(n, rows / stride, columns / stride, classes + 2 · dimensions)`` float32, sizes
        rounded up: for each class the probability that a centre lies in this cell, then the offset of the
        centre within the cell (0…1, each axis), then the size of the box in cells (each axis). Train it on
        `detection_targets` with `DetectionLoss`, and read it with `detections`.

    Raises
    ------
    ValueError
        If the shape, the filters, the stride or the number of classes make no sense.

    References
    ----------
    Zhou, Wang & Krähenbühl, *Objects as points*, 2019, https://arxiv.org/abs/1904.07850 (CenterNet).

    Examples
    --------
    >>> import medlab
    >>> medlab.models.detector((64, 64, 1), filters=(4, 8, 8)).output_shape
    (None, 16, 16, 5)
    """
    shape, filters = checked_shape(input_shape), checked_filters(filters)
    ndim = len(shape) - 1
    if not isinstance(classes, int) or classes < 1:
        msg = f"classes must be the number of kinds of objects, at least 1; got {classes!r}."
        raise ValueError(msg)
    strides = [2**level for level in range(len(filters))]
    if stride not in strides:
        msg = f"stride must be one of {strides} with {len(filters)} entries in filters; got {stride!r}."
        raise ValueError(msg)
    conv = for_ndim("Conv{}", ndim)
    inputs = keras.Input(shape, name="image")
    bottom, skips = down(inputs, filters, dropout=dropout)
    level = strides.index(stride)
    x = up(bottom, skips, filters, to_level=level)
    bias = keras.initializers.Constant(float(np.log(_PRIOR / (1 - _PRIOR))))
    heat = conv(classes, 1, activation="sigmoid", bias_initializer=bias, dtype="float32", name="heat")(
        conv_block(x, filters[level], "centre", repeats=1)
    )
    box = conv_block(x, filters[level], "box", repeats=1)
    offset = conv(ndim, 1, dtype="float32", name="offset")(box)
    size = conv(ndim, 1, dtype="float32", name="size")(box)
    outputs = keras.layers.Concatenate(dtype="float32", name="detection")([heat, offset, size])
    return keras.Model(inputs, outputs, name=name)


@keras.saving.register_keras_serializable("medlab")
class DetectionLoss(keras.losses.Loss):
    """Focal loss of the heat map plus the absolute error of offset and size where there is an object.

    Parameters
    ----------
    offset_weight, size_weight : float, optional
        Weights of the errors of offset and size, in cells.

    Notes
    -----
    Penalty-reduced focal loss with α = 2 and β = 4, divided by the number of objects in the image (at
    least 1): Zhou, Wang & Krähenbühl, https://arxiv.org/abs/1904.07850, equations 1–4.
    """

    def __init__(
        self,
        offset_weight: float = 1.0,
        size_weight: float = 0.1,
        *,
        name: str = "detection_loss",
        **options: Any,
    ) -> None:
        super().__init__(name=name, **options)
        self.offset_weight, self.size_weight = offset_weight, size_weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each image, ``(n,)``."""
        ops, ndim = keras.ops, len(y_pred.shape) - 2
        classes, axes = y_pred.shape[-1] - 2 * ndim, tuple(range(1, ndim + 2))
        y_true = ops.cast(y_true, y_pred.dtype)
        true, probability = y_true[..., :classes], ops.clip(y_pred[..., :classes], 1e-6, 1 - 1e-6)
        centre = ops.cast(true >= 1, y_pred.dtype)
        hit = centre * (1 - probability) ** 2 * ops.log(probability)
        miss = (1 - centre) * (1 - true) ** 4 * probability**2 * ops.log(1 - probability)
        objects = ops.maximum(ops.sum(centre, axis=axes), 1.0)
        error = ops.abs(y_true[..., classes:] - y_pred[..., classes:]) * ops.max(
            centre, axis=-1, keepdims=True
        )
        offset, size = ops.sum(error[..., :ndim], axis=axes), ops.sum(error[..., ndim:], axis=axes)
        focal = -ops.sum(hit + miss, axis=axes)
        return (focal + self.offset_weight * offset + self.size_weight * size) / objects

    def get_config(self) -> dict[str, Any]:
        """Return what the loss was made with."""
        own = {"offset_weight": self.offset_weight, "size_weight": self.size_weight}
        return {**super().get_config(), **own}
