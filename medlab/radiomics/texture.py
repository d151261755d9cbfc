"""Grey-level co-occurrence in a picture, one step at a time, for learning what texture features are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.radiomics.region import RegionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["glcm", "haralick"]

_PROPERTIES = ("contrast", "dissimilarity", "homogeneity", "ASM", "energy", "correlation", "entropy")


def glcm(
    image: Image,
    mask: Image | None = None,
    levels: int = 16,
    distances: Sequence[float] | None = None,
    angles: Sequence[float] = (0, 45, 90, 135),
    window: tuple[float, float] | None = None,
) -> NDArray[np.float64]:
    """Count how often two grey levels lie beside each other in a picture.

    Parameters
    ----------
    image : Image
        A grey-scale picture ``"yx"`` with square pixels.
    mask : Image, optional
        Pairs count only where both pixels lie in it (all values above 0). Default: everywhere.
    levels : int, optional
        Number of grey levels, equally wide.
    distances : sequence of float, optional
        From pixel to pixel, in mm (pixels where no size is known), rounded to whole pixels. Default: one
        pixel.
    angles : sequence of float, optional
        Directions in degrees, as scikit-image counts them: 0 to the right, 90 upwards or downwards (pairs
        count both ways).
    window : (low, high), optional
        Values that become the lowest and the highest level. Default: smallest and largest within the mask.

    Returns
    -------
    ndarray, shape (levels, levels, distances, angles)
        Frequencies that add up to 1 for each distance and angle, symmetric.

    Raises
    ------
    RegionError
        If the picture is not ``"yx"``, its pixels are not square, the mask lies on another grid, or nothing
        is left to count.
    ValueError
        If a distance is below one pixel.

    References
    ----------
    Haralick, R. M., Shanmugam, K. & Dinstein, I. Textural features for image classification. IEEE
    Transactions on Systems, Man, and Cybernetics SMC-3(6), 610–621 (1973).

    Examples
    --------
    >>> import medlab
    >>> picture = medlab.Image(np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 2, 2, 2], [2, 2, 3, 3]]))
    >>> (glcm(picture, levels=4, angles=[0])[..., 0, 0] * 24).round().astype(int)
    array([[4, 2, 1, 0],
           [2, 4, 0, 0],
           [1, 0, 6, 1],
           [0, 0, 1, 2]])
    """
    from skimage.feature import graycomatrix

    inside = _inside(image, mask)
    steps = _steps(image, distances)
    grey = quantised(image.array, inside, levels, window)
    counts = graycomatrix(grey, steps, np.deg2rad(angles), levels=levels + 1, symmetric=True)
    pairs = counts[1:, 1:].astype(np.float64)
    total = pairs.sum(axis=(0, 1))
    if (total == 0).any():
        msg = "At some distance and angle no two pixels of the region lie beside each other. Go closer."
        raise RegionError("size", msg)
    return pairs / total


def haralick(
    image: Image,
    mask: Image | None = None,
    levels: int = 16,
    distances: Sequence[float] | None = None,
    angles: Sequence[float] = (0, 45, 90, 135),
    window: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """Describe the texture of a picture by scikit-image's co-occurrence properties.

    For numbers to publish use `extract`, whose features follow the IBSI; these are for learning what they
    count.

    Parameters
    ----------
    image, mask, levels, distances, angles, window
        As for `glcm`.

    Returns
    -------
    DataFrame
        A row for each distance (``distance``, in the unit of length) and angle (``angle``, degrees), with the
        columns contrast, dissimilarity, homogeneity, ASM, energy, correlation and entropy (in nats).

    Examples
    --------
    >>> import medlab
    >>> stripes = medlab.Image(np.tile([0, 1], (8, 4)))
    >>> haralick(stripes, levels=2, angles=[0, 90])[["angle", "contrast", "homogeneity"]]
       angle  contrast  homogeneity
    0      0       1.0          0.5
    1     90       0.0          1.0
    """
    import pandas as pd
    from skimage.feature import graycoprops

    matrices = glcm(image, mask, levels, distances, angles, window)
    steps = _steps(image, distances)
    table = {name: graycoprops(matrices, name).ravel() for name in _PROPERTIES}
    rows = [(step * image.spacing[-1], angle) for step in steps for angle in angles]
    return pd.concat([pd.DataFrame(rows, columns=["distance", "angle"]), pd.DataFrame(table)], axis=1)


def quantised(
    values: NDArray[np.generic],
    inside: NDArray[np.bool_],
    levels: int,
    window: tuple[float, float] | None,
) -> NDArray[np.uint16]:
    """Return grey levels from 1 to `levels` within the region and 0 outside of it."""
    if not 2 <= levels <= 256:
        msg = f"levels must lie between 2 and 256; got {levels!r}."
        raise ValueError(msg)
    numbers = np.asarray(values, np.float64)
    if not np.isfinite(numbers[inside]).all():
        msg = "The region holds NaN or infinite values. Take them out of the mask."
        raise RegionError("not finite", msg)
    low, high = window or (numbers[inside].min(), numbers[inside].max())
    if not low < high:
        msg = f"All pixels of the region have the value {low:g}: there is no texture to describe."
        raise RegionError("flat", msg)
    share = np.clip((np.where(inside, numbers, low) - low) / (high - low), 0, 1)
    level = np.minimum(np.floor(share * levels), levels - 1) + 1
    return np.where(inside, level, 0).astype(np.uint16)


def _inside(image: Image, mask: Image | None) -> NDArray[np.bool_]:
    if image.axes != "yx":
        msg = f"Expected a grey-scale picture with axes 'yx'; got {image.axes!r}. For volumes see extract."
        raise RegionError("axes", msg)
    if mask is None:
        return np.ones(image.shape, bool)
    if mask.axes != "yx" or not mask.same_grid(image):
        msg = f"The mask must lie on the picture's grid: mask.like(image). Picture {image!r}, mask {mask!r}."
        raise RegionError("geometry", msg)
    if not (mask.array > 0).any():
        msg = "The mask is empty: no pixel is marked."
        raise RegionError("empty", msg)
    return mask.array > 0


def _steps(image: Image, distances: Sequence[float] | None) -> list[int]:
    dy, dx = image.spacing
    if not np.isclose(dy, dx, rtol=1e-3):
        msg = f"The pixels are not square ({dy:g} × {dx:g}): image.resample({min(dy, dx):g}) makes them so."
        raise RegionError("geometry", msg)
    steps = [1] if distances is None else [round(d / dx) for d in distances]
    if min(steps) < 1:
        msg = f"distances must be at least one pixel, {dx:g} {image.unit_of_length}; got {distances!r}."
        raise ValueError(msg)
    return steps
