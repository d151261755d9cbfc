"""A cube of lung around a candidate: a nodule, benign or malignant, or only a vessel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms.lung import TYPES, insert, nodule_shape
from medlab.datasets.phantoms.shapes import blur_edge, on_grid, tubes
from medlab.datasets.phantoms.texture import ct_noise, smooth, streams

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["draw", "nodule_patch"]


def nodule_patch(
    *,
    seed: int = 0,
    view: int = 0,
    size: int = 32,
    difficulty: float = 0.5,
    kind: str = "benign",
    diameter: float = 10.0,
    type: str = "solid",  # noqa: A002
) -> Case:
    """Simulate a cube of lung of 1 mm voxels around a candidate: a nodule, or a vessel where there is none.

    Parameters
    ----------
    seed, view : int, optional
        The patient, and the picture (noise).
    size : int, optional
        Edge of the cube in mm and voxels.
    difficulty : float, optional
        0 … 1: noise, vessels around, and benign nodules less smooth, malignant ones less spiculated.
    kind : {"benign", "malignant", "vessel"}, optional
        What is in the middle.
    diameter : float, optional
        Mean diameter of the nodule in mm.
    type : {"solid", "part-solid", "ground-glass"}, optional
        Density of the nodule.

    Returns
    -------
    Case
        ``image`` in HU; ``masks["nodule"]``; ``facts``: ``kind``, ``malignant``, ``nodule``,
        ``diameter_mm``, ``type``.

    Examples
    --------
    >>> nodule_patch(kind="malignant", diameter=14).image.shape
    (32, 32, 32)
    """
    if kind not in {"benign", "malignant", "vessel"} or type not in TYPES:
        msg = f"kind must be benign, malignant or vessel and type one of {tuple(TYPES)}; got {kind}, {type}."
        raise ValueError(msg)
    anatomy, acquisition = streams(seed, view)
    shape, spacing = (size, size, size), (1.0, 1.0, 1.0)
    values = -860 + 22 * smooth(shape, 3.0, anatomy)
    number = 2 + int(anatomy.poisson(4 * difficulty + 1))
    depth = tubes(shape, spacing, *_lines(number, size, kind == "vessel", anatomy), reach=2.0)
    values += 880 * blur_edge(depth, 1.2)
    values += (15 + 55 * difficulty) * ct_noise(shape, acquisition)
    note = ("Simulated cube of lung.",)
    image = on_grid(np.round(values).astype(np.int16), spacing, modality="CT", units="HU", notes=note)
    mask = np.zeros(shape, bool)
    if kind != "vessel":
        malignant = kind == "malignant"
        full = {"diameter": diameter, "type": type, "malignant": malignant, "position": (0.0, 0.0, 0.0)}
        full["shape"] = nodule_shape(malignant, difficulty, anatomy)
        image, mask = insert(image, full, anatomy)
    facts = {
        "kind": kind,
        "nodule": kind != "vessel",
        "malignant": kind == "malignant",
        "diameter_mm": diameter if kind != "vessel" else 0.0,
        "type": type if kind != "vessel" else "",
    }
    return Case(image, {"nodule": image.as_mask(mask, {1: "nodule"})}, facts)


def draw(rng: np.random.Generator, label: int, images: int) -> list[dict[str, Any]]:
    """Draw the truth of a candidate: 1 is malignant, 0 benign; malignant ones are larger on average."""
    diameter = float(np.clip(np.exp(rng.normal(np.log(12.0 if label else 9.0), 0.35)), 4, 24))
    types = rng.choice(list(TYPES), p=(0.6, 0.25, 0.15) if label else (0.8, 0.06, 0.14))
    kind = "malignant" if label else "benign"
    return [{"kind": kind, "diameter": round(diameter, 1), "type": str(types)}] * images


def _lines(
    number: int, size: int, through: bool, rng: np.random.Generator
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Straight vessels around the middle of a cube; with `through` one that branches in the middle."""
    ends = rng.uniform(-size * 0.7, size * 0.7, (number, 2, 3))
    near = np.linalg.norm(ends.mean(1), axis=1) < size * 0.22
    ends[near] += size * 0.4 * np.sign(rng.normal(size=(int(near.sum()), 1, 3)))
    radii = rng.uniform(0.7, 1.8, number)
    if through:
        tips = rng.normal(size=(3, 3))
        tips *= size / np.linalg.norm(tips, axis=1, keepdims=True)
        tips[0] = -tips[1:].mean(0)
        branch = np.stack([np.zeros((3, 3)), tips], 1)
        thick = rng.uniform(2.0, 3.6)
        ends = np.concatenate([ends, branch])
        radii = np.concatenate([radii, [thick, 0.79 * thick, 0.79 * thick]])
    return ends, radii
