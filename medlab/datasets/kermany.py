"""Chest radiographs of children with and without pneumonia (Kermany et al. 2018)."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.image import Image
from medlab.io import read

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medlab.datasets.record import Record

__all__ = ["fit", "load"]

#: Rows and columns of every picture.
_SIZE = 224


def load(record: Record) -> Dataset:
    """Read the radiographs; what is known of each stands in its name, so the table opens none of them.

    The table has the columns ``patient``, ``split``, ``label`` (0 normal, 1 pneumonia), ``label_name``,
    ``kind`` (``"normal"``, ``"bacteria"`` or ``"virus"``) and ``file``.
    """
    import pandas as pd

    folder = fetch(record)
    assert record.files is not None  # noqa: S101
    table = pd.DataFrame([_row(path) for path in sorted(record.files.sha256)])

    def case(index: int) -> Case:
        row = table.iloc[index]
        image = read(folder / row["file"])
        image = image.replace(array=image.array[..., 0], axes="yx", modality="CR", notes=())
        return Case(image, {}, {"label": int(row["label"]), "kind": row["kind"]})

    def pictures(rows: NDArray[np.intp]) -> NDArray[np.uint8]:
        import PIL.Image

        stack = []
        for name in table["file"].iloc[rows]:
            with PIL.Image.open(folder / name) as picture:
                stack.append(np.asarray(picture.getchannel(0)))
        return np.stack(stack)

    return Dataset(record, table, case, pictures)


def _row(path: str) -> dict[str, Any]:
    """Return what ``test/PNEUMONIA/person3_virus_15.jpeg`` or ``train/NORMAL/IM-0115-0001.jpeg`` tells."""
    name = PurePosixPath(path).stem
    ill = re.fullmatch(r"(person\d+)_(bacteria|virus)_\d+", name)
    well = re.fullmatch(r"((?:NORMAL2-)?IM-\d+)(?:-\d+)+", name)
    found = ill or well
    assert found is not None, path  # noqa: S101
    return {
        "patient": found[1],
        "split": path.partition("/")[0],
        "label": int(ill is not None),
        "label_name": "pneumonia" if ill else "normal",
        "kind": ill[2] if ill else "normal",
        "file": path,
    }


def fit(record: Record, data: Dataset) -> Dataset:
    """Give simulated radiographs with and without pneumonia the form of this set.

    Like its pictures they are squares of grey values from 0 to 255, whatever the chest's proportions; lobar
    pneumonia is called bacterial, diffuse pneumonia viral.
    """
    from skimage.transform import resize

    kinds = {"none": "normal", "lobar": "bacteria", "diffuse": "virus"}
    table = data.table[["patient", "split", "label", "label_name"]].assign(
        split=data.table["split"].replace("val", "train"), kind=data.table["pneumonia"].map(kinds)
    )

    def case(index: int) -> Case:
        made = data[index]
        low, high = np.percentile(made.image.array, [1, 99.5])
        grey = np.clip((made.image.array - low) / (high - low), 0, 1)
        array = np.round(255 * resize(grey, (_SIZE, _SIZE), order=1)).astype(np.uint8)
        image = Image(array, axes="yx", modality=record.modality, notes=made.image.notes)
        row = table.iloc[index]
        return Case(image, {}, {"label": int(row["label"]), "kind": row["kind"]})

    return Dataset(data.record, table, case)
