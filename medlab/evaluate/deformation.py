"""How well images were registered: distances between landmarks, and places where a field folds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.evaluate.resampling import bootstrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["folding", "jacobian_determinant", "target_registration_error"]


def target_registration_error(
    true: ArrayLike,
    moved: ArrayLike,
    before: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    *,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Measure the distance between where landmarks are and where the registration put them.

    Parameters
    ----------
    true, moved : (n, 2) or (n, 3) array_like
        Positions in mm: in the fixed image, and as mapped from the moving image.
    before : array_like of the same shape, optional
        Positions without registration: what doing nothing gives.
    groups : (n,) array_like, optional
        Patient of each landmark.
    confidence, seed
        Of the bootstrap interval of the mean by patient; NaN for fewer than 5 patients.

    Returns
    -------
    DataFrame
        Row ``TRE (mm)``, and ``before (mm)`` where it is given: ``mean``, ``low``, ``high``, ``median``,
        ``p95``, ``worst``, ``n``.

    References
    ----------
    Fitzpatrick, West & Maurer, IEEE Transactions on Medical Imaging 1998, https://doi.org/10.1109/42.736021.

    Examples
    --------
    >>> target_registration_error([[0, 0, 0], [0, 0, 9]], [[3, 4, 0], [0, 0, 10]]).loc["TRE (mm)", "mean"]
    np.float64(3.0)
    """
    import pandas as pd

    positions = {"TRE (mm)": moved} | ({} if before is None else {"before (mm)": before})
    rows = {name: _distances(true, other, groups, confidence, seed) for name, other in positions.items()}
    return pd.DataFrame.from_dict(rows, orient="index")


def jacobian_determinant(field: ArrayLike) -> NDArray[np.float64]:
    """Return by how much a displacement field changes the volume at each place.

    Parameters
    ----------
    field : (rows, columns, 2) or (slices, rows, columns, 3) array_like
        Displacement in voxels along each array axis, as `medlab.models.registration_net` gives it.

    Returns
    -------
    ndarray
        Without the last axis: 1 keeps the volume, below 1 shrinks it, at 0 or below the field folds.

    Raises
    ------
    ValueError
        If the shape is another, or an axis has fewer than two voxels.

    Examples
    --------
    >>> import numpy as np
    >>> stretched = np.stack(np.meshgrid(0.1 * np.arange(4), np.zeros(4), indexing="ij"), axis=-1)
    >>> float(jacobian_determinant(stretched)[0, 0])
    1.1
    """
    values = np.asarray(field, dtype=np.float64)
    ndim = values.ndim - 1
    if ndim not in {2, 3} or values.shape[-1] != ndim or min(values.shape[:-1]) < 2:
        msg = (
            "A field must be (rows, columns, 2) or (slices, rows, columns, 3) with at least two voxels along "
            f"each axis; got shape {values.shape}."
        )
        raise ValueError(msg)
    change = np.empty((*values.shape, ndim))
    for axis in range(ndim):
        change[..., axis] = np.gradient(values, axis=axis)
    return np.linalg.det(change + np.eye(ndim))


def folding(field: ArrayLike, mask: ArrayLike | None = None) -> float:
    """Return the share of voxels where a displacement field folds: where its Jacobian determinant is ≤ 0.

    Parameters
    ----------
    field
        As in `jacobian_determinant`.
    mask : array_like, optional
        Count only where this is not 0.

    Examples
    --------
    >>> import numpy as np
    >>> folding(np.zeros((8, 8, 2)))
    0.0
    """
    folded = jacobian_determinant(field) <= 0
    return float(folded.mean() if mask is None else folded[np.asarray(mask, dtype=bool)].mean())


def _distances(
    true: ArrayLike, other: ArrayLike, groups: ArrayLike | None, confidence: float, seed: int
) -> dict[str, float]:
    a, b = np.asarray(true, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 2 or a.shape[1] not in {2, 3} or not len(a):
        msg = f"Landmarks must be two (n, 2) or (n, 3) arrays in mm; got shapes {a.shape} and {b.shape}."
        raise ValueError(msg)
    away = np.linalg.norm(a - b, axis=1)
    patients: Sequence | NDArray = np.arange(len(away)) if groups is None else np.asarray(groups)
    low = high = np.nan
    if len(np.unique(patients)) >= 5:
        _, low, high = bootstrap(np.mean, away, groups=patients, confidence=confidence, seed=seed)
    median, p95 = np.percentile(away, [50, 95])
    return {
        "mean": away.mean(),
        "low": low,
        "high": high,
        "median": median,
        "p95": p95,
        "worst": away.max(),
        "n": len(away),
    }
