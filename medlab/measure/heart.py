"""The heart from masks: volumes over time, ejection fraction, mass, wall thickness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.measure.cavities import body_surface_area
from medlab.measure.region import check_length, inside

if TYPE_CHECKING:
    import pandas as pd

    from medlab.image import Image

__all__ = ["left_ventricle", "volume_curve", "wall_thickness"]

#: Density of heart muscle in g/ml.
MUSCLE_DENSITY = 1.05


def volume_curve(masks: Image, label: int | str | None = None) -> pd.Series:
    """Return the volume in ml at each time point.

    Parameters
    ----------
    masks : Image
        Axes ``"tzyx"``, a mask for each time point; short-axis slices or any other volume.
    label : int or str, optional
        Value or name; default: all that is not 0.

    Returns
    -------
    Series
        Index: ``masks.times`` where known, else the number of the frame.
    """
    import pandas as pd

    found = inside(masks, label)
    if masks.axes != "tzyx":
        msg = (
            f"A volume over time needs masks of axes 'tzyx'; got {masks!r}. For one moment: "
            "medlab.measure.volume."
        )
        raise ValueError(msg)
    volumes = np.count_nonzero(found, axis=(1, 2, 3)) * masks.voxel_volume / 1000
    return pd.Series(volumes, index=masks.times, name="volume_ml")


def left_ventricle(
    masks: Image,
    cavity: int | str = "left ventricle",
    *,
    myocardium: int | str | None = None,
    height_cm: float | None = None,
    weight_kg: float | None = None,
    heart_rate: float | None = None,
) -> pd.Series:
    """Return volumes, ejection fraction and mass of a ventricle from a cine of masks.

    End diastole is the time of the largest volume, end systole that of the smallest. Volumes are sums of
    discs (see `medlab.measure.simpson`). SV = EDV − ESV; EF = 100 × SV / EDV; mass = muscle volume at end
    diastole × 1.05 g/ml.

    Parameters
    ----------
    masks : Image
        Axes ``"tzyx"``, short-axis slices of one heart beat.
    cavity : int or str, optional
        Value or name of the blood pool.
    myocardium : int or str, optional
        Value or name of the muscle.
    height_cm, weight_kg : float, optional
        Give volumes and mass per m² of body surface (Mosteller) as well.
    heart_rate : float, optional
        Beats per minute; gives the cardiac output.

    Returns
    -------
    Series
        ``EDV_ml``, ``ESV_ml``, ``SV_ml``, ``EF_percent``, ``ED_frame``, ``ES_frame``; where asked for
        ``mass_g``, ``output_l_min``, ``BSA_m2``, ``EDVi_ml_m2``, ``ESVi_ml_m2``, ``SVi_ml_m2``,
        ``massi_g_m2``.

    Raises
    ------
    TypeError, ValueError
        If these are no masks over time, or the cavity is empty throughout.

    Notes
    -----
    Every slice counts as it was drawn at that moment: whether the most basal slice belongs to the ventricle
    in systole changes ESV by more than anything else.

    References
    ----------
    Schulz-Menger et al., Journal of Cardiovascular Magnetic Resonance 2020,
    https://doi.org/10.1186/s12968-020-00610-6.
    """
    import pandas as pd

    volumes = volume_curve(masks, cavity).to_numpy()
    if not volumes.max() > 0:
        msg = f"No frame holds a voxel of {cavity!r}; labels: {dict(masks.labels or {})}."
        raise ValueError(msg)
    diastole, systole = int(volumes.argmax()), int(volumes.argmin())
    largest, smallest = float(volumes[diastole]), float(volumes[systole])
    found = {
        "EDV_ml": largest,
        "ESV_ml": smallest,
        "SV_ml": largest - smallest,
        "EF_percent": 100 * (largest - smallest) / largest,
        "ED_frame": diastole,
        "ES_frame": systole,
    }
    if myocardium is not None:
        found["mass_g"] = float(volume_curve(masks, myocardium).iloc[diastole]) * MUSCLE_DENSITY
    if heart_rate is not None:
        found["output_l_min"] = found["SV_ml"] * heart_rate / 1000
    if height_cm is not None and weight_kg is not None:
        surface = body_surface_area(height_cm, weight_kg)
        found["BSA_m2"] = surface
        per_area = {
            "EDV_ml": "EDVi_ml_m2",
            "ESV_ml": "ESVi_ml_m2",
            "SV_ml": "SVi_ml_m2",
            "mass_g": "massi_g_m2",
        }
        found |= {name: found[of] / surface for of, name in per_area.items() if of in found}
    return pd.Series(found)


def wall_thickness(mask: Image, cavity: int | str, myocardium: int | str) -> pd.DataFrame:
    """Return cavity, muscle and mean wall thickness of each short-axis slice.

    Thickness = √((A_cavity + A_muscle) / π) − √(A_cavity / π): exact for a ring, and the mean thickness of a
    wall that is close to one.

    Parameters
    ----------
    mask : Image
        Axes ``"zyx"``, one moment.
    cavity, myocardium : int or str
        Values or names.

    Returns
    -------
    DataFrame
        A row per slice that holds muscle: ``slice``, ``cavity_mm2``, ``muscle_mm2``, ``thickness_mm``; NaN
        where there is no cavity (the apex).
    """
    import pandas as pd

    pool, muscle = inside(mask, cavity), inside(mask, myocardium)
    if mask.axes != "zyx":
        msg = f"Wall thickness needs a mask of axes 'zyx', one moment; got {mask!r}."
        raise ValueError(msg)
    check_length(mask, "Wall thickness")
    pixel = float(np.linalg.norm(np.cross(mask.affine[:3, 1], mask.affine[:3, 2])))
    inner, wall = (np.count_nonzero(part, axis=(1, 2)) * pixel for part in (pool, muscle))
    thickness = np.sqrt((inner + wall) / np.pi) - np.sqrt(inner / np.pi)
    table = pd.DataFrame(
        {
            "slice": np.arange(len(inner)),
            "cavity_mm2": inner,
            "muscle_mm2": wall,
            "thickness_mm": np.where(inner > 0, thickness, np.nan),
        }
    )
    return table[table["muscle_mm2"] > 0].reset_index(drop=True)
