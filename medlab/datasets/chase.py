"""Fundus photographs of children with the vessels as two observers drew them (CHASE_DB1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.io import read

if TYPE_CHECKING:
    from medlab.datasets.record import Record

__all__ = ["load"]


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
