"""Simulated chest radiographs with nodules and pneumonia."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms import bodies, xray
from medlab.datasets.phantoms.shapes import axes_mm, on_grid
from medlab.datasets.phantoms.texture import smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["chest_radiograph"]

#: Hounsfield units of the fluid in the air spaces.
_FLUID = np.float32(20)


def chest_radiograph(
    size: int = 192,
    *,
    nodules: int = 1,
    pneumonia: Literal["none", "lobar", "diffuse"] = "none",
    difficulty: float = 0.5,
    energy: float = 60.0,
    photons: float = 2.0e4,
    scatter: float = 0.3,
    blur: float = 1.0,
    seed: int = 0,
) -> Case:
    """Return a simulated postero-anterior chest radiograph with its truth.

    A chest of simple shapes (`bodies.thorax`) is projected by Beer–Lambert, with scatter, blur and noise
    (`xray.radiograph`).

    Parameters
    ----------
    size : int, optional
        Columns; the picture is 400 mm wide and 340 mm high.
    nodules : int, optional
        How many solid nodules lie in the lungs.
    pneumonia : {"none", "lobar", "diffuse"}, optional
        Where fluid takes the place of air: in one region of one lung, or in patches of both.
    difficulty : float, optional
        0 (nodules of 17 to 34 mm, dense pneumonia) to 1 (7 to 14 mm, faint).
    energy, photons, scatter, blur
        Of `xray.radiograph` and `xray.detect`: how scanners and sites differ.
    seed : int, optional
        The patient.

    Returns
    -------
    Case
        Image ``"yx"`` (DX); masks ``"lungs"`` (1 right, 2 left), ``"heart"``, ``"nodules"``, ``"pneumonia"``;
        facts ``nodule`` (whether there is one), ``nodules`` (row, column, diameter in mm of each),
        ``pneumonia``, ``filled`` (share of the lungs' air that fluid has replaced), ``seed``.

    Examples
    --------
    >>> case = chest_radiograph(64, nodules=2, seed=3)
    >>> case.image.shape, case.facts["nodule"], len(case.facts["nodules"])
    ((54, 64), True, 2)
    """
    rng = np.random.default_rng([seed, 0])
    diameters = rng.uniform(12, 24, nodules) * (1.4 - 0.8 * difficulty)
    pixel = bodies.EXTENT[2] / size
    grid = (round(bodies.EXTENT[0] / pixel), 72, size)
    body = bodies.thorax(grid, nodules=diameters.tolist(), spacing=(pixel, 4.0, pixel), rng=rng)
    filled = _filled(body, pneumonia, difficulty, np.random.default_rng([seed, 2]))
    hu = body.hu + filled * (_FLUID - body.hu)
    ct = on_grid(hu, body.spacing, modality="CT", units="HU")
    image = xray.radiograph(
        ct,
        energy=energy,
        photons=photons,
        scatter=scatter,
        blur=blur,
        electronic=5.0,
        rng=np.random.default_rng([seed, 1]),
    )
    seen = {"right lung": 25.0, "left lung": 25.0, "heart": 10.0, "nodule": 0.5}  # mm that a ray must cross
    shadows = {n: xray.shadow(ct.as_mask(body.where(n)), depth=d).array for n, d in seen.items()}
    lungs = np.where(shadows["left lung"] > 0, 2, shadows["right lung"]).astype(np.uint8)
    masks = {
        "lungs": image.as_mask(lungs, {1: "right lung", 2: "left lung"}),
        "heart": image.as_mask(shadows["heart"], {1: "heart"}),
        "nodules": image.as_mask(shadows["nodule"], {1: "nodule"}),
        "pneumonia": xray.shadow(ct.as_mask(filled > 0.2, {1: "pneumonia"}), depth=10.0),
    }
    found = []
    for nodule in body.facts["nodules"]:
        _, row, column = image.position_to_index((nodule["x"], 0.0, nodule["z"]))
        found.append({"row": float(row), "column": float(column), "diameter_mm": nodule["diameter_mm"]})
    share = float(filled.sum() / body.where("right lung", "left lung").sum())
    facts = {"nodule": bool(found), "nodules": found, "pneumonia": pneumonia, "filled": share, "seed": seed}
    return Case(image, masks, facts)


def _filled(
    body: bodies.Body, pneumonia: str, difficulty: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return how much of the air of each voxel fluid has replaced."""
    filled = np.zeros(body.hu.shape, np.float32)
    if pneumonia == "none":
        return filled
    if pneumonia not in {"lobar", "diffuse"}:
        msg = f"pneumonia must be 'none', 'lobar' or 'diffuse'; got {pneumonia!r}."
        raise ValueError(msg)
    grain = smooth(filled.shape, [14 / s for s in body.spacing], rng)
    if pneumonia == "lobar":
        lung = body.where("right lung" if rng.random() < 0.5 else "left lung")
        middle = np.argwhere(lung)[rng.integers(lung.sum())]
        offsets = [
            a - a.reshape(-1)[i] for a, i in zip(axes_mm(filled.shape, body.spacing), middle, strict=True)
        ]
        radius = rng.uniform(40, 64)
        depth = radius - np.sqrt(sum(o**2 for o in offsets)) + 9 * grain
        share = (0.95 - 0.4 * difficulty) * np.clip(depth / 12, 0, 1)
    else:
        lung = body.where("right lung", "left lung")
        share = (0.45 - 0.25 * difficulty) * np.clip(grain + rng.uniform(0, 0.5), 0, 1)
    filled[lung] = share[lung]
    return filled
