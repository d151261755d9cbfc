"""Maps from covering parts of the image, without any gradient."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from medlab.explain.targets import batches, checked_images, scaled, score, target
from medlab.models.backend import keras

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["occlusion"]


def occlusion(
    model: keras.Model,
    x: ArrayLike,
    output: int | Sequence[int] | None = None,
    *,
    size: int | Sequence[int] = 8,
    stride: int | Sequence[int] | None = None,
    fill: float | None = None,
    batch_size: int = 32,
) -> NDArray[np.float32]:
    """Show how much the score falls when a patch is covered there.

    Parameters
    ----------
    model : keras.Model
        With one input and one output.
    x : (n, rows, columns, channels) or (n, slices, rows, columns, channels) array_like
        Images, scaled as for training.
    output : int, or one per image, optional
        The class. Default: the only one, or the most probable one for each image.
    size : int or sequence of int, optional
        Side of the patch in pixels, one for all axes or one each. About the size of what is looked for.
    stride : int or sequence of int, optional
        Step between patches. Default: half their size.
    fill : float, optional
        Value of the patch. Default: the mean of each image, so that the patch is no finding of its own.
    batch_size : int, optional
        Covered copies at a time.

    Returns
    -------
    (n, rows, columns) or (n, slices, rows, columns) ndarray of float32
        0 to 1: the mean fall over all patches that cover the pixel; 0 where covering raises the score.

    References
    ----------
    Zeiler & Fergus, *Visualizing and understanding convolutional networks*, ECCV 2014,
    https://arxiv.org/abs/1311.2901.

    Examples
    --------
    >>> import numpy as np, medlab
    >>> model = medlab.models.classifier((16, 16, 1), filters=(4,))
    >>> medlab.explain.occlusion(model, np.ones((1, 16, 16, 1)), size=8).shape
    (1, 16, 16)
    """
    images = checked_images(model, x)
    weights = target(model, images, output)
    patches = _patches(images.shape[1:-1], size, stride)
    falls = [
        _fall(
            model, image, weight, patches, fill=image.mean() if fill is None else fill, batch_size=batch_size
        )
        for image, weight in zip(images, weights, strict=True)
    ]
    return scaled(np.stack(falls))


def _fall(
    model: keras.Model,
    image: NDArray[np.float32],
    weight: NDArray[np.float32],
    patches: list[tuple[slice, ...]],
    *,
    fill: float,
    batch_size: int,
) -> NDArray[np.float64]:
    """Return the mean fall of the score over the patches that cover each pixel of one image."""
    whole = float(keras.ops.convert_to_numpy(score(model, weight[None])(image[None]))[0])
    total, times = np.zeros(image.shape[:-1]), np.zeros(image.shape[:-1])
    for part in batches(len(patches), batch_size):
        some = patches[part]
        covered = np.repeat(image[None], len(some), axis=0)
        for copy, patch in zip(covered, some, strict=True):
            copy[patch] = fill
        scores = score(model, np.repeat(weight[None], len(some), axis=0))(covered)
        for patch, value in zip(some, keras.ops.convert_to_numpy(scores), strict=True):
            total[patch] += whole - float(value)
            times[patch] += 1
    return total / times


def _patches(
    shape: tuple[int, ...], size: int | Sequence[int], stride: int | Sequence[int] | None
) -> list[tuple[slice, ...]]:
    """Return patches that cover the whole image; the last along an axis ends at the edge."""
    sizes = [int(s) for s in np.broadcast_to(size, len(shape))]
    steps = (
        [max(s // 2, 1) for s in sizes] if stride is None else np.broadcast_to(stride, len(shape)).tolist()
    )
    along = []
    for n, side, step in zip(shape, sizes, steps, strict=True):
        if not 1 <= side <= n or not 1 <= step <= side:
            msg = (
                f"size must lie between 1 and the {n} pixels of the image, and stride between 1 and size, so "
                f"that every pixel is covered; got size {side} and stride {step}."
            )
            raise ValueError(msg)
        starts = sorted({*range(0, n - side + 1, step), n - side})
        along.append([slice(start, start + side) for start in starts])
    return list(itertools.product(*along))
