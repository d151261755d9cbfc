"""Test cases of PyRadiomics: volumes, a region in each, and feature values to compare with."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.datasets.label_volume import read_mask
from medlab.io import read

if TYPE_CHECKING:
    from pathlib import Path

    from medlab.datasets.record import Record

__all__ = ["baseline", "fit", "load"]


def load(record: Record) -> Dataset:
    """Read the cases that the record's options list: name → files, modality, what the region is.

    ``facts["baseline"]`` holds the published features (without resampling or normalisation) by name, where
    the set has them.
    """
    import pandas as pd

    folder = fetch(record)
    cases = record.options["cases"]
    names = list(cases)
    table = pd.DataFrame({"patient": names, "modality": [cases[n]["modality"] for n in names]})

    def case(index: int) -> Case:
        about = cases[names[index]]
        image = read(folder / about["image"]).replace(modality=about["modality"])
        labels = {int(value): name for value, name in about["labels"].items()}
        mask = read_mask(folder / about["mask"], image, labels)
        values = baseline(folder / "baseline", names[index])
        return Case(image, {about["region"]: mask}, {"baseline": values} if values else {})

    return Dataset(record, table, case)


def fit(record: Record, data: Dataset) -> Dataset:  # noqa: ARG001
    """Give simulated brain tumours the form of this set; there are no published values to compare with.

    The image is the contrast after contrast agent, the tumour its necrosis and its enhancing part.
    """
    ill = data.select(data.table["label"] == 1)
    table = ill.table[["patient"]].assign(modality="MR")

    def case(index: int) -> Case:
        made = ill[index]
        array = made.image.array[made.image.meta["channels"].index("T1c")]
        image = made.image.replace(array=array, axes="zyx", meta={})
        parts = made.masks["tumour"]
        solid = [value for value, name in (parts.labels or {}).items() if name != "oedema"]
        return Case(image, {"tumour": image.as_mask(np.isin(parts.array, solid), {1: "tumour"})})

    return Dataset(ill.record, table, case)


def baseline(folder: Path, name: str) -> dict[str, float]:
    """Return the published features of a case.

    Parameters
    ----------
    folder : Path
        The folder of tables, one for each class of features.
    name : str
        Heading of a column: ``"brain1"``; with ``"_resampling"`` and the like for other settings.
    """
    values: dict[str, float] = {}
    for path in sorted(folder.glob("baseline_*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            rows = csv.DictReader(stream)
            values |= {
                row["featureName"]: float(row[name])
                for row in rows
                if row.get(name) and not row["featureName"].startswith("diagnostics_")
            }
    return values
