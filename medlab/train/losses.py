"""Losses for segmentation, which Keras saves and finds by their registered names."""

from __future__ import annotations

from typing import Any

from medlab.models.backend import keras

__all__ = ["dice_bce", "dice_crossentropy", "dice_loss", "dice_score"]

_SMOOTH = 1.0


@keras.saving.register_keras_serializable("medlab")
def dice_loss(y_true: Any, y_pred: Any) -> Any:
    """1 − soft Dice, for each sample, averaged over structures.

    Parameters
    ----------
    y_true : tensor
        ``(n, ..., k)`` masks 0/1, or ``(n, ...)`` or ``(n, ..., 1)`` label numbers when `y_pred` has more
        than one channel.
    y_pred : tensor
        ``(n, ..., k)`` probabilities. With more than one channel, channel 0 is the background and does
        not count.

    Returns
    -------
    tensor
        ``(n,)`` between 0 and 1. One is added to the numerator and the denominator, so that an empty mask
        that is predicted empty costs nothing.

    References
    ----------
    Milletari, Navab & Ahmadi, *V-Net*, 3DV 2016, https://arxiv.org/abs/1606.04797 (here without squares).
    """
    true, pred = _channels(y_true, y_pred)
    axes = tuple(range(1, len(pred.shape) - 1))
    overlap = keras.ops.sum(true * pred, axis=axes)
    total = keras.ops.sum(true, axis=axes) + keras.ops.sum(pred, axis=axes)
    dice = (2.0 * overlap + _SMOOTH) / (total + _SMOOTH)
    if pred.shape[-1] > 1:
        dice = dice[:, 1:]
    return 1.0 - keras.ops.mean(dice, axis=-1)


@keras.saving.register_keras_serializable("medlab")
def dice_bce(y_true: Any, y_pred: Any) -> Any:
    """`dice_loss` plus the mean binary cross-entropy, for each sample; for one structure and a sigmoid."""
    true, pred = _channels(y_true, y_pred)
    entropy = keras.ops.binary_crossentropy(true, pred)
    return dice_loss(y_true, y_pred) + keras.ops.mean(entropy, axis=tuple(range(1, len(pred.shape))))


@keras.saving.register_keras_serializable("medlab")
def dice_crossentropy(y_true: Any, y_pred: Any) -> Any:
    """`dice_loss` plus the mean cross-entropy, for each sample; for several labels and a softmax."""
    true, pred = _channels(y_true, y_pred)
    entropy = keras.ops.categorical_crossentropy(true, pred)
    return dice_loss(y_true, y_pred) + keras.ops.mean(entropy, axis=tuple(range(1, len(pred.shape) - 1)))


@keras.saving.register_keras_serializable("medlab")
def dice_score(y_true: Any, y_pred: Any) -> Any:
    """Dice of the thresholded (0.5) or most probable prediction, for each sample; 1 if both are empty."""
    true, pred = _channels(y_true, y_pred)
    if pred.shape[-1] == 1:
        hard = keras.ops.cast(pred > 0.5, pred.dtype)
    else:
        hard = keras.ops.one_hot(keras.ops.argmax(pred, axis=-1), pred.shape[-1], dtype=pred.dtype)
        true, hard = true[..., 1:], hard[..., 1:]
    axes = tuple(range(1, len(pred.shape) - 1))
    total = keras.ops.sum(true + hard, axis=axes)
    overlap = 2.0 * keras.ops.sum(true * hard, axis=axes)
    dice = keras.ops.where(total > 0, overlap / keras.ops.maximum(total, 1.0), 1.0)
    return keras.ops.mean(dice, axis=-1)


def _channels(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Bring masks or label numbers to the shape and type of the prediction."""
    pred = keras.ops.convert_to_tensor(y_pred)
    true = keras.ops.convert_to_tensor(y_true)
    if len(true.shape) == len(pred.shape) - 1:
        true = true[..., None]
    if true.shape[-1] != pred.shape[-1]:
        true = keras.ops.one_hot(keras.ops.cast(true[..., 0], "int32"), pred.shape[-1])
    return keras.ops.cast(true, pred.dtype), pred
