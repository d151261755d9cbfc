"""A lesion in PET by a threshold: the rules in use, and the connected part around a voxel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from medlab.image import Image
from medlab.measure.region import values_inside
from medlab.measure.uptake import check_suv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["suv_threshold", "threshold_mask"]

Method = Literal["fixed", "relative", "percist", "adaptive"]


def threshold_mask(
    pet: Image,
    method: Method = "fixed",
    *,
    region: Image | None = None,
    seed: Sequence[int] | Literal["max"] | None = None,
    level: float | None = None,
    background: Image | float | None = None,
    weights: tuple[float, float] = (0.15, 1.0),
) -> Image:
    """Delineate what takes up tracer: all voxels at or above a threshold.

    ============  ===================================================================================
    ``fixed``     SUV ≥ `level`: 4.0 (default; lymphoma), 2.5, …
    ``relative``  SUV ≥ `level` × SUVmax of the region: 0.41 (default; EANM), 0.5, …
    ``percist``   SUV ≥ 1.5 × mean + 2 × SD of the liver, given as `background`
    ``adaptive``  SUV ≥ a × mean of what is above 70 % of SUVmax + b × mean of the `background`,
                  with a, b = `weights`: 0.15, 1 by Nestle; contrast-oriented methods (Schaefer) use
                  weights calibrated with a phantom on the same scanner
    ============  ===================================================================================

    Parameters
    ----------
    pet : Image
        Units ``"SUVbw"``, axes ``"zyx"``.
    method : str, optional
        The rule.
    region : Image, optional
        Mask on the same grid within which to look, such as a box around one lesion that leaves out the
        bladder. ``"relative"`` and ``"adaptive"`` refer to its SUVmax. Default: the whole image.
    seed : (k, j, i) or "max", optional
        Keep only the part connected (by faces) with this voxel, or with the hottest one. Default: keep all.
    level : float, optional
        Threshold for ``"fixed"``, fraction for ``"relative"``.
    background : Image or float, optional
        Mask on the same grid of the liver or of the tissue around; for ``"adaptive"`` its mean SUV will do.
    weights : (float, float), optional
        a and b of ``"adaptive"``.

    Returns
    -------
    Image
        Mask on the grid of `pet`, with a note that says what the threshold was.

    Raises
    ------
    TypeError, ValueError
        If the values are no SUV, something a rule needs is missing, the masks lie on another grid, or the
        seed is below the threshold.

    References
    ----------
    Boellaard et al., EJNMMI 2015 (41 and 50 % of SUVmax). Barrington & Meignan, Journal of Nuclear Medicine
    2019 (SUV 4.0). Wahl et al., Journal of Nuclear Medicine 2009 (PERCIST, there in SUL). Nestle et al.,
    Journal of Nuclear Medicine 2005, 46:1342. Schaefer et al., EJNMMI 2008, 35:1989.

    Examples
    --------
    >>> values = np.full((3, 3, 3), 1.0)
    >>> values[1, 1] = [2.0, 8.0, 5.0]
    >>> pet = Image(values, affine=np.eye(4)[:, [2, 1, 0, 3]], modality="PT", units="SUVbw")
    >>> [int(threshold_mask(pet, "relative", level=f).array.sum()) for f in (0.41, 0.7)]
    [2, 1]
    """
    threshold, why = suv_threshold(
        pet, method, region=region, level=level, background=background, weights=weights
    )
    allowed = np.ones(pet.shape, bool)
    if region is not None:
        values_inside(pet, region)
        allowed = region.array != 0
    hot = (pet.array >= threshold) & allowed
    if seed is not None:
        hot = _connected(hot, _seed(pet, seed, allowed), threshold)
    mask = pet.as_mask(hot, {1: f"SUV ≥ {threshold:.3g}"})
    return mask.replace(notes=(f"Threshold SUV {threshold:.4g}: {why}.",))


def suv_threshold(
    pet: Image,
    method: Method = "fixed",
    *,
    region: Image | None = None,
    level: float | None = None,
    background: Image | float | None = None,
    weights: tuple[float, float] = (0.15, 1.0),
) -> tuple[float, str]:
    """Return the threshold in SUV that a rule leads to, and how; see `threshold_mask` for the parameters.

    Examples
    --------
    >>> pet = Image(np.full((2, 2, 2), 10.0), units="SUVbw", affine=np.eye(4)[:, [2, 1, 0, 3]])
    >>> suv_threshold(pet, "relative")
    (4.1, '41 % of SUVmax 10')
    """
    check_suv(pet)
    if method == "fixed":
        return (4.0 if level is None else float(level)), "fixed"
    if method == "percist":
        if not isinstance(background, Image):
            msg = "method='percist' needs background=, a mask of the liver."
            raise ValueError(msg)
        liver = values_inside(pet, background)
        mean, spread = float(liver.mean()), float(liver.std())
        return 1.5 * mean + 2 * spread, f"1.5 × {mean:.4g} + 2 × {spread:.4g}, mean and SD of the liver"
    if method not in ("relative", "adaptive"):
        msg = f"method must be 'fixed', 'relative', 'percist' or 'adaptive'; got {method!r}."
        raise ValueError(msg)
    values = values_inside(pet, pet.as_mask(np.ones(pet.shape, bool)) if region is None else region)
    top = float(values.max())
    if method == "relative":
        share = 0.41 if level is None else float(level)
        return share * top, f"{100 * share:.4g} % of SUVmax {top:.4g}"
    return _adaptive(pet, values, background, weights)


def _adaptive(
    pet: Image,
    values: NDArray[np.float64],
    background: Image | float | None,
    weights: tuple[float, float],
) -> tuple[float, str]:
    if background is None:
        msg = "method='adaptive' needs background=, a mask of the tissue around or its mean SUV."
        raise ValueError(msg)
    around = (
        float(values_inside(pet, background).mean()) if isinstance(background, Image) else float(background)
    )
    hot = float(values[values >= 0.7 * values.max()].mean())
    how = (
        f"{weights[0]:g} × {hot:.4g} (mean above 70 % of SUVmax) + {weights[1]:g} × {around:.4g} (background)"
    )
    return weights[0] * hot + weights[1] * around, how


def _seed(pet: Image, seed: Sequence[int] | Literal["max"], allowed: NDArray[np.bool_]) -> tuple[int, ...]:
    if isinstance(seed, str):
        hottest = np.where(allowed, pet.array, -np.inf).argmax()
        return tuple(int(n) for n in np.unravel_index(hottest, pet.shape))
    index = tuple(int(n) for n in seed)
    if len(index) != 3 or any(not 0 <= n < size for n, size in zip(index, pet.shape, strict=True)):
        msg = f"seed must be an index (k, j, i) within {pet.shape}, or 'max'; got {seed!r}."
        raise ValueError(msg)
    return index


def _connected(hot: NDArray[np.bool_], seed: tuple[int, ...], threshold: float) -> NDArray[np.bool_]:
    from scipy.ndimage import label

    parts, _ = label(hot)
    if not parts[seed]:
        msg = f"The seed {seed} lies below the threshold of SUV {threshold:.4g}, or outside of the region."
        raise ValueError(msg)
    return parts == parts[seed]
