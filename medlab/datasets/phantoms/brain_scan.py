"""Simulated MR of the brain in several contrasts, with white-matter lesions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms import mr
from medlab.datasets.phantoms.brain import head
from medlab.datasets.phantoms.shapes import axes_mm, on_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from medlab.datasets.phantoms.brain import Head

__all__ = ["CONTRASTS", "brain_mr", "signal"]

#: Sequences by name: repetition and echo time in ms, the flip angle in degrees where there is one.
CONTRASTS = {
    "T1": {"sequence": "spin echo", "tr": 500.0, "te": 12.0},
    "T2": {"sequence": "spin echo", "tr": 5000.0, "te": 95.0},
    "PD": {"sequence": "spin echo", "tr": 5000.0, "te": 15.0},
    "FLAIR": {"sequence": "FLAIR", "tr": 9000.0, "te": 110.0},
    "SPGR": {"sequence": "spoiled gradient echo", "tr": 20.0, "te": 4.0, "flip": 25.0},
    "bSSFP": {"sequence": "balanced SSFP", "tr": 5.0, "te": 2.5, "flip": 50.0},
}

#: Labels of the mask ``"tissues"``.
TISSUES = {1: "CSF", 2: "grey matter", 3: "white matter", 4: "lesion"}


def signal(tissue: mr.Tissue, contrast: str) -> float:
    """Return the noiseless signal of a tissue in one of `CONTRASTS`.

    Raises
    ------
    ValueError
        If the contrast is unknown.

    Examples
    --------
    >>> signal(mr.TISSUES[1.5]["CSF"], "T2") > signal(mr.TISSUES[1.5]["grey matter"], "T2")
    True
    """
    if contrast not in CONTRASTS:
        msg = f"contrast must be one of {', '.join(CONTRASTS)}; got {contrast!r}."
        raise ValueError(msg)
    equations = {
        "spin echo": mr.spin_echo,
        "FLAIR": mr.flair,
        "spoiled gradient echo": mr.gradient_echo,
        "balanced SSFP": mr.balanced_ssfp,
    }
    timing = dict(CONTRASTS[contrast])
    equation = equations[str(timing.pop("sequence"))]
    return float(equation(*tissue, **timing))  # type: ignore[operator]


def brain_mr(
    size: Sequence[int] = (24, 128, 128),
    *,
    contrast: str = "T1",
    field: float = 1.5,
    lesions: int = 4,
    noise: float = 0.03,
    bias: float = 0.2,
    motion: float = 0.0,
    undersampling: float = 1.0,
    difficulty: float = 0.5,
    spacing: Sequence[float] | None = None,
    seed: int = 0,
) -> Case:
    """Return a simulated MR volume of a brain with its tissues, lesions and bias field.

    The anatomy is an average of real brains, deformed for each patient (`brain.head`). Each voxel's signal is
    that of its tissues by the sequence's equation; then the scan (`mr.acquire`). The same seed with another
    contrast shows the same head.

    Parameters
    ----------
    size : sequence of int, optional
        Slices, rows, columns.
    contrast : str, optional
        A key of `CONTRASTS`.
    field : {1.5, 3.0}, optional
        Field strength in T: relaxation times differ.
    lesions : int, optional
        Lesions in the white matter.
    noise : float, optional
        Standard deviation of the noise as a share of the white matter's signal.
    bias : float, optional
        Strength of the coil's inhomogeneity: see `mr.bias_field`.
    motion : float, optional
        How far the head has moved in a random walk by the end of the scan: standard deviation in mm.
    undersampling : float, optional
        One line of k-space in so many is acquired.
    difficulty : float, optional
        0 (lesions of 10 to 18 mm) to 1 (4 to 7 mm).
    spacing : sequence of float, optional
        (dz, dy, dx) in mm; default: a field of 120 × 224 × 224 mm.
    seed : int, optional
        The patient.

    Returns
    -------
    Case
        Image ``"zyx"``, uint16, white matter near 500; masks ``"tissues"`` (CSF, grey, white, lesion),
        ``"brain"`` (grey, white and lesion) and ``"lesions"``; facts ``bias_field`` (an `Image`),
        ``contrast``, ``lesions`` (number, volume in ml), ``seed``.

    Examples
    --------
    >>> case = brain_mr((4, 48, 48), contrast="FLAIR")
    >>> case.image.modality, case.masks["tissues"].labels[3]
    ('MR', 'white matter')
    """
    steps = tuple(spacing or (e / n for e, n in zip((120.0, 224.0, 224.0), size, strict=True)))
    rng = np.random.default_rng([seed, 0])
    anatomy = head(size, steps, rng)
    spots = _lesions(anatomy, size, steps, lesions, difficulty, rng)
    fractions = _fractions(anatomy, spots)
    scanner = np.random.default_rng([seed, 1])
    coil = mr.bias_field(tuple(size), bias, rng=scanner)
    table = mr.TISSUES[field]
    true = sum(part * signal(table[name], contrast) for name, part in fractions.items())
    relative = np.asarray(true) / signal(table["white matter"], contrast)
    scanned = _scanned(relative, coil, noise, motion / steps[1], undersampling, scanner)
    note = f"Simulated MR: {contrast} at {field:g} T from tissue maps of an average brain."
    timing = CONTRASTS[contrast]
    facts = {
        "Modality": "MR",
        "MagneticFieldStrength": field,
        "RepetitionTime": timing["tr"],
        "EchoTime": timing["te"],
    }
    array = np.clip(np.round(500 * scanned), 0, 65535).astype(np.uint16)
    image = on_grid(array, steps, modality="MR", meta=facts, notes=(note,))
    labels = _labels(anatomy, spots)
    masks = {
        "tissues": image.as_mask(labels, TISSUES),
        "brain": image.as_mask(labels >= 2, {1: "brain"}),
        "lesions": image.as_mask(labels == 4, {1: "lesion"}),
    }
    volume = float((labels == 4).sum() * image.voxel_volume / 1000)
    return Case(
        image,
        masks,
        {
            "bias_field": on_grid(coil.astype(np.float32), steps),
            "contrast": contrast,
            "lesions": lesions,
            "lesion_volume_ml": volume,
            "seed": seed,
        },
    )


def _scanned(
    signal: NDArray[np.float64],
    coil: NDArray[np.float64],
    noise: float,
    way: float,
    undersampling: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Acquire slices while the head walks at random, `way` pixels by the end of the scan."""
    rows, columns = signal.shape[1:]
    walk = np.cumsum(rng.normal(scale=way / np.sqrt(rows), size=(rows, 2)), axis=0)
    lines = mr.undersampling((rows, columns), undersampling, rng=rng) if undersampling > 1 else None
    motion = walk - walk[rows // 2] if way else None
    return mr.acquire(signal, noise=noise, bias=coil, motion=motion, mask=lines, rng=rng)


def _lesions(
    anatomy: Head,
    size: Sequence[int],
    spacing: Sequence[float],
    count: int,
    difficulty: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """How much of each voxel is lesion."""
    amount = np.zeros(tuple(size), np.float32)
    places = np.argwhere((anatomy.white > 0.8) & (anatomy.ventricle > -25))
    grid = axes_mm(size, spacing)
    for _ in range(count if len(places) else 0):
        index = places[rng.integers(len(places))]
        radii = rng.uniform(4, 7, 3) * (1.4 - 0.9 * difficulty)
        offsets = [axis - axis.reshape(-1)[i] for axis, i in zip(grid, index, strict=True)]
        q = np.sqrt(sum((o / r) ** 2 for o, r in zip(offsets, radii, strict=True)))
        amount = np.maximum(amount, np.clip((1 - q) * radii.mean() / np.mean(spacing[1:]) + 0.5, 0, 1))
    return (amount * np.clip(2 * anatomy.white, 0, 1)).astype(np.float32)


def _fractions(anatomy: Head, lesion: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    healthy = 1 - lesion
    hull = anatomy.hull
    return {
        "CSF": anatomy.fluid * healthy,
        "grey matter": anatomy.grey * healthy,
        "white matter": anatomy.white * healthy,
        "lesion": lesion,
        "skull": np.clip(np.minimum(-hull, hull + 8), 0, 1),
        "fat": 0.8 * np.clip(np.minimum(-7 - hull, hull + 12), 0, 1),
        "muscle": np.clip(np.minimum(-11 - hull, hull + 15), 0, 1),
    }


def _labels(anatomy: Head, lesion: NDArray[np.float32]) -> NDArray[np.uint8]:
    from medlab.datasets.phantoms.brain import tissue_labels

    return np.where(lesion > 0.5, 4, tissue_labels(anatomy)).astype(np.uint8)
