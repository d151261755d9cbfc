"""Predictions on volumes larger than a patch, from several views of an image, and from several models."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["ensemble", "sliding_window", "tta"]

#: A Keras model, or a function from a batch to a batch of predictions.
Predictor = Any


def sliding_window(
    model: Predictor,
    image: ArrayLike,
    size: Sequence[int],
    *,
    overlap: float = 0.5,
    batch_size: int = 4,
) -> NDArray[np.float32]:
    """Predict an image of any size patch by patch, and blend where patches overlap.

    Parameters
    ----------
    model : keras.Model or callable
        What maps ``(n, *size, channels)`` to ``(n, *size, classes)``.
    image : (rows, columns, channels) or (slices, rows, columns, channels) array_like
        One image, prepared as the training images were.
    size : sequence of int
        Spatial shape of a patch; an image that is smaller is padded with its minimum.
    overlap : float, optional
        Share of a patch that its neighbour covers too, 0 to below 1.
    batch_size : int, optional
        Patches predicted at a time.

    Returns
    -------
    (*spatial, classes) ndarray of float32
        Weighted mean of the patches' predictions. The weight is a Gaussian about the middle of the patch,
        where a network sees most of the surroundings (Isensee et al., Nature Methods 2021,
        https://doi.org/10.1038/s41592-020-01008-z).

    Raises
    ------
    ValueError
        If the image does not fit the patch's dimensions, or the overlap is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> doubled = sliding_window(lambda x: 2 * x, np.ones((50, 70, 1)), (32, 32))
    >>> doubled.shape, float(doubled.min()).__round__(5), float(doubled.max()).__round__(5)
    ((50, 70, 1), 2.0, 2.0)
    """
    whole = np.asarray(image, dtype=np.float32)
    if whole.ndim != len(size) + 1:
        msg = f"size={tuple(size)} needs an image (*spatial, channels); got shape {whole.shape}."
        raise ValueError(msg)
    if not 0 <= overlap < 1:
        msg = f"overlap is a share from 0 to below 1; got {overlap!r}."
        raise ValueError(msg)
    spatial = whole.shape[:-1]
    missing = [(0, max(want - have, 0)) for want, have in zip(size, spatial, strict=True)]
    whole = np.pad(whole, [*missing, (0, 0)], constant_values=whole.min())
    starts = [_starts(n, want, overlap) for n, want in zip(whole.shape, size, strict=False)]
    boxes = [
        tuple(slice(a, a + n) for a, n in zip(start, size, strict=True))
        for start in itertools.product(*starts)
    ]
    weight = _weight(size)[..., None]
    total: NDArray[np.float32] | None = None
    seen = np.zeros((*whole.shape[:-1], 1), np.float32)
    for first in range(0, len(boxes), batch_size):
        some = boxes[first : first + batch_size]
        predicted = _predict(model, np.stack([whole[box] for box in some]), batch_size)
        if total is None:
            total = np.zeros((*whole.shape[:-1], predicted.shape[-1]), np.float32)
        for box, patch in zip(some, predicted, strict=True):
            total[box] += weight * patch
            seen[box] += weight
    assert total is not None  # noqa: S101
    return np.asarray(total / seen, dtype=np.float32)[tuple(slice(n) for n in spatial)]


def tta(model: Predictor, x: ArrayLike, *, flip: Sequence[int], batch_size: int = 16) -> NDArray[np.float32]:
    """Predict an image and its mirror images, and return the mean (test-time augmentation).

    Parameters
    ----------
    model : keras.Model or callable
        What maps a batch to classes ``(n, k)`` or to masks of the images' spatial shape.
    x : (n, *spatial, channels) array_like
        Images.
    flip : sequence of int
        Axes of the image to flip, in all combinations: for ``(rows, columns)`` 1 is left–right. Only those
        that were flipped in training make sense.
    batch_size : int, optional
        Images predicted at a time.

    Returns
    -------
    ndarray of float32
        Mean prediction; masks are flipped back first.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(4.0).reshape(1, 2, 2, 1)
    >>> bool((tta(lambda x: x, x, flip=(0, 1)) == x).all())
    True
    """
    images = np.asarray(x, dtype=np.float32)
    spatial = images.shape[1:-1]
    if any(axis not in range(len(spatial)) for axis in flip):
        msg = f"flip names axes of the image, 0 to {len(spatial) - 1}; got {tuple(flip)}."
        raise ValueError(msg)
    predictions = []
    for count in range(len(flip) + 1):
        for axes in itertools.combinations(flip, count):
            batch_axes = [axis + 1 for axis in axes]
            predicted = _predict(model, np.flip(images, tuple(batch_axes)), batch_size)
            predictions.append(
                np.flip(predicted, tuple(batch_axes)) if predicted.ndim == images.ndim else predicted
            )
    return np.mean(predictions, axis=0)


def ensemble(
    models: Sequence[Predictor], x: ArrayLike, *, batch_size: int = 16
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the mean of several models' predictions, and how far they disagree.

    Parameters
    ----------
    models : sequence of keras.Model or callable
        Models of the same task, for example of different seeds or folds.
    x : (n, ...) array_like
        What each of them takes.
    batch_size : int, optional
        Samples predicted at a time.

    Returns
    -------
    mean, spread : ndarray of float32
        Mean and standard deviation over the models, of the shape of one prediction. See Lakshminarayanan et
        al., *Simple and scalable predictive uncertainty estimation using deep ensembles*, NeurIPS 2017,
        https://arxiv.org/abs/1612.01474.

    Raises
    ------
    ValueError
        If there are fewer than two models.

    Examples
    --------
    >>> import numpy as np
    >>> mean, spread = ensemble([lambda x: 0 * x, lambda x: x], np.full((1, 1), 0.8))
    >>> mean.item().__round__(2), spread.item().__round__(2)
    (0.4, 0.4)
    """
    if len(models) < 2:
        msg = f"An ensemble needs at least two models; got {len(models)}."
        raise ValueError(msg)
    predictions = [_predict(model, np.asarray(x), batch_size) for model in models]
    return np.mean(predictions, axis=0), np.std(predictions, axis=0)


def _predict(model: Predictor | Callable[..., Any], x: NDArray[Any], batch_size: int) -> NDArray[np.float32]:
    if hasattr(model, "predict"):
        return np.asarray(model.predict(x, batch_size=batch_size, verbose=0), dtype=np.float32)
    return np.asarray(model(x), dtype=np.float32)


def _starts(length: int, size: int, overlap: float) -> list[int]:
    """First index of each patch along one axis, evenly spread so that the last one ends at the end."""
    step = max(int(size * (1 - overlap)), 1)
    number = -(-(length - size) // step) + 1
    return np.linspace(0, length - size, number).round().astype(int).tolist()


def _weight(size: Sequence[int]) -> NDArray[np.float32]:
    """Gaussian about the middle of a patch with a standard deviation of an eighth of its size."""
    weight = np.ones([1] * len(size))
    for axis, n in enumerate(size):
        line = np.exp(-0.5 * ((np.arange(n) - (n - 1) / 2) / (n / 8)) ** 2)
        weight = weight * line.reshape([-1 if k == axis else 1 for k in range(len(size))])
    return np.maximum(weight, 1e-3).astype(np.float32)
