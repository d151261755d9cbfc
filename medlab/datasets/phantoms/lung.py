"""A chest CT with lung nodules among vessels that look like them on a single slice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms.lung_anatomy import STRUCTURES, chest
from medlab.datasets.phantoms.nodule import insert_nodule
from medlab.datasets.phantoms.shapes import blur_edge, on_grid, tubes
from medlab.datasets.phantoms.texture import ct_noise, streams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["TYPES", "columns", "draw", "insert", "lung_nodules", "nodule_shape"]

#: Value in HU of each type of nodule; a part-solid one has a solid core besides.
TYPES = {"solid": 20.0, "part-solid": -580.0, "ground-glass": -620.0}


def lung_nodules(
    *,
    seed: int = 0,
    view: int = 0,
    size: tuple[int, int, int] = (80, 128, 160),
    spacing: tuple[float, float, float] = (2.5, 2.2, 2.2),
    difficulty: float = 0.5,
    nodules: Sequence[dict[str, Any]] | int = 3,
) -> Case:
    """Simulate a chest CT with nodules in it.

    Parameters
    ----------
    seed, view : int, optional
        The patient (anatomy, vessels, nodules), and the picture (noise).
    size, spacing : (3,) tuple, optional
        Slices, rows, columns, and their distance in mm.
    difficulty : float, optional
        0 … 1: more vessels, noise, and smaller and fainter nodules when `nodules` is a number.
    nodules : int or sequence of dict, optional
        How many, or for each ``diameter`` (mm), ``type`` (``"solid"``, ``"part-solid"``,
        ``"ground-glass"``), ``malignant`` (spiculated and lobulated) and, if wanted, ``position`` (x, y, z in
        mm); what is missing is drawn.

    Returns
    -------
    Case
        ``image`` in HU, axes ``"zyx"``; ``masks["nodules"]``: label i is the i-th nodule of
        ``facts["nodules"]`` (a list of ``centre_mm`` (x, y, z), ``diameter_mm``, ``volume_mm3`` as counted,
        ``type``, ``malignant``); ``masks["structures"]``: 1 right and 2 left lung, 3 trachea, 4 heart,
        5 bone, 6 vessels. Spicules are seen in the image and are not part of the mask.

    Notes
    -----
    Vessels grow as a tree whose radii follow Murray's law, r³ = r₁³ + r₂³ (Murray C. D. PNAS 12, 207–214
    (1926). doi:10.1073/pnas.12.3.207). Types of nodules as in MacMahon H. et al. Radiology 284, 228–243
    (2017). doi:10.1148/radiol.2017161659.

    Examples
    --------
    >>> case = lung_nodules(nodules=[{"diameter": 12, "type": "solid"}], size=(40, 64, 80),
    ...                     spacing=(5, 4.4, 4.4))
    >>> [n["diameter_mm"] for n in case.facts["nodules"]]
    [12.0]
    """
    anatomy, acquisition = streams(seed, view)
    values, structures, depth = chest(size, spacing, difficulty, anatomy)
    values += (12 + 45 * difficulty) * ct_noise(size, acquisition)
    image = on_grid(
        np.round(np.clip(values, -1024, 3071)).astype(np.int16),
        spacing,
        modality="CT",
        units="HU",
        notes=("Simulated chest CT with simulated nodules.",),
    )
    wanted = [{} for _ in range(nodules)] if isinstance(nodules, int) else list(nodules)
    masks = np.zeros(size, np.uint8)
    found: list[dict[str, Any]] = []
    for number, wish in enumerate(wanted, start=1):
        full = _complete(wish, difficulty, anatomy)
        if "position" not in full:
            full["position"] = _free_place(image, depth, found, full["diameter"], anatomy)
        image, mask = insert(image, full, anatomy)
        masks[mask] = number
        found.append(_described(full, mask, image))
    truth = {
        "nodules": image.as_mask(masks, {i + 1: f"nodule {i + 1}" for i in range(len(found))}),
        "structures": image.as_mask(structures, STRUCTURES),
    }
    return Case(image, truth, {"nodules": found, "count": len(found)})


def draw(rng: np.random.Generator, label: int, images: int) -> list[dict[str, Any]]:
    """Draw the truth of a patient: one to four nodules; with label 1 at least one is malignant."""
    nodules = []
    for i in range(int(rng.integers(1, 5))):
        malignant = bool(label and (i == 0 or rng.random() < 0.2))
        diameter = float(np.clip(np.exp(rng.normal(np.log(13.0 if malignant else 8.5), 0.35)), 4, 28))
        kind = str(rng.choice(list(TYPES), p=(0.7, 0.15, 0.15)))
        nodules.append({"diameter": round(diameter, 1), "type": kind, "malignant": malignant})
    return [{"nodules": nodules}] * images


def columns(truth: dict[str, Any]) -> dict[str, Any]:
    """Return what a table says about the truth."""
    found = truth["nodules"]
    return {"nodules": len(found), "largest_mm": max((n["diameter"] for n in found), default=0.0)}


def _complete(wish: dict[str, Any], difficulty: float, rng: np.random.Generator) -> dict[str, Any]:
    malignant = bool(wish.get("malignant", rng.random() < 0.4))
    diameter = float(np.exp(rng.normal(np.log(13 - 5 * difficulty + 3 * malignant), 0.3)))
    drawn: dict[str, Any] = {
        "malignant": malignant,
        "diameter": round(float(np.clip(diameter, 4, 30)), 1),
        "type": str(rng.choice(list(TYPES), p=(0.7, 0.15, 0.15))),
        "shape": nodule_shape(malignant, difficulty, rng),
    }
    full = drawn | wish
    if full["type"] not in TYPES or not full["diameter"] > 0:
        msg = f"A nodule needs a diameter above 0 mm and a type out of {tuple(TYPES)}; got {wish}."
        raise ValueError(msg)
    return full


def nodule_shape(malignant: bool, difficulty: float, rng: np.random.Generator) -> tuple[float, int]:
    """Irregularity of the surface and number of spicules."""
    blend = 0.85 * difficulty * rng.random()
    strength = 1 - blend if malignant else blend
    return 0.06 + 0.3 * strength, int(rng.poisson(30 * max(strength - 0.25, 0)))


def insert(image: Image, nodule: dict[str, Any], rng: np.random.Generator) -> tuple[Image, NDArray[np.bool_]]:
    """Put a nodule and its spicules into the image; the mask leaves the spicules out."""
    irregularity, spicules = nodule["shape"]
    position, diameter = np.asarray(nodule["position"], float), float(nodule["diameter"])
    value = TYPES[nodule["type"]]
    if spicules:
        image = _spiculated(image, position, diameter, spicules, value, rng)
    before = image.array
    image, mask = insert_nodule(image, position, diameter, value=value, irregularity=irregularity, rng=rng)
    if nodule["type"] != "solid":
        # What is denser than the veil stays as it was: vessels run through ground glass.
        image = image.replace(array=np.maximum(image.array, np.where(before > value + 200, before, -1024)))
    if nodule["type"] == "part-solid":
        core = {"value": 20.0, "irregularity": irregularity}
        image, _ = insert_nodule(image, position, 0.5 * diameter, rng=rng, **core)
    return image, np.asarray(mask.array) > 0


def _spiculated(
    image: Image, position: NDArray[Any], diameter: float, number: int, value: float, rng: np.random.Generator
) -> Image:
    directions = rng.normal(size=(number, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    length = diameter / 2 * rng.uniform(1.4, 2.3, (number, 1))
    middle = image.index_to_position((np.array(image.grid) - 1) / 2)
    start = (position - middle)[::-1]
    ends = np.stack([start + 0.4 * diameter * directions, start + directions * length], 1)
    radius = np.full(number, 0.035 * diameter + 0.45)
    depth = tubes(image.grid, image.spacing, ends, radius, reach=1.5)
    weight = blur_edge(depth, max(image.spacing)) * 0.8
    raised = image.array + weight * np.maximum(value - image.array, 0)
    return image.replace(array=np.round(raised).astype(image.dtype))


def _described(nodule: dict[str, Any], mask: NDArray[np.bool_], image: Image) -> dict[str, Any]:
    return {
        "centre_mm": [round(float(v), 2) for v in nodule["position"]],
        "diameter_mm": float(nodule["diameter"]),
        "volume_mm3": float(mask.sum() * image.voxel_volume),
        "type": nodule["type"],
        "malignant": bool(nodule["malignant"]),
    }


def _free_place(
    image: Image,
    depth: NDArray[Any],
    others: list[dict[str, Any]],
    diameter: float,
    rng: np.random.Generator,
) -> list[float]:
    """Choose a place in a lung away from its surface and from other nodules."""
    room = np.argwhere(depth > diameter / 2 + 3)
    if not len(room):
        msg = f"No room in the lungs for a nodule of {diameter} mm: choose a smaller one or a larger volume."
        raise ValueError(msg)
    for _ in range(50):
        index = room[rng.integers(len(room))] + rng.uniform(-0.5, 0.5, 3)
        place = image.index_to_position(index)
        apart = [
            float(np.linalg.norm(place - o["centre_mm"])) - (o["diameter_mm"] + diameter) for o in others
        ]
        if all(a > 0 for a in apart):
            break
    return [float(v) for v in place]
