"""Networks of the U-Net family: a probability for every pixel or voxel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medlab.models.backend import keras
from medlab.models.layers import checked_filters, checked_shape, for_ndim, head
from medlab.models.paths import down, up

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["attention_unet", "encoder_decoder", "unet"]


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
    inputs = keras.Input(shape, name="image")
    bottom, skips = down(inputs, filters, dropout=dropout)
    return _probabilities(inputs, up(bottom, skips, filters), classes, name)


def attention_unet(
    input_shape: Sequence[int | None],
    *,
    classes: int = 1,
    filters: Sequence[int] = (16, 32, 64),
    dropout: float = 0.0,
    name: str = "attention_unet",
) -> keras.Model:
    """Build a U-Net whose skip connections pass through attention gates.

    A gate weighs each place of a skip connection between 0 and 1, from the skip connection and from what
    the lower resolutions have seen there. The weights are the outputs ``(n, ..., 1)`` of the layers
    ``up0_attention`` (full resolution), ``up1_attention``, …; they can be looked at.

    Parameters
    ----------
    input_shape, classes, filters, dropout, name
        As for `unet`.

    Returns
    -------
    keras.Model
        Uncompiled; input and output as for `unet`.

    Raises
    ------
    ValueError
        If the shape, the filters or the number of classes make no sense.

    References
    ----------
    Oktay et al., *Attention U-Net: learning where to look for the pancreas*, MIDL 2018,
    https://arxiv.org/abs/1804.03999. Here the gating features are brought to the resolution of the skip
    connection first, so that the weights need not be interpolated afterwards.

    Examples
    --------
    >>> import medlab
    >>> model = medlab.models.attention_unet((32, 32, 1), filters=(4, 8))
    >>> model.get_layer("up0_attention").output.shape
    (None, 32, 32, 1)
    """
    shape, filters = checked_shape(input_shape), checked_filters(filters)
    inputs = keras.Input(shape, name="image")
    bottom, skips = down(inputs, filters, dropout=dropout)
    return _probabilities(inputs, up(bottom, skips, filters, joined=_gated), classes, name)


def encoder_decoder(
    input_shape: Sequence[int | None],
    *,
    classes: int = 1,
    filters: Sequence[int] = (16, 32, 64),
    dropout: float = 0.0,
    name: str = "encoder_decoder",
) -> keras.Model:
    """Build a U-Net without its skip connections: everything passes through the lowest resolution.

    What a U-Net owes to its skip connections is the difference between the two.

    Parameters
    ----------
    input_shape, classes, filters, dropout, name
        As for `unet`.

    Returns
    -------
    keras.Model
        Uncompiled; input and output as for `unet`.

    Raises
    ------
    ValueError
        If the shape, the filters or the number of classes make no sense.

    References
    ----------
    Noh, Hong & Han, *Learning deconvolution network for semantic segmentation*, ICCV 2015,
    https://arxiv.org/abs/1505.04366 (there the decoder also remembers where the maxima of the pooling were).

    Examples
    --------
    >>> import medlab
    >>> medlab.models.encoder_decoder((37, 50, 1), filters=(4, 8)).output_shape
    (None, 37, 50, 1)
    """
    shape, filters = checked_shape(input_shape), checked_filters(filters)
    inputs = keras.Input(shape, name="image")
    bottom, skips = down(inputs, filters, dropout=dropout)
    return _probabilities(inputs, up(bottom, skips, filters, joined=_skip_left_out), classes, name)


def _probabilities(inputs: Any, x: Any, classes: int, name: str) -> keras.Model:
    outputs = head(x, classes, for_ndim("Conv{}", len(x.shape) - 2), kernel_size=1)
    return keras.Model(inputs, outputs, name=name)


def _gated(x: Any, skip: Any, name: str) -> Any:
    """Join the skip connection after weighing each of its places by an additive attention gate."""
    conv = for_ndim("Conv{}", len(x.shape) - 2)
    features = max(skip.shape[-1] // 2, 1)
    both = keras.layers.Add(name=f"{name}_gate_sum")(
        [
            conv(features, 1, use_bias=False, name=f"{name}_gate_skip")(skip),
            conv(features, 1, name=f"{name}_gate_signal")(x),
        ]
    )
    both = keras.layers.ReLU(name=f"{name}_gate_relu")(both)
    weight = conv(1, 1, activation="sigmoid", name=f"{name}_attention")(both)
    skip = keras.layers.Multiply(name=f"{name}_gated")([skip, weight])
    return keras.layers.Concatenate(name=f"{name}_join")([skip, x])


def _skip_left_out(x: Any, skip: Any, name: str) -> Any:  # noqa: ARG001
    return x
