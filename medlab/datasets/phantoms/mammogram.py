"""A mammogram-like picture: breast tissue by density class, masses, calcifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms.shapes import axes_mm, blob, blur_edge, first, on_grid, tubes
from medlab.datasets.phantoms.texture import power_law, smooth, streams
from medlab.datasets.phantoms.xray import detect

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DENSITIES", "draw", "mammogram_view"]

#: Share of the breast's area that is fibroglandular, by density class.
DENSITIES = {"a": (0.06, 0.22), "b": (0.25, 0.45), "c": (0.5, 0.7), "d": (0.75, 0.9)}
#: Attenuation at about 20 keV in 1/mm: fat, fibroglandular tissue, mass, calcification.
_FAT, _GLAND, _MASS, _CHALK = 0.0456, 0.0802, 0.0865, 1.25


def mammogram_view(
    *,
    seed: int = 0,
    view: int = 0,
    size: tuple[int, int] = (128, 96),
    difficulty: float = 0.5,
    finding: Literal["none", "benign", "malignant"] = "none",
    density: str = "b",
    diameter: float = 14.0,
    calcifications: bool | None = None,
) -> Case:
    """Simulate a mammogram, cranio-caudal, chest wall at the left.

    Parameters
    ----------
    seed, view : int, optional
        The breast, and the exposure (noise).
    size : (2,) tuple of int, optional
        Rows, columns. The field of view is 190 mm high.
    difficulty : float, optional
        0 … 1: thinner masses, benign and malignant outlines more alike, noise, and clumps of normal tissue.
    finding : {"none", "benign", "malignant"}, optional
        A round, sharply bordered mass, or a spiculated one.
    density : {"a", "b", "c", "d"}, optional
        Density class: from almost fat to extremely dense.
    diameter : float, optional
        Of the mass in mm.
    calcifications : bool, optional
        A cluster with the finding: few round ones if benign, many of all sizes if malignant. Drawn by
        default.

    Returns
    -------
    Case
        ``image``: −ln of the exposure × 1000 less most of what the thickness alone explains, as scanners
        present it (peripheral equalisation), so that tissue is bright. ``masks``: ``breast``,
        ``gland``, ``mass``, ``calcifications``. ``facts``: ``finding``, ``malignant``, ``density``,
        ``gland_fraction`` (of the breast's area, as counted), ``diameter_mm``, ``calcifications`` (number),
        ``centre_mm`` (x, y).

    Notes
    -----
    Tissue is noise of power spectrum 1/f³ (Burgess A. E. et al. Med Phys 28, 419–437 (2001).
    doi:10.1118/1.1355308), thresholded to the density asked for; attenuation of tissues after Johns P. C.,
    Yaffe M. J. Phys Med Biol 32, 675–695 (1987). doi:10.1088/0031-9155/32/6/002. The compressed breast is
    45 mm thick; photons are counted by `medlab.datasets.phantoms.xray.detect`.

    Examples
    --------
    >>> case = mammogram_view(finding="malignant", density="c")
    >>> 0.5 <= case.facts["gland_fraction"] <= 0.7
    True
    """
    if finding not in {"none", "benign", "malignant"} or density not in DENSITIES:
        msg = (
            f"finding must be none, benign or malignant and density one of {', '.join(DENSITIES)}; got "
            f"{finding!r} and {density!r}."
        )
        raise ValueError(msg)
    anatomy, acquisition = streams(seed, view)
    spacing = (190.0 / size[0],) * 2
    y, x = axes_mm(size, spacing)
    x = x + size[1] * spacing[1] / 2
    depth = _breast(y, x, anatomy)
    path, gland, thick = _tissue(y, x, depth, density, difficulty, anatomy)
    mass, chalk, centre = np.zeros(size, bool), np.full(size, -1.0, np.float32), None
    number = 0
    if finding != "none":
        centre = _centre(depth, gland, diameter, anatomy, x, y)
        wish = anatomy.random() < (0.7 if finding == "malignant" else 0.2)
        path, mass = _mass(path, y - centre[0], x - centre[1], finding, diameter, difficulty, anatomy)
        if wish if calcifications is None else calcifications:
            chalk, number = _cluster(size, spacing, centre, finding, diameter, anatomy)
            path += _CHALK * (0.6 - 0.3 * difficulty) * blur_edge(chalk, spacing[0])
    values = _exposed(path, thick, depth, spacing[0], difficulty, acquisition)
    note = f"Simulated mammogram, {finding} finding."
    image = on_grid(values, spacing, axes="yx", space="plane", modality="MG", notes=(note,))
    maps = {"breast": depth > 0, "gland": gland, "mass": mass, "calcifications": chalk > 0}
    masks = {name: image.as_mask(m, {1: name}) for name, m in maps.items()}
    facts = {
        "finding": finding,
        "malignant": finding == "malignant",
        "density": density,
        "gland_fraction": float(gland.sum() / (depth > 0).sum()),
        "diameter_mm": diameter if finding != "none" else 0.0,
        "calcifications": number,
        "centre_mm": None if centre is None else [centre[1] - size[1] * spacing[1] / 2, centre[0]],
    }
    return Case(image, masks, facts)


def draw(rng: np.random.Generator, label: int, images: int) -> list[dict[str, Any]]:
    """Draw the truth of a patient: 1 has a malignant mass, 0 a benign one or none; two views may be made."""
    finding = "malignant" if label else str(rng.choice(["none", "benign"], p=(0.6, 0.4)))
    diameter = float(np.clip(np.exp(rng.normal(np.log(17.0 if label else 14.0), 0.3)), 6, 38))
    density = str(rng.choice(list(DENSITIES), p=(0.12, 0.42, 0.36, 0.10)))
    return [{"finding": finding, "diameter": round(diameter, 1), "density": density}] * images


def _exposed(
    path: NDArray[np.float32],
    thick: NDArray[Any],
    depth: NDArray[Any],
    pixel: float,
    difficulty: float,
    rng: np.random.Generator,
) -> NDArray[np.uint16]:
    """Count photons, take the logarithm, and take off most of what the thickness explains."""
    photons = 2.2e4 - 1.7e4 * difficulty
    counts = detect(
        path, pixel, photons=photons, scatter=0.35, scatter_width=30.0, blur=0.35 * pixel, rng=rng
    )
    signal = np.log(photons * 1.35 / np.maximum(counts, 1)) - 0.75 * _FAT * thick
    return np.round(1000 * signal + 300 * (depth > 0)).clip(0, 4095).astype(np.uint16)


def _breast(y: NDArray[Any], x: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Depth below the skin: half an ellipse on the chest wall, with a nipple."""
    reach, half = rng.uniform(88, 118), rng.uniform(66, 84)
    sag = rng.normal(0, 0.12)
    ring = np.hypot(x / reach, (y - sag * x) / half)
    nipple = 4.5 - np.hypot(x - reach - 1, (y - sag * reach) * 0.9)
    return np.maximum((1 - ring) * half, nipple)


def _tissue(
    y: NDArray[Any],
    x: NDArray[Any],
    depth: NDArray[Any],
    density: str,
    difficulty: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[Any]]:
    """Attenuation along each ray, where it is mostly gland, and the thickness in mm."""
    shape = depth.shape
    inside = depth > 0
    thick = 45 * np.sqrt(np.clip(1 - np.clip(1 - depth / 16, 0, 1) ** 2, 0, 1))
    cloud = power_law(shape, 3.2, rng)
    core = np.hypot((x - 48) / 58, y / 52)
    rank = cloud + 0.12 * power_law(shape, 1.6, rng) - 1.3 * core - 2.5 * np.clip(1 - depth / 9, 0, 1)
    share = rng.uniform(*DENSITIES[density])
    gland = first(np.where(inside, -rank, np.inf), share * inside.sum())
    level = -np.quantile(-rank[inside], share)
    # Where the rank is far above the threshold the ray runs through gland only.
    fraction = np.clip(0.42 + 0.24 * (rank - level), 0.03, 0.9)
    fraction += (0.04 + 0.06 * difficulty) * power_law(shape, 2.6, rng)
    for _ in range(2):
        # Cooper's ligaments: thin sheets seen edge on where a random field changes its sign.
        fraction += 0.10 * np.exp(-((np.abs(smooth(shape, shape[0] / 22, rng)) / 0.12) ** 2))
    skin = np.exp(-(((depth - 1.2) / 1.3) ** 2)) * 6
    through = thick * (_FAT + np.clip(fraction, 0, 1) * (_GLAND - _FAT)) + skin * (_GLAND - _FAT)
    return (through * inside).astype(np.float32), gland & inside, thick


def _centre(
    depth: NDArray[Any],
    gland: NDArray[np.bool_],
    diameter: float,
    rng: np.random.Generator,
    x: NDArray[Any],
    y: NDArray[Any],
) -> tuple[float, float]:
    room = np.argwhere((depth > diameter / 2 + 8) & (x > diameter / 2 + 6))
    if not len(room):
        msg = f"A mass of {diameter} mm does not fit into the breast."
        raise ValueError(msg)
    dense = gland[tuple(room.T)]
    weight = np.where(dense, 2.0, 1.0)
    row, column = room[rng.choice(len(room), p=weight / weight.sum())]
    return float(y[row, 0]), float(x[0, column])


def _mass(
    path: NDArray[np.float32],
    y: NDArray[Any],
    x: NDArray[Any],
    finding: str,
    diameter: float,
    difficulty: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Add a mass; a ray through its middle crosses less of it where it is difficult."""
    evil = float(finding == "malignant")
    looks = np.clip(evil + (0.15 + 0.7 * difficulty) * rng.normal(0, 0.4, 3), 0, 1.2)
    radius = diameter / 2
    depth = blob(y, x, radius, rng, irregularity=0.04 + 0.14 * looks[0], modes=9, fall=0.8)
    edge = 0.8 + 3.5 * looks[1]
    cross = radius * 2 * np.sqrt(np.clip(depth / radius, 0, 1) * (2 - np.clip(depth / radius, 0, 1)))
    soft = np.clip(depth / edge + 0.5, 0, 1)
    added = 0.95 * soft * (0.4 * radius + 0.6 * cross)
    spicules = round(26 * max(float(looks[2]) - 0.25, 0))
    if spicules:
        angle = np.arctan2(y, x)
        away = np.hypot(y, x)
        ends = zip(rng.uniform(-np.pi, np.pi, spicules), rng.uniform(1.5, 2.8, spicules), strict=True)
        for at, far in ends:
            off = np.abs(np.angle(np.exp(1j * (angle - at + 0.08 * np.sin(away / radius * 2))))) * away
            ray = np.exp(-((off / 0.8) ** 2)) * np.clip((far * radius - away) / (0.9 * radius), 0, 1)
            added = np.maximum(added, 5.0 * ray * (away > 0.5 * radius))
    contrast = (_MASS - 0.6 * _FAT - 0.4 * _GLAND) * (3.5 - 2.3 * difficulty) * rng.uniform(0.8, 1.2)
    return path + (added * contrast * (path > 0)).astype(np.float32), np.asarray(depth > 0)


def _cluster(
    size: tuple[int, int],
    spacing: tuple[float, float],
    centre: tuple[float, float],
    finding: str,
    diameter: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], int]:
    malignant = finding == "malignant"
    number = int(rng.integers(10, 26)) if malignant else int(rng.integers(3, 8))
    place = np.array([centre[0], centre[1] - size[1] * spacing[1] / 2])
    spread = 0.32 * diameter if malignant else 0.6 * diameter
    start = place + rng.normal(0, spread, (number, 2))
    heading = rng.normal(rng.uniform(0, np.pi), 0.6, number)
    length = rng.uniform(0, 2.4, number) * malignant
    stop = start + length[:, None] * np.stack([np.sin(heading), np.cos(heading)], 1)
    radii = rng.uniform(0.25, 0.75, number) if malignant else np.full(number, rng.uniform(0.5, 0.9))
    return tubes(size, spacing, np.stack([start, stop], 1), radii, reach=2.0), number
