"""Moving images along displacement fields, as layers through which gradients flow."""

from __future__ import annotations

import itertools
from typing import Any

from medlab.models.backend import keras

__all__ = ["FieldIntegration", "SpatialTransformer"]


@keras.saving.register_keras_serializable("medlab")
class SpatialTransformer(keras.layers.Layer):
    """Move an image along a displacement field.

    ``output[x] = image[x + field[x]]``: the field tells for each voxel of the output where in the image its
    value comes from. Beyond the edge the value at the edge counts.

    Parameters
    ----------
    interpolation : {"linear", "nearest"}
        ``"nearest"`` for label numbers; it lets no gradient through to the field.

    Notes
    -----
    Inputs ``[image, field]``: image ``(n, rows, columns, channels)`` or ``(n, slices, rows, columns,
    channels)``, field ``(n, rows, columns, 2)`` or ``(n, slices, rows, columns, 3)`` in voxels, in the order
    of the image's axes. Output: like the image, at the places of the field.

    References
    ----------
    Jaderberg et al., *Spatial transformer networks*, NeurIPS 2015, https://arxiv.org/abs/1506.02025.

    Examples
    --------
    >>> import numpy as np
    >>> image, field = np.arange(4.0).reshape(1, 1, 4, 1), np.zeros((1, 1, 4, 2))
    >>> field[..., 1] = 0.5  # from half a pixel further right
    >>> np.asarray(SpatialTransformer()([image, field]))[0, 0, :, 0].tolist()
    [0.5, 1.5, 2.5, 3.0]
    """

    def __init__(self, interpolation: str = "linear", **options: Any) -> None:
        super().__init__(**{"dtype": "float32", **options})
        if interpolation not in {"linear", "nearest"}:
            msg = f"interpolation must be 'linear' or 'nearest'; got {interpolation!r}."
            raise ValueError(msg)
        self.interpolation = interpolation

    def build(self, input_shapes: Any) -> None:
        """Check that the field has a component for each axis of the image."""
        image, field = input_shapes
        if len(image) != len(field) or field[-1] != len(image) - 2:
            msg = (
                "Expected [image, field] of shapes (n, rows, columns, channels) and (n, rows, columns, 2), "
                "or (n, slices, rows, columns, channels) and (n, slices, rows, columns, 3); got "
                f"{image} and {field}."
            )
            raise ValueError(msg)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the moved image."""
        image, field = inputs
        return _sampled(image, _identity(field) + field, self.interpolation)

    def compute_output_shape(self, input_shapes: Any) -> tuple[int | None, ...]:
        """Return the places of the field with the channels of the image."""
        image, field = input_shapes
        return (*field[:-1], image[-1])

    def get_config(self) -> dict[str, Any]:
        """Return what the layer was made with."""
        return {**super().get_config(), "interpolation": self.interpolation}


@keras.saving.register_keras_serializable("medlab")
class FieldIntegration(keras.layers.Layer):
    """Turn a stationary velocity field into the displacement after unit time: scaling and squaring.

    The displacement of a smooth velocity field is a diffeomorphism: smooth, invertible, without folds; that
    of the negative field is its inverse.

    Parameters
    ----------
    steps : int
        The field is divided by ``2 ** steps`` and then applied to itself `steps` times.

    Notes
    -----
    Input and output ``(n, rows, columns, 2)`` or ``(n, slices, rows, columns, 3)``, in voxels.

    References
    ----------
    Arsigny et al., *A log-Euclidean framework for statistics on diffeomorphisms*, MICCAI 2006,
    https://doi.org/10.1007/11866565_113; Dalca et al., *Unsupervised learning for fast probabilistic
    diffeomorphic registration*, MICCAI 2018, https://arxiv.org/abs/1805.04605.
    """

    def __init__(self, steps: int = 7, **options: Any) -> None:
        super().__init__(**{"dtype": "float32", **options})
        if not isinstance(steps, int) or steps < 0:
            msg = f"steps must be a whole number, 0 or more; got {steps!r}."
            raise ValueError(msg)
        self.steps = steps

    def call(self, velocity: Any) -> Any:
        """Return the displacement."""
        field = velocity / 2.0**self.steps
        grid = _identity(field)
        for _ in range(self.steps):
            field = field + _sampled(field, grid + field, "linear")
        return field

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return what the layer was made with."""
        return {**super().get_config(), "steps": self.steps}


def _identity(field: Any) -> Any:
    """Return the index of each place of the field, ``(1, ..., ndim)``."""
    axes = [keras.ops.arange(n) for n in keras.ops.shape(field)[1:-1]]
    grid = keras.ops.stack(keras.ops.meshgrid(*axes, indexing="ij"), axis=-1)
    return keras.ops.cast(grid, field.dtype)[None]


def _sampled(image: Any, places: Any, interpolation: str) -> Any:
    """Return the image's values at `places`, ``(n, ..., ndim)`` in voxels, edges continued."""
    ops = keras.ops
    size = ops.shape(image)
    ndim, sizes = len(size) - 2, size[1:-1]
    flat = ops.reshape(image, (-1, size[-1]))
    last = [ops.cast(n - 1, "int32") for n in sizes]
    voxels = ops.cast(sizes[0], "int32")
    for n in sizes[1:]:
        voxels = voxels * ops.cast(n, "int32")
    first = ops.reshape(ops.arange(size[0]), (-1, *[1] * ndim)) * voxels
    limited = [ops.clip(places[..., d], 0, ops.cast(last[d], places.dtype)) for d in range(ndim)]

    def values(corner: list[Any]) -> Any:
        index = ops.zeros_like(corner[0])
        for n, place in zip(sizes, corner, strict=True):
            index = index * n + place
        return ops.take(flat, index + first, axis=0)

    if interpolation == "nearest":
        return values([ops.cast(ops.round(p), "int32") for p in limited])
    low = [ops.cast(ops.floor(p), "int32") for p in limited]
    high = [ops.minimum(i + 1, end) for i, end in zip(low, last, strict=True)]
    part = [p - ops.cast(i, p.dtype) for p, i in zip(limited, low, strict=True)]
    total: Any = 0.0
    for corner in itertools.product((False, True), repeat=ndim):
        weight: Any = 1.0
        for upper, p in zip(corner, part, strict=True):
            weight = weight * (p if upper else 1.0 - p)
        chosen = [h if upper else i for upper, i, h in zip(corner, low, high, strict=True)]
        total = total + weight[..., None] * values(chosen)
    return total
