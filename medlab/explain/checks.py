"""Whether a heat map can be believed: it must find what is known to be there, and it must need the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.models.backend import keras

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["localisation", "randomisation_test"]


def localisation(heat: ArrayLike, mask: ArrayLike) -> pd.DataFrame:
    """Score heat maps against masks of what they should show.

    Parameters
    ----------
    heat : (n, ...) array_like
        Maps, not negative, larger where more important.
    mask : (n, ...) array_like
        Masks of the same shape (a last axis of one channel may be there); what is not 0 counts.

    Returns
    -------
    DataFrame
        One row per image, NaN where its mask is empty:

        - ``pointing``: 1 if the hottest pixel lies in the mask, 0 if not (the pointing game);
        - ``energy``: share of the heat that lies in the mask;
        - ``auc``: probability that a pixel of the mask is hotter than one outside;
        - ``area``: share of the image that the mask takes: what ``pointing`` and ``energy`` reach by chance.

        A map that is the same everywhere points nowhere: 0, ``area`` and 0.5.

    References
    ----------
    Zhang et al., *Top-down neural attention by excitation backprop*, IJCV 2018 (pointing game); Wang et al.,
    *Score-CAM*, CVPR workshops 2020 (energy).

    Examples
    --------
    >>> mask = [[[0, 0], [0, 1]]]
    >>> localisation([[[0.0, 0.25], [0.0, 0.75]]], mask)
       pointing  energy  auc  area
    0       1.0    0.75  1.0  0.25
    """
    import pandas as pd

    heats, masks = np.asarray(heat, dtype=np.float64), np.asarray(mask).astype(bool)
    masks = masks[..., 0] if masks.ndim == heats.ndim + 1 and masks.shape[-1] == 1 else masks
    if heats.shape != masks.shape or heats.ndim < 2:
        msg = (
            f"heat and mask must have the same shape (n, rows, columns); got {heats.shape} and {masks.shape}."
        )
        raise ValueError(msg)
    if not np.isfinite(heats).all() or heats.min() < 0:
        msg = "heat must hold finite values of at least 0; take np.maximum(heat, 0) or np.abs(heat) first."
        raise ValueError(msg)
    rows = [_scores(h.ravel(), m.ravel()) for h, m in zip(heats, masks, strict=True)]
    return pd.DataFrame(rows, columns=["pointing", "energy", "auc", "area"])


def _scores(heat: NDArray[np.float64], mask: NDArray[np.bool_]) -> tuple[float, ...]:
    from sklearn.metrics import roc_auc_score

    area = float(mask.mean())
    if area == 0:
        return (np.nan, np.nan, np.nan, 0.0)
    if np.ptp(heat) == 0:
        return (0.0, area, 0.5, area)
    auc = float(roc_auc_score(mask, heat)) if area < 1 else np.nan
    return (float(mask[heat.argmax()]), float(heat[mask].sum() / heat.sum()), auc, area)


def randomisation_test(
    model: keras.Model,
    method: Callable[[keras.Model, NDArray[np.float32]], ArrayLike],
    x: ArrayLike,
    *,
    stages: int = 4,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare the maps of a model with those it gives while its weights are randomised, last layers first.

    A method that explains the model must change its mind when the model forgets what it has learned. One that
    gives nearly the same maps shows the image, its edges for example, and not the model.

    Parameters
    ----------
    model : keras.Model
        Trained. Its weights are put back at the end.
    method : callable
        ``method(model, x) -> maps``, e.g. `medlab.explain.grad_cam`.
    x : (n, ...) array_like
        Images.
    stages : int, optional
        How often to compare on the way to a model that is random throughout.
    seed : int, optional
        Of the random weights, drawn by the layers' initialisers. It seeds Python, NumPy and Keras.

    Returns
    -------
    DataFrame
        One row per stage: ``randomised`` (share of the layers with weights), ``from_layer`` (the one nearest
        to the input that is random), ``similarity`` (Spearman's rank correlation of the maps with those of
        the trained model, mean over images; NaN if all maps are constant) and ``constant`` (share of
        images whose map is the same everywhere, so that there is nothing to compare).

    References
    ----------
    Adebayo et al., *Sanity checks for saliency maps*, NeurIPS 2018, https://arxiv.org/abs/1810.03292.
    """
    import pandas as pd

    images = np.asarray(x, dtype=np.float32)
    trained = model.get_weights()
    before = np.asarray(method(model, images), dtype=np.float64)
    keras.utils.set_random_seed(seed)
    fresh = keras.models.clone_model(model)
    pairs = [pair for pair in zip(model.layers, fresh.layers, strict=True) if pair[0].weights][::-1]
    ends = sorted({round(len(pairs) * (k + 1) / stages) for k in range(stages)} - {0})
    rows, done = [], 0
    try:
        for end in ends:
            for layer, untrained in pairs[done:end]:
                layer.set_weights(untrained.get_weights())
            done = end
            after = np.asarray(method(model, images), dtype=np.float64)
            rows.append((end / len(pairs), pairs[end - 1][0].name, *_similarity(before, after)))
    finally:
        model.set_weights(trained)
    return pd.DataFrame(rows, columns=["randomised", "from_layer", "similarity", "constant"])


def _similarity(before: NDArray[np.float64], after: NDArray[np.float64]) -> tuple[float, float]:
    """Return the mean rank correlation over images, and the share of images without one."""
    from scipy.stats import spearmanr

    known = [
        spearmanr(a.ravel(), b.ravel()).statistic
        for a, b in zip(before, after, strict=True)
        if np.ptp(a) > 0 and np.ptp(b) > 0
    ]
    return float(np.mean(known)) if known else np.nan, 1 - len(known) / len(before)
