"""The hippocampus in T1-weighted MR: labelled cases of the Decathlon's Task04, file by file."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.datasets.label_volume import read_mask
from medlab.io import read

if TYPE_CHECKING:
    from medlab.datasets.record import Record

__all__ = ["fit", "load"]


def load(record: Record) -> Dataset:
    """Read the volumes, each with the mask ``hippocampus`` (1 anterior, 2 posterior).

    The table has the columns ``patient`` (the number of the volume: the set does not tell which two
    volumes are of one person) and ``file``.
    """
    import pandas as pd

    folder = fetch(record)
    assert record.files is not None  # noqa: S101
    files = sorted(path for path in record.files.sha256 if path.startswith("imagesTr/"))
    patients = [path.removeprefix("imagesTr/").removesuffix(".nii.gz") for path in files]
    table = pd.DataFrame({"patient": patients, "file": files})
    names = {int(value): name for value, name in record.labels.items()}

    def case(index: int) -> Case:
        path = folder / files[index]
        image = read(path).replace(modality="MR")
        return Case(image, {"hippocampus": read_mask(folder / "labelsTr" / path.name, image, names)})

    return Dataset(record, table, case)


def fit(record: Record, data: Dataset) -> Dataset:
    """Crop simulated brains to their hippocampi, two for each patient, at 1 mm.

    ``anterior`` and ``posterior`` are halves of equal volume here, parted by a plane across the front-back
    axis.
    """
    rows = data.table.index.repeat(2)
    table = data.table[["patient"]].loc[rows].reset_index(drop=True)
    names = {int(value): name for value, name in record.labels.items()}
    brain = functools.lru_cache(maxsize=1)(data.__getitem__)  # simulated once for both sides

    def case(index: int) -> Case:
        made = brain(index // 2)
        whole = made.masks["structures"]
        side = whole.as_mask(whole.array == 1 + index % 2)
        image = made.image.crop(side, margin_mm=8).resample(1.0)
        inside = side.like(image, order=0).array > 0
        front = np.argwhere(inside)[:, 1]
        posterior = np.arange(image.size("y"))[:, None] > np.median(front)
        mask = image.as_mask((inside * (1 + posterior)).astype(np.uint8), names)
        return Case(image, {"hippocampus": mask})

    return Dataset(data.record, table, case)
