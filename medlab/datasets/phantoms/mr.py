"""MR by calculation: tissue signals from the Bloch equations, k-space, noise, bias field, motion."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "TISSUES",
    "Tissue",
    "acquire",
    "balanced_ssfp",
    "bias_field",
    "ernst_angle",
    "flair",
    "gradient_echo",
    "inversion_recovery",
    "kspace",
    "reconstruct",
    "spin_echo",
    "undersampling",
]


class Tissue(NamedTuple):
    """What makes a tissue's signal: proton density (CSF = 1) and relaxation times in ms."""

    pd: float
    t1: float
    t2: float


#: Tissues by field strength in T. White and grey matter at 1.5 T and proton densities: Kwan R. K. et al.
#: IEEE Trans Med Imaging 18, 1085–1097 (1999), doi:10.1109/42.816072 (0.8 to 0.9 where it has none); at 3 T:
#: Wansapura J. P. et al. J Magn Reson Imaging 9, 531–538 (1999). CSF: T1 after Rooney W. D. et al. Magn
#: Reson Med 57, 308–318 (2007), doi:10.1002/mrm.21122, T2 rounded. Blood, muscle, liver, kidney and heart:
#: Stanisz G. J. et al. Magn Reson Med 54, 507–512 (2005), doi:10.1002/mrm.20605. Fat: de Bazelaire C. M. J.
#: et al. Radiology 230, 652–659 (2004), doi:10.1148/radiol.2303021331. Skull, lesion and tumour:
#: representative values, not a measurement.
TISSUES: dict[float, dict[str, Tissue]] = {
    1.5: {
        "white matter": Tissue(0.77, 500, 70),
        "grey matter": Tissue(0.86, 833, 83),
        "CSF": Tissue(1.0, 4300, 2000),
        "fat": Tissue(1.0, 343, 58),
        "muscle": Tissue(1.0, 1008, 44),
        "skull": Tissue(0.05, 300, 1),
        "blood": Tissue(0.9, 1441, 290),
        "liver": Tissue(0.8, 576, 46),
        "kidney": Tissue(0.85, 690, 55),
        "heart": Tissue(0.8, 1030, 40),
        "lesion": Tissue(0.9, 1100, 140),
        "tumour": Tissue(0.9, 1300, 120),
    },
    3.0: {
        "white matter": Tissue(0.77, 832, 79),
        "grey matter": Tissue(0.86, 1331, 110),
        "CSF": Tissue(1.0, 4300, 2000),
        "fat": Tissue(1.0, 382, 68),
        "muscle": Tissue(1.0, 1412, 50),
        "skull": Tissue(0.05, 300, 1),
        "blood": Tissue(0.9, 1932, 275),
        "liver": Tissue(0.8, 812, 42),
        "kidney": Tissue(0.85, 1194, 56),
        "heart": Tissue(0.8, 1471, 47),
        "lesion": Tissue(0.9, 1600, 150),
        "tumour": Tissue(0.9, 1800, 130),
    },
}


def spin_echo(pd: ArrayLike, t1: ArrayLike, t2: ArrayLike, *, tr: float, te: float) -> NDArray[np.float64]:
    """Return the signal of a spin echo: ρ (1 − 2 e^(−(TR−TE/2)/T1) + e^(−TR/T1)) e^(−TE/T2).

    Parameters
    ----------
    pd, t1, t2 : array_like
        Proton density and relaxation times in ms.
    tr, te : float
        Repetition and echo time in ms.

    References
    ----------
    Haacke E. M. et al. Magnetic Resonance Imaging: Physical Principles and Sequence Design, 2nd ed. (2014),
    chapter 8.

    Examples
    --------
    >>> white, grey = (TISSUES[1.5][t] for t in ("white matter", "grey matter"))
    >>> spin_echo(*white, tr=500, te=15) > spin_echo(*grey, tr=500, te=15)  # T1 weighted
    np.True_
    >>> spin_echo(*white, tr=5000, te=100) < spin_echo(*grey, tr=5000, te=100)  # T2 weighted
    np.True_
    """
    pd, t1, t2 = np.asarray(pd, np.float64), np.asarray(t1, np.float64), np.asarray(t2, np.float64)
    return pd * (1 - 2 * np.exp(-(tr - te / 2) / t1) + np.exp(-tr / t1)) * np.exp(-te / t2)


def gradient_echo(
    pd: ArrayLike, t1: ArrayLike, t2star: ArrayLike, *, tr: float, te: float, flip: float
) -> NDArray[np.float64]:
    """Return the steady state of a spoiled gradient echo: ρ sin α (1−E1) / (1−E1 cos α) e^(−TE/T2*).

    Parameters
    ----------
    pd, t1, t2star : array_like
        Proton density, T1 and T2* in ms.
    tr, te : float
        Repetition and echo time in ms.
    flip : float
        Flip angle in degrees; the signal is largest at `ernst_angle`.

    References
    ----------
    Ernst R. R., Anderson W. A. Rev Sci Instrum 37, 93–102 (1966). doi:10.1063/1.1719961. Haacke 2014,
    equation 18.14.
    """
    e1 = np.exp(-tr / np.asarray(t1, np.float64))
    angle = np.deg2rad(flip)
    decay = np.exp(-te / np.asarray(t2star, np.float64))
    return np.asarray(pd) * np.sin(angle) * (1 - e1) / (1 - e1 * np.cos(angle)) * decay


def ernst_angle(t1: float, tr: float) -> float:
    """Return the flip angle in degrees that gives a spoiled gradient echo its largest signal.

    Examples
    --------
    >>> round(ernst_angle(t1=1000, tr=10), 2)
    8.09
    """
    return float(np.rad2deg(np.arccos(np.exp(-tr / t1))))


def inversion_recovery(
    pd: ArrayLike, t1: ArrayLike, t2: ArrayLike, *, tr: float, te: float, ti: float
) -> NDArray[np.float64]:
    """Return the signed signal of an inversion-recovery spin echo.

    ρ (1 − 2 e^(−TI/T1) + 2 e^(−(TR−TE/2)/T1) − e^(−TR/T1)) e^(−TE/T2).

    Parameters
    ----------
    pd, t1, t2 : array_like
        Proton density and relaxation times in ms.
    tr, te, ti : float
        Repetition, echo and inversion time in ms. `ti` counts to the excitation.

    References
    ----------
    Bernstein M. A., King K. F., Zhou X. J. Handbook of MRI Pulse Sequences (2004), section 14.2.
    """
    pd, t1, t2 = np.asarray(pd, np.float64), np.asarray(t1, np.float64), np.asarray(t2, np.float64)
    recovered = 1 - 2 * np.exp(-ti / t1) + 2 * np.exp(-(tr - te / 2) / t1) - np.exp(-tr / t1)
    return pd * recovered * np.exp(-te / t2)


def flair(
    pd: ArrayLike,
    t1: ArrayLike,
    t2: ArrayLike,
    *,
    tr: float = 9000.0,
    te: float = 110.0,
    t1_fluid: float = 4300.0,
) -> NDArray[np.float64]:
    """Return the magnitude of an inversion recovery whose inversion time silences fluid.

    Parameters
    ----------
    pd, t1, t2 : array_like
        Proton density and relaxation times in ms.
    tr, te : float, optional
        Repetition and echo time in ms.
    t1_fluid : float, optional
        T1 in ms of what shall vanish.

    References
    ----------
    Hajnal J. V. et al. J Comput Assist Tomogr 16, 841–844 (1992). doi:10.1097/00004728-199211000-00001.
    """
    recovered = 1 + 2 * np.exp(-(tr - te / 2) / t1_fluid) - np.exp(-tr / t1_fluid)
    ti = t1_fluid * np.log(2 / recovered)
    return np.abs(inversion_recovery(pd, t1, t2, tr=tr, te=te, ti=float(ti)))


def balanced_ssfp(
    pd: ArrayLike, t1: ArrayLike, t2: ArrayLike, *, tr: float, flip: float, te: float | None = None
) -> NDArray[np.float64]:
    """Return the on-resonance steady state of a balanced SSFP with alternating pulses.

    ρ sin α (1−E1) / (1 − (E1−E2) cos α − E1 E2) e^(−TE/T2), with TE = TR/2 by default.

    Parameters
    ----------
    pd, t1, t2 : array_like
        Proton density and relaxation times in ms.
    tr : float
        Repetition time in ms.
    flip : float
        Flip angle in degrees.
    te : float, optional
        Echo time in ms.

    References
    ----------
    Haacke 2014, equation 18.57. Scheffler K., Lehnhardt S. Eur Radiol 13, 2409–2418 (2003).
    doi:10.1007/s00330-003-1957-x.
    """
    t2 = np.asarray(t2, np.float64)
    e1, e2 = np.exp(-tr / np.asarray(t1, np.float64)), np.exp(-tr / t2)
    angle = np.deg2rad(flip)
    steady = np.sin(angle) * (1 - e1) / (1 - (e1 - e2) * np.cos(angle) - e1 * e2)
    return np.asarray(pd) * steady * np.exp(-(tr / 2 if te is None else te) / t2)


def kspace(image: ArrayLike) -> NDArray[np.complex128]:
    """Return the centred, orthonormal Fourier transform of the last two axes; energy stays what it was.

    Examples
    --------
    >>> float(abs(kspace(np.ones((8, 8)))[4, 4]).round(6))
    8.0
    """
    centred = np.fft.ifftshift(np.asarray(image), axes=(-2, -1))
    return np.fft.fftshift(np.fft.fft2(centred, norm="ortho"), axes=(-2, -1))


def reconstruct(k: ArrayLike) -> NDArray[np.complex128]:
    """Return the complex image of a k-space made by `kspace`; take `abs` of it for the magnitude."""
    centred = np.fft.ifftshift(np.asarray(k), axes=(-2, -1))
    return np.fft.fftshift(np.fft.ifft2(centred, norm="ortho"), axes=(-2, -1))


def undersampling(
    shape: tuple[int, int],
    factor: float,
    *,
    centre: float = 0.08,
    pattern: str = "random",
    rng: np.random.Generator | None = None,
) -> NDArray[np.bool_]:
    """Return which lines of k-space (rows, the phase-encoding direction) are acquired.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    factor : float
        About one line in `factor` is kept.
    centre : float, optional
        Share of the lines, in the middle, that are all kept.
    pattern : {"random", "regular"}, optional
        Random lines make noise-like artefacts, regular ones fold the image.
    rng : numpy.random.Generator, optional
        Source of the random lines.

    Returns
    -------
    ndarray
        Booleans of `shape`.

    Raises
    ------
    ValueError
        If `factor` is below 1 or the pattern unknown.

    References
    ----------
    Lustig M., Donoho D., Pauly J. M. Sparse MRI. Magn Reson Med 58, 1182–1195 (2007).
    doi:10.1002/mrm.21391.

    Examples
    --------
    >>> undersampling((8, 4), 2, centre=0, pattern="regular")[:, 0].astype(int)
    array([1, 0, 1, 0, 1, 0, 1, 0])
    """
    if factor < 1 or pattern not in ("random", "regular"):
        msg = f"factor must be at least 1 and pattern 'random' or 'regular'; got {factor:g}, {pattern!r}."
        raise ValueError(msg)
    lines = shape[0]
    kept = np.abs(np.arange(lines) - lines // 2) < centre * lines / 2
    if pattern == "regular":
        kept |= np.arange(lines) % round(factor) == 0
    else:
        rng = np.random.default_rng() if rng is None else rng
        missing = np.flatnonzero(~kept)
        wanted = int(np.clip(round(lines / factor) - kept.sum(), 0, len(missing)))
        kept[rng.choice(missing, wanted, replace=False)] = True
    return np.broadcast_to(kept[:, None], shape).copy()


def bias_field(
    shape: tuple[int, ...], strength: float, *, order: int = 3, rng: np.random.Generator | None = None
) -> NDArray[np.float64]:
    """Return a smooth multiplicative field: the exponential of a random polynomial.

    Parameters
    ----------
    shape : tuple of int
        Shape of the image.
    strength : float
        Half of the range of ln(field): 0.2 is a field between about 0.8 and 1.2.
    order : int, optional
        Total degree of the polynomial.
    rng : numpy.random.Generator, optional
        Source of its coefficients.

    Returns
    -------
    ndarray
        Positive, of `shape`, with geometric mean 1 over the extremes.

    References
    ----------
    Van Leemput K. et al. Automated model-based bias field correction of MR images of the brain. IEEE Trans
    Med Imaging 18, 885–896 (1999). doi:10.1109/42.811268.
    """
    rng = np.random.default_rng() if rng is None else rng
    axes = np.meshgrid(*[np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in shape], indexing="ij")
    logarithm = np.zeros(shape)
    for powers in np.ndindex(*(order + 1,) * len(shape)):
        coefficient = rng.standard_normal()
        if 0 < sum(powers) <= order:
            logarithm += coefficient * np.prod([a**p for a, p in zip(axes, powers, strict=True)], axis=0)
    span = float(np.ptp(logarithm))
    return np.exp(strength * (2 * (logarithm - logarithm.min()) / span - 1)) if span else np.ones(shape)


def acquire(
    magnitude: ArrayLike,
    *,
    noise: float = 0.0,
    bias: float | ArrayLike = 0.0,
    motion: ArrayLike | None = None,
    mask: ArrayLike | None = None,
    rng: np.random.Generator | None = None,
) -> NDArray[np.float32]:
    """Scan slices with known signal: coil sensitivity, k-space, motion, missing lines, noise, magnitude.

    Parameters
    ----------
    magnitude : (y, x) or (z, y, x) array_like
        The true signal. Rows are the phase-encoding direction; each slice has a k-space of its own.
    noise : float, optional
        Standard deviation of the complex noise in each channel, in units of the signal; the magnitude is
        then Rician, and Rayleigh where there is no signal.
    bias : float or array_like, optional
        A field to multiply with, or the `strength` of a random `bias_field`.
    motion : (y, 2) array_like, optional
        How far in pixels (down, right) the object had moved when each line of k-space was acquired; rigid.
    mask : (y, x) array_like, optional
        Which points of k-space are acquired; the others are filled with zeros.
    rng : numpy.random.Generator, optional
        Source of noise and field.

    Returns
    -------
    ndarray
        Magnitude image, float32.

    Raises
    ------
    ValueError
        If `motion` has not one shift per line.

    References
    ----------
    Gudbjartsson H., Patz S. The Rician distribution of noisy MRI data. Magn Reson Med 34, 910–914 (1995).
    doi:10.1002/mrm.1910340618. Zaitsev M., Maclaren J., Herbst M. Motion artifacts in MRI. J Magn Reson
    Imaging 42, 887–901 (2015). doi:10.1002/jmri.24850.

    Examples
    --------
    >>> air = acquire(np.zeros((64, 64)), noise=2.0, rng=np.random.default_rng(0))
    >>> round(float(air.mean() / air.std()), 1)  # Rayleigh: 1.91
    1.9
    """
    rng = np.random.default_rng() if rng is None else rng
    signal = np.asarray(magnitude, np.float64)
    field = (
        bias_field(signal.shape, float(np.asarray(bias)), rng=rng) if np.ndim(bias) == 0 else np.asarray(bias)
    )
    k = kspace(signal * field)
    if motion is not None:
        k = k * _phase(np.asarray(motion, np.float64), k.shape[-2:])
    if noise:
        k = k + noise * (rng.standard_normal(k.shape) + 1j * rng.standard_normal(k.shape))
    if mask is not None:
        k = k * np.asarray(mask)
    return np.abs(reconstruct(k)).astype(np.float32)


def _phase(shifts: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.complex128]:
    """Return what a shift of the object does to each line, by the Fourier shift theorem."""
    rows, columns = shape
    if shifts.shape != (rows, 2):
        msg = f"motion must hold one shift (down, right) for each of {rows} lines; got shape {shifts.shape}."
        raise ValueError(msg)
    ky = (np.arange(rows) - rows // 2) / rows
    kx = (np.arange(columns) - columns // 2) / columns
    cycles = (ky * shifts[:, 0])[:, None] + kx * shifts[:, 1:2]
    return np.exp(-2j * np.pi * cycles)
