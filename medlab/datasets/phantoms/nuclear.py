"""PET and SPECT by calculation: decay, counts, reconstruction; the scanners' models are in `cameras`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.phantoms.cameras import PetCamera, SpectCamera

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from medlab.datasets.phantoms.cameras import Camera

__all__ = [
    "HALF_LIFE",
    "PetCamera",
    "SpectCamera",
    "decay_factor",
    "fbp",
    "osem",
    "pet",
    "pet_facts",
    "spect",
]

#: Half-lives in seconds. National Nuclear Data Center, NuDat 3 (Brookhaven National Laboratory); F-18 as
#: DICOM headers and clinical software have it, 109.77 min.
HALF_LIFE = {
    "C-11": 1221.8,
    "N-13": 597.9,
    "O-15": 122.24,
    "F-18": 6586.2,
    "Cu-64": 45_724.0,
    "Ga-68": 4062.6,
    "Rb-82": 75.45,
    "Zr-89": 282_280.0,
    "Tc-99m": 21_624.0,
    "In-111": 242_330.0,
    "I-123": 47_604.0,
    "I-131": 693_377.0,
    "Lu-177": 574_070.0,
    "Tl-201": 262_840.0,
}

_FWHM = 2.3548


def decay_factor(nuclide: str, seconds: ArrayLike) -> NDArray[np.float64]:
    """Return what is left of an activity after some time: 2^(−t / T½).

    Parameters
    ----------
    nuclide : str
        A key of `HALF_LIFE`, for example ``"F-18"``.
    seconds : array_like
        Time in s.

    Raises
    ------
    ValueError
        If the nuclide is not in the table.

    Examples
    --------
    >>> float(decay_factor("Tc-99m", 6.0067 * 3600).round(3))
    0.5
    """
    if nuclide not in HALF_LIFE:
        msg = f"nuclide must be one of {', '.join(HALF_LIFE)}; got {nuclide!r}."
        raise ValueError(msg)
    return 2.0 ** (-np.asarray(seconds, np.float64) / HALF_LIFE[nuclide])


def osem(
    counts: ArrayLike,
    camera: Camera,
    *,
    iterations: int = 4,
    subsets: int = 8,
    background: ArrayLike = 0.0,
    start: ArrayLike | None = None,
) -> NDArray[np.float32]:
    """Reconstruct by maximum likelihood with ordered subsets; one subset is MLEM.

    Parameters
    ----------
    counts : (z, angle, bin) array_like
        What was measured.
    camera : PetCamera or SpectCamera
        The model of the measurement, with the corrections that it knows.
    iterations, subsets : int, optional
        Passes over the data, and how many updates a pass is split into.
    background : array_like, optional
        Expected randoms and scatter in the units of `counts`.
    start : array_like, optional
        First guess; default: uniform.

    Returns
    -------
    ndarray
        Activity in Bq/ml, (z, y, x), float32, not negative.

    Raises
    ------
    ValueError
        If there are more subsets than views.

    References
    ----------
    Shepp L. A., Vardi Y. Maximum likelihood reconstruction for emission tomography. IEEE Trans Med Imaging
    1, 113–122 (1982). doi:10.1109/TMI.1982.4307558. Hudson H. M., Larkin R. S. Accelerated image
    reconstruction using ordered subsets of projection data. IEEE Trans Med Imaging 13, 601–609 (1994).
    doi:10.1109/42.363108.
    """
    measured = np.asarray(counts, np.float32)
    extra = np.broadcast_to(np.asarray(background, np.float32), measured.shape)
    if not 1 <= subsets <= camera.views:
        msg = f"subsets must lie between 1 and the number of views, {camera.views}; got {subsets}."
        raise ValueError(msg)
    parts = [slice(first, None, subsets) for first in range(subsets)]
    reach = [camera.adjoint(np.ones_like(measured[:, part]), part) for part in parts]
    visible = [r > 1e-3 * r.max() for r in reach]
    guess = np.ones_like(reach[0]) if start is None else np.array(start, np.float32)
    for _ in range(iterations):
        for part, weight, seen in zip(parts, reach, visible, strict=True):
            expected = camera.forward(guess, part) + extra[:, part]
            ratio = measured[:, part] / np.maximum(expected, 1e-6 * max(float(expected.max()), 1e-6))
            guess *= np.where(seen, camera.adjoint(ratio, part) / np.where(seen, weight, 1), 0)
    return guess


def fbp(
    counts: ArrayLike,
    spacing: float,
    *,
    survival: ArrayLike = 1.0,
    full_turn: bool = False,
    blur: float = 0.0,
) -> NDArray[np.float32]:
    """Reconstruct by filtered back-projection: fast, linear, streaky where counts are few.

    Parameters
    ----------
    counts : (z, angle, bin) array_like
        Counts, divided by the sensitivity where the result shall be in Bq/ml.
    spacing : float
        Pixel size in mm.
    survival : array_like, optional
        Counts are divided by this: `PetCamera.survival` corrects for attenuation.
    full_turn : bool, optional
        Whether the angles go over 360°, as in SPECT: opposite views are then averaged. Their number is even.
    blur : float, optional
        Full width at half maximum in mm of a Gaussian filter.

    Returns
    -------
    ndarray
        (z, y, x), float32; may be negative.

    References
    ----------
    Cherry S. R., Sorenson J. A., Phelps M. E. Physics in Nuclear Medicine, 4th ed. (2012), section 16.B.
    """
    from medlab.datasets.phantoms import ct

    rays = np.asarray(counts, np.float32) / np.asarray(survival, np.float32)
    if full_turn:
        half = rays.shape[-2] // 2
        opposite = np.roll(rays[..., half:, ::-1], 1 - rays.shape[-1] % 2, axis=-1)
        rays = (rays[..., :half, :] + opposite) / 2
    return ct.fbp(rays, spacing, blur=blur)


def pet(
    activity: ArrayLike,
    attenuation: ArrayLike,
    spacing: Sequence[float],
    *,
    nuclide: str = "F-18",
    seconds: float = 180.0,
    fwhm: float = 5.0,
    views: int = 96,
    sensitivity: float = 3.0e-5,
    randoms: float = 0.2,
    scatter: float = 0.3,
    iterations: int = 3,
    subsets: int = 12,
    post_fwhm: float = 4.0,
    rng: np.random.Generator | None = None,
) -> NDArray[np.float32]:
    """Scan and reconstruct an activity: counts, randoms, scatter, OSEM with attenuation, post-smoothing.

    The result is corrected for attenuation, randoms, scatter and for decay to the start of the scan.

    Parameters
    ----------
    activity : (z, y, x) array_like
        Activity at the start of the scan in Bq/ml; rows as many as columns.
    attenuation : (z, y, x) array_like
        At 511 keV in cm⁻¹.
    spacing : sequence of float
        Voxel size (dz, dy, dx) in mm.
    nuclide : str, optional
        A key of `HALF_LIFE`.
    seconds : float, optional
        Duration of the scan.
    fwhm : float, optional
        Resolution in mm. Reconstruction does not model it.
    views : int, optional
        Number of angles over 180°.
    sensitivity : float, optional
        Counts per second, Bq/ml and cm of path in one bin.
    randoms, scatter : float, optional
        Random and scattered coincidences as a share of trues and of all non-random events.
    iterations, subsets : int, optional
        Of `osem`.
    post_fwhm : float, optional
        Post-smoothing in mm.
    rng : numpy.random.Generator, optional
        Source of the Poisson noise; the mean of randoms and scatter is known exactly to the correction.

    Returns
    -------
    ndarray
        Activity in Bq/ml at the start of the scan, float32.

    References
    ----------
    Cherry S. R., Sorenson J. A., Phelps M. E. Physics in Nuclear Medicine, 4th ed. (2012), chapter 18.
    Bailey D. L. et al. Positron Emission Tomography: Basic Sciences (2005), chapters 3 and 6.
    """
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng() if rng is None else rng
    mu = np.asarray(attenuation, np.float32)
    rate = np.log(2) / HALF_LIFE[nuclide]
    effective = -np.expm1(-rate * seconds) / rate  # seconds at the starting activity
    real = PetCamera(mu, spacing, views=views, fwhm=fwhm, sensitivity=sensitivity * effective)
    trues = real.forward(np.asarray(activity, np.float32))
    width = 120.0 / _FWHM / spacing[-1]
    scattered = gaussian_filter(trues, (0, 0, width), mode="constant")
    scattered *= scatter / (1 - scatter) * trues.sum() / max(float(scattered.sum()), 1e-12)
    background = scattered + randoms * trues.mean()
    counts = rng.poisson(trues + background).astype(np.float32)
    model = PetCamera(mu, spacing, views=views, fwhm=0.0, sensitivity=sensitivity * effective)
    image = osem(counts, model, iterations=iterations, subsets=subsets, background=background)
    return gaussian_filter(image, [post_fwhm / _FWHM / s for s in spacing], mode="constant")


def pet_facts(
    *,
    weight: float,
    dose: float,
    waited: float = 3600.0,
    nuclide: str = "F-18",
    seconds: float = 180.0,
) -> dict[str, Any]:
    """Return the `meta` that `medlab.measure.suv` needs of a PET, under DICOM's keywords.

    Parameters
    ----------
    weight : float
        Body weight in kg.
    dose : float
        Injected activity in Bq at the time of injection.
    waited : float, optional
        Seconds from injection to the start of the scan, to which the image is decay-corrected.
    nuclide : str, optional
        A key of `HALF_LIFE`.
    seconds : float, optional
        Duration of the scan.
    """
    return {
        "Modality": "PT",
        "Units": "BQML",
        "PatientWeight": weight,
        "RadionuclideTotalDose": dose,
        "RadionuclideHalfLife": HALF_LIFE[nuclide],
        "DecayCorrection": "START",
        "CorrectedImage": ("DECY", "ATTN", "SCAT", "RAN"),
        "SecondsFromInjectionToSeries": waited,
        "SecondsFromInjectionToAcquisition": waited,
        "ActualFrameDuration": 1000.0 * seconds,
    }


def spect(
    activity: ArrayLike,
    attenuation: ArrayLike,
    spacing: Sequence[float],
    *,
    seconds: float = 20.0,
    sensitivity: float = 3.0e-5,
    scatter: float = 0.2,
    rng: np.random.Generator | None = None,
    **camera: Any,
) -> tuple[NDArray[np.float32], SpectCamera]:
    """Acquire SPECT projections; `osem` with the camera returned reconstructs them.

    Parameters
    ----------
    activity : (z, y, x) array_like
        Activity in Bq/ml; rows as many as columns.
    attenuation : (z, y, x) array_like
        At the photon energy in cm⁻¹.
    spacing : sequence of float
        Voxel size (dz, dy, dx) in mm.
    seconds : float, optional
        Time per view.
    sensitivity : float, optional
        Counts per second, Bq/ml and cm of path in one bin.
    scatter : float, optional
        Scattered photons in the energy window as a share of the unscattered; about 0.2 to 0.4 for Tc-99m.
    rng : numpy.random.Generator, optional
        Source of the Poisson noise.
    **camera
        ``views``, ``intrinsic``, ``hole``, ``length``, ``radius``: see `SpectCamera`.

    Returns
    -------
    projections : ndarray
        Counts (z, angle, bin), float32.
    camera : SpectCamera
        The model that made them, with attenuation and resolution.

    Examples
    --------
    >>> body = np.zeros((4, 16, 16)); body[:, 6:10, 6:10] = 1e5
    >>> counts, camera = spect(body, 0.0 * body, (8, 8, 8), views=8, rng=np.random.default_rng(0))
    >>> counts.shape, osem(counts, camera, subsets=2).shape
    ((4, 8, 16), (4, 16, 16))
    """
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng() if rng is None else rng
    model = SpectCamera(
        np.asarray(attenuation, np.float32), spacing, sensitivity=sensitivity * seconds, **camera
    )
    mean = model.forward(np.asarray(activity, np.float32))
    if scatter:
        wide = gaussian_filter(mean, [100 / _FWHM / spacing[0], 0, 100 / _FWHM / spacing[2]], mode="constant")
        mean = mean + scatter * wide
    return rng.poisson(np.maximum(mean, 0)).astype(np.float32), model
