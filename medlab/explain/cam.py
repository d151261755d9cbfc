"""Class activation maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.explain.gradients import value_and_grad
from medlab.explain.targets import (
    batches,
    checked_images,
    flat_layers,
    last_operation,
    scaled,
    score,
    target,
    temporary,
)
from medlab.models.backend import keras

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["answers_of", "features_of", "found_layer", "grad_cam"]


def grad_cam(
    model: keras.Model,
    x: ArrayLike,
    layer: str | keras.Layer | None = None,
    output: int | Sequence[int] | None = None,
    *,
    batch_size: int = 16,
) -> NDArray[np.float32]:
    """Show where the features lie that speak for a class: Grad-CAM.

    Parameters
    ----------
    model : keras.Model
        Any model with one input and one output: a graph with branches and nested models, a Sequential, a
        trained or an untrained one. It is not changed.
    x : (n, rows, columns, channels) or (n, slices, rows, columns, channels) array_like
        Images, scaled as for training.
    layer : str or keras.Layer, optional
        Layer whose features are used. Default: the last one that still has rows and columns, before the
        output. Deeper layers mean more and show it less sharply.
    output : int, or one per image, optional
        The class. Default: the only one, or the most probable one for each image. For a model of masks, the
        pixels where the class is seen are explained together.
    batch_size : int, optional
        Images at a time.

    Returns
    -------
    (n, rows, columns) or (n, slices, rows, columns) ndarray of float32
        0 to 1 at the resolution of the input, interpolated from that of the layer. All 0 where nothing
        speaks for the class.

    Raises
    ------
    ValueError
        If `x` does not fit the model or the layer does not exist or has no rows and columns.

    References
    ----------
    Selvaraju et al., *Grad-CAM: visual explanations from deep networks via gradient-based localization*,
    ICCV 2017, https://arxiv.org/abs/1610.02391.

    Examples
    --------
    >>> import numpy as np, medlab
    >>> model = medlab.models.classifier((32, 32, 1), filters=(4, 8))
    >>> medlab.explain.grad_cam(model, np.random.default_rng(0).normal(size=(2, 32, 32, 1))).shape
    (2, 32, 32)
    """
    images = checked_images(model, x)
    chosen = found_layer(model, layer)
    outputs = np.broadcast_to(-1 if output is None else np.asarray(output), (len(images),))
    maps = [
        _maps(model, images[part], chosen, None if output is None else outputs[part])
        for part in batches(len(images), batch_size)
    ]
    return scaled(np.concatenate(maps))


def _maps(model: keras.Model, x: NDArray[np.float32], layer: keras.Layer, output: Any) -> NDArray[np.float32]:
    """Return unscaled maps of one batch at the resolution of the input."""
    from skimage.transform import resize

    compute = score(model, target(model, x, output))
    features = features_of(model, x, layer)

    def moved(shift: Any) -> Any:
        original = layer.call
        with temporary(layer, "call", lambda *args, **options: original(*args, **options) + shift):
            return compute(x)

    _, gradient = value_and_grad(moved, np.zeros_like(features))
    weight = gradient.mean(axis=tuple(range(1, features.ndim - 1)), keepdims=True)
    maps = np.maximum((features * weight).sum(axis=-1), 0)
    size = x.shape[1:-1]
    return np.stack([resize(m, size, order=1, mode="edge", anti_aliasing=False) for m in maps])


def answers_of(model: keras.Model, x: Any, layer: keras.Layer) -> Any:
    """Return what a layer, inside of nested models too, gives for these images; None if it is not used."""
    original, seen = layer.call, []

    def call(*args: Any, **options: Any) -> Any:
        seen.append(original(*args, **options))
        return seen[-1]

    with temporary(layer, "call", call):
        model(x, training=False)
    return seen[-1] if seen else None


def features_of(model: keras.Model, x: NDArray[np.float32], layer: keras.Layer) -> NDArray[np.float32]:
    """Return what a layer gives for these images."""
    answers = answers_of(model, x, layer)
    if answers is None or len(answers.shape) != x.ndim:
        msg = f"Layer {layer.name!r} gives no map of rows and columns for this model; choose another layer=."
        raise ValueError(msg)
    return np.asarray(keras.ops.convert_to_numpy(answers), dtype=np.float32)


def found_layer(model: keras.Model, layer: str | keras.Layer | None) -> keras.Layer:
    """Return the layer of a name, or the last one with rows and columns before the output."""
    if isinstance(layer, keras.Layer):
        return layer
    layers = list(flat_layers(model))
    if layer is not None:
        found = [known for known in layers if known.name == layer]
        if found:
            return found[-1]
    spatial = [known for known in layers if known is not last_operation(model) and _is_spatial(known, model)]
    if layer is None and spatial:
        return spatial[-1]
    names = [known.name for known in spatial[-8:]]
    msg = f"No layer {layer!r} with rows and columns in model {model.name!r}; its last ones are {names}."
    raise ValueError(msg)


def _is_spatial(layer: keras.Layer, model: keras.Model) -> bool:
    """Whether a layer gives rows and columns, more than one of them."""
    try:
        shape = layer.output.shape
    except (AttributeError, ValueError):  # never called, or called more than once
        return False
    return len(shape) == len(model.input_shape) and any(n != 1 for n in shape[1:-1])
