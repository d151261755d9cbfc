"""Fundus photographs of children with the vessels as two observers drew them (CHASE_DB1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.datasets.phantoms.readers import drawn
from medlab.image import Image
from medlab.io import read

if TYPE_CHECKING:
    from medlab.datasets.record import Record

__all__ = ["fit", "load"]


def load(record: Record) -> Dataset:
    """Read both eyes of each child, with the masks ``observer 1`` and ``observer 2``.

    The table has the columns ``patient``, ``eye`` (``"L"`` or ``"R"``) and ``file``.
    """
    import pandas as pd

    folder = fetch(record)
    assert record.files is not None  # noqa: S101
    files = sorted(path for path in record.files.sha256 if path.endswith(".jpg"))
    eyes = [path.removesuffix(".jpg")[-3:] for path in files]
    table = pd.DataFrame({"patient": [e[:2] for e in eyes], "eye": [e[2] for e in eyes], "file": files})

    def case(index: int) -> Case:
        path = folder / files[index]
        image = read(path).replace(modality="OP")
        drawn = {
            f"observer {n}": image.as_mask(
                read(path.with_name(f"{path.stem}_{ordinal}HO.png")).array > 0, {1: "vessel"}
            )
            for n, ordinal in enumerate(("1st", "2nd"), 1)
        }
        return Case(image, drawn, {"eye": eyes[index][2]})

    return Dataset(record, table, case)


def fit(record: Record, data: Dataset) -> Dataset:
    """Give simulated fundus photographs, two of each patient, the form of this set.

    ``observer 1`` is the exact truth, ``observer 2`` a simulated reader of it; the first picture of a patient
    is shown as the left eye, the second as the right one.
    """
    table = data.table[["patient"]].assign(eye=data.table["image"].map({0: "L", 1: "R"}))

    def case(index: int) -> Case:
        made, eye = data[index], table["eye"].iloc[index]
        turn = slice(None, None, -1 if made.facts["eye"][0].upper() != eye else 1)
        image = Image(
            made.image.array[:, turn].copy(), axes="yxc", modality=record.modality, notes=made.image.notes
        )
        truth = made.masks["vessels"].array[:, turn] > 0
        other = drawn(truth, rng=np.random.default_rng([index, 7]))
        masks = {f"observer {n}": image.as_mask(m, {1: "vessel"}) for n, m in enumerate((truth, other), 1)}
        return Case(image, masks, {"eye": eye})

    return Dataset(data.record, table, case)
