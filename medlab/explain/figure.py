"""One figure for every kind of map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["show"]


def show(
    x: ArrayLike,
    heat: ArrayLike | Mapping[str, ArrayLike],
    mask: ArrayLike | None = None,
    *,
    titles: Sequence[str] | None = None,
    opacity: float = 0.6,
) -> Any:
    """Draw images beside their heat maps: a row per image, a column per method.

    Parameters
    ----------
    x : (n, rows, columns, channels) or (n, slices, rows, columns, channels) array_like
        A few images. Of a volume, the slice with most of the mask is shown, or of the heat without a mask.
    heat : array_like, or mapping of name to array_like
        Maps from one or several methods, ``(n, rows, columns)`` or ``(n, slices, rows, columns)``, 0 to 1.
    mask : array_like, optional
        What the maps should show; its outline is drawn.
    titles : sequence of str, optional
        One for each image.
    opacity : float, optional
        Of the hottest pixels, 0 to 1; cold pixels are transparent.

    Returns
    -------
    (n, 1 + methods) ndarray of matplotlib.axes.Axes
    """
    import matplotlib.pyplot as plt

    images = np.asarray(x)
    maps = {k: np.asarray(v) for k, v in (heat if isinstance(heat, Mapping) else {"heat map": heat}).items()}
    masks = None if mask is None else np.asarray(mask).reshape(images.shape[:-1]).astype(bool)
    for name, values in maps.items():
        if values.shape != images.shape[:-1]:
            expected = images.shape[:-1]
            msg = f"A map must have the images' shape less channels, {expected}; {name!r} has {values.shape}."
            raise ValueError(msg)
    first = next(iter(maps.values()))
    size = 2.2 * (1 + len(maps)), 2.3 * len(images)
    _, axes = plt.subplots(len(images), 1 + len(maps), figsize=size, squeeze=False, layout="constrained")
    for row, image in enumerate(images):
        outline = None if masks is None else masks[row]
        guide = first[row] if outline is None else outline
        picture = _picture(image, guide)
        for column, name in enumerate(["image", *maps]):
            ax = axes[row, column]
            hot = None if column == 0 else _slice(maps[name][row], guide)
            _draw(ax, picture, hot, None if outline is None else _slice(outline, guide), opacity)
            ax.set_title(name if row == 0 else "", fontsize=10)
        axes[row, 0].set_ylabel("" if titles is None else titles[row])
    return axes


def _draw(
    ax: Any,
    picture: NDArray[Any],
    heat: NDArray[Any] | None,
    outline: NDArray[np.bool_] | None,
    opacity: float,
) -> None:
    ax.imshow(picture, cmap="gray")
    if heat is not None:
        ax.imshow(heat, cmap="inferno", vmin=0, vmax=1, alpha=opacity * np.clip(heat, 0, 1))
    if outline is not None and outline.any() and not outline.all():
        ax.contour(outline, levels=[0.5], colors="deepskyblue", linewidths=1)
    ax.set(xticks=[], yticks=[])


def _picture(image: NDArray[Any], guide: NDArray[Any]) -> NDArray[Any]:
    """Return one slice as grey or colour values 0 to 1."""
    picture = np.stack([_slice(image[..., c], guide) for c in range(image.shape[-1])], axis=-1).astype(float)
    picture = (picture - picture.min()) / (np.ptp(picture) or 1.0)
    return picture if picture.shape[-1] == 3 else picture.mean(axis=-1)


def _slice(volume: NDArray[Any], guide: NDArray[Any]) -> NDArray[Any]:
    """Return the slice in which the guide is largest; a picture as it is."""
    return volume if volume.ndim == 2 else volume[guide.sum(axis=(1, 2)).argmax()]
