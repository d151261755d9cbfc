"""Simulated patients of several sites and scanners, with an image each or more."""

from __future__ import annotations

import dataclasses
import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab import provenance
from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.record import records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from medlab.datasets.record import Record
    from medlab.image import Image

__all__ = ["KINDS", "SITES", "Scanner", "Site", "load", "make_cohort", "parts"]


@dataclasses.dataclass(frozen=True)
class Scanner:
    """What a scanner does to every image it makes.

    Attributes
    ----------
    name : str
        What the table calls it.
    noise : float
        Standard deviation of added noise, in % of the image's range (in units of 2 HU for CT).
    blur : float
        Standard deviation of added blur, in pixels of an image 128 pixels wide.
    contrast : float
        Factor of the grey values about their mean; CT is calibrated and keeps its own.
    tint : tuple of float
        Factor of red, green and blue; colour images only.
    """

    name: str
    noise: float = 0.0
    blur: float = 0.0
    contrast: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclasses.dataclass(frozen=True)
class Site:
    """A hospital: how many patients it sees, how many of them are ill, and what it images them with.

    Attributes
    ----------
    name : str
        What the table calls it.
    scanner : Scanner
        Its scanner; two sites may have the same.
    share : float
        Its part of all patients, relative to the other sites.
    prevalence : float
        Probability that a patient is ill (label above 0).
    marker : tuple of float
        Probability that a bright mark is burned into a corner, for healthy and for ill patients. Different
        probabilities make a shortcut that a model can learn.
    """

    name: str
    scanner: Scanner
    share: float = 1.0
    prevalence: float = 0.5
    marker: tuple[float, float] = (0.0, 0.0)


#: Three sites that differ in their scanners only.
SITES = (
    Site("north", Scanner("A"), share=0.5),
    Site("south", Scanner("B", noise=1.5, blur=0.6, tint=(1.05, 1.0, 0.88)), share=0.3),
    Site("east", Scanner("C", noise=3.0, contrast=0.8, tint=(0.93, 1.0, 1.1)), share=0.2),
)

#: Kind of cohort: module, function, its small default size, and age (mean, sd, years more for the ill).
KINDS: dict[str, tuple[str, str, dict[str, Any], tuple[float, float, float]]] = {
    "fundus": ("fundus", "fundus_photograph", {"size": 96}, (57, 11, 4)),
    "mammogram": ("mammogram", "mammogram_view", {"size": (128, 96)}, (57, 10, 5)),
    "histology": ("histology", "histology_tile", {"size": 96}, (62, 12, 3)),
    "fetal-head": ("fetal", "fetal_head", {"size": (96, 128)}, (30, 5, 1)),
    "left-ventricle": ("heart", "left_ventricle", {"size": (10, 64, 64), "frames": 8}, (58, 13, 6)),
    "skin": ("skin", "skin_lesion", {"size": 96}, (52, 14, 9)),
    "brain-tumour": ("tumour", "brain_tumour", {"size": (24, 64, 54)}, (56, 13, 3)),
    "brain-atrophy": ("atrophy", "brain_atrophy", {"size": (48, 72, 60)}, (72, 6, 2)),
    "haemorrhage": ("haemorrhage", "brain_haemorrhage", {"size": (16, 64, 64)}, (60, 16, 7)),
    "lung-nodules": (
        "lung", "lung_nodules", {"size": (64, 96, 120), "spacing": (3.0, 3.0, 3.0)}, (64, 9, 4)
    ),
    "nodule-patch": ("patch", "nodule_patch", {"size": 32}, (64, 9, 4)),
}  # fmt: skip


def make_cohort(
    kind: str,
    n: int = 200,
    *,
    seed: int = 0,
    images_per_patient: int = 1,
    sites: Sequence[Site] = SITES,
    difficulty: float = 0.5,
    **options: Any,
) -> Dataset:
    """Simulate a study: patients of several sites, with a table and images that are made when asked for.

    Each patient has a seed of its own, from which anatomy and disease follow; several images of a patient
    share them, so that a split by image leaks. The site's scanner then changes the image.

    Parameters
    ----------
    kind : str
        A name in `KINDS`.
    n : int, optional
        Number of patients.
    seed : int, optional
        Seed of the whole cohort.
    images_per_patient : int, optional
        Images of each: other sections, both eyes, or visits where the phantom has a course over time.
    sites : sequence of Site, optional
        Where the patients come from.
    difficulty : float, optional
        0 … 1, as the phantom takes it.
    **options
        Further arguments of the phantom, for example ``size``.

    Returns
    -------
    Dataset
        ``table``: ``patient``, ``image`` (number among the patient's), ``site``, ``scanner``, ``age``,
        ``sex``, ``label``, ``marker``, ``split`` (train 60 %, val 20 %, test 20 % of the patients) and the
        truth that the phantom was made from. ``arrays("train")`` gives images and labels.

    Raises
    ------
    ValueError
        If there is no such kind.

    Examples
    --------
    >>> data = make_cohort("fundus", n=10, images_per_patient=2)
    >>> len(data), data.arrays("train")[0].shape
    (20, (12, 96, 96, 3))
    """
    if kind not in KINDS:
        msg = f"kind must be one of {', '.join(KINDS)}; got {kind!r}."
        raise ValueError(msg)
    if n < 1 or images_per_patient < 1 or not sites:
        msg = f"A cohort needs patients, images and sites; got {n}, {images_per_patient} and {len(sites)}."
        raise ValueError(msg)
    module, function, defaults, _ = KINDS[kind]
    phantom = getattr(importlib.import_module(f"medlab.datasets.phantoms.{module}"), function)
    rows, truths = _patients(kind, n, seed, images_per_patient, sites)
    scanners = {site.name: site.scanner for site in sites}
    fixed = defaults | options | {"difficulty": difficulty}

    def case(index: int) -> Case:
        row = rows[index]
        made = phantom(seed=row["seed"], view=row["image"], **fixed, **truths[index])
        rng = np.random.default_rng([row["seed"], 99, row["image"]])
        image = _scanned(made.image, scanners[row["site"]], row["marker"], rng)
        shown = {k: v for k, v in row.items() if k != "seed"}
        return Case(image, made.masks, shown | dict(made.facts))

    import pandas as pd

    record = records()[f"phantom-{kind}"]
    provenance.record(
        "parameter",
        name=record.name,
        n=n,
        seed=seed,
        images_per_patient=images_per_patient,
        difficulty=difficulty,
        sites=[site.name for site in sites],
    )
    return Dataset(record, pd.DataFrame(rows), case)


def load(
    record: Record,
    *,
    n: int | None = None,
    seed: int = 0,
    images_per_patient: int | None = None,
    size: int | Sequence[int] | None = None,
    spacing: Sequence[float] | None = None,
    sites: Sequence[Site] = SITES,
    difficulty: float = 0.5,
) -> Dataset:
    """Make the cohort that a record describes; every number may be changed.

    `spacing` in mm is for the phantoms that take it (``lung-nodules``).
    """
    plan = record.options
    wishes = {"size": size, "spacing": spacing}
    chosen = {k: tuple(v) if isinstance(v, list) else v for k, v in wishes.items() if v is not None}
    return make_cohort(
        plan["cohort"],
        plan["n"] if n is None else n,
        seed=seed,
        images_per_patient=plan["images_per_patient"] if images_per_patient is None else images_per_patient,
        sites=sites,
        difficulty=difficulty,
        **chosen,
    )


def _patients(
    kind: str, n: int, seed: int, images: int, sites: Sequence[Site]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Draw the table's rows and, for each, what the phantom is made from."""
    name, _, _, (mean, spread, older) = KINDS[kind]
    module = importlib.import_module(f"medlab.datasets.phantoms.{name}")
    classes = getattr(module, "CLASSES", 2)
    shares = np.array([site.share for site in sites])
    splits = parts(n, seed)
    rows, truths = [], []
    for number in range(n):
        rng = np.random.default_rng([seed, number, 31])
        site = sites[rng.choice(len(sites), p=shares / shares.sum())]
        ill = rng.random() < site.prevalence
        label = int(ill) and int(rng.integers(1, classes))
        person = {
            "patient": f"{site.name[0].upper()}{number:04d}",
            "site": site.name,
            "scanner": site.scanner.name,
            "age": int(np.clip(round(rng.normal(mean + older * bool(label), spread)), 16, 95)),
            "sex": "F" if kind in {"mammogram", "fetal-head"} or rng.random() < 0.5 else "M",
            "label": label,
            "split": splits[number],
            "seed": int(rng.integers(2**31)),
        }
        for i, truth in enumerate(module.draw(rng, label, images)):
            marker = bool(rng.random() < site.marker[label > 0])
            columns = getattr(module, "columns", dict)(truth)
            rows.append({**person, "image": i, "marker": marker} | columns)
            truths.append(truth)
    return rows, truths


def parts(n: int, seed: int) -> NDArray[Any]:
    """Put each of n patients into a part: 60 % train, 20 % val, 20 % test."""
    order = np.random.default_rng([seed, 32]).permutation(n)
    part = np.full(n, "train", dtype=object)
    part[order[: round(0.2 * n)]] = "test"
    part[order[round(0.2 * n) : round(0.4 * n)]] = "val"
    return part


def _scanned(image: Image, scanner: Scanner, marker: bool, rng: np.random.Generator) -> Image:
    """Return an image as a scanner gives it."""
    from scipy.ndimage import gaussian_filter

    values = image.array.astype(np.float32)
    full = 200.0 if image.units == "HU" else 255.0 if image.dtype == np.uint8 else float(values.max())
    if scanner.blur:
        sigma = scanner.blur * image.size("x") / 128
        values = gaussian_filter(values, [sigma if a in "yx" else 0 for a in image.axes])
    if scanner.contrast != 1 and image.units != "HU":
        values = values.mean() + scanner.contrast * (values - values.mean())
    if image.axes.endswith("c") and image.dtype == np.uint8:
        values = values * np.asarray(scanner.tint, np.float32)
    if scanner.noise:
        values = values + scanner.noise / 100 * full * rng.standard_normal(values.shape, dtype=np.float32)
    if marker:
        values[_corner(image)] = max(full, float(values.max()))
    if np.issubdtype(image.dtype, np.integer):
        limits = np.iinfo(image.dtype)
        values = np.clip(np.round(values), limits.min, limits.max)
    meta = dict(image.meta) | {"scanner": scanner.name}
    return image.replace(array=values.astype(image.dtype), meta=meta)


def _corner(image: Image) -> tuple[slice, ...]:
    """Where the mark is: a bar in the upper left corner."""
    height, width = (max(2, image.size(a) // part) for a, part in (("y", 10), ("x", 24)))
    inset = {"y": slice(3, 3 + height), "x": slice(3, 3 + width)}
    return tuple(inset.get(a, slice(None)) for a in image.axes)
