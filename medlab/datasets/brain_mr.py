"""Brain MR: DICOM series as they come from a scanner, and a template."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.io import read

if TYPE_CHECKING:
    from medlab.datasets.record import Record

__all__ = ["load"]


def load(record: Record) -> Dataset:
    """Read the series or volume of a set that has one; the options name its ``path`` and ``patient``.

    A diffusion series (``tzyx``) has the facts ``b_values`` (s/mm²) and ``directions``: for each volume a
    unit vector (x, y, z) in patient coordinates (LPS), (0, 0, 0) where nothing was weighted.
    """
    import pandas as pd

    path = fetch(record) / record.options["path"]

    def case(_: int) -> Case:
        image = read(path).replace(modality="MR")
        if "DiffusionBValues" not in image.meta:
            return Case(image)
        directions = [d or (0.0, 0.0, 0.0) for d in image.meta["DiffusionGradientOrientations"]]
        b_values = np.array(image.meta["DiffusionBValues"])
        return Case(image, {}, {"b_values": b_values, "directions": np.array(directions)})

    return Dataset(record, pd.DataFrame({"patient": [record.options["patient"]]}), case)
