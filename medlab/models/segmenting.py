"""Networks that give every pixel or voxel a probability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medlab.models.backend import keras
from medlab.models.layers import CropLike, checked_filters, checked_shape, conv_block, for_ndim, head

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["unet"]


def unet(
    input_shape: Sequence[int | None],
    *,
    classes: int = 1,
    filters: Sequence[int] = (16, 32, 64),
    dropout: float = 0.0,
    name: str = "unet",
) -> keras.Model:
    """Build a U-Net for pictures or volumes of any size.

    Two 3-wide convolutions with group normalisation at each resolution, max pooling down, transposed
    convolutions up, and a skip connection at each resolution.

    Parameters
    ----------
    input_shape : tuple
        ``(rows, columns, channels)`` or ``(slices, rows, columns, channels)``, without the batch axis.
        ``None`` stands for a size that varies. Sizes need not be divisible by anything.
    classes : int, optional
        1 for one structure, otherwise the number of labels with the background as label 0.
    filters : sequence of int, optional
        Channels at each resolution, full resolution first; each further entry halves the size.
    dropout : float, optional
        Share of channels dropped at the lowest resolution while training, 0 to 1.
    name : str, optional
        Name of the model.

    Returns
    -------
    keras.Model
        Uncompiled. Input ``(n, *input_shape)`` float32, best scaled to about 0…1 or to mean 0 and standard
        deviation 1. Output ``(n, rows, columns, classes)`` (slices first for volumes), float32
        probabilities 0…1: a sigmoid for one class, a softmax over labels otherwise.

    Raises
    ------
    ValueError
        If the shape, the filters or the number of classes make no sense.

    References
    ----------
    Ronneberger, Fischer & Brox, *U-Net: convolutional networks for biomedical image segmentation*,
    MICCAI 2015, https://arxiv.org/abs/1505.04597; Çiçek et al., *3D U-Net*, MICCAI 2016,
    https://arxiv.org/abs/1606.06650. Unlike theirs, the convolutions pad, so that sizes are kept.

    Examples
    --------
    >>> import medlab
    >>> model = medlab.models.unet((90, 75, 1), classes=3, filters=(4, 8))
    >>> model.output_shape, model.count_params()
    ((None, 90, 75, 3), 1687)
    >>> medlab.models.unet((16, 32, 32, 1), filters=(4, 8)).output_shape
    (None, 16, 32, 32, 1)
    """
    shape, filters = checked_shape(input_shape), checked_filters(filters)
    ndim = len(shape) - 1
    inputs = keras.Input(shape, name="image")
    x, skips = inputs, []
    for level, n in enumerate(filters[:-1]):
        x = conv_block(x, n, f"down{level}")
        skips.append(x)
        x = for_ndim("MaxPooling{}", ndim)(2, padding="same", name=f"down{level}_pool")(x)
    x = conv_block(x, filters[-1], "bottom")
    if dropout:
        x = for_ndim("SpatialDropout{}", ndim)(dropout, name="bottom_dropout")(x)
    for level in reversed(range(len(skips))):
        x = _up(x, skips[level], filters[level], f"up{level}")
    outputs = head(x, classes, for_ndim("Conv{}", ndim), kernel_size=1)
    return keras.Model(inputs, outputs, name=name)


def _up(x: Any, skip: Any, filters: int, name: str) -> Any:
    """Double the size, join the skip connection and convolve."""
    ndim = len(x.shape) - 2
    x = for_ndim("Conv{}Transpose", ndim)(filters, 2, strides=2, name=f"{name}_conv")(x)
    if x.shape[1:-1] != skip.shape[1:-1] or None in x.shape[1:-1]:
        x = CropLike(name=f"{name}_crop")([x, skip])
    x = keras.layers.Concatenate(name=f"{name}_join")([skip, x])
    return conv_block(x, filters, name)
