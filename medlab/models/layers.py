"""The pieces that the builders share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from medlab.models.backend import keras

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CropLike", "checked_filters", "checked_shape", "conv_block", "for_ndim", "head"]


def checked_shape(input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
    """Return the shape as a tuple, or raise if it is not (rows, columns, channels) with or without slices."""
    shape = tuple(input_shape)
    if (
        len(shape) not in {3, 4}
        or not isinstance(shape[-1], int)
        or any(n is not None and n < 1 for n in shape)
    ):
        msg = (
            "input_shape must be (rows, columns, channels) or (slices, rows, columns, channels), with at "
            "least one channel and None for a size that varies, without the batch axis; "
            f"got {shape}. A grey 64 × 64 picture is (64, 64, 1)."
        )
        raise ValueError(msg)
    return shape


def checked_filters(filters: Sequence[int]) -> tuple[int, ...]:
    """Return the filters as a tuple, or raise if they are not positive numbers."""
    numbers = tuple(filters)
    if not numbers or any(not isinstance(n, int) or n < 1 for n in numbers):
        msg = (
            f"filters must hold one positive number for each resolution, e.g. (16, 32, 64); got {filters!r}."
        )
        raise ValueError(msg)
    return numbers


def for_ndim(name: str, ndim: int) -> Any:
    """Return the Keras layer class for a number of dimensions: ``("Conv{}", 3)`` is ``Conv3D``."""
    return getattr(keras.layers, name.format(f"{ndim}D"))


def conv_block(x: Any, filters: int, name: str, repeats: int = 2) -> Any:
    """Convolve, normalise and rectify, `repeats` times, at the same resolution.

    Group normalisation does not look at the batch, so that it works for a batch of one and behaves the
    same in training and in use (Wu & He, ECCV 2018, https://arxiv.org/abs/1803.08494).
    """
    conv = for_ndim("Conv{}", len(x.shape) - 2)
    for number in range(1, repeats + 1):
        part = f"{name}_{number}"
        x = conv(
            filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=f"{part}_conv"
        )(x)
        x = keras.layers.GroupNormalization(math.gcd(filters, 8), name=f"{part}_norm")(x)
        x = keras.layers.ReLU(name=f"{part}_relu")(x)
    return x


def head(x: Any, classes: int, layer: Any, **options: Any) -> Any:
    """End a model in probabilities: a sigmoid for one class, a softmax for more, always float32."""
    if not isinstance(classes, int) or classes < 1:
        msg = f"classes must be 1 (yes or no) or the number of exclusive classes; got {classes!r}."
        raise ValueError(msg)
    activation = "sigmoid" if classes == 1 else "softmax"
    return layer(classes, activation=activation, dtype="float32", name="probability", **options)(x)


@keras.saving.register_keras_serializable("medlab")
class CropLike(keras.layers.Layer):
    """Cut the end of the first tensor so that it has the size of the second.

    Needed where a size is odd: half of 7 is 4, and twice 4 is 8.
    """

    def call(self, inputs: Any) -> Any:
        """Return ``inputs[0]`` with the rows and columns of ``inputs[1]``."""
        x, like = inputs
        sizes = keras.ops.shape(like)
        return x[(slice(None), *(slice(0, n) for n in sizes[1:-1]))]

    def compute_output_shape(self, input_shapes: Any) -> tuple[int | None, ...]:
        """Return the spatial shape of the second with the channels of the first."""
        x, like = input_shapes
        return (x[0], *like[1:-1], x[-1])
