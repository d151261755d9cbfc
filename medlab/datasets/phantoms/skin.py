"""Dermoscopy-like pictures of pigmented lesions on skin of any tone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms.shapes import axes_mm, blob, blur_edge, on_grid, tubes
from medlab.datasets.phantoms.texture import power_law, smooth, streams, to_uint8

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["TONES", "draw", "skin_lesion"]

#: Individual typology angle in degrees by Fitzpatrick type: lowest and highest.
TONES = {"I": (55, 70), "II": (41, 55), "III": (28, 41), "IV": (10, 28), "V": (-30, 10), "VI": (-50, -30)}
#: How strongly pigment weakens red, green and blue light.
_MELANIN = np.array([0.55, 1.0, 1.5], np.float32)
#: Width of the picture in mm.
_FIELD = 16.0


def skin_lesion(
    *,
    seed: int = 0,
    view: int = 0,
    size: int = 128,
    difficulty: float = 0.5,
    malignant: bool = False,
    tone: str = "II",
    hairs: int | None = None,
    tint: Sequence[float] = (1.0, 1.0, 1.0),
) -> Case:
    """Simulate a dermoscopic picture of a pigmented lesion.

    A benign lesion is nearly round, has one or two browns and a regular net that fades at the border. A
    malignant one is asymmetric, jagged, of several colours (brown, black, blue-grey, red, white), and larger
    on average. Difficulty lets the two overlap.

    Parameters
    ----------
    seed, view : int, optional
        The lesion, and the picture (place, turn, hairs, light, noise).
    size : int, optional
        Rows and columns; 16 mm.
    difficulty : float, optional
        0 … 1: how far benign and malignant looks overlap; noise and hairs.
    malignant : bool, optional
        Which it is.
    tone : str, optional
        Fitzpatrick type I … VI; the typology angle is drawn within its range.
    hairs : int, optional
        Number of hairs; drawn by default.
    tint : (3,) sequence of float, optional
        What the camera's light does to red, green and blue.

    Returns
    -------
    Case
        ``image``: colour, axes ``"yxc"``; ``masks``: ``lesion``, ``hairs``. ``facts``: ``malignant``,
        ``tone``, ``ita_deg``, ``asymmetry`` (part of the lesion not covered by its mirror image, mean of
        two axes, as counted), ``border`` (relative spread of the outline asked for), ``colours``,
        ``diameter_mm`` (of the circle of equal area), ``hairs``, ``tint``.

    Notes
    -----
    Typology angle, arctan((L* − 50) / b*), and its ranges: Del Bino S., Bernerd F. Br J Dermatol 169 Suppl 3,
    33–40 (2013). doi:10.1111/bjd.12529; V and VI divide what is called brown and dark there. Pigment weakens
    light by Beer–Lambert's law, so the same lesion stands out less on dark skin. Signs of malignancy as in
    the ABCD rule: Nachbar F. et al. J Am Acad Dermatol 30, 551–559 (1994).
    doi:10.1016/S0190-9622(94)70061-3.

    Examples
    --------
    >>> case = skin_lesion(malignant=True, tone="V")
    >>> case.image.shape, -30 <= case.facts["ita_deg"] <= 10
    ((128, 128, 3), True)
    """
    if tone not in TONES:
        msg = f"tone must be one of {', '.join(TONES)}; got {tone!r}."
        raise ValueError(msg)
    anatomy, acquisition = streams(seed, view)
    spacing = (_FIELD / size,) * 2
    y, x = axes_mm((size, size), spacing)
    ita = float(anatomy.uniform(*TONES[tone]))
    looks = _looks(malignant, difficulty, anatomy)
    shift, turn = acquisition.normal(0, 0.7, 2), acquisition.uniform(0, 2 * np.pi)
    v = (y - shift[0]) * np.cos(turn) - (x - shift[1]) * np.sin(turn)
    u = (x - shift[1]) * np.cos(turn) + (y - shift[0]) * np.sin(turn)
    depth = _outline(v, u, looks, anatomy)
    colour = _coloured(skin_colour(ita), v, u, depth, looks, anatomy)
    number = int(acquisition.poisson(2 + 8 * difficulty)) if hairs is None else hairs
    hair = _hairs(size, spacing, number, acquisition)
    cover = blur_edge(hair, spacing[0])[..., None] * 0.85
    colour = colour * (1 - cover) + np.array([0.10, 0.07, 0.06]) * cover
    colour = _photographed(colour, y, x, difficulty, tint, acquisition)
    image = on_grid(
        colour,
        spacing,
        axes="yxc",
        space="plane",
        modality="ES",
        notes=("Simulated dermoscopic picture.",),
    )
    lesion = depth > 0
    facts = {
        "malignant": malignant,
        "tone": tone,
        "ita_deg": ita,
        "asymmetry": _asymmetry(lesion),
        "border": looks["jag"],
        "colours": looks["colours"],
        "diameter_mm": float(2 * np.sqrt(lesion.sum() * spacing[0] ** 2 / np.pi)),
        "hairs": number,
        "tint": [float(t) for t in tint],
    }
    masks = {"lesion": image.as_mask(lesion, {1: "lesion"}), "hairs": image.as_mask(hair > 0, {1: "hair"})}
    return Case(image, masks, facts)


def skin_colour(ita: float) -> NDArray[np.float32]:
    """Return the colour (red, green, blue; 0 … 1) of skin with a typology angle in degrees.

    Examples
    --------
    >>> light, dark = skin_colour(60), skin_colour(-40)
    >>> bool((light > dark).all())
    True
    """
    from skimage.color import lab2rgb

    b = 15.0 if ita > 30 else 16.5 if ita > 0 else 13.0
    lightness = 50 + b * np.tan(np.deg2rad(ita))
    return lab2rgb(np.array([[[np.clip(lightness, 18, 86), 12.0, b]]]))[0, 0].astype(np.float32)


def draw(rng: np.random.Generator, label: int, images: int) -> list[dict[str, Any]]:
    """Draw the truth of a patient: 1 is malignant; few patients have dark skin, as in public collections."""
    tone = rng.choice(list(TONES), p=(0.18, 0.34, 0.24, 0.12, 0.08, 0.04))
    return [{"malignant": bool(label), "tone": str(tone)}] * images


def _looks(malignant: bool, difficulty: float, rng: np.random.Generator) -> dict[str, Any]:
    """How asymmetric, jagged, large and many-coloured a lesion is: two overlapping distributions."""
    score = float(malignant) + (0.15 + 2.6 * difficulty) * rng.normal(0, 0.5, 4)
    score = np.clip(score, -0.3, 1.5)
    return {
        "skew": 0.06 + 0.22 * max(score[0], 0),
        "jag": 0.02 + 0.09 * max(score[1], 0),
        "radius": float(np.clip(2.4 + 1.1 * score[2] + rng.normal(0, 0.5), 1.3, 5.2)),
        "colours": int(np.clip(round(1.6 + 2.4 * score[3]), 1, 5)),
        "net": rng.uniform(0.15, 0.5),
        "dark": rng.uniform(0.55, 1.0),
    }


def _outline(
    v: NDArray[Any], u: NDArray[Any], looks: dict[str, Any], rng: np.random.Generator
) -> NDArray[Any]:
    coarse = blob(v, u, looks["radius"], rng, irregularity=looks["skew"], modes=3)
    fine = blob(v, u, looks["radius"], rng, irregularity=looks["jag"], modes=14, fall=0.7)
    return coarse + fine - (looks["radius"] - np.hypot(v, u))


def _coloured(
    skin: NDArray[np.float32],
    v: NDArray[Any],
    u: NDArray[Any],
    depth: NDArray[Any],
    looks: dict[str, Any],
    rng: np.random.Generator,
) -> NDArray[Any]:
    """Return skin of a colour with the lesion in it."""
    absorbed, veil = _pigment(v, u, depth, looks, rng)
    colour = skin * (1 + 0.035 * power_law(depth.shape, 2.0, rng))[..., None]
    colour = colour * np.exp(-absorbed[..., None] * _MELANIN)
    for tone, weight in veil:
        colour = colour * (1 - weight[..., None]) + np.array(tone) * weight[..., None]
    return colour


def _pigment(
    v: NDArray[Any], u: NDArray[Any], depth: NDArray[Any], looks: dict[str, Any], rng: np.random.Generator
) -> tuple[NDArray[Any], list[tuple[tuple[float, float, float], NDArray[Any]]]]:
    """Optical density of melanin, and patches of other colours with their cover."""
    size = depth.shape
    fade = blur_edge(depth, 0.25 + 0.5 * rng.random())
    net = np.abs(smooth(size, size[0] / 75, rng))
    regular = 1 + looks["net"] * (0.8 - net)
    density = looks["dark"] * fade * np.clip(regular, 0.3, 2)
    other = [("brown", None), ("black", None), ("blue", (0.40, 0.45, 0.55)), ("red", (0.75, 0.33, 0.32)),
             ("white", (0.86, 0.78, 0.74))]  # fmt: skip
    veil = []
    order = rng.permutation(len(other))[: looks["colours"] - 1]
    for i in order:
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.75) * looks["radius"]
        where = (far * np.sin(angle), far * np.cos(angle))
        radius = looks["radius"] * rng.uniform(0.25, 0.5)
        patch = blob(v - where[0], u - where[1], radius, rng, irregularity=0.2)
        weight = blur_edge(patch, 1.8) * fade
        name, tone = other[i]
        if tone is None:
            density = density + weight * (0.9 if name == "black" else 0.45)
        else:
            veil.append((tone, 0.42 * weight))
    return density, veil


def _hairs(
    size: int, spacing: tuple[float, float], number: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    segments: list[Any] = []
    for _ in range(number):
        start, heading = rng.uniform(-8, 8, 2), rng.uniform(0, np.pi)
        steps = heading + np.cumsum(rng.normal(0, 0.07, 14)) + rng.normal(0, 0.04) * np.arange(14)
        path = start + np.cumsum(0.7 * np.stack([np.sin(steps), np.cos(steps)], 1), 0)
        segments.extend(np.stack([path[:-1], path[1:]], 1))
    if not segments:
        return np.full((size, size), -0.3, np.float32)
    return tubes((size, size), spacing, np.array(segments), np.full(len(segments), 0.05), reach=0.3)


def _photographed(
    colour: NDArray[Any],
    y: NDArray[Any],
    x: NDArray[Any],
    difficulty: float,
    tint: Sequence[float],
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    from scipy.ndimage import gaussian_filter

    blur = (0.3 + 0.5 * difficulty) * len(colour) / 128
    light = 1.05 - 0.0028 * (y**2 + x**2) * rng.uniform(0.3, 1.2)
    light = light * (1 + rng.normal(0, 0.008) * y + rng.normal(0, 0.008) * x) * rng.normal(1, 0.04)
    seen = gaussian_filter(colour, (blur, blur, 0)) * light[..., None] * np.asarray(tint)
    for _ in range(int(rng.poisson(3))):
        where, radius = rng.uniform(-7, 7, 2), rng.uniform(0.1, 0.35)
        ring = np.exp(-(((np.hypot(y - where[0], x - where[1]) - radius) / 0.07) ** 2))
        seen = seen + 0.16 * ring[..., None]
    seen = seen + (0.008 + 0.02 * difficulty) * rng.standard_normal(seen.shape)
    return to_uint8(seen)


def _asymmetry(lesion: NDArray[np.bool_]) -> float:
    """Part of a lesion outside its mirror image about its centre of mass, mean over its two main axes."""
    from scipy.ndimage import map_coordinates

    points = np.argwhere(lesion)
    centre = points.mean(0)
    _, axes = np.linalg.eigh(np.cov((points - centre).T))
    outside = []
    for axis in axes.T:
        mirrored = points - 2 * ((points - centre) @ axis)[:, None] * axis
        outside.append(1 - map_coordinates(lesion.astype(np.float32), mirrored.T, order=1).mean())
    return float(np.mean(outside))
