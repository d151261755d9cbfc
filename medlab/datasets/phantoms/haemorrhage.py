"""Bleeding in and around the brain on an unenhanced head CT, one shape per type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms.brain import Head, head
from medlab.datasets.phantoms.shapes import first, on_grid
from medlab.datasets.phantoms.texture import ct_noise, smooth, streams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["BLEEDINGS", "brain_haemorrhage", "columns", "draw"]

BLEEDINGS = ("epidural", "subdural", "subarachnoid", "intraparenchymal", "intraventricular")
LABELS = dict(enumerate(BLEEDINGS, start=1))
#: Typical volume in ml, and by which factor it varies (one standard deviation).
_VOLUME = {
    "epidural": (28, 1.7),
    "subdural": (80, 1.5),
    "subarachnoid": (22, 1.6),
    "intraparenchymal": (22, 1.9),
    "intraventricular": (9, 1.6),
}


def brain_haemorrhage(
    *,
    seed: int = 0,
    view: int = 0,
    size: tuple[int, int, int] = (28, 96, 96),
    difficulty: float = 0.5,
    types: Sequence[str] = ("intraparenchymal",),
    volumes: Sequence[float] | None = None,
) -> Case:
    """Simulate a head CT with bleeding of the given types.

    Epidural blood is a lens between bone and dura; subdural blood a crescent over one hemisphere;
    subarachnoid blood fills the furrows and cisterns; intraparenchymal blood is a lump with a dark rim in the
    basal ganglia or a lobe; intraventricular blood settles at the back of the ventricles.

    Parameters
    ----------
    seed, view : int, optional
        The patient, and the picture (noise, tilt).
    size : (3,) tuple of int, optional
        Slices, rows, columns. The field of view is 150 mm from foot to head and 210 mm in plane.
    difficulty : float, optional
        0 … 1: blood nearer to the brain's density, more noise, calcifications that are no blood.
    types : sequence of str, optional
        Names out of `BLEEDINGS`; empty for a head without bleeding.
    volumes : sequence of float, optional
        Volume of each in ml; drawn from a typical distribution by default. As much as the anatomy has room
        for is given: a ventricle cannot hold more than itself.

    Returns
    -------
    Case
        ``image`` in HU, axes ``"zyx"``; ``masks["haemorrhage"]`` with labels 1 … 5 in the order of
        `BLEEDINGS`; ``facts``: ``types``, ``volumes_ml`` by type, ``slices`` (types seen on each slice),
        ``side``, ``present``.

    Notes
    -----
    Densities as in Kidwell C. S., Wintermark M. Lancet Neurol 7, 256–267 (2008).
    doi:10.1016/S1474-4422(08)70041-3: blood 50–80 HU, grey matter 37, white 29, fluid 5.

    Examples
    --------
    >>> case = brain_haemorrhage(types=["subdural"], volumes=[35], size=(14, 48, 48))
    >>> round(case.facts["volumes_ml"]["subdural"])
    35
    """
    unknown = [t for t in types if t not in BLEEDINGS]
    if unknown or (volumes is not None and len(volumes) != len(types)):
        msg = f"types must be taken from {BLEEDINGS}, with one volume each; got {types}, volumes={volumes}."
        raise ValueError(msg)
    anatomy, acquisition = streams(seed, view)
    spacing = (150.0 / size[0], 210.0 / size[1], 210.0 / size[2])
    voxel = float(np.prod(spacing)) / 1000
    patient = head(size, spacing, anatomy)
    side = 1 if anatomy.random() < 0.5 else -1
    labels = np.zeros(size, np.uint8)
    for i, name in enumerate(types):
        mean, factor = _VOLUME[name]
        drawn = float(mean * np.exp(np.clip(anatomy.normal(), -2, 2) * np.log(factor)))
        wanted = drawn if volumes is None else volumes[i]
        field = np.where(labels > 0, np.inf, _FIELDS[name](patient, side, anatomy))
        count = min(wanted / voxel, int(np.isfinite(field).sum()))
        labels[first(field, count)] = BLEEDINGS.index(name) + 1
    values = _density(patient, labels, difficulty, anatomy)
    values += (2.5 + 5 * difficulty) * ct_noise(size, acquisition)
    note = f"Simulated head CT: {', '.join(types) or 'no'} bleeding."
    image = on_grid(np.round(values).astype(np.int16), spacing, modality="CT", units="HU", notes=(note,))
    counts = np.bincount(labels.ravel(), minlength=6) * voxel
    facts = {
        "types": tuple(types),
        "present": bool(types),
        "volumes_ml": {n: float(counts[BLEEDINGS.index(n) + 1]) for n in types},
        "slices": [tuple(LABELS[v] for v in np.unique(s) if v) for s in labels],
        "side": "" if not types else "right" if side > 0 else "left",
    }
    return Case(image, {"haemorrhage": image.as_mask(labels, LABELS)}, facts)


def draw(rng: np.random.Generator, label: int, images: int) -> list[dict[str, Any]]:
    """Draw the truth of a patient: 1 has one or two types of bleeding, 0 has none."""
    number = int(label) and (2 if rng.random() < 0.25 else 1)
    types = rng.choice(BLEEDINGS, number, replace=False, p=(0.12, 0.26, 0.24, 0.26, 0.12))
    parts = [round(float(_VOLUME[t][0] * 0.6 * np.exp(rng.normal(0, 0.8))), 2) for t in types]
    return [{"types": tuple(str(t) for t in types), "volumes": tuple(parts)}] * images


def columns(truth: dict[str, Any]) -> dict[str, Any]:
    """Return what a table says about the truth: a column per type, and the volume asked for."""
    present = {name: int(name in truth["types"]) for name in BLEEDINGS}
    return present | {"volume_ml": round(float(sum(truth["volumes"])), 2)}


def _epidural(p: Head, side: int, rng: np.random.Generator) -> NDArray[Any]:
    """Order by distance from a point on the bone: a ball there shares a lens with the skull's inside."""
    y, z = rng.uniform(-40, 25), rng.uniform(4, 34)
    x = side * 68
    return np.where(
        (p.hull > 0) & (p.x * side > 8),
        np.sqrt(((p.x - x) / 0.72) ** 2 + ((p.y - y) / 1.1) ** 2 + (p.z - z) ** 2),
        np.inf,
    )


def _subdural(p: Head, side: int, rng: np.random.Generator) -> NDArray[Any]:
    """Order a rim below the bone of one side, thick in the middle, thin to the front and back."""
    back, high = rng.uniform(-40, 5), rng.uniform(18, 34)
    thin = ((p.y - back) / 78) ** 2 + ((p.z - high) / 52) ** 2
    crescent = p.hull / np.clip(1 - thin, 0.02, 1)
    return np.where((p.hull > 0) & (p.x * side > 6) & (thin < 0.98), crescent, np.inf)


def _subarachnoid(p: Head, side: int, rng: np.random.Generator) -> NDArray[Any]:
    """Order fluid outside the ventricles by distance from a vessel at the base of the brain."""
    source = (rng.choice([0.0, 24.0 * side]), rng.uniform(-2, 12), rng.uniform(-20, -4))
    away = np.sqrt((p.x - source[0]) ** 2 + (p.y - source[1]) ** 2 + 1.2 * (p.z - source[2]) ** 2)
    room = (p.fluid > 0.3) & (p.ventricle < -3) & (p.hull > 1)
    return np.where(room, away + 12 * smooth(p.hull.shape, 2.0, rng) - 10 * p.fluid, np.inf)


def _intraparenchymal(p: Head, side: int, rng: np.random.Generator) -> NDArray[Any]:
    """Order by distance from the basal ganglia or from a point in a lobe, unevenly."""
    deep = rng.random() < 0.6
    centre = (side * 27.0, rng.uniform(-14, 6), rng.uniform(2, 12))
    if not deep:
        centre = (side * rng.uniform(30, 42), rng.uniform(-65, 25), rng.uniform(8, 36))
    away = np.sqrt(sum((c - m) ** 2 for c, m in zip((p.x, p.y / 1.25, p.z), centre, strict=True)))
    bumpy = away * np.exp(0.22 * smooth(p.hull.shape, [n / 20 for n in p.hull.shape], rng))
    return np.where((p.hull > 5) & (p.ventricle < 0.5), bumpy, np.inf)


def _intraventricular(p: Head, side: int, rng: np.random.Generator) -> NDArray[Any]:
    """Order the ventricles from low to high: the patient lies on the back."""
    level = p.y - 8 * side * np.sign(p.x) * rng.uniform(0.5, 1.5)
    return np.where(p.ventricle > -1.5, level + 4 * smooth(p.hull.shape, 2.0, rng), np.inf)


_FIELDS = {
    "epidural": _epidural,
    "subdural": _subdural,
    "subarachnoid": _subarachnoid,
    "intraparenchymal": _intraparenchymal,
    "intraventricular": _intraventricular,
}


def _density(
    p: Head, labels: NDArray[np.uint8], difficulty: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    brain = 37 * p.grey + 29 * p.white + 6 * p.fluid
    brain = np.where(p.ventricle > 0, 6, brain) + 1.5 * smooth(p.hull.shape, 4.0, rng)
    blood = rng.uniform(60, 74) - 20 * difficulty
    parenchyma = (labels == 4).astype(np.float32)
    voxels = [4.5 * n / mm for n, mm in zip(labels.shape, (150, 210, 210), strict=True)]
    rim = gaussian_filter(parenchyma, voxels)
    brain = brain - 14 * rim * (labels == 0)
    hidden = np.where((labels == 3) | (labels == 5), 0.88, 1.0)
    brain = np.where(labels > 0, brain + hidden * (blood - brain), brain)
    specks = smooth(labels.shape, 0.7, rng) > 4.6 - 0.4 * difficulty
    plexus = (np.abs(p.x) - 24) ** 2 + (p.y + 40) ** 2 + (p.z - 12) ** 2 < 22
    pineal = p.x**2 + (p.y + 28) ** 2 + (p.z - 4) ** 2 < 12
    brain = np.where((specks | plexus | pineal) & (labels == 0), 105, brain)
    depth = p.hull
    bone = 900 + 250 * np.clip(smooth(p.hull.shape, 2.0, rng), -1, 1)
    marrow = np.where(np.abs(depth + 4) < 1.6, bone * 0.6, bone)
    out = np.where(depth > 0, brain, marrow)
    out = np.where(depth < -8, 35, out)
    out = np.where(depth < -11, -70, out)
    out = np.where(depth < -15, -1000, out)
    blurred = gaussian_filter(out.astype(np.float32), (0.3, 0.45, 0.45))
    return np.where((depth > 2.5), gaussian_filter(brain.astype(np.float32), (0.3, 0.5, 0.5)), blurred)
