"""What happens inside a network: its filters' answers, its attention, and what it would like to see most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.explain.cam import answers_of, features_of, found_layer
from medlab.explain.gradients import value_and_grad
from medlab.explain.targets import batches, checked_images, flat_layers, score
from medlab.models.backend import keras

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["activation_maximisation", "attention", "feature_maps", "show_feature_maps"]


def feature_maps(
    model: keras.Model, x: ArrayLike, layer: str | keras.Layer | None = None, *, batch_size: int = 16
) -> NDArray[np.float32]:
    """Return what a layer gives for images.

    Parameters
    ----------
    model : keras.Model
        With one input.
    x : (n, rows, columns, channels) or (n, slices, rows, columns, channels) array_like
        Images, scaled as for training.
    layer : str or keras.Layer, optional
        Default: the last one that still has rows and columns, before the output.
    batch_size : int, optional
        Images at a time.

    Returns
    -------
    (n, rows, columns, filters) ndarray of float32
        For volumes with slices before rows; at the layer's own resolution, in its own units.

    Raises
    ------
    ValueError
        If there is no such layer or it has no rows and columns; the message names some that do.

    Examples
    --------
    >>> import numpy as np, medlab
    >>> model = medlab.models.classifier((32, 32, 1), filters=(4, 8))
    >>> feature_maps(model, np.zeros((2, 32, 32, 1))).shape
    (2, 16, 16, 8)
    """
    images = checked_images(model, x)
    chosen = found_layer(model, layer)
    return np.concatenate(
        [features_of(model, images[part], chosen) for part in batches(len(images), batch_size)]
    )


def show_feature_maps(features: ArrayLike, *, columns: int = 8, most: int = 32) -> Any:
    """Draw the maps of one image, those that vary most first.

    Parameters
    ----------
    features : (rows, columns, filters) or (slices, rows, columns, filters) array_like
        One image's maps from `feature_maps`; of a volume the middle slice is shown.
    columns : int, optional
        Maps side by side.
    most : int, optional
        Maps to draw at most.

    Returns
    -------
    ndarray of matplotlib.axes.Axes
        Each map between its own minimum (black) and maximum (white); the title is the number of the filter.
    """
    import matplotlib.pyplot as plt

    maps = np.asarray(features)
    if maps.ndim not in {3, 4}:
        msg = f"features must be the maps of one image, (rows, columns, filters); got shape {maps.shape}."
        raise ValueError(msg)
    maps = maps[len(maps) // 2] if maps.ndim == 4 else maps
    order = np.argsort(-maps.std(axis=(0, 1)), kind="stable")[:most]
    columns = min(columns, len(order))
    rows = -(-len(order) // columns)
    size = (1.3 * columns, 1.45 * rows)
    _, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, number in zip(axes.flat, order, strict=False):
        ax.imshow(maps[..., number], cmap="gray")
        ax.set_title(f"{number}", fontsize=8)
    return axes


def attention(model: keras.Model, x: ArrayLike, *, batch_size: int = 16) -> dict[str, NDArray[np.float32]]:
    """Return the weights of the attention gates of a `medlab.models.attention_unet`.

    Parameters
    ----------
    model : keras.Model
        With layers whose names end in ``_attention`` and that give one channel of weights 0…1.
    x : array_like
        Images, as for `feature_maps`.
    batch_size : int, optional
        Images at a time.

    Returns
    -------
    dict of str to ndarray
        By gate, full resolution first: ``(n, rows, columns)`` or ``(n, slices, rows, columns)``, brought to
        the resolution of the image. Not scaled: 1 lets everything of a skip connection pass, 0 nothing. What
        a gate lets pass is not yet what the model's answer rests on: check it with
        `medlab.explain.localisation` and `medlab.explain.randomisation_test` like any other map.

    Raises
    ------
    ValueError
        If the model has no attention gates.
    """
    from skimage.transform import resize

    images = checked_images(model, x)
    gates = sorted(layer.name for layer in flat_layers(model) if layer.name.endswith("_attention"))
    if not gates:
        msg = (
            f"Model {model.name!r} has no attention gates (layers named …_attention). Build it with "
            "medlab.models.attention_unet, or explain it with medlab.explain.grad_cam."
        )
        raise ValueError(msg)
    size = images.shape[1:-1]
    found = {}
    for gate in gates:
        weights = feature_maps(model, images, gate, batch_size=batch_size)[..., 0]
        maps = [resize(w, size, order=1, mode="edge", anti_aliasing=False) for w in weights]
        found[gate] = np.stack(maps).astype(np.float32)
    return found


def activation_maximisation(
    model: keras.Model,
    output: int = 0,
    *,
    layer: str | keras.Layer | None = None,
    size: Sequence[int] | None = None,
    bounds: tuple[float, float] = (0.0, 1.0),
    steps: int = 200,
    step_size: float = 0.05,
    decay: float = 0.01,
    blur: float = 0.7,
    jitter: int = 2,
    seed: int = 0,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Make the image that a class, or a filter of a layer, answers to most: gradient ascent from noise.

    It shows what the network looks for, which need not look like anything a person knows.

    Parameters
    ----------
    model : keras.Model
        With one input and one output.
    output : int, optional
        The class; with `layer`, the filter.
    layer : str or keras.Layer, optional
        Maximise the mean answer of one of its filters instead of a class.
    size : sequence of int, optional
        Spatial shape of the image. Default: that of the model's input; needed where it is open.
    bounds : (float, float), optional
        Smallest and largest value of a pixel, as in training.
    steps : int, optional
        Steps of gradient ascent.
    step_size : float, optional
        Largest change of a pixel in a step, as a share of the bounds.
    decay : float, optional
        How far each step draws pixels towards the middle of the bounds.
    blur : float, optional
        Standard deviation in pixels of a Gaussian blur after every fourth step, against fine noise.
    jitter : int, optional
        Largest random shift in pixels before each step, so that nothing depends on the pixel grid.
    seed : int, optional
        Of the noise and the shifts.

    Returns
    -------
    image : (rows, columns, channels) or (slices, rows, columns, channels) ndarray of float32
        Within the bounds.
    scores : (steps + 1,) ndarray of float32
        The score (before a sigmoid or softmax) or the filter's mean answer, before each step and at the end.

    References
    ----------
    Erhan et al., *Visualizing higher-layer features of a deep network*, 2009; regularisation as in Yosinski
    et al., *Understanding neural networks through deep visualization*, 2015, https://arxiv.org/abs/1506.06579.

    Examples
    --------
    >>> import medlab
    >>> model = medlab.models.classifier((16, 16, 1), filters=(4,))
    >>> image, scores = activation_maximisation(model, steps=5)
    >>> image.shape, len(scores), bool(scores[-1] > scores[0])
    ((16, 16, 1), 6, True)
    """
    from scipy import ndimage

    shape = model.input_shape[1:] if size is None else (*size, model.input_shape[-1])
    if None in shape:
        msg = f"The model takes images of any size {shape}; say which with size=."
        raise ValueError(msg)
    low, high = bounds
    rng = np.random.default_rng(seed)
    compute = _answer(model, output, layer, shape)
    image = (low + high) / 2 + 0.05 * (high - low) * rng.standard_normal(shape)
    scores = []
    for step in range(steps):
        moved = tuple(rng.integers(-jitter, jitter + 1, size=len(shape) - 1))
        axes = tuple(range(len(shape) - 1))
        image = np.roll(image, moved, axes)
        value, gradient = value_and_grad(compute, image[None])
        scores.append(value[0])
        image = image + step_size * (high - low) * gradient[0] / max(float(np.abs(gradient).max()), 1e-12)
        image = (1 - decay) * image + decay * (low + high) / 2
        if blur and step % 4 == 3:
            image = ndimage.gaussian_filter(image, (*[blur] * len(axes), 0))
        image = np.clip(np.roll(image, [-m for m in moved], axes), low, high)
    scores.append(value_and_grad(compute, image[None])[0][0])
    return image.astype(np.float32), np.array(scores, dtype=np.float32)


def _answer(model: keras.Model, output: int, layer: str | keras.Layer | None, shape: Sequence[int]) -> Any:
    """Return a function from one image to (1,) scores: of a class, or of a filter's mean answer."""
    if layer is None:
        result = model.output_shape
        if not 0 <= output < result[-1]:
            msg = f"output must be a class from 0 to {result[-1] - 1}; got {output}."
            raise ValueError(msg)
        spatial = [n or m for n, m in zip(result[1:-1], shape, strict=False)] if len(result) > 2 else []
        weights = np.zeros((1, *spatial, result[-1]), np.float32)
        weights[..., output] = 1 / max(int(np.prod(spatial)), 1)
        return score(model, weights)
    chosen = found_layer(model, layer)
    filters = chosen.output.shape[-1]
    if not 0 <= output < filters:
        msg = f"output must be a filter from 0 to {filters - 1} of that layer; got {output}."
        raise ValueError(msg)

    def compute(x: Any) -> Any:
        answers = answers_of(model, x, chosen)[..., output]
        return keras.ops.mean(answers, axis=tuple(range(1, len(answers.shape))))

    return compute
