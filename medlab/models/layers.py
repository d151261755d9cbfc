"""The pieces that the builders share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from medlab.models.backend import keras

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CropLike",
    "FramesAsSamples",
    "SamplesAsFrames",
    "activation",
    "checked_filters",
    "checked_sequence_shape",
    "checked_shape",
    "conv_block",
    "for_ndim",
    "head",
    "image_features",
]


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


def checked_sequence_shape(input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
    """Return the shape as a tuple, or raise if it is not (times, …, channels) for pictures or volumes."""
    shape = tuple(input_shape)
    try:
        if shape and (shape[0] is None or shape[0] >= 1):
            return (shape[0], *checked_shape(shape[1:]))
    except ValueError:
        pass
    msg = (
        "input_shape must be (times, rows, columns, channels) or (times, slices, rows, columns, channels), "
        f"with None for a size that varies, without the batch axis; got {shape}. "
        "Ten grey 64 × 64 pictures are (10, 64, 64, 1)."
    )
    raise ValueError(msg)


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


def image_features(x: Any, filters: Sequence[int], prefix: str = "") -> Any:
    """Convolve at each resolution with max pooling between them, and average over the image."""
    ndim = len(x.shape) - 2
    for level, n in enumerate(filters):
        if level:
            x = for_ndim("MaxPooling{}", ndim)(2, padding="same", name=f"{prefix}pool{level}")(x)
        x = conv_block(x, n, f"{prefix}level{level}")
    return for_ndim("GlobalAveragePooling{}", ndim)(name=f"{prefix}average")(x)


def activation(classes: int, *, independent: bool = False) -> str:
    """Return ``"sigmoid"`` for one class or independent ones, ``"softmax"`` for exclusive ones."""
    if not isinstance(classes, int) or classes < 1:
        msg = f"classes must be 1 (yes or no) or the number of exclusive classes; got {classes!r}."
        raise ValueError(msg)
    return "sigmoid" if classes == 1 or independent else "softmax"


def head(x: Any, classes: int, layer: Any, *, independent: bool = False, **options: Any) -> Any:
    """End a model in probabilities: a sigmoid for one class, a softmax for more, always float32."""
    kind = activation(classes, independent=independent)
    return layer(classes, activation=kind, dtype="float32", name="probability", **options)(x)


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


@keras.saving.register_keras_serializable("medlab")
class FramesAsSamples(keras.layers.Layer):
    """Put the images of all sequences one after the other: ``(n, times, ...)`` to ``(n · times, ...)``.

    The layers behind it treat every image with the same weights, as Keras' ``TimeDistributed`` does, which
    repeats the layers for each image instead.
    """

    def call(self, sequences: Any) -> Any:
        """Return the images, those of the first sequence first."""
        return keras.ops.reshape(sequences, (-1, *keras.ops.shape(sequences)[2:]))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Return the shape of the images."""
        return (None, *input_shape[2:])


@keras.saving.register_keras_serializable("medlab")
class SamplesAsFrames(keras.layers.Layer):
    """Undo `FramesAsSamples`: ``(n · times, ...)`` to ``(n, times, ...)``, times as in a second input."""

    def call(self, inputs: Any) -> Any:
        """Return ``inputs[0]`` as sequences as long as those in ``inputs[1]``."""
        images, sequences = inputs
        return keras.ops.reshape(images, (-1, keras.ops.shape(sequences)[1], *keras.ops.shape(images)[1:]))

    def compute_output_shape(self, input_shapes: Any) -> tuple[int | None, ...]:
        """Return the shape of the images with the number of times of the sequences."""
        images, sequences = input_shapes
        return (sequences[0], sequences[1], *images[1:])
