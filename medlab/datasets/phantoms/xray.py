"""Radiography by calculation: X-rays through a volume onto a flat detector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.phantoms.materials import linear_attenuation, mass_attenuation, water_and_bone
from medlab.image import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from medlab.image import Space

__all__ = ["detect", "dual_energy", "line_integrals", "project", "radiograph", "shadow"]

_FWHM = 2.3548

#: How a volume lies for a view: rows to the feet, rays along the second axis, columns to the film's right.
_ORIENTATION = {"PA": "FAL", "LAT": "FLP"}


def line_integrals(
    attenuation: ArrayLike,
    spacing: Sequence[float],
    *,
    axis: int = 1,
    source_to_detector: float | None = None,
) -> NDArray[np.float32]:
    """Return the integral of the attenuation along each ray: ∫ μ dl, without a unit.

    Parameters
    ----------
    attenuation : (z, y, x) array_like
        Linear attenuation in cm⁻¹.
    spacing : sequence of float
        Voxel size in mm, in array order.
    axis : int, optional
        The array axis along which the rays run, from its first to its last index; the last plane lies on
        the detector.
    source_to_detector : float, optional
        Distance in mm for a point source over the middle of the detector, which magnifies what lies far
        from the detector. Default: parallel rays.

    Returns
    -------
    ndarray
        The volume's shape without `axis`, float32. The detector's pixels have the size of the voxels.

    Raises
    ------
    ValueError
        If the source would lie inside the volume.

    References
    ----------
    Bushberg J. T. et al. The Essential Physics of Medical Imaging, 3rd ed. (2012), sections 3.3 and 7.1.

    Examples
    --------
    >>> slab = np.full((4, 10, 4), 0.2)  # 0.2 per cm, 10 cm thick
    >>> round(float(line_integrals(slab, (10, 10, 10))[0, 0]), 3)
    2.0
    """
    planes = np.moveaxis(np.asarray(attenuation, np.float32), axis, 0)
    step = float(spacing[axis])
    if source_to_detector is None:
        return planes.sum(axis=0) * np.float32(step / 10)
    if source_to_detector <= step * len(planes):
        msg = (
            f"source_to_detector must be larger than the volume's depth of {step * len(planes):g} mm; "
            f"got {source_to_detector:g} mm."
        )
        raise ValueError(msg)
    from scipy.ndimage import affine_transform

    middle = (np.array(planes.shape[1:]) - 1) / 2
    total = np.zeros(planes.shape[1:], np.float32)
    for k, plane in enumerate(planes):
        shrink = 1 - step * (len(planes) - 0.5 - k) / source_to_detector
        total += affine_transform(plane, [shrink, shrink], middle * (1 - shrink), order=1)
    flat = np.array([s for a, s in enumerate(spacing) if a != axis % 3])
    offset = (np.indices(total.shape) - middle[:, None, None]) * flat[:, None, None]
    oblique = np.sqrt(1 + (offset**2).sum(axis=0) / source_to_detector**2)
    return (total * oblique * step / 10).astype(np.float32)


def detect(
    integrals: ArrayLike,
    pixel: float,
    *,
    photons: float = 2.0e4,
    scatter: float = 0.0,
    scatter_width: float = 60.0,
    blur: float = 0.0,
    electronic: float = 0.0,
    noise: bool = True,
    rng: np.random.Generator | None = None,
) -> NDArray[np.float32]:
    """Return what a flat detector counts behind given line integrals.

    Primary photons follow Beer–Lambert; scatter is the primary picture blurred over centimetres; the counts
    are Poisson, the read-out adds Gaussian noise.

    Parameters
    ----------
    integrals : (y, x) array_like
        ∫ μ dl of each detector pixel.
    pixel : float
        Pixel size in mm.
    photons : float, optional
        Mean number detected in a pixel without an object.
    scatter : float, optional
        Scatter fraction S / (S + P) behind a uniform object, 0 to below 1: about 0.5 to 0.7 without a grid,
        0.1 to 0.3 with one.
    scatter_width : float, optional
        Full width at half maximum of the scatter's spread in mm.
    blur : float, optional
        Full width at half maximum of focal spot and detector together in mm.
    electronic : float, optional
        Standard deviation of the read-out in photons.
    noise : bool, optional
        Whether to draw noise; without it the mean is returned.
    rng : numpy.random.Generator, optional
        Source of the noise.

    Returns
    -------
    ndarray
        Counts, float32.

    Raises
    ------
    ValueError
        If `photons` is not positive or `scatter` not in [0, 1).

    References
    ----------
    Seibert J. A., Boone J. M. X-ray scatter removal by deconvolution. Med Phys 15, 567–575 (1988).
    doi:10.1118/1.596208.
    """
    from scipy.ndimage import gaussian_filter

    if photons <= 0 or not 0 <= scatter < 1:
        msg = f"photons must be positive and scatter in [0, 1); got {photons:g} and {scatter:g}."
        raise ValueError(msg)
    mean = photons * np.exp(-np.asarray(integrals, np.float64))
    if scatter:
        mean = mean + scatter / (1 - scatter) * gaussian_filter(
            mean, scatter_width / _FWHM / pixel, mode="nearest"
        )
    if blur:
        mean = gaussian_filter(mean, blur / _FWHM / pixel, mode="nearest")
    if not noise:
        return mean.astype(np.float32)
    rng = np.random.default_rng() if rng is None else rng
    return (rng.poisson(mean) + electronic * rng.standard_normal(mean.shape)).astype(np.float32)


def project(
    attenuation: ArrayLike,
    spacing: Sequence[float],
    *,
    axis: int = 1,
    source_to_detector: float | None = None,
    rng: np.random.Generator | None = None,
    **detector: Any,
) -> NDArray[np.float32]:
    """Return the counts behind a volume: `line_integrals`, then `detect`.

    Parameters
    ----------
    attenuation, spacing, axis, source_to_detector
        See `line_integrals`.
    rng : numpy.random.Generator, optional
        Source of the noise.
    **detector
        ``photons``, ``scatter``, ``scatter_width``, ``blur``, ``electronic``, ``noise``: see `detect`.

    Examples
    --------
    >>> slab = np.full((4, 10, 4), 0.2)
    >>> round(float(project(slab, (10, 10, 10), photons=1000, noise=False)[0, 0]), 1)  # 1000 exp(−2)
    135.3
    """
    integrals = line_integrals(attenuation, spacing, axis=axis, source_to_detector=source_to_detector)
    pixel = min(s for a, s in enumerate(spacing) if a != axis % 3)
    return detect(integrals, pixel, rng=rng, **detector)


def radiograph(
    ct: Image,
    *,
    view: str = "PA",
    energy: float = 60.0,
    source_to_detector: float | None = None,
    rng: np.random.Generator | None = None,
    **detector: Any,
) -> Image:
    """Return the simulated radiograph of a CT.

    The values are 1000 × ln(photons without object / photons behind it), so that bone is bright
    (MONOCHROME2). One energy stands for the spectrum. The patient stands with arms as in the CT, and what
    the CT cuts off is missing here too.

    Parameters
    ----------
    ct : Image
        A CT in HU, axes ``"zyx"``, in any orientation without shear.
    view : {"PA", "LAT"}, optional
        Postero-anterior (detector at the chest) or lateral (detector at the left side).
    energy : float, optional
        Photon energy in keV; half of the peak voltage is a fair choice.
    source_to_detector : float, optional
        In mm; default parallel rays.
    rng : numpy.random.Generator, optional
        Source of the noise.
    **detector
        ``photons``, ``scatter``, ``blur``, … of `detect`.

    Returns
    -------
    Image
        Axes ``"yx"``, uint16, modality ``"DX"``; the first row is cranial. With parallel rays it lies in the
        patient where the detector was.

    Raises
    ------
    ValueError
        If the CT is not a volume in HU, or the view unknown.
    """
    if ct.units != "HU":
        msg = f"A radiograph is projected from a CT in HU; this is {ct!r}."
        raise ValueError(msg)

    def attenuation(hu: NDArray[Any]) -> NDArray[np.float32]:
        water, bone = water_and_bone(hu)
        return water * float(mass_attenuation("water", energy)) + bone * float(
            mass_attenuation("bone", energy)
        )

    integrals = _plane(ct, view, source_to_detector, attenuation)
    photons = detector.setdefault("photons", 2.0e4)
    counts = detect(integrals.array, integrals.spacing[0], rng=rng, **detector)
    signal = np.clip(1000 * np.log(photons / np.clip(counts, 1, None)), 0, 65535)
    body = signal[signal > 300] if (signal > 300).any() else signal
    low, high = np.percentile(body, [2, 99])
    facts = {"Modality": "DX", "PhotometricInterpretation": "MONOCHROME2", "ViewPosition": view}
    window = {"WindowCenter": round(float(low + high) / 2), "WindowWidth": max(1, round(float(high - low)))}
    return integrals.replace(
        array=np.round(signal).astype(np.uint16),
        modality="DX",
        units="",
        meta=facts | window,
        notes=(f"Simulated radiograph: projection of a CT at {energy:g} keV.",),
    )


def shadow(
    mask: Image, *, view: str = "PA", source_to_detector: float | None = None, depth: float = 0.5
) -> Image:
    """Return where a mask in a CT is seen in the radiograph of that CT.

    Parameters
    ----------
    mask : Image
        A mask on the CT's grid; all its labels count as one.
    view, source_to_detector
        As given to `radiograph`.
    depth : float, optional
        How many mm of the structure a ray must cross.

    Returns
    -------
    Image
        A mask on the radiograph's grid.
    """
    crossed = _plane(mask, view, source_to_detector, lambda values: (values > 0).astype(np.float32))
    name = " and ".join(mask.labels.values()) if mask.labels else "structure"
    return crossed.as_mask(crossed.array > depth / 10, {1: name})


def _plane(
    ct: Image,
    view: str,
    source_to_detector: float | None,
    values: Callable[[NDArray[Any]], NDArray[np.float32]],
) -> Image:
    """Integrals of some function of the voxels along the rays of a view, on square pixels."""
    from scipy.ndimage import zoom

    if view not in _ORIENTATION or ct.axes != "zyx":
        msg = f"A radiograph needs a volume (zyx) and view 'PA' or 'LAT'; got {view!r} and {ct!r}."
        raise ValueError(msg)
    upright = ct.reorient(_ORIENTATION[view])
    integrals = line_integrals(values(upright.array), upright.spacing, source_to_detector=source_to_detector)
    rows, _, columns = upright.spacing
    pixel = min(rows, columns)
    shape = [max(1, round(n * s / pixel)) for n, s in zip(integrals.shape, (rows, columns), strict=True)]
    factors = [m / n for m, n in zip(shape, integrals.shape, strict=True)]
    fine = zoom(integrals, factors, order=1, mode="nearest", grid_mode=True)
    direction, steps = upright.direction[:, [1, 0, 2]], np.array([upright.spacing[1], pixel, pixel])
    origin = upright.index_to_position(
        [(1 / factors[0] - 1) / 2, upright.shape[1] - 1, (1 / factors[1] - 1) / 2]
    )
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = direction * steps, origin
    space: Space = "patient" if source_to_detector is None else "plane"
    return Image(fine, axes="yx", affine=affine, space=space)


def dual_energy(
    ct: Image,
    *,
    energies: tuple[float, float] = (45.0, 90.0),
    rng: np.random.Generator | None = None,
    **options: Any,
) -> dict[str, Image]:
    """Return radiographs of a CT at two energies, and the two that their subtraction gives.

    With ln-signals L and H at the low and the high energy, ``soft = H − L μ_bone(H) / μ_bone(L)`` holds no
    bone and ``bone = L − H μ_water(L) / μ_water(H)`` no soft tissue.

    Parameters
    ----------
    ct : Image
        See `radiograph`.
    energies : tuple of float, optional
        The low and the high energy in keV.
    rng : numpy.random.Generator, optional
        Source of the noise.
    **options
        Of `radiograph`.

    Returns
    -------
    dict of str to Image
        ``"low"``, ``"high"``, ``"soft"``, ``"bone"``; the last two float32 in the units of `radiograph`.

    References
    ----------
    Alvarez R. E., Macovski A. Energy-selective reconstructions in X-ray computerized tomography. Phys Med
    Biol 21, 733–744 (1976). doi:10.1088/0031-9155/21/5/002.
    """
    rng = np.random.default_rng() if rng is None else rng
    low, high = (radiograph(ct, energy=e, rng=rng, **options) for e in energies)
    mu = {m: linear_attenuation(m, energies) for m in ("water", "bone")}
    first, second = (p.array.astype(np.float32) for p in (low, high))
    note = f"Simulated subtraction of radiographs at {energies[0]:g} and {energies[1]:g} keV."
    soft = low.replace(array=second - first / np.float32(mu["bone"][0] / mu["bone"][1]), notes=(note,))
    bone = low.replace(array=first - second * np.float32(mu["water"][0] / mu["water"][1]), notes=(note,))
    return {"low": low, "high": high, "soft": soft, "bone": bone}
