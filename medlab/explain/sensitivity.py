"""Maps from the gradient with respect to the image."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.explain.gradients import value_and_grad
from medlab.explain.targets import batches, checked_images, flat_layers, scaled, score, target, temporary
from medlab.models.backend import keras

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["guided_backprop", "integrated_gradients", "saliency", "smooth_grad"]


def saliency(
    model: keras.Model, x: ArrayLike, output: int | Sequence[int] | None = None, *, batch_size: int = 16
) -> NDArray[np.float32]:
    """Show which pixels the score would change with most: the size of its gradient.

    Parameters
    ----------
    model : keras.Model
        With one input and one output.
    x : (n, rows, columns, channels) or (n, slices, rows, columns, channels) array_like
        Images, scaled as for training.
    output : int, or one per image, optional
        The class. Default: the only one, or the most probable one for each image.
    batch_size : int, optional
        Images at a time.

    Returns
    -------
    (n, rows, columns) or (n, slices, rows, columns) ndarray of float32
        0 to 1; the largest absolute value over channels. It has no sign: it also shows what speaks against.

    References
    ----------
    Simonyan, Vedaldi & Zisserman, *Deep inside convolutional networks*, ICLR workshop 2014,
    https://arxiv.org/abs/1312.6034.

    Examples
    --------
    >>> import numpy as np, medlab
    >>> model = medlab.models.classifier((16, 16, 1), filters=(4,))
    >>> medlab.explain.saliency(model, np.random.default_rng(0).normal(size=(3, 16, 16, 1))).max(axis=(1, 2))
    array([1., 1., 1.], dtype=float32)
    """
    return smooth_grad(model, x, output, samples=1, noise=0.0, batch_size=batch_size)


def smooth_grad(
    model: keras.Model,
    x: ArrayLike,
    output: int | Sequence[int] | None = None,
    *,
    samples: int = 16,
    noise: float = 0.15,
    seed: int = 0,
    batch_size: int = 16,
) -> NDArray[np.float32]:
    """Average the gradient over noisy copies of the image, then take its size.

    Parameters
    ----------
    model, x, output, batch_size
        As in `saliency`.
    samples : int, optional
        Noisy copies.
    noise : float, optional
        Standard deviation of the noise as a share of the range (maximum − minimum) of each image.
    seed : int, optional
        The same seed gives the same maps.

    Returns
    -------
    (n, rows, columns) or (n, slices, rows, columns) ndarray of float32
        0 to 1.

    References
    ----------
    Smilkov et al., *SmoothGrad: removing noise by adding noise*, 2017, https://arxiv.org/abs/1706.03825.
    """
    images = checked_images(model, x)
    rng = np.random.default_rng(seed)
    axes = tuple(range(1, images.ndim))
    spread = noise * (images.max(axis=axes, keepdims=True) - images.min(axis=axes, keepdims=True))

    def mean_gradient(part: NDArray[np.float32], gradient: Any, spread: NDArray[np.float32]) -> Any:
        copies = (part + spread * rng.standard_normal(part.shape, dtype=np.float32) for _ in range(samples))
        return sum(gradient(copy) for copy in copies) / samples

    gradients = _gradients(model, images, output, batch_size, combine=mean_gradient, extra=spread)
    return scaled(np.abs(gradients).max(axis=-1))


def integrated_gradients(
    model: keras.Model,
    x: ArrayLike,
    output: int | Sequence[int] | None = None,
    *,
    baseline: ArrayLike = 0.0,
    steps: int = 32,
    signed: bool = False,
    batch_size: int = 16,
) -> NDArray[np.float32]:
    """Share the score out over the pixels: the gradient along the way from a baseline, times the difference.

    Parameters
    ----------
    model, x, output, batch_size
        As in `saliency`.
    baseline : float or array_like, optional
        What counts as "nothing there": a value, or an image that broadcasts against `x`. The map depends on
        it: where the image equals the baseline, it is 0.
    steps : int, optional
        Points along the way, denser towards the baseline: a network that normalises sees a faint image
        nearly as it sees the full one, so that most of the score appears at the very beginning.
    signed : bool, optional
        Return the attributions themselves: positive and negative, with channels, unscaled. They add up to
        the score of the image minus that of the baseline, up to the error of the sum.

    Returns
    -------
    ndarray of float32
        ``(n, rows, columns)``, 0 to 1: the size of the attribution, summed over channels; or with `signed`,
        the attributions in the shape of `x`.

    Notes
    -----
    With group normalisation (`medlab.models`) and a flat baseline, the default steps are enough to see where,
    but the sum came within 10 % of the difference only with 300 steps.

    The map is multiplied with the image (less the baseline): what is bright stands out in it even for a model
    that has learned nothing. Compare with an untrained model before believing it.

    References
    ----------
    Sundararajan, Taly & Yan, *Axiomatic attribution for deep networks*, ICML 2017,
    https://arxiv.org/abs/1703.01365.
    """
    images = checked_images(model, x)
    start = np.broadcast_to(np.asarray(baseline, dtype=np.float32), images.shape)

    def attribution(part: NDArray[np.float32], gradient: Any, start: NDArray[np.float32]) -> Any:
        along = (np.arange(steps, dtype=np.float32) + 0.5) / steps
        points = zip(
            along**3, 3 * along**2, strict=True
        )  # where on the way, and how long a piece it stands for
        total = sum(length * gradient(start + share * (part - start)) for share, length in points)
        return (part - start) * total / steps

    attributions = _gradients(model, images, output, batch_size, combine=attribution, extra=start)
    return attributions.astype(np.float32) if signed else scaled(np.abs(attributions.sum(axis=-1)))


def guided_backprop(
    model: keras.Model, x: ArrayLike, output: int | Sequence[int] | None = None, *, batch_size: int = 16
) -> NDArray[np.float32]:
    """Show the gradient that passes only through rectifiers where both signal and gradient are positive.

    Sharp, but to be read with care: its maps change little when the later layers are randomised (Adebayo et
    al., NeurIPS 2018), which `medlab.explain.randomisation_test` shows.

    Parameters
    ----------
    model, x, output, batch_size
        As in `saliency`. At least one layer must be a rectifier (ReLU).

    Returns
    -------
    (n, rows, columns) or (n, slices, rows, columns) ndarray of float32
        0 to 1: the size of the guided gradient, the largest over channels.

    Raises
    ------
    ValueError
        If the model has no rectifier.

    References
    ----------
    Springenberg et al., *Striving for simplicity: the all convolutional net*, ICLR workshop 2015,
    https://arxiv.org/abs/1412.6806.
    """
    images = checked_images(model, x)
    with ExitStack() as stack:
        replaced = [
            stack.enter_context(temporary(layer, *change))
            for layer in flat_layers(model)
            for change in _guided_change(layer)
        ]
        if not replaced:
            msg = f"Guided backpropagation needs rectifiers (ReLU); model {model.name!r} has none."
            raise ValueError(msg)
        gradients = _gradients(
            model, images, output, batch_size, combine=lambda part, gradient, _: gradient(part), extra=images
        )
    return scaled(np.abs(gradients).max(axis=-1))


def _guided_change(layer: keras.Layer) -> list[tuple[str, Any]]:
    """Return which attribute of a layer to replace by a guided rectifier; none for other layers."""
    if type(layer) is keras.layers.ReLU and layer.max_value is None and not layer.negative_slope:
        return [("call", _guided_relu)]
    return (
        [("activation", _guided_relu)] if getattr(layer, "activation", None) is keras.activations.relu else []
    )


@keras.ops.custom_gradient
def _guided_relu(x: Any) -> Any:
    def gradient(*args: Any, upstream: Any = None) -> Any:
        coming = args[0] if upstream is None else upstream
        passes = keras.ops.logical_and(x > 0, coming > 0)
        return coming * keras.ops.cast(passes, coming.dtype)

    return keras.ops.relu(x), gradient


def _gradients(
    model: keras.Model,
    images: NDArray[np.float32],
    output: int | Sequence[int] | None,
    batch_size: int,
    *,
    combine: Any,
    extra: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Call ``combine(images, gradient, extra)`` batch by batch; ``gradient(x)`` is that of each own score."""
    results = []
    for part in batches(len(images), batch_size):
        chosen = output if output is None or np.ndim(output) == 0 else np.asarray(output)[part]
        compute = score(model, target(model, images[part], chosen))
        results.append(combine(images[part], lambda x, f=compute: value_and_grad(f, x)[1], extra[part]))
    return np.concatenate(results)
