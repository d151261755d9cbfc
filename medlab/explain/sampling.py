"""LIME: a linear model of the model, from copies of the image with some regions hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.explain.targets import checked_images, scaled, score, target, temporary
from medlab.models.backend import keras

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["lime"]


def lime(
    model: keras.Model,
    x: ArrayLike,
    output: int | Sequence[int] | None = None,
    *,
    regions: int = 60,
    samples: int = 500,
    fill: float | None = None,
    seed: int = 0,
    batch_size: int = 50,
) -> NDArray[np.float32]:
    """Show which regions speak for a class, with the ``lime`` package.

    Parameters
    ----------
    model : keras.Model
        With one input and one output.
    x : (n, rows, columns, channels) or (n, slices, rows, columns, channels) array_like
        Images, scaled as for training.
    output : int, or one per image, optional
        The class. Default: the only one, or the most probable one for each image.
    regions : int, optional
        About how many regions (SLIC superpixels of the mean over channels) each image is cut into.
    samples : int, optional
        Copies with about half of the regions hidden. More than a few times the regions, or the map is noise.
    fill : float, optional
        Value of a hidden region. Default: the mean of each image. (The package's own default, the mean of the
        region, hides nothing where a region is uniform, such as a lesion.)
    seed : int, optional
        The same seed gives the same maps.
    batch_size : int, optional
        Copies at a time.

    Returns
    -------
    (n, rows, columns) or (n, slices, rows, columns) ndarray of float32
        0 to 1: the positive coefficients of the regions.

    References
    ----------
    Ribeiro, Singh & Guestrin, *"Why should I trust you?"*, KDD 2016, https://arxiv.org/abs/1602.04938.
    """
    images = checked_images(model, x)
    weights = target(model, images, output)
    maps = []
    for image, weight in zip(images, weights, strict=True):
        options = {
            "hide_color": image.mean() if fill is None else fill,
            "num_samples": samples,
            "batch_size": batch_size,
            "random_seed": seed,
        }
        maps.append(_coefficients(model, image, weight, _regions(image, regions), options))
    return scaled(np.stack(maps))


def _regions(image: NDArray[np.float32], number: int) -> NDArray[np.int64]:
    """Cut an image into about so many regions, numbered from 0."""
    from skimage.segmentation import slic

    grey = image.mean(axis=-1)
    spread = float(np.ptp(grey)) or 1.0
    labels = slic((grey - grey.min()) / spread, n_segments=number, compactness=0.1, channel_axis=None)
    return np.unique(labels, return_inverse=True)[1].reshape(grey.shape)


def _coefficients(
    model: keras.Model,
    image: NDArray[np.float32],
    weight: NDArray[np.float32],
    labels: NDArray[np.int64],
    options: dict[str, Any],
) -> NDArray[np.float64]:
    """Return the coefficient of its region at each pixel of one image."""
    from lime import lime_image

    def predict(copies: Any) -> NDArray[np.float32]:
        scores = score(model, np.repeat(weight[None], len(copies), axis=0))(np.asarray(copies, np.float32))
        return np.asarray(keras.ops.convert_to_numpy(scores))[:, None]

    explainer = lime_image.LimeImageExplainer(random_state=options["random_seed"])
    with temporary(lime_image, "tqdm", iter):  # it always draws a progress bar
        explanation = explainer.explain_instance(
            image, predict, labels=(0,), top_labels=None, segmentation_fn=lambda _: labels, **options
        )
    coefficients = np.zeros(labels.max() + 1)
    for region, value in explanation.local_exp[0]:
        coefficients[region] = value
    return coefficients[labels]
