"""B-mode ultrasound by calculation: scatterers, beam, attenuation, envelope, log compression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["SPEED_OF_SOUND", "beam_width", "compress", "echoes", "fan", "scan", "sector"]

#: Speed of sound that scanners assume in tissue, in m/s.
SPEED_OF_SOUND = 1540.0

_FWHM = 2.3548


def beam_width(
    depth: ArrayLike,
    *,
    frequency: float,
    aperture: float = 20.0,
    focus: float = 40.0,
    f_number: float = 2.0,
) -> NDArray[np.float64]:
    """Return the full width at half maximum of the beam, there and back, at a depth in mm.

    The transmitted beam has one focus, where it is λ F / D wide (wavelength × focal depth / aperture);
    Gaussian beam optics carries it to other depths. Reception follows the echo: its aperture grows with
    depth so that it stays λ × `f_number` wide, until the aperture is full. The echo's width is that of
    their product.

    Parameters
    ----------
    depth : array_like
        Depth in mm.
    frequency : float
        Centre frequency in MHz.
    aperture : float, optional
        Width of the full aperture in mm.
    focus : float, optional
        Focal depth of transmission in mm.
    f_number : float, optional
        Depth over aperture in reception.

    References
    ----------
    Szabo T. L. Diagnostic Ultrasound Imaging: Inside Out, 2nd ed. (2014), chapters 6, 7 and 10.

    Examples
    --------
    >>> float(beam_width(40, frequency=5).round(3))  # 0.308 mm × 40 / 20 there and back: / √2
    0.436
    """
    at = np.asarray(depth, np.float64)
    wavelength = SPEED_OF_SOUND / 1000 / frequency
    waist = wavelength * focus / aperture
    spread = aperture / 2 / focus  # edges of the converging beam, per mm from the focus
    sent = np.hypot(waist, spread * (at - focus))
    received = wavelength * np.maximum(f_number, at / aperture)
    return sent * received / np.hypot(sent, received)


def echoes(
    reflectivity: ArrayLike,
    attenuation: ArrayLike,
    spacing: tuple[float, float],
    *,
    frequency: float = 5.0,
    bandwidth: float = 0.6,
    aperture: float = 20.0,
    focus: float = 40.0,
    f_number: float = 2.0,
    compensation: float | None = None,
    specular: ArrayLike | None = None,
    lateral: ArrayLike | None = None,
    noise: float = 0.0,
    rng: np.random.Generator | None = None,
) -> NDArray[np.float32]:
    """Return the envelope of the echoes of one frame.

    Many random scatterers per cell make a complex Gaussian field, whose strength the tissue sets; the
    point-spread function (pulse × beam) blurs it; two-way attenuation weakens it; the envelope is its
    magnitude. Where the tissue is uniform the envelope is Rayleigh: mean / standard deviation = 1.91.

    Parameters
    ----------
    reflectivity : (depth, line) array_like
        Standard deviation of the scattered amplitude.
    attenuation : (depth, line) array_like or float
        In dB/cm/MHz, one way; soft tissue 0.5 to 0.7, fluid near 0.
    spacing : tuple of float
        Distance of samples in depth and of lines, in mm. Depth should be sampled at a quarter of the pulse
        or finer: see the note.
    frequency : float, optional
        Centre frequency in MHz.
    bandwidth : float, optional
        Relative bandwidth at −6 dB; the pulse is 0.88 / (bandwidth × frequency) µs long (a Gaussian: full
        widths at half amplitude in time and frequency multiply to 4 ln 2 / π).
    aperture, focus, f_number : float, optional
        See `beam_width`.
    compensation : float, optional
        Time-gain compensation in dB/cm/MHz; default: the mean attenuation. Shadows and enhancement are
        what it gets wrong.
    specular : array_like, optional
        Amplitude of smooth interfaces, added in phase.
    lateral : array_like, optional
        Line distance in mm at each depth, where it grows as in a `sector`.
    noise : float, optional
        Standard deviation of electronic noise, before compensation.
    rng : numpy.random.Generator, optional
        Source of scatterers and noise.

    Returns
    -------
    ndarray
        Envelope, float32, of the shape of `reflectivity`.

    Raises
    ------
    ValueError
        If the maps do not fit each other.

    Notes
    -----
    The field is the complex envelope, so the carrier needs no samples; the sampled pulse is at least one
    sample wide.

    References
    ----------
    Wagner R. F. et al. Statistics of speckle in ultrasound B-scans. IEEE Trans Sonics Ultrason 30, 156–163
    (1983). doi:10.1109/T-SU.1983.31404. Bamber J. C., Dickinson R. J. Ultrasonic B-scanning: a computer
    simulation. Phys Med Biol 25, 463–479 (1980). doi:10.1088/0031-9155/25/3/006.
    """
    strength = np.asarray(reflectivity, np.float32)
    loss = np.broadcast_to(np.asarray(attenuation, np.float32), strength.shape)
    bright = None if specular is None else np.asarray(specular, np.float32)
    if strength.ndim != 2 or (bright is not None and bright.shape != strength.shape):
        msg = (
            "reflectivity, attenuation and specular must be (depth, line) maps of one shape; got "
            f"{strength.shape}, {loss.shape}, {None if bright is None else bright.shape}."
        )
        raise ValueError(msg)
    rng = np.random.default_rng() if rng is None else rng
    step, line = spacing
    field = strength * _complex_normal(strength.shape, rng)
    if bright is not None:
        field += bright
    depth = (np.arange(len(strength)) + 0.5) * step
    width = beam_width(depth, frequency=frequency, aperture=aperture, focus=focus, f_number=f_number)
    lines = np.broadcast_to(line if lateral is None else np.asarray(lateral), depth.shape)
    field = _blur(field, _pulse_length(frequency, bandwidth) / step / _FWHM, width / lines / _FWHM)
    one_way = np.cumsum(loss, axis=0) * (step / 10 * frequency)
    gain = loss.mean() if compensation is None else compensation
    weakened = field * 10 ** (-2 * one_way / 20)
    if noise:
        weakened = weakened + noise * _complex_normal(strength.shape, rng)
    raised = 10 ** (2 * gain * frequency * depth / 10 / 20)
    return (np.abs(weakened) * raised[:, None]).astype(np.float32)


def compress(
    envelope: ArrayLike, *, dynamic_range: float = 60.0, reference: float | None = None
) -> NDArray[np.uint8]:
    """Return the grey values of a screen: 20 log10 of the envelope over a dynamic range.

    Parameters
    ----------
    envelope : array_like
        What `echoes` returns.
    dynamic_range : float, optional
        How many dB lie between black and white.
    reference : float, optional
        Envelope shown white; default: its 99.8th percentile.

    Examples
    --------
    >>> compress([1.0, 0.1, 0.001], dynamic_range=40, reference=1.0)
    array([255, 128,   0], dtype=uint8)
    """
    values = np.asarray(envelope, np.float64)
    white = float(np.percentile(values, 99.8)) if reference is None else reference
    decibel = 20 * np.log10(np.maximum(values, 1e-12) / (white or 1.0))
    return np.round(255 * np.clip(1 + decibel / dynamic_range, 0, 1)).astype(np.uint8)


def scan(
    reflectivity: ArrayLike,
    attenuation: ArrayLike,
    spacing: tuple[float, float],
    *,
    dynamic_range: float = 60.0,
    reference: float | None = None,
    rng: np.random.Generator | None = None,
    **beam: object,
) -> NDArray[np.uint8]:
    """Return a linear-array B-mode picture: `echoes`, then `compress`.

    Parameters
    ----------
    reflectivity, attenuation, spacing
        Maps over (depth, line) and their spacing in mm: see `echoes`.
    dynamic_range, reference
        See `compress`.
    rng : numpy.random.Generator, optional
        Source of scatterers and noise.
    **beam
        ``frequency``, ``bandwidth``, ``aperture``, ``focus``, ``f_number``, ``compensation``,
        ``specular``, ``noise``: see `echoes`.

    Examples
    --------
    >>> tissue = np.ones((64, 64))
    >>> scan(tissue, 0.5, (0.2, 0.2), rng=np.random.default_rng(0)).shape
    (64, 64)
    """
    envelope = echoes(reflectivity, attenuation, spacing, rng=rng, **beam)  # type: ignore[arg-type]
    return compress(envelope, dynamic_range=dynamic_range, reference=reference)


def sector(
    reflectivity: ArrayLike,
    attenuation: ArrayLike,
    spacing: tuple[float, float],
    *,
    angle: float = 75.0,
    lines: int = 192,
    radius: float = 10.0,
    specular: ArrayLike | None = None,
    dynamic_range: float = 60.0,
    reference: float | None = None,
    rng: np.random.Generator | None = None,
    **beam: object,
) -> NDArray[np.uint8]:
    """Return a sector-scan picture of maps in Cartesian coordinates: polar scan, then scan conversion.

    Parameters
    ----------
    reflectivity, attenuation, specular
        Maps over (depth, x), the probe above the middle of the first row.
    spacing : tuple of float
        Pixel size (dy, dx) in mm.
    angle : float, optional
        Opening of the sector in degrees.
    lines : int, optional
        Number of scan lines.
    radius : float, optional
        Distance in mm from the tip of the sector to the probe's surface at the first row: a few for a phased
        array, 40 to 60 for a curved one.
    dynamic_range, reference, rng, **beam
        As in `scan`; `lateral` follows from the sector.

    Returns
    -------
    ndarray
        uint8 of the shape of `reflectivity`, 0 outside `fan`.
    """
    from scipy.ndimage import map_coordinates

    strength = np.asarray(reflectivity, np.float32)
    dy, dx = spacing
    reach, middle = len(strength) * dy, (strength.shape[1] - 1) / 2
    depth = (np.arange(round(reach / min(dy, dx))) + 0.5) * min(dy, dx)
    theta = np.deg2rad(np.linspace(-angle / 2, angle / 2, lines))
    r = (radius + depth)[:, None]
    places = [(r * np.cos(theta) - radius) / dy - 0.5, r * np.sin(theta) / dx + middle]

    def polar(values: ArrayLike) -> NDArray[np.float32]:
        flat = np.broadcast_to(np.asarray(values, np.float32), strength.shape)
        return map_coordinates(flat, places, order=1, mode="nearest")

    step = theta[1] - theta[0]
    envelope = echoes(
        polar(strength),
        polar(attenuation),
        (min(dy, dx), 1.0),
        specular=None if specular is None else polar(specular),
        lateral=r[:, 0] * step,
        rng=rng,
        **beam,  # type: ignore[arg-type]
    )
    grey = compress(envelope, dynamic_range=dynamic_range, reference=reference)
    distance, turn = _polar(strength.shape, spacing, radius)
    back = [(distance - radius) / min(dy, dx) - 0.5, (turn - theta[0]) / step]
    picture = map_coordinates(grey.astype(np.float32), back, order=1, mode="nearest")
    return np.where(fan(strength.shape, spacing, angle=angle, radius=radius), np.round(picture), 0).astype(
        np.uint8
    )


def fan(
    shape: tuple[int, ...], spacing: tuple[float, float], *, angle: float = 75.0, radius: float = 10.0
) -> NDArray[np.bool_]:
    """Return which pixels a `sector` sees."""
    distance, turn = _polar(shape, spacing, radius)
    return (
        (np.abs(turn) <= np.deg2rad(angle) / 2)
        & (distance >= radius)
        & (distance <= radius + shape[0] * spacing[0])
    )


def _polar(
    shape: tuple[int, ...], spacing: tuple[float, float], radius: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y = (np.arange(shape[0]) + 0.5)[:, None] * spacing[0] + radius
    x = (np.arange(shape[1]) - (shape[1] - 1) / 2) * spacing[1]
    return np.hypot(y, x), np.arctan2(x, y)


def _pulse_length(frequency: float, bandwidth: float) -> float:
    """Full width of the pulse's echo in depth in mm: half of its length, for the way there and back."""
    return 0.88 / (bandwidth * frequency) * SPEED_OF_SOUND / 1000 / 2


def _complex_normal(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.complex64]:
    parts = rng.standard_normal((2, *shape), dtype=np.float32) / np.sqrt(np.float32(2))
    return parts[0] + 1j * parts[1]


def _blur(field: NDArray[np.complex64], axial: float, lateral: NDArray[np.float64]) -> NDArray[np.complex64]:
    """Gaussian point spread with unit energy: the mean power of uniform speckle does not depend on depth."""
    from scipy import fft
    from scipy.ndimage import gaussian_filter1d

    pulse = gaussian_filter1d((np.arange(129) == 64).astype(np.float32), axial)
    smooth = gaussian_filter1d(field, axial, axis=0, mode="nearest") / np.float32(np.linalg.norm(pulse))
    columns = field.shape[1]
    wide = fft.next_fast_len(columns + int(np.ceil(6 * lateral.max())))
    transfer = np.exp(-2 * (np.pi * lateral[:, None] * fft.fftfreq(wide)) ** 2)
    transfer /= np.sqrt((transfer**2).mean(axis=1, keepdims=True))
    return fft.ifft(fft.fft(smooth, wide, axis=1) * transfer, axis=1)[:, :columns].astype(np.complex64)
