"""The way down to a low resolution and back up again, which most of the networks share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medlab.models.backend import keras
from medlab.models.layers import CropLike, conv_block, for_ndim

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["down", "resized_like", "up"]


def down(x: Any, filters: Sequence[int], *, dropout: float = 0.0) -> tuple[Any, list[Any]]:
    """Convolve at each resolution with max pooling between them.

    Parameters
    ----------
    x : tensor
        ``(n, ..., channels)``.
    filters : sequence of int
        Channels at each resolution, full resolution first.
    dropout : float, optional
        Share of channels dropped at the lowest resolution.

    Returns
    -------
    bottom : tensor
        Features at the lowest resolution. Odd sizes are rounded up at each halving.
    skips : list of tensor
        Features at the higher resolutions, full resolution first.
    """
    ndim, skips = len(x.shape) - 2, []
    for level, n in enumerate(filters[:-1]):
        x = conv_block(x, n, f"down{level}")
        skips.append(x)
        x = for_ndim("MaxPooling{}", ndim)(2, padding="same", name=f"down{level}_pool")(x)
    x = conv_block(x, filters[-1], "bottom")
    if dropout:
        x = for_ndim("SpatialDropout{}", ndim)(dropout, name="bottom_dropout")(x)
    return x, skips


def up(
    x: Any,
    skips: Sequence[Any],
    filters: Sequence[int],
    *,
    to_level: int = 0,
    joined: Callable[[Any, Any, str], Any] | None = None,
) -> Any:
    """Double the size and convolve, from the lowest resolution to that of `to_level`.

    Parameters
    ----------
    x : tensor
        Features at the lowest resolution.
    skips : sequence of tensor
        From `down`; the result gets their sizes.
    filters : sequence of int
        As for `down`.
    to_level : int, optional
        Halvings that remain in the result: 0 is full resolution.
    joined : callable, optional
        ``joined(x, skip, name)`` puts the two together; default: their channels one after the other.

    Returns
    -------
    tensor
        Features at the resolution of ``skips[to_level]``.
    """
    for level in reversed(range(to_level, len(skips))):
        name = f"up{level}"
        conv = for_ndim("Conv{}Transpose", len(x.shape) - 2)
        x = conv(filters[level], 2, strides=2, name=f"{name}_conv")(x)
        x = resized_like(x, skips[level], f"{name}_crop")
        if joined is None:
            x = keras.layers.Concatenate(name=f"{name}_join")([skips[level], x])
        else:
            x = joined(x, skips[level], name)
        x = conv_block(x, filters[level], name)
    return x


def resized_like(x: Any, like: Any, name: str) -> Any:
    """Cut what a doubled odd size has too much, where the sizes differ or are open."""
    if x.shape[1:-1] != like.shape[1:-1] or None in x.shape[1:-1]:
        return CropLike(name=name)([x, like])
    return x
