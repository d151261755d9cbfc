"""What exactly is explained: which output, before its sigmoid or softmax, and over which pixels."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.models.backend import keras

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "batches",
    "checked_images",
    "flat_layers",
    "last_operation",
    "scaled",
    "score",
    "target",
    "temporary",
]


def checked_images(model: keras.Model, x: ArrayLike) -> NDArray[np.float32]:
    """Return a float32 batch, or raise ValueError if it is not what the model takes."""
    images = np.asarray(x, dtype=np.float32)
    if len(model.inputs) != 1:
        msg = f"Explanations need a model with one input; this one has {len(model.inputs)}."
        raise ValueError(msg)
    expected = model.input_shape
    if images.ndim != len(expected) or images.shape[-1] != expected[-1]:
        way_out = "add the batch axis with x[None]" if images.ndim == len(expected) - 1 else "check its axes"
        msg = (
            f"x must be a batch of the shape {expected} that the model takes; got {images.shape}: {way_out}."
        )
        raise ValueError(msg)
    if not np.isfinite(images).all():
        msg = "x holds NaN or infinite values; replace them first, e.g. with np.nan_to_num."
        raise ValueError(msg)
    return images


def batches(n: int, size: int) -> Iterator[slice]:
    """Yield slices that cut n samples into batches."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


@contextmanager
def temporary(thing: Any, name: str, value: Any) -> Iterator[None]:
    """Set an attribute of a layer, and put the old one back afterwards."""
    own = name in vars(thing)
    old = getattr(thing, name)
    setattr(thing, name, value)
    try:
        yield
    finally:
        if own:
            setattr(thing, name, old)
        else:
            delattr(thing, name)


def last_operation(model: keras.Model) -> Any:
    """Return the layer that computes the output, inside of nested models too."""
    layer = model.outputs[0]._keras_history.operation  # noqa: SLF001
    return last_operation(layer) if isinstance(layer, keras.Model) else layer


def flat_layers(model: keras.Model) -> Iterator[keras.Layer]:
    """Yield all layers in order, those of nested models in their place."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from flat_layers(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer


def score(model: keras.Model, weights: NDArray[np.float32]) -> Callable[[Any], Any]:
    """Return a function from images to (n,) scores: the output before its activation, weighted and summed.

    Parameters
    ----------
    model : keras.Model
        With one output.
    weights : (n, ..., classes) ndarray
        Of the output, from `target`.
    """
    layer = last_operation(model)
    activation = getattr(getattr(layer, "activation", None), "__name__", "")

    def compute(x: Any) -> Any:
        if activation in {"sigmoid", "softmax"}:
            with temporary(layer, "activation", keras.activations.linear):
                outputs = model(x, training=False)
        else:
            outputs = model(x, training=False)
        return keras.ops.sum(outputs * weights, axis=tuple(range(1, len(outputs.shape))))

    return compute


def target(model: keras.Model, x: NDArray[np.float32], output: ArrayLike | None) -> NDArray[np.float32]:
    """Return weights of the model's output that pick what is explained for each image.

    For classes, the weight is 1 at the class. For masks, it is spread over the pixels where the model sees
    the class, or over all pixels where it sees none (Vinogradova et al., *Seg-Grad-CAM*, AAAI 2020).

    Parameters
    ----------
    model : keras.Model
        With one output.
    x : (n, ...) ndarray
        Images.
    output : int, sequence of n ints, or None
        The class; ``None``: the only one, or the most probable one for each image (for masks: the largest
        structure that is not the background).
    """
    if len(model.outputs) != 1:
        msg = f"Explanations need a model with one output; this one has {len(model.outputs)}."
        raise ValueError(msg)
    outputs = keras.ops.convert_to_numpy(model(x, training=False))
    classes = outputs.shape[-1]
    wanted = _predicted(outputs) if output is None else np.broadcast_to(np.asarray(output, int), (len(x),))
    if wanted.min() < 0 or wanted.max() >= classes:
        msg = f"output must be a class from 0 to {classes - 1}; got {np.unique(wanted).tolist()}."
        raise ValueError(msg)
    one_hot = np.eye(classes, dtype=np.float32)[wanted]
    if outputs.ndim == 2:
        return one_hot
    seen = outputs > 0.5 if classes == 1 else outputs.argmax(axis=-1)[..., None] == np.arange(classes)
    one_hot = one_hot.reshape(len(x), *[1] * (outputs.ndim - 2), classes)
    region = (seen * one_hot).astype(np.float32)
    pixels = region.sum(axis=tuple(range(1, region.ndim)), keepdims=True)
    everywhere = np.broadcast_to(one_hot, outputs.shape) / np.prod(outputs.shape[1:-1])
    return np.where(pixels > 0, region / np.maximum(pixels, 1), everywhere).astype(np.float32)


def _predicted(outputs: NDArray[np.float32]) -> NDArray[np.int64]:
    if outputs.ndim == 2 or outputs.shape[-1] == 1:
        return outputs.reshape(len(outputs), -1, outputs.shape[-1])[:, 0].argmax(axis=-1)
    labels = outputs.argmax(axis=-1).reshape(len(outputs), -1)
    sizes = np.stack([(labels == c).sum(axis=1) for c in range(1, outputs.shape[-1])], axis=1)
    return 1 + sizes.argmax(axis=1)


def scaled(maps: NDArray[Any]) -> NDArray[np.float32]:
    """Divide each map by its maximum; negative values become 0, a map without positive values stays 0."""
    maps = np.maximum(np.nan_to_num(np.asarray(maps, dtype=np.float64)), 0)
    top = maps.max(axis=tuple(range(1, maps.ndim)), keepdims=True)
    return np.divide(maps, top, out=np.zeros_like(maps), where=top > 0).astype(np.float32)
