"""Losses for segmentation, which Keras saves and finds by their registered names."""

from __future__ import annotations

from typing import Any

from medlab.models.backend import keras

__all__ = [
    "boundary_loss",
    "dice_bce",
    "dice_boundary",
    "dice_crossentropy",
    "dice_loss",
    "dice_score",
    "focal_loss",
    "focal_tversky",
    "tversky_loss",
]

_SMOOTH = 1.0
_REACH = 8  # pixels to which the boundary loss measures distances


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


@keras.saving.register_keras_serializable("medlab")
def tversky_loss(y_true: Any, y_pred: Any) -> Any:
    """1 − Tversky index, for each sample: `dice_loss` where a missed voxel (0.7) outweighs a wrong one (0.3).

    References
    ----------
    Salehi, Erdogmus & Gholipour, *Tversky loss function for image segmentation using 3D fully convolutional
    deep networks*, MLMI 2017, https://arxiv.org/abs/1706.05721.
    """
    true, pred = _channels(y_true, y_pred)
    axes = tuple(range(1, len(pred.shape) - 1))
    overlap = keras.ops.sum(true * pred, axis=axes)
    missed = keras.ops.sum(true * (1.0 - pred), axis=axes)
    wrong = keras.ops.sum((1.0 - true) * pred, axis=axes)
    index = (overlap + _SMOOTH) / (overlap + 0.7 * missed + 0.3 * wrong + _SMOOTH)
    return 1.0 - keras.ops.mean(index[:, 1:] if pred.shape[-1] > 1 else index, axis=-1)


@keras.saving.register_keras_serializable("medlab")
def focal_tversky(y_true: Any, y_pred: Any) -> Any:
    """`tversky_loss` to the power of ¾, which weighs hard cases.

    References
    ----------
    Abraham & Khan, *A novel focal Tversky loss function*, ISBI 2019, https://arxiv.org/abs/1810.07842.
    """
    return keras.ops.power(keras.ops.maximum(tversky_loss(y_true, y_pred), 1e-7), 0.75)


@keras.saving.register_keras_serializable("medlab")
def focal_loss(y_true: Any, y_pred: Any) -> Any:
    """Cross-entropy weighted by (1 − p)², so that what is right already counts less, for each sample.

    For classes ``(n, 1)`` or ``(n, k)`` as well as for masks ``(n, ..., k)``.

    References
    ----------
    Lin et al., *Focal loss for dense object detection*, ICCV 2017, https://arxiv.org/abs/1708.02002.
    """
    true, pred = _channels(y_true, y_pred)
    pred = keras.ops.clip(pred, 1e-7, 1.0 - 1e-7)
    right = (
        true * pred + (1.0 - true) * (1.0 - pred)
        if pred.shape[-1] == 1
        else keras.ops.sum(true * pred, axis=-1)
    )
    loss = -((1.0 - right) ** 2) * keras.ops.log(right)
    return keras.ops.mean(loss, axis=tuple(range(1, len(loss.shape))))


@keras.saving.register_keras_serializable("medlab")
def boundary_loss(y_true: Any, y_pred: Any) -> Any:
    """Mean over the image of the prediction times its distance from the true boundary, negative inside.

    The distance is counted in pixels (chessboard distance, 8 at most) by widening and narrowing the true mask
    within the network. Alone it starts badly: use `dice_boundary`.

    References
    ----------
    Kervadec et al., *Boundary loss for highly unbalanced segmentation*, Medical Image Analysis 2021,
    https://doi.org/10.1016/j.media.2020.101851.
    """
    true, pred = _channels(y_true, y_pred)
    if pred.shape[-1] > 1:
        true, pred = true[..., 1:], pred[..., 1:]
    distance = keras.ops.zeros_like(true)
    wide, narrow = true, 1.0 - true
    for _ in range(_REACH):
        distance += (1.0 - wide) - (1.0 - narrow)
        wide, narrow = (
            keras.ops.max_pool(part, 3, strides=1, padding="same", data_format="channels_last")
            for part in (wide, narrow)
        )
    return keras.ops.mean(distance * pred, axis=tuple(range(1, len(pred.shape)))) / _REACH


@keras.saving.register_keras_serializable("medlab")
def dice_boundary(y_true: Any, y_pred: Any) -> Any:
    """`dice_loss` plus `boundary_loss`, for each sample."""
    return dice_loss(y_true, y_pred) + boundary_loss(y_true, y_pred)


def _channels(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Bring masks or label numbers to the shape and type of the prediction."""
    pred = keras.ops.convert_to_tensor(y_pred)
    true = keras.ops.convert_to_tensor(y_true)
    if len(true.shape) == len(pred.shape) - 1:
        true = true[..., None]
    if true.shape[-1] != pred.shape[-1]:
        true = keras.ops.one_hot(keras.ops.cast(true[..., 0], "int32"), pred.shape[-1])
    return keras.ops.cast(true, pred.dtype), pred
