"""Pictures in folders that are named after what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.io import read

if TYPE_CHECKING:
    from medlab.datasets.record import Record

__all__ = ["load"]


def load(record: Record) -> Dataset:
    """Read a set whose pictures lie in one folder per class, below ``options.folder``.

    The class numbers are those of ``[labels]``; the folder's name is the label's name. No patients are
    known: ``patient`` names each picture and says so.
    """
    import pandas as pd

    root = fetch(record) / record.options["folder"]
    rows = [
        {
            "patient": f"unknown ({path.parent.name} {path.stem})",
            "label": int(value),
            "label_name": name,
            "file": path.relative_to(root).as_posix(),
        }
        for value, name in record.labels.items()
        for path in sorted((root / name).glob(record.options["pattern"]))
    ]
    table = pd.DataFrame(rows, columns=["patient", "label", "label_name", "file"])

    def case(index: int) -> Case:
        row = rows[index]
        image = read(root / str(row["file"])).replace(modality=record.modality)
        return Case(image, facts={"label": row["label"], "label_name": row["label_name"]})

    return Dataset(record, table, case)
