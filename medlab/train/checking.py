"""What must be true of data before a training is worth starting."""

from __future__ import annotations

from typing import Any

import numpy as np

from medlab.models.backend import keras

__all__ = ["Output", "check_pair", "check_varied"]


class Output:
    """What a model with one output predicts, read off its last layer.

    Attributes
    ----------
    activation : str
        Name of the last activation: ``"sigmoid"``, ``"softmax"``, ``"linear"``, …; ``""`` if unknown.
    spatial : bool
        Whether there is a prediction for every pixel.
    classes : int
        Channels of the output.
    """

    def __init__(self, model: keras.Model) -> None:
        self.single = len(model.outputs) == 1
        last = model.outputs[0]._keras_history.operation  # noqa: SLF001
        self.activation = getattr(getattr(last, "activation", None), "__name__", "")
        self.spatial = len(model.outputs[0].shape) > 2
        self.classes = model.outputs[0].shape[-1]


def check_pair(model: keras.Model, x: Any, y: Any, what: str) -> None:
    """Raise ValueError if these arrays cannot train this model.

    Parameters
    ----------
    model : keras.Model
        With one input and one output; others are left to Keras.
    x, y : ndarray
        Inputs and targets.
    what : str
        ``"train"`` or ``"val"``, for the message.
    """
    sizes = {len(part) for part in keras.tree.flatten((x, y))}
    if len(sizes) != 1 or 0 in sizes:
        msg = f"{what}: x and y must hold the same number of samples, at least one; got {sorted(sizes)}."
        raise ValueError(msg)
    for name, part in (("x", x), ("y", y)):
        for array in keras.tree.flatten(part):
            if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
                msg = f"{what}: {name} holds NaN or infinite values; replace them first, e.g. np.nan_to_num."
                raise ValueError(msg)
    if len(model.inputs) == 1 and isinstance(x, np.ndarray):
        _check_shape(x, model.input_shape, f"{what}: x")
    output = Output(model)
    if output.single and isinstance(y, np.ndarray):
        _check_targets(y, model.output_shape, output, f"{what}: y")


def check_varied(y: Any, output: Output) -> None:
    """Raise ValueError if the training targets are all the same, so that there is nothing to learn."""
    if output.activation in {"sigmoid", "softmax"} and y.size and (y == y.flat[0]).all():
        what = "mask is the same everywhere" if output.spatial else "sample has the same class"
        msg = (
            f"train: every {what} ({y.flat[0]}): there is nothing to learn. "
            "Check how the targets were read, or split with stratify=."
        )
        raise ValueError(msg)


def _check_shape(array: Any, expected: tuple[int | None, ...], what: str) -> None:
    fits = array.ndim == len(expected) and all(
        e in (None, n) for n, e in zip(array.shape, expected, strict=True)
    )
    if fits:
        return
    wanted = "(n, " + ", ".join("any" if e is None else str(e) for e in expected[1:]) + ")"
    way_out = (
        "add the channel axis with [..., None]" if array.ndim == len(expected) - 1 else "resize or crop it"
    )
    msg = f"{what} must have the shape {wanted} that the model expects; got {array.shape}: {way_out}."
    raise ValueError(msg)


def _check_targets(y: Any, shape: tuple[int | None, ...], output: Output, what: str) -> None:
    """Check shape and values of classes or masks against the model's last activation."""
    labels = output.activation == "softmax" and y.shape[-1:] != shape[-1:]
    one = y if y.ndim == len(shape) else y[..., None]
    _check_shape(one, (*shape[:-1], 1) if labels else shape, what)
    if output.activation == "sigmoid" and (y.min() < 0 or y.max() > 1):
        msg = f"{what} must hold 0 and 1; got values from {y.min()} to {y.max()}. Compare first, e.g. y > 0."
        raise ValueError(msg)
    if labels and (y.min() < 0 or y.max() >= output.classes or (y != np.round(y)).any()):
        msg = (
            f"{what} must hold whole label numbers 0 to {output.classes - 1}; got values from {y.min()} "
            f"to {y.max()}. Renumber the labels, or build the model with classes={int(y.max()) + 1}."
        )
        raise ValueError(msg)
