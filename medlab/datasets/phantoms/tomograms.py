"""Simulated CT: test objects with known HU, and a chest with organs and nodules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms import bodies, ct
from medlab.datasets.phantoms.shapes import on_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["INSERTS", "contrast_inserts", "iodine_inserts", "thorax_ct", "water_cylinder"]

#: Nominal HU of the rods of the American College of Radiology's CT accreditation phantom (Gammex 464), module
#: 1: McCollough C. H. et al. Med Phys 31, 2423–2442 (2004). doi:10.1118/1.1769632.
INSERTS = {"water": 0.0, "bone": 955.0, "acrylic": 120.0, "polyethylene": -95.0, "air": -1000.0}


def water_cylinder(
    size: int = 256, *, slices: int = 1, diameter: float = 200.0, seed: int = 0, **scan: Any
) -> Case:
    """Return a simulated CT of a cylinder of water: 0 HU, and noise.

    Parameters
    ----------
    size : int, optional
        Rows and columns of a field of 250 mm.
    slices : int, optional
        Number of slices of 5 mm.
    diameter : float, optional
        In mm.
    seed : int, optional
        Of the noise.
    **scan
        ``dose``, ``kvp``, ``kernel``, ``polychromatic``, ``water_calibrated``, …: see `ct.acquire`.

    Returns
    -------
    Case
        Image ``"zyx"`` in HU, float32; mask ``"water"``; facts ``hu``, ``diameter_mm``.

    Examples
    --------
    >>> case = water_cylinder(64, dose=400)
    >>> bool(abs(np.median(case.image.array[case.masks["water"].array > 0])) < 3)
    True
    """
    radius = _radius(size)
    image = _scanned(_cylinder(radius, diameter), slices, seed, scan)
    mask = np.broadcast_to(radius < diameter / 2, image.shape)
    return Case(image, {"water": image.as_mask(mask, {1: "water"})}, {"hu": 0.0, "diameter_mm": diameter})


def contrast_inserts(size: int = 256, *, slices: int = 1, seed: int = 0, **scan: Any) -> Case:
    """Return a simulated CT of a water cylinder with five rods of known HU.

    Laid out like module 1 of the ACR phantom: 200 mm wide, rods of 25 mm. Its rods are copied, its other
    modules are not.

    Parameters
    ----------
    size, slices, seed, **scan
        As in `water_cylinder`.

    Returns
    -------
    Case
        Image ``"zyx"`` in HU; mask ``"inserts"`` with a label per rod; facts ``hu`` by name.

    Examples
    --------
    >>> contrast_inserts(64).masks["inserts"].labels[2]
    'bone'
    """
    hu = _cylinder(_radius(size), 200.0)
    labels = np.zeros(hu.shape, np.uint8)
    for k, value in enumerate(INSERTS.values()):
        angle = 2 * np.pi * k / len(INSERTS)
        rod = _radius(size, 63 * np.cos(angle), 63 * np.sin(angle)) < 12.5
        hu[rod], labels[rod] = value, k + 1
    image = _scanned(hu, slices, seed, scan)
    mask = np.broadcast_to(labels, image.shape)
    names = dict(enumerate(INSERTS, start=1))
    return Case(image, {"inserts": image.as_mask(mask, names)}, {"hu": dict(INSERTS)})


def iodine_inserts(
    size: int = 256, *, kvp: tuple[float, float] = (80.0, 140.0), seed: int = 0, **scan: Any
) -> Case:
    """Return a simulated dual-energy CT of a water cylinder with five rods of iodine in water.

    Parameters
    ----------
    size : int, optional
        Rows and columns of a field of 250 mm.
    kvp : tuple of float, optional
        The low and the high voltage in kV.
    seed, **scan
        As in `water_cylinder`.

    Returns
    -------
    Case
        Image ``"zyx"`` in HU at the low voltage; mask ``"inserts"``; facts ``high`` (the `Image` at the high
        voltage), ``kvp``, ``iodine_mg_per_ml`` by name. `ct.decompose` finds the iodine.

    Examples
    --------
    >>> case = iodine_inserts(64)
    >>> case.facts["high"].meta["KVP"], case.facts["iodine_mg_per_ml"]["10 mg/ml"]
    (140.0, 10.0)
    """
    iodine, labels = np.zeros((size, size), np.float32), np.zeros((size, size), np.uint8)
    amounts = (1.0, 2.0, 5.0, 10.0, 15.0)
    for k, amount in enumerate(amounts):
        angle = 2 * np.pi * k / len(amounts)
        rod = _radius(size, 63 * np.cos(angle), 63 * np.sin(angle)) < 12.5
        iodine[rod], labels[rod] = amount, k + 1
    water = _cylinder(_radius(size), 200.0)
    spacing = (5.0, 250 / size, 250 / size)
    rng = np.random.default_rng(seed)
    pair = ct.dual_energy(water, spacing[1], iodine=iodine, kvp=kvp, rng=rng, **scan)
    low, high = (_image(hu[None], spacing, {**scan, "kvp": v}) for hu, v in zip(pair, kvp, strict=True))
    names = [f"{amount:g} mg/ml" for amount in amounts]
    masks = {"inserts": low.as_mask(labels[None], dict(enumerate(names, start=1)))}
    truth = dict(zip(names, amounts, strict=True))
    return Case(low, masks, {"high": high, "kvp": kvp, "iodine_mg_per_ml": truth})


def thorax_ct(
    size: Sequence[int] = (32, 160, 160),
    *,
    nodules: int = 1,
    difficulty: float = 0.5,
    spacing: Sequence[float] = (5.0, 2.5, 2.5),
    seed: int = 0,
    **scan: Any,
) -> Case:
    """Return a simulated CT of a chest with organs and nodules.

    A chest of simple shapes (`bodies.thorax`) is scanned slice by slice (`ct.acquire`).

    Parameters
    ----------
    size : sequence of int, optional
        Slices, rows, columns; rows as many as columns.
    nodules : int, optional
        How many solid nodules lie in the lungs.
    difficulty : float, optional
        0 (nodules of 17 to 34 mm) to 1 (7 to 14 mm).
    spacing : sequence of float, optional
        (dz, dy, dx) in mm.
    seed : int, optional
        The patient.
    **scan
        ``dose``, ``kvp``, ``kernel``, ``blur``, …: see `ct.acquire`.

    Returns
    -------
    Case
        Image ``"zyx"`` in HU, int16; masks ``"organs"`` (`bodies.LABELS`) and ``"nodules"``; facts
        ``nodules`` (x, y, z, diameter in mm), ``seed``.

    Examples
    --------
    >>> case = thorax_ct((4, 48, 48), spacing=(20, 8, 8))
    >>> case.image.units, case.masks["organs"].labels[5]
    ('HU', 'heart')
    """
    rng = np.random.default_rng([seed, 0])
    diameters = rng.uniform(12, 24, nodules) * (1.4 - 0.8 * difficulty)
    body = bodies.thorax(size, nodules=diameters.tolist(), spacing=spacing, rng=rng)
    scan.setdefault("thickness", float(spacing[0]))
    hu = ct.acquire(body.hu, float(spacing[1]), rng=np.random.default_rng([seed, 1]), **scan)
    image = _image(np.clip(np.round(hu), -1024, 3071).astype(np.int16), spacing, scan)
    masks = {
        "organs": image.as_mask(body.labels, body.names),
        "nodules": image.as_mask(body.where("nodule"), {1: "nodule"}),
    }
    return Case(image, masks, {"nodules": body.facts["nodules"], "seed": seed})


def _radius(size: int, x: float = 0.0, y: float = 0.0) -> NDArray[np.float64]:
    """Distance in mm of each pixel of a field of 250 mm from a point."""
    line = (np.arange(size) - size // 2) * 250 / size
    return np.hypot(line[:, None] - y, line - x)


def _cylinder(radius: NDArray[np.float64], diameter: float) -> NDArray[np.float64]:
    """HU of water in air; a pixel on the edge is part of both, so that the edge does not ring."""
    share = np.clip((diameter / 2 - radius) * len(radius) / 250 + 0.5, 0, 1)
    return 1000 * (share - 1)


def _scanned(hu: NDArray[np.float64], slices: int, seed: int, scan: dict[str, Any]) -> Image:
    spacing = (5.0, 250 / len(hu), 250 / len(hu))
    rng = np.random.default_rng(seed)
    volume = ct.acquire(np.broadcast_to(hu, (slices, *hu.shape)), spacing[1], rng=rng, **scan)
    return _image(volume, spacing, scan)


def _image(array: NDArray[Any], spacing: Sequence[float], scan: dict[str, Any]) -> Image:
    facts = {
        "Modality": "CT",
        "KVP": scan.get("kvp", 120.0),
        "Exposure": scan.get("dose", 100.0),
        "ConvolutionKernel": scan.get("kernel", "hann"),
        "SliceThickness": float(spacing[0]),
    }
    note = "Simulated CT: parallel-beam projection of simple shapes and filtered back-projection."
    return on_grid(array, spacing, modality="CT", units="HU", meta=facts, notes=(note,))
