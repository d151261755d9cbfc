"""Simulated B-mode ultrasound of layered soft tissue with a lesion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms import ultrasound
from medlab.datasets.phantoms.shapes import blob, on_grid
from medlab.datasets.phantoms.texture import smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KINDS", "lesion_ultrasound"]

#: Kinds of lesion: scattered amplitude relative to the tissue around it, attenuation in dB/cm/MHz, brightness
#: of its wall. Representative values for a cyst, a solid tumour, a haemangioma-like lesion and a stone.
KINDS = {
    "none": (1.0, 0.5, 0.0),
    "cyst": (0.01, 0.02, 3.0),
    "hypoechoic": (0.3, 0.8, 0.0),
    "hyperechoic": (2.6, 0.5, 0.0),
    "stone": (6.0, 12.0, 20.0),
}


def lesion_ultrasound(
    size: int = 256,
    *,
    kind: str = "cyst",
    difficulty: float = 0.5,
    frequency: float = 7.0,
    focus: float = 30.0,
    dynamic_range: float = 60.0,
    noise: float = 0.002,
    seed: int = 0,
) -> Case:
    """Return a simulated linear-array picture of a lesion in layered tissue.

    Scattering layers of skin, fat, gland-like tissue and muscle, with bright interfaces between them, go
    through `ultrasound.scan`. Behind a cyst the tissue is brighter, behind a stone dark: attenuation and its
    compensation make that, nothing is painted.

    Parameters
    ----------
    size : int, optional
        Rows and columns; 50 × 50 mm.
    kind : str, optional
        A key of `KINDS`.
    difficulty : float, optional
        0 (the lesion's full contrast, smooth outline) to 1 (half of its contrast in dB, jagged outline).
    frequency, focus, dynamic_range, noise
        Of `ultrasound.echoes` and `ultrasound.compress`: how scanners differ.
    seed : int, optional
        The patient.

    Returns
    -------
    Case
        Image ``"yx"`` (US), uint8; mask ``"lesion"``; facts ``kind``, ``area_mm2``, ``seed``.

    Raises
    ------
    ValueError
        If the kind is unknown.

    Examples
    --------
    >>> case = lesion_ultrasound(64, kind="cyst")
    >>> case.image.shape, case.facts["kind"]
    ((64, 64), 'cyst')
    """
    if kind not in KINDS:
        msg = f"kind must be one of {', '.join(KINDS)}; got {kind!r}."
        raise ValueError(msg)
    rng = np.random.default_rng([seed, 0])
    fine = 3  # samples in depth per displayed row
    step, line = 50 / size / fine, 50 / size
    strength, loss, bright = _layers((size * fine, size), (step, line), rng)
    y, x = (np.arange(size * fine)[:, None] + 0.5) * step, (np.arange(size) - (size - 1) / 2) * line
    centre, radius = (rng.uniform(20, 30), rng.uniform(-9, 9)), rng.uniform(4, 8)
    outline = blob((y - centre[0]) * 1.25, x - centre[1], radius, rng, irregularity=0.05 + 0.2 * difficulty)
    echo, absorbing, wall = KINDS[kind]
    inside = outline > 0 if kind != "none" else np.zeros(outline.shape, bool)
    strength = np.where(inside, strength * echo ** (1 - 0.5 * difficulty), strength)
    loss = np.where(inside, absorbing, loss)
    steep = np.abs(np.gradient(outline, axis=0)) / step
    bright = bright + wall * steep * np.exp(-((outline / 0.12) ** 2)) * (kind != "none")
    picture = ultrasound.scan(
        strength,
        loss,
        (step, line),
        frequency=frequency,
        focus=focus,
        specular=bright,
        noise=noise,
        dynamic_range=dynamic_range,
        compensation=0.55,
        rng=np.random.default_rng([seed, 1]),
    )
    rows = picture.reshape(size, fine, size).mean(axis=1).round().astype(np.uint8)
    facts = {
        "Modality": "US",
        "TransducerFrequency": frequency * 1e6,
        "PhotometricInterpretation": "MONOCHROME2",
    }
    note = "Simulated ultrasound: random scatterers through a model of pulse, beam and attenuation."
    image = on_grid(rows, (line, line), space="plane", modality="US", meta=facts, notes=(note,))
    mask = image.as_mask(inside[fine // 2 :: fine], {1: kind})
    area = float(mask.array.sum()) * line**2
    return Case(image, {"lesion": mask}, {"kind": kind, "area_mm2": area, "seed": seed})


def _layers(
    shape: tuple[int, int], spacing: tuple[float, float], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Scattered amplitude, attenuation in dB/cm/MHz and bright interfaces of skin, fat, gland and muscle."""
    depth = (np.arange(shape[0])[:, None] + 0.5) * spacing[0]
    wave = smooth(shape, [12 / s for s in spacing], rng)
    borders = [1.6, rng.uniform(7, 11), rng.uniform(36, 42)]
    strength, loss = np.full(shape, 1.4), np.full(shape, 0.8)
    bright = np.zeros(shape)
    for border, amplitude, absorbing in zip(borders, (0.35, 1.0, 0.7), (0.5, 0.55, 0.7), strict=True):
        below = depth + 1.2 * wave * (border > 2) - border
        strength, loss = np.where(below > 0, amplitude, strength), np.where(below > 0, absorbing, loss)
        bright += 5 * np.exp(-((below / 0.12) ** 2)) * (0.6 + 0.4 * smooth(shape, [40, 8], rng))
    strands = smooth(shape, [0.7 / spacing[0], 3.5 / spacing[1]], rng)
    return strength * np.exp(0.35 * strands), loss, np.maximum(bright, 0)
