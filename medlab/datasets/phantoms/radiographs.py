"""Simulated chest radiographs with nodules."""

from __future__ import annotations

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms import bodies, xray
from medlab.datasets.phantoms.shapes import on_grid

__all__ = ["chest_radiograph"]


def chest_radiograph(
    size: int = 192,
    *,
    nodules: int = 1,
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
    difficulty : float, optional
        0 (nodules of 17 to 34 mm) to 1 (7 to 14 mm).
    energy, photons, scatter, blur
        Of `xray.radiograph` and `xray.detect`: how scanners and sites differ.
    seed : int, optional
        The patient.

    Returns
    -------
    Case
        Image ``"yx"`` (DX); masks ``"lungs"`` (1 right, 2 left), ``"heart"``, ``"nodules"``; facts
        ``nodule`` (whether there is one), ``nodules`` (row, column, diameter in mm of each), ``seed``.

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
    ct = on_grid(body.hu, body.spacing, modality="CT", units="HU")
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
    }
    found = []
    for nodule in body.facts["nodules"]:
        _, row, column = image.position_to_index((nodule["x"], 0.0, nodule["z"]))
        found.append({"row": float(row), "column": float(column), "diameter_mm": nodule["diameter_mm"]})
    return Case(image, masks, {"nodule": bool(found), "nodules": found, "seed": seed})
