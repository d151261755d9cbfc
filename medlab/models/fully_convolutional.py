"""The fully convolutional network, from which the other segmentation networks grew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.models.backend import keras
from medlab.models.layers import activation, checked_filters, checked_shape, conv_block, for_ndim
from medlab.models.paths import resized_like

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["fcn"]


def fcn(
    input_shape: Sequence[int | None],
    *,
    classes: int = 1,
    filters: Sequence[int] = (16, 32, 64, 64, 64),
    dropout: float = 0.0,
    name: str = "fcn",
) -> keras.Model:
    """Build a fully convolutional network for pictures or volumes of any size.

    A classifier's convolutions and poolings, then a score for each class at the last three resolutions.
    The lower ones are enlarged and added to the next, and the sum is enlarged to full size at once: it
    knows what is there better than exactly where. With five entries in `filters`, the finest scores lie
    at an eighth of the size, as in the paper's FCN-8s.

    Parameters
    ----------
    input_shape : tuple
        ``(rows, columns, channels)`` or ``(slices, rows, columns, channels)``, without the batch axis.
        ``None`` stands for a size that varies. Sizes need not be divisible by anything.
    classes : int, optional
        1 for one structure, otherwise the number of labels with the background as label 0.
    filters : sequence of int, optional
        Channels at each resolution, full resolution first; each entry ends by halving the size.
    dropout : float, optional
        Share of channels dropped at the lowest resolution while training, 0 to 1.
    name : str, optional
        Name of the model.

    Returns
    -------
    keras.Model
        Uncompiled. Input ``(n, *input_shape)`` float32, best scaled to about 0…1 or to mean 0 and standard
        deviation 1. Output ``(n, rows, columns, classes)`` (slices first for volumes), float32
        probabilities 0…1: a sigmoid for one class, a softmax over labels otherwise.

    Raises
    ------
    ValueError
        If the shape, the filters or the number of classes make no sense.

    References
    ----------
    Long, Shelhamer & Darrell, *Fully convolutional networks for semantic segmentation*, CVPR 2015,
    https://arxiv.org/abs/1411.4038.

    Examples
    --------
    >>> import medlab
    >>> medlab.models.fcn((90, 75, 1), classes=3, filters=(4, 8, 8)).output_shape
    (None, 90, 75, 3)
    """
    shape, filters = checked_shape(input_shape), checked_filters(filters)
    kind, ndim = activation(classes), len(shape) - 1
    inputs = keras.Input(shape, name="image")
    x, pooled = inputs, []
    for level, n in enumerate(filters):
        x = conv_block(x, n, f"level{level}")
        x = for_ndim("MaxPooling{}", ndim)(2, padding="same", name=f"pool{level}")(x)
        if dropout and level == len(filters) - 1:
            x = for_ndim("SpatialDropout{}", ndim)(dropout, name="dropout")(x)
        pooled.append(x)
    first = max(len(filters) - 3, 0)
    score = None
    for level in reversed(range(first, len(filters))):
        own = for_ndim("Conv{}", ndim)(classes, 1, name=f"score{level}")(pooled[level])
        if score is not None:
            larger = resized_like(_enlarged(score, 2, f"enlarge{level}"), own, f"crop{level}")
            own = keras.layers.Add(name=f"sum{level}")([own, larger])
        score = own
    score = resized_like(_enlarged(score, 2 ** (first + 1), "enlarge"), inputs, "crop")
    outputs = keras.layers.Activation(kind, dtype="float32", name="probability")(score)
    return keras.Model(inputs, outputs, name=name)


def _enlarged(x: Any, factor: int, name: str) -> Any:
    """Enlarge by a transposed convolution that starts as linear interpolation and may learn better."""
    conv = for_ndim("Conv{}Transpose", len(x.shape) - 2)
    return conv(
        x.shape[-1],
        2 * factor,
        strides=factor,
        padding="same",
        use_bias=False,
        kernel_initializer=LinearEnlargement(),
        name=name,
    )(x)


@keras.saving.register_keras_serializable("medlab")
class LinearEnlargement(keras.initializers.Initializer):
    """Weights with which a transposed convolution interpolates linearly, each channel for itself."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return weights ``(*size, channels, channels)``; the size is twice the stride."""
        kernel = np.ones(())
        for size in shape[:-2]:
            position = np.arange(size) - (size - 1) / 2
            kernel = np.multiply.outer(kernel, 1 - np.abs(position) / (size / 2))
        weights = kernel[..., None, None] * np.eye(shape[-2], shape[-1])
        return keras.ops.convert_to_tensor(weights, dtype=dtype or keras.config.floatx())
