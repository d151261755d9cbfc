"""Simulated readers: the contour of a known structure as someone draws it who is not quite sure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.datasets.phantoms.texture import smooth

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["drawn"]


def drawn(
    truth: ArrayLike, *, shift: float = 0.0, wobble: float = 0.7, rng: np.random.Generator | None = None
) -> NDArray[np.bool_]:
    """Return a structure as a simulated reader outlines it.

    The true surface is moved along its normal: by the same distance everywhere (some readers draw generously)
    and by another one from place to place.

    Parameters
    ----------
    truth : array_like of bool
        The structure, in two or three dimensions.
    shift : float, optional
        How far outwards, in voxels.
    wobble : float, optional
        Standard deviation of what changes from place to place, in voxels.
    rng : numpy.random.Generator, optional
        The reader.

    Returns
    -------
    ndarray of bool
        In the shape of `truth`. Without shift and wobble it is the truth.

    Examples
    --------
    >>> truth = np.hypot(*np.mgrid[-9:10, -9:10]) < 6
    >>> bool((drawn(truth, wobble=0.0) == truth).all())
    True
    >>> bool(drawn(truth, shift=1.0, wobble=0.0).sum() > truth.sum())
    True
    """
    from scipy.ndimage import distance_transform_edt, find_objects

    whole = np.asarray(truth, bool)
    out = np.zeros_like(whole)
    if not whole.any():
        return out
    rng = np.random.default_rng() if rng is None else rng
    reach = int(np.ceil(abs(shift) + 5 * wobble)) + 1
    (found,) = find_objects(whole.astype(np.uint8))
    box = tuple(slice(max(0, s.start - reach), s.stop + reach) for s in found)
    inside = whole[box]
    # a frame of background, so that a structure that fills its box has a distance to something
    framed = np.pad(inside, 1)
    depth = np.where(framed, distance_transform_edt(framed) - 0.5, 0.5 - distance_transform_edt(~framed))
    depth = depth[(slice(1, -1),) * depth.ndim]
    out[box] = depth + shift + wobble * smooth(inside.shape, 4.0, rng) > 0
    return out
