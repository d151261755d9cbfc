"""What X-rays and gamma rays meet in a body: mass attenuation coefficients, and tube spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "DENSITY",
    "hounsfield",
    "linear_attenuation",
    "mass_attenuation",
    "spectrum",
    "water_and_bone",
]

_ENERGY = (10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600)

#: Mass attenuation in cm²/g at `_ENERGY` keV.
_TABLE = {
    "water": (5.329, 1.673, 0.8096, 0.3756, 0.2683, 0.2269, 0.2059, 0.1837, 0.1707, 0.1505, 0.1370, 0.1186,
              0.1061, 0.09687, 0.08956),
    "air": (5.120, 1.614, 0.7779, 0.3538, 0.2485, 0.2080, 0.1875, 0.1662, 0.1541, 0.1356, 0.1233, 0.1067,
            0.09549, 0.08712, 0.08055),
    "soft tissue": (5.379, 1.699, 0.8230, 0.3790, 0.2688, 0.2264, 0.2048, 0.1823, 0.1693, 0.1492, 0.1358,
                    0.1175, 0.1052, 0.09598, 0.08873),
    "adipose": (3.268, 1.083, 0.5677, 0.3063, 0.2396, 0.2123, 0.1974, 0.1800, 0.1688, 0.1500, 0.1368, 0.1187,
                0.1062, 0.09696, 0.08965),
    "bone": (28.51, 9.032, 4.001, 1.331, 0.6655, 0.4242, 0.3148, 0.2229, 0.1855, 0.1480, 0.1309, 0.1113,
             0.09908, 0.09022, 0.08332),
    "acrylic": (3.357, 1.101, 0.5714, 0.3032, 0.2350, 0.2074, 0.1924, 0.1751, 0.1641, 0.1456, 0.1328, 0.1152,
                0.1031, 0.09410, 0.08701),
    "polyethylene": (2.088, 0.7452, 0.4315, 0.2706, 0.2275, 0.2084, 0.1970, 0.1823, 0.1719, 0.1534, 0.1402,
                     0.1217, 0.1090, 0.09947, 0.09198),
    "aluminium": (26.23, 7.955, 3.441, 1.128, 0.5685, 0.3681, 0.2778, 0.2018, 0.1704, 0.1378, 0.1223, 0.1042,
                  0.09276, 0.08445, 0.07802),
}  # fmt: skip

#: Iodine in cm²/g by keV; its K edge is what contrast-enhanced and dual-energy imaging live on.
_IODINE = (
    (10, 15, 20, 30, 33.1693, 33.1695, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600),
    (162.6, 55.12, 25.43, 8.561, 6.553, 35.82, 22.10, 12.32, 7.579, 3.510, 1.942, 0.6978, 0.3663, 0.1771,
     0.1217, 0.09701, 0.08313),
)  # fmt: skip

#: Density in g/cm³.
DENSITY = {
    "water": 1.0,
    "air": 1.205e-3,
    "soft tissue": 1.06,
    "adipose": 0.95,
    "bone": 1.92,
    "acrylic": 1.19,
    "polyethylene": 0.93,
    "aluminium": 2.699,
    "iodine": 4.93,
}


def mass_attenuation(material: str, energy: ArrayLike) -> NDArray[np.float64]:
    """Return the mass attenuation coefficient of a material, interpolated in log–log without overshoot.

    Parameters
    ----------
    material : str
        A key of `DENSITY`; ``"bone"`` is cortical bone, ``"acrylic"`` PMMA.
    energy : array_like
        Photon energy in keV, 10 to 600.

    Returns
    -------
    ndarray
        μ/ρ in cm²/g.

    Raises
    ------
    ValueError
        If the material is unknown or an energy lies outside the table.

    References
    ----------
    Hubbell J. H., Seltzer S. M. Tables of X-Ray Mass Attenuation Coefficients, NIST Standard Reference
    Database 126 (1995, 2004); tissues after ICRU Report 44 (1989).

    Examples
    --------
    >>> float(mass_attenuation("water", 60))
    0.2059
    """
    if material not in DENSITY:
        msg = f"material must be one of {', '.join(DENSITY)}; got {material!r}."
        raise ValueError(msg)
    energies, values = _IODINE if material == "iodine" else (_ENERGY, _TABLE[material])
    energy = np.asarray(energy, np.float64)
    if energy.min() < energies[0] or energy.max() > energies[-1]:
        came = f"{energy.min():g} to {energy.max():g}"
        msg = f"energy must lie between {energies[0]} and {energies[-1]} keV; got {came}."
        raise ValueError(msg)
    known, logarithm = np.log(energies), np.log(values)
    if material == "iodine":  # straight lines between the rows: no curve crosses an absorption edge
        return np.exp(np.interp(np.log(energy), known, logarithm)).round(12)
    from scipy.interpolate import PchipInterpolator

    return np.exp(PchipInterpolator(known, logarithm)(np.log(energy))).round(12)


def linear_attenuation(material: str, energy: ArrayLike) -> NDArray[np.float64]:
    """Return the linear attenuation coefficient μ of a material at its usual density in cm⁻¹."""
    return mass_attenuation(material, energy) * DENSITY[material]


def hounsfield(attenuation: ArrayLike, energy: float) -> NDArray[np.float64]:
    """Return linear attenuation in cm⁻¹ at an energy in keV as Hounsfield units (HU).

    HU = 1000 (μ − μ_water) / (μ_water − μ_air), so that water is 0 and air −1000.

    Examples
    --------
    >>> float(hounsfield(linear_attenuation("acrylic", 70), 70).round())
    126.0
    """
    water, air = (float(linear_attenuation(m, energy)) for m in ("water", "air"))
    return 1000 * (np.asarray(attenuation, np.float64) - water) / (water - air)


def water_and_bone(hu: ArrayLike, *, energy: float = 70.0) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Split Hounsfield units into water and cortical bone that attenuate alike.

    Up to 100 HU a voxel counts as water of another density. Above, a share of its volume is cortical bone,
    so that its attenuation at `energy` is what the HU say.

    Parameters
    ----------
    hu : array_like
        Hounsfield units.
    energy : float, optional
        The energy in keV at which the HU hold.

    Returns
    -------
    water, bone : ndarray
        Partial densities in g/cm³, float32, of the shape of `hu`.

    References
    ----------
    Joseph P. M., Spital R. D. A method for correcting bone induced artifacts in computed tomography
    scanners. J Comput Assist Tomogr 2, 100–108 (1978). doi:10.1097/00004728-197801000-00017.

    Examples
    --------
    >>> water, bone = water_and_bone([-1000.0, 0.0, 50.0])
    >>> [round(float(w), 3) for w in water], float(bone.max())
    ([0.001, 1.0, 1.05], 0.0)
    """
    water, air, bone = (float(linear_attenuation(m, energy)) for m in ("water", "air", "bone"))
    attenuation = water + np.asarray(hu, np.float32) / 1000 * (water - air)
    dense = water + 0.1 * (water - air)
    share = np.clip((attenuation - dense) / (bone - dense), 0, None)
    light = np.clip(np.minimum(attenuation, dense) / water, 0, None)
    return (light * np.clip(1 - share, 0, 1)).astype(np.float32), (share * DENSITY["bone"]).astype(np.float32)


def spectrum(
    kvp: float, *, aluminium: float = 6.0, step: float = 5.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the spectrum of an X-ray tube: Kramers' bremsstrahlung behind a filter.

    N(E) ∝ (E_max / E − 1) exp(−μ_Al(E) t). Characteristic lines are left out.

    Parameters
    ----------
    kvp : float
        Peak voltage in kV, above 20.
    aluminium : float, optional
        Total filtration in mm of aluminium; about 3 for radiography, 6 to 10 for CT.
    step : float, optional
        Width of an energy bin in keV.

    Returns
    -------
    energy, weight : ndarray
        Bin centres in keV, and the share of photons in each bin (sum 1).

    Raises
    ------
    ValueError
        If `kvp` is not above 20.

    References
    ----------
    Kramers H. A. On the theory of X-ray absorption and of the continuous X-ray spectrum. Phil Mag 46,
    836–871 (1923). doi:10.1080/14786442308565244.

    Examples
    --------
    >>> energy, weight = spectrum(120)
    >>> round(float(energy @ weight), 1)  # mean energy in keV
    57.6
    """
    if kvp <= 20:
        msg = f"kvp must be above 20 kV; got {kvp:g}."
        raise ValueError(msg)
    energy = np.arange(15 + step / 2, kvp, step)
    weight = (kvp / energy - 1) * np.exp(-linear_attenuation("aluminium", energy) * aluminium / 10)
    return energy, weight / weight.sum()
