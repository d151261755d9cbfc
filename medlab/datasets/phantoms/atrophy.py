"""Brains that shrink from visit to visit: hippocampi, ventricles and cortex with known volumes and rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms.brain import TISSUES, Head, head
from medlab.datasets.phantoms.brain_contrasts import acquired, signals
from medlab.datasets.phantoms.shapes import first, on_grid
from medlab.datasets.phantoms.texture import streams

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["CLASSES", "GROUPS", "atrophy_visits", "brain_atrophy", "draw"]

#: How many labels a cohort has: the groups.
CLASSES = 3
STRUCTURES = {1: "hippocampus right", 2: "hippocampus left", 3: "ventricles"}
#: By group: volume of both hippocampi in ml (mean, sd) and loss in % a year; volume of the ventricles in ml
#: (mean, sd) and growth in % a year; share of the skull's inside that is brain (mean, sd), loss in % a year.
GROUPS = {
    "healthy": ((6.7, 0.65), 1.41, (27, 8), 3.0, (0.80, 0.015), 0.5),
    "MCI": ((5.9, 0.7), 2.55, (34, 10), 5.0, (0.785, 0.017), 1.0),
    "AD": ((5.1, 0.75), 4.66, (44, 12), 8.0, (0.765, 0.018), 1.9),
}
_PATH = np.array([[22, -8, -21], [27, -18, -17], [30, -26, -12], [28, -34, -5], [23, -39, 2]], float)
_WIDTH = np.array([6.0, 6.2, 5.0, 4.2, 3.2])


def brain_atrophy(
    *,
    seed: int = 0,
    view: int = 0,
    size: tuple[int, int, int] = (64, 96, 80),
    difficulty: float = 0.5,
    hippocampus: float = 6.7,
    ventricles: float = 27.0,
    brain: float = 0.8,
    asymmetry: float = 0.0,
) -> Case:
    """Simulate a T1-weighted MR of a brain whose structures have given volumes.

    Parameters
    ----------
    seed, view : int, optional
        The patient (anatomy), and the picture (noise, coil sensitivity): visits share the seed.
    size : (3,) tuple of int, optional
        Slices, rows, columns. The field of view is 150 mm from foot to head and 224 mm × 187 mm in plane.
    difficulty : float, optional
        0 … 1: noise and coil inhomogeneity.
    hippocampus : float, optional
        Volume of both hippocampi in ml.
    ventricles : float, optional
        Volume of lateral and third ventricles in ml.
    brain : float, optional
        Share of the skull's inside that is grey or white matter, 0.6 … 0.85.
    asymmetry : float, optional
        How much larger the right hippocampus is than the left, as a part of their mean.

    Returns
    -------
    Case
        ``image``: axes ``"zyx"``; ``masks["structures"]``: 1 right and 2 left hippocampus, 3 ventricles;
        ``masks["tissue"]``: 1 fluid, 2 grey, 3 white matter. ``facts``: ``hippocampus_ml``,
        ``hippocampus_right_ml``, ``hippocampus_left_ml``, ``ventricles_ml``, ``brain_ml``, ``skull_ml``,
        ``grey_ml``, ``white_ml``; all counted in the masks.

    Examples
    --------
    >>> case = brain_atrophy(hippocampus=5.0, ventricles=45, size=(40, 64, 54))
    >>> round(case.facts["hippocampus_ml"], 1), round(case.facts["ventricles_ml"])
    (5.0, 45)
    """
    if not (0.6 <= brain <= 0.85 and 1 <= hippocampus <= 10 and 5 <= ventricles <= 150):
        msg = (
            f"brain must be 0.6 … 0.85, hippocampus 1 … 10 ml and ventricles 5 … 150 ml; got {brain}, "
            f"{hippocampus}, {ventricles}."
        )
        raise ValueError(msg)
    anatomy, acquisition = streams(seed, view)
    spacing = (150.0 / size[0], 224.0 / size[1], 224.0 / 1.2 / size[2])
    voxel = float(np.prod(spacing)) / 1000
    patient = head(size, spacing, anatomy)
    structures = _structures(patient, hippocampus, asymmetry, ventricles, voxel)
    tissue = _tissue(patient, structures, brain)
    values = signals(_fractions(patient, tissue), ("T1",))
    stored = acquired(values, 0.8 * difficulty, acquisition)[..., 0]
    note = "Simulated T1-weighted MR of a brain."
    image = on_grid(stored, spacing, modality="MR", meta={"channels": ("T1",)}, notes=(note,))
    counts = np.bincount(structures.ravel(), minlength=4) * voxel
    tissues = np.bincount(tissue.ravel(), minlength=4) * voxel
    facts = {
        "hippocampus_ml": float(counts[1] + counts[2]),
        "hippocampus_right_ml": float(counts[1]),
        "hippocampus_left_ml": float(counts[2]),
        "ventricles_ml": float(counts[3]),
        "brain_ml": float(tissues[2] + tissues[3]),
        "skull_ml": float(tissues[1:].sum()),
        "grey_ml": float(tissues[2]),
        "white_ml": float(tissues[3]),
    }
    masks = {"structures": image.as_mask(structures, STRUCTURES), "tissue": image.as_mask(tissue, TISSUES)}
    return Case(image, masks, facts)


def draw(rng: np.random.Generator, label: int, images: int) -> list[dict[str, Any]]:
    """Draw the truth of a patient's visits, half a year apart: 2 has AD, 1 MCI, 0 is healthy."""
    visits = _visits(rng, tuple(GROUPS)[label], [0.5 * i for i in range(images)])
    return [{k: v for k, v in visit.items() if k != "hippocampus_rate"} for visit in visits]


def atrophy_visits(
    n: int = 60, *, seed: int = 0, years: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0)
) -> pd.DataFrame:
    """Return a longitudinal table: a row per patient and visit, with the volumes that an image would have.

    Each patient starts at a volume drawn for the group and changes by a rate drawn around the group's; the
    rate is a part of the volume a year, so that V(t) = V(0) · (1 − rate)^t. `brain_atrophy` makes the image
    of a row: pass ``seed``, ``view``, ``hippocampus``, ``ventricles`` and ``brain``.

    Parameters
    ----------
    n : int, optional
        Patients, a third in each group of `GROUPS`.
    seed : int, optional
        Seed of the table.
    years : tuple of float, optional
        When the visits are.

    Returns
    -------
    pandas.DataFrame
        Columns ``patient``, ``group``, ``age``, ``sex``, ``visit``, ``years``, ``seed``, ``view``,
        ``hippocampus``, ``ventricles``, ``brain``, ``hippocampus_rate`` (% a year, this patient's truth) and
        ``memory`` (a test score out of 30 that falls with the hippocampus).

    Notes
    -----
    Rates of the hippocampus: healthy 1.41 and AD 4.66 % a year (Barnes J. et al. Neurobiol Aging 30,
    1711–1723 (2009). doi:10.1016/j.neurobiolaging.2008.01.010), MCI 2.55 % a year (stable MCI in Jack C. R.
    et al. Neurology 55, 484–489 (2000). doi:10.1212/wnl.55.4.484). The other figures of `GROUPS` are chosen
    to look plausible, not taken from a study.

    Examples
    --------
    >>> table = atrophy_visits(6)
    >>> len(table), sorted(set(table["group"]))
    (24, ['AD', 'MCI', 'healthy'])
    """
    import pandas as pd

    rows = []
    for i in range(n):
        rng = np.random.default_rng([seed, i, 77])
        group = tuple(GROUPS)[i % 3]
        age = float(np.clip(rng.normal(72 + 2 * (group == "AD"), 6), 55, 90))
        who = {
            "patient": f"P{i:04d}",
            "group": group,
            "sex": "F" if rng.random() < 0.55 else "M",
            "seed": seed * 100_003 + i,
        }
        for visit, truth in enumerate(_visits(rng, group, years)):
            memory = 18 + 2.6 * (truth["hippocampus"] - 5) + rng.normal(0, 1.8)
            rows.append(
                {**who, "visit": visit, "view": visit, "years": years[visit]}
                | {"age": round(age + years[visit], 1)}
                | truth
                | {"memory": int(np.clip(round(memory), 0, 30))}
            )
    return pd.DataFrame(rows)


def _visits(rng: np.random.Generator, group: str, years: Any) -> list[dict[str, Any]]:
    (hip, hip_sd), loss, (ven, ven_sd), growth, (share, share_sd), shrink = GROUPS[group]
    start = (
        float(np.clip(rng.normal(hip, hip_sd), 2.5, 9)),
        float(np.clip(rng.normal(ven, ven_sd), 12, 110)),
        float(np.clip(rng.normal(share, share_sd), 0.68, 0.84)),
    )
    speed = max(float(rng.normal(1, 0.25)), 0.1)
    rates = (loss * speed, growth * max(float(rng.normal(1, 0.25)), 0.1), shrink * speed)
    asymmetry = round(float(rng.normal(0.03, 0.04)), 3)
    return [
        {
            "hippocampus": round(start[0] * (1 - rates[0] / 100) ** t, 4),
            "ventricles": round(start[1] * (1 + rates[1] / 100) ** t, 3),
            "brain": round(max(start[2] * (1 - rates[2] / 100) ** t, 0.6), 5),
            "asymmetry": asymmetry,
            "hippocampus_rate": round(rates[0], 3),
        }
        for t in years
    ]


def _structures(
    p: Head, hippocampus: float, asymmetry: float, ventricles: float, voxel: float
) -> NDArray[np.uint8]:
    structures = np.zeros(p.hull.shape, np.uint8)
    for value, side in ((1, 1), (2, -1)):
        share = 0.5 * (1 + 0.5 * asymmetry * side)
        field = np.where((p.hull > 2) & (p.x * side > 4), _to_hippocampus(p, side), np.inf)
        structures[first(field, hippocampus * share / voxel)] = value
    room = (p.hull > 6) & (structures == 0)
    structures[first(np.where(room, -p.ventricle, np.inf), ventricles / voxel)] = 3
    return structures


def _to_hippocampus(p: Head, side: int) -> NDArray[Any]:
    """Distance to the axis of a hippocampus in units of its local radius."""
    nearest = np.full(p.hull.shape, 99.0, np.float32)
    for start, stop, w0, w1 in zip(_PATH[:-1], _PATH[1:], _WIDTH[:-1], _WIDTH[1:], strict=True):
        offset = (p.x * side - start[0], p.y - start[1], p.z - start[2])
        along = stop - start
        t = np.clip(sum(o * a for o, a in zip(offset, along, strict=True)) / (along @ along), 0, 1)
        away = np.sqrt(sum((o - t * a) ** 2 for o, a in zip(offset, along, strict=True)))
        nearest = np.minimum(nearest, away / (w0 + t * (w1 - w0)))
    return nearest


def _tissue(p: Head, structures: NDArray[np.uint8], brain: float) -> NDArray[np.uint8]:
    """Give the most brain-like part of the skull's inside to the brain, as much as was asked for."""
    from scipy.ndimage import gaussian_filter

    inside = p.hull > 0
    likeness = gaussian_filter(p.grey + p.white, 0.8) + 0.01 * np.clip(p.hull, 0, 30)
    shrunk = (_to_hippocampus(p, 1) < 1.12) | (_to_hippocampus(p, -1) < 1.12)
    shrunk &= np.abs(p.x) > 25  # the temporal horn lies above and beside the hippocampus
    likeness = np.where(shrunk | (structures == 3), -1.0, likeness)
    likeness = np.where((structures == 1) | (structures == 2), 9.0, likeness)
    keep = first(np.where(inside, -likeness, np.inf), brain * inside.sum())
    tissue = np.where(inside, 1, 0).astype(np.uint8)
    tissue[keep] = np.where(p.white > p.grey, 3, 2)[keep]
    tissue[(structures == 1) | (structures == 2)] = 2
    return tissue


def _fractions(p: Head, tissue: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    from scipy.ndimage import gaussian_filter

    solid = gaussian_filter((tissue > 1).astype(np.float32), 0.45)
    own = gaussian_filter((tissue == 3).astype(np.float32), 0.45)
    total = np.maximum(p.grey + p.white, 1e-3)
    white = np.where(total > 0.5, p.white / total, 0) * 0.7 + 0.3 * own
    white = np.where(tissue == 2, np.minimum(white, 0.35), white)
    return {
        "fluid": (1 - solid) * (p.hull > 0),
        "grey": solid * (1 - white),
        "white": solid * white,
        "scalp": np.clip((-9 - p.hull) / 2, 0, 1) * (p.hull > -16),
    }
