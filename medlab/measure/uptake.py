"""How much tracer a lesion takes up: SUVmax, SUVmean, SUVpeak, metabolic volume, total glycolysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.measure.region import box_of, some_inside, values_inside

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["check_suv", "suv_peak", "suv_statistics"]

#: Voxels are divided in parts no larger than this, in mm, to tell how much of them a sphere covers.
_PART_MM = 0.4


def suv_statistics(pet: Image, mask: Image, label: int | str | None = None) -> pd.Series:
    """Return the usual numbers of a lesion in PET.

    Parameters
    ----------
    pet : Image
        Units ``"SUVbw"``, axes ``"zyx"``; `medlab.measure.suv` makes it from Bq/ml.
    mask : Image
        The lesion, on the same grid; see `medlab.measure.threshold_mask`.
    label : int or str, optional
        Value or name; default: all that is not 0.

    Returns
    -------
    Series
        ``SUVmax``, ``SUVmean``, ``SUVpeak`` (see `suv_peak`), ``SUVmedian``, ``SUVsd`` (of the population of
        voxels), ``MTV_ml`` (metabolic tumour volume: that of the mask), ``TLG_g`` (total lesion glycolysis:
        SUVmean × MTV; SUVbw is g/ml), ``voxels``.

    Raises
    ------
    TypeError, ValueError
        If the values are no SUV, the mask lies on another grid, or no voxel carries the label.

    References
    ----------
    Boellaard et al., FDG PET/CT: EANM procedure guidelines for tumour imaging: version 2.0, EJNMMI 2015,
    https://doi.org/10.1007/s00259-014-2961-x. Larson et al., Clinical Positron Imaging 1999 (TLG).

    Examples
    --------
    >>> import medlab
    >>> affine = np.diag([4.0, 4.0, 5.0, 1])[:, [2, 1, 0, 3]]
    >>> pet = medlab.Image(np.full((9, 9, 9), 6.0), affine=affine, modality="PT", units="SUVbw")
    >>> lesion = np.zeros((9, 9, 9), bool)
    >>> lesion[3:6, 3:6, 3:6] = True
    >>> suv_statistics(pet, pet.as_mask(lesion))[["SUVmean", "MTV_ml", "TLG_g"]].round(2).to_dict()
    {'SUVmean': 6.0, 'MTV_ml': 2.16, 'TLG_g': 12.96}
    """
    import pandas as pd

    check_suv(pet)
    values = values_inside(pet, mask, label)
    millilitre = len(values) * pet.voxel_volume / 1000
    return pd.Series(
        {
            "SUVmax": values.max(),
            "SUVmean": values.mean(),
            "SUVpeak": suv_peak(pet, mask, label),
            "SUVmedian": np.median(values),
            "SUVsd": values.std(),
            "MTV_ml": millilitre,
            "TLG_g": values.mean() * millilitre,
            "voxels": len(values),
        }
    )


def check_suv(pet: Image) -> None:
    """Raise `ValueError` unless the image is a volume in SUV."""
    if not pet.units.startswith("SUV") or pet.axes != "zyx":
        msg = (
            f"Expected a PET volume 'zyx' in SUV; got {pet!r}. Values in Bq/ml become SUV by "
            "medlab.measure.suv(pet)."
        )
        raise ValueError(msg)


def suv_peak(pet: Image, mask: Image, label: int | str | None = None, *, ml: float = 1.0) -> float:
    """Return the highest mean SUV in a sphere of 1 ml whose centre is a voxel of the lesion.

    The sphere (radius 6.2 mm) may reach beyond the lesion; voxels it cuts count with their share (in
    parts of 0.4 mm). At the image's border only the part within the image counts.

    Parameters
    ----------
    pet : Image
        Axes ``"zyx"``; the spacing may be anisotropic, the stack oblique.
    mask : Image
        The lesion, on the same grid.
    label : int or str, optional
        Value or name; default: all that is not 0.
    ml : float, optional
        Volume of the sphere.

    Raises
    ------
    TypeError, ValueError
        As `suv_statistics`.

    References
    ----------
    Wahl et al., From RECIST to PERCIST, Journal of Nuclear Medicine 2009,
    https://doi.org/10.2967/jnumed.108.057307 (there in SUL). Boellaard et al., EJNMMI 2015.
    """
    from scipy.signal import fftconvolve

    check_suv(pet)
    values_inside(pet, mask, label)
    found = some_inside(mask, label)
    kernel = _sphere(pet, ml)
    reach = max(kernel.shape) // 2
    box = box_of(found, reach)
    part = np.pad(pet.array[box].astype(np.float64), reach)
    within = np.pad(np.ones(found[box].shape), reach)
    crop = tuple(slice(reach, -reach or None) for _ in range(3))
    total, weight = (fftconvolve(volume, kernel, mode="same")[crop] for volume in (part, within))
    return float((total[found[box]] / weight[found[box]]).max())


def _sphere(pet: Image, ml: float) -> NDArray[np.float64]:
    """Return the share of each voxel that lies in a sphere around the middle one."""
    radius = float(np.cbrt(3 * ml * 1000 / (4 * np.pi)))
    matrix = pet.affine[:3, :3]
    # Half the extent along an index axis of a ball that the inverse matrix turns into an ellipsoid.
    reach = np.ceil(radius * np.linalg.norm(np.linalg.inv(matrix), axis=1) + 0.5).astype(int)
    parts = np.ceil(np.array(pet.spacing) / _PART_MM).astype(int)
    steps = [(np.arange((2 * n + 1) * p) + 0.5) / p - n - 0.5 for n, p in zip(reach, parts, strict=True)]
    points = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1) @ matrix.T
    covered = (points**2).sum(axis=-1) <= radius**2
    shape = np.stack([2 * reach + 1, parts], axis=1).ravel()
    return covered.reshape(shape).mean(axis=(1, 3, 5))
