"""Gradients on every Keras backend: the one thing that Keras itself leaves to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.models import backend
from medlab.models.backend import keras

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

__all__ = ["value_and_grad"]


def value_and_grad(fn: Callable[[Any], Any], x: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return ``fn(x)`` and the gradient of its sum with respect to `x`.

    Parameters
    ----------
    fn : callable
        Takes a float32 tensor of the backend and returns a tensor computed with ``keras.ops`` or a Keras
        model. If it returns one score per sample and samples do not mix, each sample has its own gradient.
    x : array_like
        Where to take the gradient.

    Returns
    -------
    value, gradient : ndarray
        Float32; the gradient has the shape of `x`.

    Raises
    ------
    ValueError
        If ``fn(x)`` does not depend on `x`.

    Examples
    --------
    >>> value, gradient = value_and_grad(lambda x: keras.ops.sum(x**2, axis=1), [[1.0, 2.0], [3.0, 0.0]])
    >>> value.tolist(), gradient.tolist()
    ([5.0, 9.0], [[2.0, 4.0], [6.0, 0.0]])
    """
    compute = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[backend.name()]
    value, gradient = compute(fn, np.asarray(x, dtype=np.float32))
    if gradient is None:
        msg = "The gradient is undefined: fn(x) does not depend on x through differentiable operations."
        raise ValueError(msg)
    return keras.ops.convert_to_numpy(value), keras.ops.convert_to_numpy(gradient)


def _tensorflow(fn: Callable[[Any], Any], x: NDArray[np.float32]) -> tuple[Any, Any]:
    import tensorflow as tf

    tensor = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        value = fn(tensor)
    return value, tape.gradient(value, tensor)


def _jax(fn: Callable[[Any], Any], x: NDArray[np.float32]) -> tuple[Any, Any]:
    import jax

    def total(tensor: Any) -> tuple[Any, Any]:
        value = fn(tensor)
        return value.sum(), value

    (_, value), gradient = jax.value_and_grad(total, has_aux=True)(jax.numpy.asarray(x))
    return value, gradient


def _torch(fn: Callable[[Any], Any], x: NDArray[np.float32]) -> tuple[Any, Any]:
    import torch

    tensor = keras.ops.convert_to_tensor(x).detach().clone().requires_grad_()
    value = fn(tensor)
    if not value.requires_grad:
        return value, None
    return value.detach(), torch.autograd.grad(value.sum(), tensor, allow_unused=True)[0]
