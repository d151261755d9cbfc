"""Simulated PET and SPECT with known activity."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms import bodies, nuclear
from medlab.datasets.phantoms.materials import mass_attenuation, water_and_bone
from medlab.datasets.phantoms.shapes import axes_mm, on_grid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["UPTAKE", "heart_spect", "liver_spect", "nema_pet", "thorax_pet"]

#: SUVbw of FDG by structure: representative values near those of Zincirkeser S. et al. Standardized uptake
#: values of normal organs on FDG PET/CT. J Int Med Res 35, 231–236 (2007). doi:10.1177/147323000703500207.
UPTAKE = {
    "soft tissue": 0.7,
    "fat": 0.3,
    "right lung": 0.5,
    "left lung": 0.5,
    "heart": 2.0,
    "bone": 0.9,
    "liver": 2.2,
    "aorta": 1.7,
    "spleen": 1.8,
    "airways": 0.0,
}

#: Diameters in mm of the spheres of the NEMA NU 2 image-quality phantom.
SPHERES = (10.0, 13.0, 17.0, 22.0, 28.0, 37.0)

_OSEM = "OSEM"


def nema_pet(
    size: Sequence[int] = (24, 128, 128),
    *,
    ratio: float = 4.0,
    background: float = 5300.0,
    seed: int = 0,
    **scan: Any,
) -> Case:
    """Return a simulated PET of six hot spheres in a warm body with a cold lung insert.

    After the NEMA NU 2 image-quality phantom; its outline is an ellipse of 300 × 230 mm here.

    Parameters
    ----------
    size : sequence of int, optional
        Slices, rows and columns of a field of 96 × 384 × 384 mm.
    ratio : float, optional
        Activity of the spheres over that of the background.
    background : float, optional
        Activity in Bq/ml at the start of the scan.
    seed : int, optional
        Of the counts.
    **scan
        ``seconds``, ``fwhm``, ``iterations``, ``post_fwhm``, …: see `nuclear.pet`.

    Returns
    -------
    Case
        Image ``"zyx"`` in Bq/ml with the `meta` that `medlab.measure.suv` needs; masks ``"spheres"`` and
        ``"background"``; facts ``activity`` (the truth, an `Image`), ``diameters_mm``, ``ratio``.

    References
    ----------
    NEMA Standards Publication NU 2-2018, section 7.

    Examples
    --------
    >>> nema_pet((6, 48, 48)).masks["spheres"].labels[6]
    '37 mm'
    """
    spacing = tuple(e / n for e, n in zip((96.0, 384.0, 384.0), size, strict=True))
    z, y, x = axes_mm(size, spacing)
    body = np.broadcast_to(np.hypot(x / 150, y / 115) < 1, size)
    lung = np.broadcast_to(np.hypot(x, y) < 22, size)
    truth = np.where(lung, 0.0, np.where(body, background, 0.0)).astype(np.float32)
    labels = np.zeros(size, np.uint8)
    for k, diameter in enumerate(SPHERES):
        angle = 2 * np.pi * k / len(SPHERES)
        away = np.sqrt(z**2 + (y - 57.2 * np.sin(angle)) ** 2 + (x - 57.2 * np.cos(angle)) ** 2)
        share = np.clip((diameter / 2 - away) / spacing[1] + 0.5, 0, 1)
        truth += (share * background * (ratio - 1)).astype(np.float32)
        labels[away < diameter / 2] = k + 1
    attenuation = np.where(lung, 0.3, 1.0) * body * float(mass_attenuation("water", 511))
    volume = nuclear.pet(truth, attenuation, spacing, rng=np.random.default_rng(seed), **scan)
    image = _pet_image(volume, spacing, weight=70.0, dose=350e6, scan=scan)
    ring = np.hypot(x, y)
    quiet = body & (np.hypot(x / 150, y / 115) < 0.85) & (np.abs(ring - 57.2) > 26) & (ring > 34)
    masks = {
        "spheres": image.as_mask(labels, {k + 1: f"{d:g} mm" for k, d in enumerate(SPHERES)}),
        "background": image.as_mask(quiet, {1: "background"}),
    }
    facts = {
        "activity": _truth(truth, image),
        "diameters_mm": SPHERES,
        "ratio": ratio,
        "background": background,
    }
    return Case(image, masks, facts)


def thorax_pet(
    size: Sequence[int] = (32, 112, 112),
    *,
    lesions: int = 2,
    difficulty: float = 0.5,
    seed: int = 0,
    **scan: Any,
) -> Case:
    """Return a simulated FDG PET/CT of a chest with hot lung lesions of known uptake.

    Parameters
    ----------
    size : sequence of int, optional
        Slices, rows and columns of a field of 192 × 392 × 392 mm.
    lesions : int, optional
        Number of lesions.
    difficulty : float, optional
        0 (lesions of 22 to 44 mm and SUV 6 to 14) to 1 (10 to 20 mm, SUV 2.5 to 6).
    seed : int, optional
        The patient.
    **scan
        ``seconds``, ``fwhm``, ``iterations``, ``post_fwhm``, …: see `nuclear.pet`.

    Returns
    -------
    Case
        Image ``"zyx"`` in Bq/ml with the `meta` that `medlab.measure.suv` needs; masks ``"lesions"``,
        ``"organs"``; facts ``lesions`` (place, diameter, true SUV), ``activity`` and ``ct``
        (`Image`), ``seed``.

    Examples
    --------
    >>> case = thorax_pet((6, 40, 40), lesions=1)
    >>> case.image.units, len(case.facts["lesions"])
    ('Bq/ml', 1)
    """
    rng, scanner = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])
    spacing = tuple(e / n for e, n in zip((192.0, 392.0, 392.0), size, strict=True))
    diameters = rng.uniform(16, 32, lesions) * (1.4 - 0.8 * difficulty)
    body = bodies.thorax(size, nodules=diameters.tolist(), spacing=spacing, rng=rng)
    weight, dose = float(rng.normal(74, 12)), float(rng.normal(300e6, 30e6))
    uptake = {name: value * float(np.exp(rng.normal(scale=0.12))) for name, value in UPTAKE.items()}
    heat = rng.uniform(4.5, 11, lesions) * (1.35 - 0.8 * difficulty)
    suv = _painted(body, uptake)
    z, y, x = axes_mm(size, spacing)
    found = []
    for nodule, value in zip(body.facts["nodules"], heat, strict=True):
        away = np.sqrt((z - nodule["z"]) ** 2 + (y - nodule["y"]) ** 2 + (x - nodule["x"]) ** 2)
        near = (body.labels == _label("nodule")) & (away < nodule["diameter_mm"])
        suv[near] = value
        found.append({**nodule, "suv": float(value)})
    at_scan = dose * float(nuclear.decay_factor("F-18", 3600.0)) / (1000 * weight)
    truth = (suv * at_scan).astype(np.float32)
    volume = nuclear.pet(truth, _attenuation(body, 511), spacing, rng=scanner, **scan)
    image = _pet_image(volume, spacing, weight=weight, dose=dose, scan=scan)
    masks = {
        "lesions": image.as_mask(body.where("nodule"), {1: "lesion"}),
        "organs": image.as_mask(body.labels, body.names),
    }
    facts = {"lesions": found, "activity": _truth(truth, image), "ct": _ct(body), "seed": seed}
    return Case(image, masks, facts)


def heart_spect(
    size: Sequence[int] = (24, 64, 64),
    *,
    severity: float = 0.7,
    extent: float = 80.0,
    difficulty: float = 0.5,
    seed: int = 0,
    **scan: Any,
) -> Case:
    """Return a simulated Tc-99m myocardial perfusion SPECT with a perfusion defect.

    The left ventricle is a shell of 10 mm in the heart of a chest; a sector of it takes up less.

    Parameters
    ----------
    size : sequence of int, optional
        Slices, rows and columns of a field of 154 × 410 × 410 mm.
    severity : float, optional
        Share of the uptake that is missing in the defect: 0 is a healthy heart.
    extent : float, optional
        Opening of the defect in degrees of the short axis.
    difficulty : float, optional
        0 to 1: less difference between heart and surroundings, fewer counts.
    seed : int, optional
        The patient.
    **scan
        ``seconds``, ``views``, ``radius``, …: see `nuclear.spect`.

    Returns
    -------
    Case
        Image ``"zyx"`` in Bq/ml, OSEM with attenuation and resolution; masks ``"heart"`` (1 healthy, 2
        defect); facts ``projections``, ``camera`` (to reconstruct them again), ``activity``, ``ct``,
        ``severity``, ``seed``.

    Examples
    --------
    >>> case = heart_spect((6, 24, 24), views=12, severity=0.5)
    >>> case.facts["projections"].shape, case.masks["heart"].labels[2]
    ((6, 12, 24), 'defect')
    """
    rng = np.random.default_rng([seed, 0])
    spacing = tuple(e / n for e, n in zip((154.0, 410.0, 410.0), size, strict=True))
    body = bodies.thorax(size, spacing=spacing, rng=rng)
    uptake = {
        "soft tissue": 0.12,
        "heart": 0.15,
        "liver": 0.35 + 0.3 * difficulty,
        "spleen": 0.4,
        "aorta": 0.1,
    }
    activity = _painted(body, uptake | {"right lung": 0.06, "left lung": 0.06, "bone": 0.1, "fat": 0.05})
    share, turn = _ventricle(size, spacing, (body.facts["diaphragm"] - 38, -22, 34), body.facts["heart"])
    start = rng.uniform(0, 360)
    ill = (np.mod(turn - start, 360) < extent) & (severity > 0)
    wall = np.where(ill, 1 - severity, 1.0)
    activity = (activity * (1 - share) + share * wall).astype(np.float32)
    labels = np.where(share > 0.5, np.where(ill, 2, 1), 0).astype(np.uint8)
    return _spect_case(
        body,
        activity * 6e4 * (1.3 - 0.6 * difficulty),
        {"heart": (labels, {1: "healthy", 2: "defect"})},
        {"severity": severity, "seed": seed},
        scan,
    )


def liver_spect(
    size: Sequence[int] = (24, 64, 64),
    *,
    lesions: int = 1,
    difficulty: float = 0.5,
    seed: int = 0,
    **scan: Any,
) -> Case:
    """Return a simulated Tc-99m colloid SPECT of liver and spleen with cold lesions.

    Parameters
    ----------
    size : sequence of int, optional
        Slices, rows and columns of a field of 154 × 410 × 410 mm.
    lesions : int, optional
        Cold lesions in the liver.
    difficulty : float, optional
        0 (lesions of 40 to 60 mm) to 1 (14 to 21 mm).
    seed : int, optional
        The patient.
    **scan
        ``seconds``, ``views``, ``radius``, …: see `nuclear.spect`.

    Returns
    -------
    Case
        As `heart_spect`; masks ``"organs"`` (1 liver, 2 spleen) and ``"lesions"``; fact ``lesions``.
    """
    rng = np.random.default_rng([seed, 0])
    spacing = tuple(e / n for e, n in zip((154.0, 410.0, 410.0), size, strict=True))
    tall = bodies.thorax((round(bodies.EXTENT[0] / spacing[0]), *size[1:]), spacing=spacing, rng=rng)
    low = slice(0, size[0])
    body = dataclasses.replace(tall, hu=tall.hu[low], labels=tall.labels[low])
    activity = _painted(body, {"soft tissue": 0.06, "liver": 1.0, "spleen": 1.2, "bone": 0.12, "fat": 0.02})
    z, y, x = axes_mm(size, spacing)
    cold = np.zeros(size, bool)
    places = np.argwhere(body.where("liver"))
    for _ in range(lesions if len(places) else 0):
        k, j, i = places[rng.integers(len(places))]
        radius = rng.uniform(20, 30) * (1 - 0.65 * difficulty)
        cold |= (z - z[k]) ** 2 + (y - y[:, j]) ** 2 + (x - x[:, :, i]) ** 2 < radius**2
    cold &= body.where("liver")
    activity = np.where(cold, 0.06, activity)
    organs = np.where(body.where("spleen"), 2, body.where("liver")).astype(np.uint8)
    masks = {"organs": (organs, {1: "liver", 2: "spleen"}), "lesions": (cold, {1: "lesion"})}
    return _spect_case(body, activity * 5e4, masks, {"lesions": lesions, "seed": seed}, scan)


def _spect_case(
    body: bodies.Body,
    activity: NDArray[Any],
    masks: Mapping[str, tuple[NDArray[Any], dict[int, str]]],
    facts: dict[str, Any],
    scan: dict[str, Any],
) -> Case:
    rng = np.random.default_rng([facts["seed"], 1])
    truth = activity.astype(np.float32)
    projections, camera = nuclear.spect(truth, _attenuation(body, 140), body.spacing, rng=rng, **scan)
    volume = nuclear.osem(projections, camera, iterations=4, subsets=max(1, camera.views // 6))
    note = "Simulated SPECT: projections with attenuation, collimator blur and counts; OSEM."
    meta = {"Modality": "NM", "ReconstructionMethod": _OSEM}
    image = on_grid(volume, body.spacing, modality="NM", units="Bq/ml", meta=meta, notes=(note,))
    extra = {"projections": projections, "camera": camera, "activity": _truth(truth, image), "ct": _ct(body)}
    return Case(image, {name: image.as_mask(*mask) for name, mask in masks.items()}, facts | extra)


def _ventricle(
    size: Sequence[int], spacing: Sequence[float], centre: Sequence[float], scale: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How much of each voxel is left-ventricular wall, and the angle about the long axis in degrees."""
    z, y, x = (axis - c for axis, c in zip(axes_mm(size, spacing), centre, strict=True))
    apex = np.array([-0.45, -0.55, 0.70])  # z, y, x: the apex points down, forward and left
    apex /= np.linalg.norm(apex)
    first = np.cross(apex, [1.0, 0, 0])
    first /= np.linalg.norm(first)
    second = np.cross(apex, first)
    along, u, v = (z * a[0] + y * a[1] + x * a[2] for a in (apex, first, second))
    outer = np.sqrt((along / (44 * scale)) ** 2 + (u**2 + v**2) / (32 * scale) ** 2)
    inner = np.sqrt((along / (34 * scale)) ** 2 + (u**2 + v**2) / (22 * scale) ** 2)
    depth = np.minimum(np.minimum((1 - outer) * 34 * scale, (inner - 1) * 25 * scale), along + 18 * scale)
    return np.clip(depth / np.mean(spacing) + 0.5, 0, 1), np.rad2deg(np.arctan2(v, u))


def _painted(body: bodies.Body, uptake: Mapping[str, float]) -> NDArray[np.float32]:
    by_label = np.zeros(max(body.names) + 1, np.float32)
    for value, name in body.names.items():
        by_label[value] = uptake.get(name, 0.0)
    return by_label[body.labels]


def _label(name: str) -> int:
    return next(value for value, known in bodies.LABELS.items() if known == name)


def _attenuation(body: bodies.Body, energy: float) -> NDArray[np.float32]:
    water, bone = water_and_bone(body.hu)
    return water * np.float32(mass_attenuation("water", energy)) + bone * np.float32(
        mass_attenuation("bone", energy)
    )


def _truth(activity: NDArray[np.float32], image: Image) -> Image:
    return image.replace(array=activity, meta={}, notes=("Simulated: the true activity.",))


def _ct(body: bodies.Body) -> Image:
    note = "Simulated CT on the grid of the emission image, without noise."
    return on_grid(np.round(body.hu).astype(np.int16), body.spacing, modality="CT", units="HU", notes=(note,))


def _pet_image(
    volume: NDArray[np.float32], spacing: Sequence[float], *, weight: float, dose: float, scan: dict[str, Any]
) -> Image:
    facts = nuclear.pet_facts(weight=weight, dose=dose, seconds=scan.get("seconds", 180.0))
    note = "Simulated PET: projections with attenuation, randoms, scatter and counts; OSEM."
    return on_grid(
        volume,
        spacing,
        modality="PT",
        units="Bq/ml",
        meta=facts | {"ReconstructionMethod": _OSEM},
        notes=(note,),
    )
