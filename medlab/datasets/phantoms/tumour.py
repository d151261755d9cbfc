"""A brain tumour in four MR contrasts, with exactly the volumes that were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms.brain import CENTRE, TISSUES, Head, head, tissue_labels
from medlab.datasets.phantoms.brain_contrasts import CHANNELS, acquired, signals
from medlab.datasets.phantoms.shapes import first, on_grid
from medlab.datasets.phantoms.texture import smooth, streams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["brain_tumour", "draw"]

LABELS = {1: "necrosis", 2: "oedema", 3: "enhancing"}


def brain_tumour(
    *,
    seed: int = 0,
    view: int = 0,
    size: tuple[int, int, int] = (28, 96, 80),
    difficulty: float = 0.5,
    necrosis: float = 4.0,
    enhancing: float = 12.0,
    oedema: float = 30.0,
    contrasts: tuple[str, ...] = CHANNELS,
) -> Case:
    """Simulate an MR of a brain with a tumour: T1, T1 with contrast agent, T2, FLAIR.

    A necrotic core lies in an enhancing rim; oedema spreads around it through white matter. The tumour
    pushes its surroundings away. Volumes of 0 leave a part out; all 0 is a healthy brain.

    Parameters
    ----------
    seed, view : int, optional
        The patient (anatomy, tumour), and the picture (noise, coil sensitivity).
    size : (3,) tuple of int, optional
        Slices, rows, columns. The field of view is 150 mm from foot to head and 224 mm × 187 mm in plane.
    difficulty : float, optional
        0 … 1: weaker contrast and blurred edges of the lesion, more noise and coil inhomogeneity, and
        harmless bright spots of white matter that look like disease.
    necrosis, enhancing, oedema : float, optional
        Volumes in ml.
    contrasts : tuple of str, optional
        Which of ``"T1"``, ``"T1c"``, ``"T2"``, ``"FLAIR"`` to give, in order.

    Returns
    -------
    Case
        ``image``: axes ``"tzyx"``, the contrasts along ``t`` as in the Decathlon; ``meta["channels"]`` names
        them. ``masks["tumour"]``: 1 necrosis, 2 oedema, 3 enhancing; ``masks["tissue"]``: 1 fluid, 2 grey,
        3 white matter of the brain around it.
        ``facts``: ``necrosis_ml``, ``enhancing_ml``, ``oedema_ml``, ``whole_ml``, ``centre_mm`` (x, y, z in
        the image's coordinates), ``side``, ``tissue_ml``.

    Notes
    -----
    T1 weighting is an inversion recovery (TR 2000, TI 800 ms), T2 a spin echo (TR 4500, TE 95 ms), with the
    relaxation times of `medlab.datasets.phantoms.mr`. Labels as in BraTS: Menze B. H. et al. IEEE Trans Med
    Imaging 34, 1993–2024 (2015). doi:10.1109/TMI.2014.2377694.

    Examples
    --------
    >>> case = brain_tumour(size=(14, 48, 40), necrosis=3, enhancing=9, oedema=20)
    >>> case.image.meta["channels"]
    ('T1', 'T1c', 'T2', 'FLAIR')
    >>> round(case.facts["whole_ml"])
    32
    """
    anatomy, acquisition = streams(seed, view)
    spacing = (150.0 / size[0], 224.0 / size[1], 224.0 / 1.2 / size[2])
    voxel = float(np.prod(spacing)) / 1000
    solid = necrosis + enhancing
    radius = (3 * max(solid, 0.5) * 1000 / (4 * np.pi)) ** (1 / 3)
    side, centre = _place(anatomy, radius)
    brain = head(size, spacing, anatomy, push=(tuple(centre), 0.35 * radius) if solid else None)
    labels = _labels(brain, centre, radius, (necrosis, enhancing, oedema), voxel, anatomy)
    tissue = tissue_labels(brain)
    tissue[labels > 0] = 0
    values = signals(_fractions(brain, labels, difficulty, anatomy), contrasts)
    stored = acquired(values, difficulty, acquisition)
    note = "Simulated MR of a brain with a tumour." if labels.any() else "Simulated MR of a brain."
    meta = {
        "channels": tuple(contrasts),
        "time_axis": "contrast: " + ", ".join(contrasts),
        "time_unit": "",
    }
    image = on_grid(np.moveaxis(stored, -1, 0).copy(), spacing, modality="MR", meta=meta, notes=(note,))
    masks = {"tumour": image.as_mask(labels, LABELS), "tissue": image.as_mask(tissue, TISSUES)}
    facts = _facts(masks, voxel) | {"side": side if labels.any() else ""}
    return Case(image, masks, facts)


def draw(rng: np.random.Generator, label: int, images: int) -> list[dict[str, Any]]:
    """Draw the truth of a patient: 1 has a tumour, 0 has none."""
    if not label:
        return [{"necrosis": 0.0, "enhancing": 0.0, "oedema": 0.0}] * images
    whole = float(np.exp(rng.normal(np.log(9), 0.6)))
    core = rng.uniform(0.05, 0.4)
    return [
        {
            "necrosis": round(whole * core, 2),
            "enhancing": round(whole * (1 - core), 2),
            "oedema": round(whole * float(rng.uniform(0.8, 2.5)), 2),
        }
    ] * images


def _place(rng: np.random.Generator, radius: float) -> tuple[str, NDArray[np.float64]]:
    """Choose a place in the white matter of a hemisphere, in template coordinates (x to the right)."""
    side = "right" if rng.random() < 0.5 else "left"
    direction = rng.normal(size=3) * [0.5, 1.0, 0.5]
    direction /= np.linalg.norm(direction)
    offset = np.array([26.0, 0, 14]) + direction * [8, max(46 - radius, 10), 16]
    return side, CENTRE + offset * ([1, 1, 1] if side == "right" else [-1, 1, 1])


def _labels(
    brain: Head,
    centre: NDArray[np.float64],
    radius: float,
    volumes: tuple[float, float, float],
    voxel: float,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    necrosis, enhancing, oedema = volumes
    away = np.sqrt((brain.x - centre[0]) ** 2 + (brain.y - centre[1]) ** 2 + (brain.z - centre[2]) ** 2)
    shape = brain.hull.shape
    grain = [n / 16 for n in shape]
    bumpy = away / radius + 0.22 * smooth(shape, grain, rng)
    bumpy = np.where((brain.hull > 1) & (brain.ventricle < 0), bumpy, np.inf)
    labels = np.zeros(shape, np.uint8)
    # Away from grey matter and fluid the front runs on: that is how oedema follows the white matter.
    front = away / radius * (1 + 1.6 * (1 - brain.white)) + 0.3 * smooth(shape, grain, rng)
    front = np.where((brain.hull > 2) & (brain.ventricle < 0), front, np.inf)
    solid = first(bumpy, (necrosis + enhancing) / voxel)
    labels[first(np.where(solid, -1, front), (necrosis + enhancing + oedema) / voxel)] = 2
    labels[solid] = 3
    core = np.where(solid, bumpy + 0.08 * smooth(shape, [n / 24 for n in shape], rng), np.inf)
    labels[first(core, necrosis / voxel)] = 1
    return labels


def _fractions(
    brain: Head, labels: NDArray[np.uint8], difficulty: float, rng: np.random.Generator
) -> Mapping[str, NDArray[Any]]:
    """Return how much of each voxel is which tissue, the tumour's parts included."""
    from scipy.ndimage import gaussian_filter

    soft = 0.25 + 0.5 * difficulty
    parts = {
        name: gaussian_filter((labels == value).astype(np.float32), soft) * strength
        for value, name, strength in (
            (1, "necrosis", 1.0),
            (2, "oedema", 1 - 0.55 * difficulty),
            (3, "enhancing", 1 - 0.5 * difficulty),
        )
    }
    rest = np.clip(1 - sum(parts.values()), 0, 1)
    spots = smooth(labels.shape, 1.0, rng) - (3.6 - 1.3 * difficulty)
    harmless = np.clip(spots, 0, 0.6) * brain.white * (brain.hull > 12) * rest
    parts["oedema"] = parts["oedema"] + harmless
    rest = rest - harmless
    return parts | {
        "fluid": brain.fluid * rest,
        "grey": brain.grey * rest,
        "white": brain.white * rest,
        "scalp": np.clip((-9 - brain.hull) / 2, 0, 1) * (brain.hull > -16),
    }


def _facts(masks: Mapping[str, Any], voxel: float) -> dict[str, Any]:
    tumour, tissue = masks["tumour"], masks["tissue"]
    counts = np.bincount(tumour.array.ravel(), minlength=4) * voxel
    tissues = np.bincount(tissue.array.ravel(), minlength=4) * voxel
    where = np.argwhere(np.isin(tumour.array, (1, 3)))
    centre = tumour.index_to_position(where).mean(0).round(1).tolist() if where.size else None
    return {
        "necrosis_ml": float(counts[1]),
        "oedema_ml": float(counts[2]),
        "enhancing_ml": float(counts[3]),
        "whole_ml": float(counts[1:].sum()),
        "centre_mm": centre,
        "tissue_ml": {name: float(tissues[value]) for value, name in TISSUES.items()},
    }
