"""Example images of TotalSegmentator with the organs that its model found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.datasets.label_volume import read_mask
from medlab.io import read

if TYPE_CHECKING:
    from pathlib import Path

    from medlab.datasets.record import Record
    from medlab.image import Image

__all__ = ["load"]


def load(record: Record) -> Dataset:
    """Read the images that the record's options list, with the mask ``organs`` or one mask per structure.

    The table has the columns ``patient``, ``case`` and ``modality``. The masks are a model's output.
    """
    import pandas as pd

    folder = fetch(record)
    cases = record.options["cases"]
    names = list(cases)
    columns = {key: [cases[n][key] for n in names] for key in ("patient", "modality")}
    table = pd.DataFrame({"patient": columns["patient"], "case": names, "modality": columns["modality"]})

    def case(index: int) -> Case:
        about = cases[names[index]]
        image = _image(folder / about["image"], about["modality"])
        masks = {}
        if "organs" in about:
            organs = {int(v): n for v, n in record.options["organs"][about["modality"]].items()}
            masks["organs"] = read_mask(folder / about["organs"], image, organs)
        for path in about.get("structures", ()):
            name = path.rsplit("/", 1)[-1].removesuffix(".nii.gz").replace("_", " ")
            masks[name] = read_mask(folder / path, image, {1: name})
        return Case(image, masks)

    return Dataset(record, table, case)


def _image(path: Path, modality: str) -> Image:
    image = read(path)
    units = "HU" if modality == "CT" else ""
    return image.replace(array=image.array.astype(np.int16, copy=False), modality=modality, units=units)
