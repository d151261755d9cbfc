"""Train the same compiled model again from the beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.models.backend import keras

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["restart"]


def restart(model: keras.Model, weights: Sequence[Any], *, seed: int = 0) -> None:
    """Give a compiled model its first weights again, and let its optimiser forget.

    Compiling anew for each of several seeds or settings traces the training step anew, which on a CPU can
    take longer than training a small network. After this call ``model.fit`` and ``model.train_on_batch`` go
    on with the step already traced and with nothing else left of the earlier training: no moments, no count
    of steps (a schedule begins at its beginning), no metrics, no state of dropout.

    Parameters
    ----------
    model : keras.Model
        Compiled. A learning rate that is a number stays as it is.
    weights : sequence of ndarray
        As from ``model.get_weights()`` before the training, or from the same builder with another seed.
    seed : int, optional
        Of layers that draw at random, such as dropout.

    Raises
    ------
    ValueError
        If the model is not compiled, or the weights are not of its shapes.

    Examples
    --------
    >>> import medlab
    >>> medlab.train.set_seed(0)
    >>> model = medlab.models.classifier((8, 8, 1), filters=(4,))
    >>> model.compile("adam", "binary_crossentropy")
    >>> untrained = model.get_weights()
    >>> medlab.train.restart(model, untrained, seed=1)
    """
    if getattr(model, "optimizer", None) is None:
        msg = f"Model {model.name!r} is not compiled, so there is no training to restart; compile it first."
        raise ValueError(msg)
    shapes, expected = [np.shape(w) for w in weights], [tuple(w.shape) for w in model.weights]
    if shapes != expected:
        msg = (
            f"The weights have the shapes {shapes}, model {model.name!r} needs {expected}; take them from "
            "get_weights() of this model or of one from the same builder with the same arguments."
        )
        raise ValueError(msg)
    model.set_weights(weights)
    for state in model.optimizer.variables:
        if state.name != "learning_rate":
            state.assign(keras.ops.zeros_like(state))
    rng = np.random.default_rng(seed)
    for state in model.variables:
        if state.name == "seed_generator_state":
            state.assign([rng.integers(2**31), 0])
    model.reset_metrics()
