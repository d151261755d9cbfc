"""CT by calculation: sinogram, dose and noise, beam hardening, filtered back-projection, two energies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.datasets.phantoms.materials import (
    hounsfield,
    linear_attenuation,
    mass_attenuation,
    spectrum,
    water_and_bone,
)
from medlab.datasets.phantoms.projection import ParallelBeam

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

__all__ = ["acquire", "decompose", "dual_energy", "fbp", "sinogram"]

#: Energy in keV at which the HU of a body hold, and to which measured attenuation is calibrated.
REFERENCE_ENERGY = 70.0

#: Photons per mm² at the axis and mAs that reach and are counted by the detector without an object.
FLUENCE = 2.0e5

#: Electronic noise of a detector reading, in photons.
ELECTRONIC = 20.0


def angles(views: int) -> NDArray[np.float64]:
    """Return equally spaced angles over half a turn in degrees."""
    return np.arange(views) * 180.0 / views


def sinogram(attenuation: ArrayLike, spacing: float, *, views: int = 180) -> NDArray[np.float32]:
    """Return the Radon transform of slices: ∫ μ dl of each ray.

    Parameters
    ----------
    attenuation : (y, x) or (z, y, x) array_like
        Linear attenuation in cm⁻¹ on square slices.
    spacing : float
        Pixel size in mm; also the width of a detector bin.
    views : int, optional
        Number of angles over 180°.

    Returns
    -------
    ndarray
        (angle, bin) or (z, angle, bin); the angles are those of `skimage.transform.radon`.

    References
    ----------
    Kak A. C., Slaney M. Principles of Computerized Tomographic Imaging (1988), section 3.1.

    Examples
    --------
    >>> disc = np.hypot(*np.indices((65, 65)) - 32) < 20
    >>> round(float(sinogram(0.2 * disc, 10.0)[0, 32]), 1)  # 39 pixels of 1 cm at 0.2 per cm
    7.8
    """
    slices = np.asarray(attenuation)
    return ParallelBeam(slices.shape[-1], angles(views)).forward(slices) * np.float32(spacing / 10)


def fbp(rays: ArrayLike, spacing: float, *, kernel: str = "hann", blur: float = 0.0) -> NDArray[np.float32]:
    """Return slices from their sinogram by filtered back-projection.

    Parameters
    ----------
    rays : (angle, bin) or (z, angle, bin) array_like
        Line integrals over 180°, equally spaced.
    spacing : float
        Width of a bin in mm.
    kernel : {"ramp", "shepp-logan", "cosine", "hamming", "hann"}, optional
        Window on the ramp filter, from sharp to soft, named as in `skimage.transform.iradon`.
    blur : float, optional
        Full width at half maximum in mm of a Gaussian on top, as of a softer scanner kernel.

    Returns
    -------
    ndarray
        (y, x) or (z, y, x) in cm⁻¹; 0 outside the circle that all rays see.

    Raises
    ------
    ValueError
        If the kernel is unknown.

    References
    ----------
    Kak A. C., Slaney M. Principles of Computerized Tomographic Imaging (1988), section 3.3, equation 61.
    """
    rays = np.asarray(rays, np.float32)
    views, n = rays.shape[-2:]
    size = 2 ** int(np.ceil(np.log2(2 * n)))
    spectrum_ = np.fft.rfft(rays, size, axis=-1) * _filter(size, kernel, blur / spacing)
    filtered = np.fft.irfft(spectrum_, size, axis=-1)[..., :n]
    slices = ParallelBeam(n, angles(views)).smear(filtered) * np.float32(np.pi / views / (spacing / 10))
    y, x = np.indices((n, n)) - n // 2
    slices[..., np.hypot(y, x) > n // 2] = 0
    return slices


def acquire(
    hu: ArrayLike,
    spacing: float,
    *,
    dose: float = 100.0,
    thickness: float = 5.0,
    kvp: float = 120.0,
    views: int = 180,
    kernel: str = "hann",
    blur: float = 0.0,
    polychromatic: bool = True,
    water_calibrated: bool = True,
    iodine: ArrayLike | None = None,
    noise: bool = True,
    rng: np.random.Generator | None = None,
) -> NDArray[np.float32]:
    """Scan slices and reconstruct them.

    A body of water and bone of varying density (and iodine) is projected in each energy bin, the detector
    adds up the energies, photons are Poisson, and the logarithm is filtered and back-projected.

    Parameters
    ----------
    hu : (y, x) or (z, y, x) array_like
        The body in HU at 70 keV, in air; what lies outside the inscribed circle is not seen.
    spacing : float
        Pixel size in mm.
    dose : float, optional
        Tube current × time of a rotation in mAs. The standard deviation of the noise goes as 1 / √dose.
    thickness : float, optional
        Slice thickness in mm; thin slices get fewer photons.
    kvp : float, optional
        Peak voltage in kV.
    views : int, optional
        Number of angles over 180°; the dose is shared among them.
    kernel, blur
        See `fbp`.
    polychromatic : bool, optional
        Whether the tube has a spectrum; else all photons have 70 keV.
    water_calibrated : bool, optional
        Whether attenuation is corrected for beam hardening by water. Without it a water cylinder is cupped:
        too low in its middle.
    iodine : array_like, optional
        Iodine in mg/ml, of the shape of `hu`.
    noise : bool, optional
        Whether to draw noise.
    rng : numpy.random.Generator, optional
        Source of the noise.

    Returns
    -------
    ndarray
        HU of the shape of `hu`, float32; −1000 outside the circle.

    References
    ----------
    Buzug T. M. Computed Tomography (2008), chapters 2 and 8. Brooks R. A., Di Chiro G. Beam hardening in
    X-ray reconstructive tomography. Phys Med Biol 21, 390–398 (1976). doi:10.1088/0031-9155/21/3/004.
    Brooks R. A., Di Chiro G. Statistical limitations in X-ray reconstructive tomography. Med Phys 3,
    237–240 (1976), doi:10.1118/1.594240: noise against dose.

    Examples
    --------
    >>> cylinder = np.where(np.hypot(*np.indices((64, 64)) - 32) < 24, 0.0, -1000.0)
    >>> abs(acquire(cylinder, 4.0, noise=False)[28:36, 28:36].mean()) < 3
    np.True_
    """
    body = np.asarray(hu, np.float32)
    n = max(body.shape[-2:])
    paths = _paths(body, iodine, n, spacing, views)
    energy, weight = _response(kvp) if polychromatic else (np.array([REFERENCE_ENERGY]), np.ones(1))
    photons = FLUENCE * dose * spacing * thickness / views
    rays = _measured(paths, energy, weight, photons if noise else np.inf, rng)
    if polychromatic:
        rays = _calibrated(rays, energy, weight, water_calibrated)
    slices = hounsfield(fbp(rays, spacing, kernel=kernel, blur=blur), REFERENCE_ENERGY)
    outside = np.hypot(*(np.indices((n, n)) - n // 2)) > n // 2
    slices[..., outside] = -1000
    return _cut(slices.astype(np.float32), body.shape)


def dual_energy(
    hu: ArrayLike,
    spacing: float,
    *,
    kvp: tuple[float, float] = (80.0, 140.0),
    rng: np.random.Generator | None = None,
    **scan: object,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scan slices at two voltages; `decompose` turns the pair into materials.

    Parameters
    ----------
    hu, spacing
        See `acquire`.
    kvp : tuple of float, optional
        The low and the high voltage in kV.
    rng : numpy.random.Generator, optional
        Source of the noise.
    **scan
        Other parameters of `acquire`; ``iodine`` is what makes the two differ.

    Returns
    -------
    low, high : ndarray
        HU at the two voltages.
    """
    rng = np.random.default_rng() if rng is None else rng
    low, high = (acquire(hu, spacing, kvp=v, rng=rng, **scan) for v in kvp)  # type: ignore[arg-type]
    return low, high


def decompose(
    low: ArrayLike, high: ArrayLike, *, kvp: tuple[float, float] = (80.0, 140.0), water: float = 20.0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return density without contrast medium and iodine from HU at two voltages.

    Each voxel is taken for water of some density plus iodine: two equations, two unknowns. Bone is not
    water, so part of it turns up as iodine; much iodine comes out a few per cent too low, as its own
    hardening of the beam is not corrected.

    Parameters
    ----------
    low, high : array_like
        HU at the low and the high voltage, calibrated to water.
    kvp : tuple of float, optional
        The voltages in kV.
    water : float, optional
        Water in cm that has hardened the beam on its way.

    Returns
    -------
    plain : ndarray
        Virtual non-contrast image in HU.
    iodine : ndarray
        Iodine in mg/ml.

    References
    ----------
    Alvarez R. E., Macovski A. Energy-selective reconstructions in X-ray computerized tomography. Phys Med
    Biol 21, 733–744 (1976). doi:10.1088/0031-9155/21/5/002. McCollough C. H. et al. Dual- and multi-energy
    CT. Radiology 276, 637–653 (2015). doi:10.1148/radiol.2015142631.
    """
    first, second = np.asarray(low, np.float32), np.asarray(high, np.float32)
    rise = [iodine_enhancement(v, water=water) for v in kvp]
    iodine = (first - second) / np.float32(rise[0] - rise[1])
    return first - iodine * np.float32(rise[0]), iodine


def iodine_enhancement(kvp: float, *, water: float = 20.0) -> float:
    """Return the HU that 1 mg/ml of iodine adds at a voltage in kV behind some water in cm."""
    energy, weight = _response(kvp)
    left = weight * np.exp(-linear_attenuation("water", energy) * water)
    iodine = left @ mass_attenuation("iodine", energy) * 1e-3
    return float(1000 * iodine / (left @ linear_attenuation("water", energy)))


def _response(kvp: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of the signal by energy: a scintillator adds up energies, not photons."""
    energy, weight = spectrum(kvp, step=7.5)
    weight = weight * energy
    return energy, weight / weight.sum()


def _paths(
    body: NDArray[np.float32], iodine: ArrayLike | None, n: int, spacing: float, views: int
) -> dict[str, NDArray[np.float32]]:
    """Mass of each material along each ray in g/cm²."""
    density: dict[str, NDArray[np.float32]] = {}
    density["water"], density["bone"] = water_and_bone(body, energy=REFERENCE_ENERGY)
    if iodine is not None:
        density["iodine"] = np.asarray(iodine, np.float32) / np.float32(1000)
    beam = ParallelBeam(n, angles(views))
    return {
        material: beam.forward(_pad(values, n)) * np.float32(spacing / 10)
        for material, values in density.items()
        if values.any()
    }


def _measured(
    paths: Mapping[str, NDArray[np.float32]],
    energy: NDArray[np.float64],
    weight: NDArray[np.float64],
    photons: float,
    rng: np.random.Generator | None,
) -> NDArray[np.float32]:
    """−ln of the measured transmission, noisy where `photons` is finite."""
    coefficients = {m: mass_attenuation(m, energy).astype(np.float32) for m in paths}
    transmitted: NDArray[np.float32] = np.zeros(1, np.float32)
    for k, share in enumerate(weight):
        depth = sum(coefficients[m][k] * path for m, path in paths.items())
        transmitted = transmitted + np.float32(share) * np.exp(-depth)
    if np.isfinite(photons):
        rng = np.random.default_rng() if rng is None else rng
        counts = rng.poisson(photons * transmitted) + ELECTRONIC * rng.standard_normal(transmitted.shape)
        transmitted = (np.clip(counts, 1, None) / photons).astype(np.float32)
    return -np.log(transmitted).astype(np.float32)


def _calibrated(
    rays: NDArray[np.float32], energy: NDArray[np.float64], weight: NDArray[np.float64], by_length: bool
) -> NDArray[np.float32]:
    """Attenuation as if of `REFERENCE_ENERGY`: by the curve of water, or by one factor for 20 cm of it."""
    centimetres = np.linspace(-5, 100, 1051)
    attenuation = linear_attenuation("water", energy)
    curve = -np.log(np.exp(-centimetres[:, None] * attenuation) @ weight)
    ideal = float(linear_attenuation("water", REFERENCE_ENERGY))
    if by_length:
        return (ideal * np.interp(rays, curve, centimetres)).astype(np.float32)
    return rays * np.float32(20 * ideal / np.interp(20, centimetres, curve))


def _filter(size: int, kernel: str, blur: float) -> NDArray[np.float64]:
    """Ramp filter from its samples in space, windowed; `blur` in bins."""
    lag = np.fft.fftfreq(size, 1 / size)
    ramp = np.where(lag % 2 != 0, -1 / (np.pi * np.where(lag == 0, 1, lag)) ** 2, 0.0)
    ramp[0] = 0.25
    response = np.fft.rfft(ramp).real
    frequency = np.fft.rfftfreq(size)
    windows = {
        "ramp": np.ones_like(frequency),
        "shepp-logan": np.sinc(frequency),
        "cosine": np.cos(np.pi * frequency),
        "hamming": 0.54 + 0.46 * np.cos(2 * np.pi * frequency),
        "hann": 0.5 + 0.5 * np.cos(2 * np.pi * frequency),
    }
    if kernel not in windows:
        msg = f"kernel must be one of {', '.join(windows)}; got {kernel!r}."
        raise ValueError(msg)
    return response * windows[kernel] * np.exp(-2 * (np.pi * blur / 2.3548 * frequency) ** 2)


def _pad(slices: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    margins = [((n - size) // 2, n - size - (n - size) // 2) for size in slices.shape[-2:]]
    return np.pad(slices, [(0, 0)] * (slices.ndim - 2) + margins)


def _cut(slices: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    n = slices.shape[-1]
    top, left = ((n - size) // 2 for size in shape[-2:])
    return np.ascontiguousarray(slices[..., top : top + shape[-2], left : left + shape[-1]])
