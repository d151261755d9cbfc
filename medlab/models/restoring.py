"""Networks that return an image: compressed and restored, or without its noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from medlab.models.backend import keras
from medlab.models.layers import checked_filters, checked_shape, conv_block, for_ndim
from medlab.models.paths import down, up

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["autoencoder", "denoiser"]


def autoencoder(
    input_shape: Sequence[int | None],
    *,
    latent: int | None = None,
    filters: Sequence[int] = (16, 32, 64),
    name: str = "autoencoder",
) -> keras.Model:
    """Build a network that squeezes an image into a few numbers and restores it from them.

    Trained on healthy images it restores what it knows: the difference to the image is large where there is
    something else. The numbers are the output of the layer ``code``:
    ``keras.Model(model.input, model.get_layer("code").output)``.

    Parameters
    ----------
    input_shape : tuple
        ``(rows, columns, channels)`` or ``(slices, rows, columns, channels)``, without the batch axis.
        ``None`` stands for a size that varies, if `latent` is not given.
    latent : int, optional
        Numbers in the code. Default: the code is an image of the lowest resolution with ``filters[-1]``
        channels.
    filters : sequence of int, optional
        Channels at each resolution, full resolution first; each further entry halves the size.
    name : str, optional
        Name of the model.

    Returns
    -------
    keras.Model
        Uncompiled. Input and output ``(n, *input_shape)`` float32, best scaled to 0…1. There are no skip
        connections, so that everything passes through the code. Train it with the images as their own
        targets and the squared error.

    Raises
    ------
    ValueError
        If the shape, the filters or `latent` make no sense.

    References
    ----------
    Hinton & Salakhutdinov, *Reducing the dimensionality of data with neural networks*, Science 2006,
    https://doi.org/10.1126/science.1127647.

    Examples
    --------
    >>> import medlab
    >>> model = medlab.models.autoencoder((28, 28, 1), latent=8, filters=(4, 8))
    >>> model.get_layer("code").output.shape, model.output_shape
    ((None, 8), (None, 28, 28, 1))
    """
    shape, filters = checked_shape(input_shape), checked_filters(filters)
    if latent is not None and (not isinstance(latent, int) or latent < 1 or None in shape):
        msg = (
            "latent must be the number of values in the code, at least 1, and needs an input_shape without "
            f"None; got latent={latent!r} and input_shape={shape}."
        )
        raise ValueError(msg)
    inputs = keras.Input(shape, name="image")
    x, skips = down(inputs, filters)
    if latent is None:
        x = keras.layers.Identity(name="code")(x)
    else:
        small = x.shape[1:]
        x = keras.layers.Dense(latent, name="code")(keras.layers.Flatten(name="flat")(x))
        x = keras.layers.Dense(math.prod(small), activation="relu", name="decoded")(x)
        x = keras.layers.Reshape(small, name="image_again")(x)
    x = up(x, skips, filters, joined=_alone)
    return keras.Model(inputs, _values(x, shape[-1], "restored"), name=name)


def denoiser(
    input_shape: Sequence[int | None],
    *,
    filters: int = 32,
    depth: int = 8,
    name: str = "denoiser",
) -> keras.Model:
    """Build a network that estimates the noise in an image and subtracts it.

    Parameters
    ----------
    input_shape : tuple
        ``(rows, columns, channels)`` or ``(slices, rows, columns, channels)``, without the batch axis.
        ``None`` stands for a size that varies.
    filters : int, optional
        Channels of each layer.
    depth : int, optional
        Convolutions, at least 2; a pixel is judged by those up to `depth` pixels away. The paper has 17.
    name : str, optional
        Name of the model.

    Returns
    -------
    keras.Model
        Uncompiled. Input ``(n, *input_shape)`` noisy images, float32, best scaled to 0…1; output the same
        without noise. The layer ``noise`` gives the estimated noise. Train it on pairs of noisy and clean
        images with the squared error.

    Raises
    ------
    ValueError
        If the shape, the filters or the depth make no sense.

    References
    ----------
    Zhang et al., *Beyond a Gaussian denoiser* (DnCNN), IEEE TIP 2017, https://arxiv.org/abs/1608.03981; group
    instead of batch normalisation.

    Examples
    --------
    >>> import medlab
    >>> medlab.models.denoiser((None, None, 1), filters=8, depth=3).output_shape
    (None, None, None, 1)
    """
    shape, (features,) = checked_shape(input_shape), checked_filters((filters,))
    if not isinstance(depth, int) or depth < 2:
        msg = f"depth must be the number of convolutions, at least 2; got {depth!r}."
        raise ValueError(msg)
    inputs = keras.Input(shape, name="image")
    conv = for_ndim("Conv{}", len(shape) - 1)
    x = conv(features, 3, padding="same", activation="relu", name="first")(inputs)
    x = conv_block(x, features, "middle", repeats=depth - 2)
    noise = _values(x, shape[-1], "noise", size=3)
    clean = keras.layers.Subtract(dtype="float32", name="clean")([inputs, noise])
    return keras.Model(inputs, clean, name=name)


def _alone(x: Any, skip: Any, name: str) -> Any:  # noqa: ARG001
    return x


def _values(x: Any, channels: Any, name: str, size: int = 1) -> Any:
    """End a network in values without bounds."""
    conv = for_ndim("Conv{}", len(x.shape) - 2)
    return conv(channels, size, padding="same", dtype="float32", name=name)(x)
