"""MedMNIST: small pictures and volumes of eighteen kinds, in the parts that their authors made."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.image import Image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from medlab.datasets.record import Record

__all__ = ["fit", "load"]

_PARTS = ("train", "val", "test")
_SMALLEST = 28


def load(record: Record, *, size: int = _SMALLEST) -> Dataset:
    """Read a MedMNIST set.

    The table has the columns ``patient``, ``split`` (``"train"``, ``"val"``, ``"test"``), ``label`` and
    ``label_name``; where a picture may have several labels, one column of 0 and 1 for each instead of
    ``label``. MedMNIST publishes no patients: ``patient`` names each picture and says that its patient is
    unknown.

    Parameters
    ----------
    record : Record
        The record of a MedMNIST set.
    size : int, optional
        Pixels along each side: 28, and 64, 128, 224 (volumes: 64) where the record has them.

    Raises
    ------
    ValueError
        If the set is not published in this size.

    References
    ----------
    Yang J. et al. MedMNIST v2. Scientific Data 10, 41 (2023). doi:10.1038/s41597-022-01721-8.
    """
    known = (str(_SMALLEST), *record.variants)
    if str(size) not in known:
        msg = f"{record.name} is published in the sizes {', '.join(known)}; got size={size!r}."
        raise ValueError(msg)
    variant = "" if size == _SMALLEST else str(size)
    folder = fetch(record, variant)
    stored = _Stored(next(folder.glob("*.npz")), record)
    return Dataset(record, stored.table, stored.case, stored.pictures)


class _Stored:
    """The arrays of an npz file, each unpacked when it is asked for and then kept."""

    def __init__(self, path: Path, record: Record) -> None:
        self.path = path
        self.record = record
        self.labels = {part: self._array(f"{part}_labels") for part in _PARTS}
        self.starts = dict(zip(_PARTS, np.cumsum([0, *map(len, self.labels.values())]), strict=False))

    def _array(self, key: str) -> NDArray[Any]:
        with np.load(self.path, allow_pickle=False) as arrays:
            return arrays[key]

    @functools.cached_property
    def train(self) -> NDArray[Any]:
        return self._array("train_images")

    @functools.cached_property
    def val(self) -> NDArray[Any]:
        return self._array("val_images")

    @functools.cached_property
    def test(self) -> NDArray[Any]:
        return self._array("test_images")

    @functools.cached_property
    def table(self) -> pd.DataFrame:
        """One row per picture, in the order train, val, test."""
        import pandas as pd

        numbers = [f"unknown ({part} {i})" for part, y in self.labels.items() for i in range(len(y))]
        parts = np.repeat(_PARTS, [len(y) for y in self.labels.values()])
        table = pd.DataFrame({"patient": numbers, "split": pd.Categorical(parts, _PARTS)})
        values = np.concatenate([y.reshape(len(y), -1) for y in self.labels.values()])
        names = self.record.labels
        if values.shape[1] == 1:
            table["label"] = values[:, 0].astype(np.int64)
            table["label_name"] = [names[str(v)] for v in table["label"]]
            return table
        columns = [names[str(i)] for i in range(values.shape[1])]
        table[columns] = values
        table["label_name"] = [
            ", ".join(name for name, has in zip(columns, row, strict=True) if has) or "none" for row in values
        ]
        return table

    def case(self, index: int) -> Case:
        """Return the picture of a row and what its row says."""
        facts = self.table.iloc[index].drop("patient").to_dict()
        array = self.pictures(np.array([index]))[0]
        colour = "c" if self.record.options["channels"] == 3 else ""
        axes = ("zyx" if array.ndim - len(colour) == 3 else "yx") + colour
        units = self.record.options.get("units", "")
        return Case(Image(array, axes=axes, modality=self.record.modality, units=units), facts=facts)

    def pictures(self, rows: NDArray[np.intp]) -> NDArray[Any]:
        """Return the pictures of several rows as one array; a whole part is not copied."""
        for part, start in self.starts.items():
            if np.array_equal(rows, np.arange(start, start + len(self.labels[part]))):
                return getattr(self, part)
        out = None
        for part, start in self.starts.items():
            inside = (rows >= start) & (rows < start + len(self.labels[part]))
            if inside.any():
                array = getattr(self, part)
                out = np.empty((len(rows), *array.shape[1:]), array.dtype) if out is None else out
                out[inside] = array[rows[inside] - start]
        return self.val[:0] if out is None else out


def fit(
    record: Record,
    data: Dataset,
    *,
    size: int = _SMALLEST,
    label: str = "label",
    classes: Mapping[str, int] | None = None,
    window: Sequence[float] = (0, 255),
) -> Dataset:
    """Give other pictures the form of a MedMNIST set: its columns and parts, picture size and grey values.

    Parameters
    ----------
    record : Record
        The record of a MedMNIST set with one label.
    data : Dataset
        What stands in for it, with the columns `label` and ``split``.
    size : int, optional
        Pixels along each side; larger pictures are shrunk.
    label : str, optional
        The column of `data` that holds the classes.
    classes : mapping of str to int, optional
        The class of the set that each of those stands for; default: the same.
    window : (2,) sequence of float, optional
        The values that become 0 and 255.
    """
    values = data.table[label].astype(str).map(classes or {name: int(name) for name in record.labels})
    table = data.table[["patient"]].assign(split=_three_parts(data.table), label=values.astype(np.int64))
    table["label_name"] = [record.labels[str(v)] for v in table["label"]]
    low, high = window

    def case(index: int) -> Case:
        from skimage.transform import resize

        made = data[index].image
        grey = np.clip((made.array.astype(np.float32) - low) / (high - low), 0, 1)
        shape = [n if a == "c" else size for a, n in zip(made.axes, made.shape, strict=True)]
        if grey.shape != tuple(shape):
            grey = resize(grey, shape, anti_aliasing=True)
        image = Image(
            np.round(255 * grey).astype(np.uint8),
            axes=made.axes,
            modality=record.modality,
            units=record.options.get("units", ""),
            notes=made.notes,
        )
        return Case(image, facts=table.iloc[index].drop("patient").to_dict())

    return Dataset(data.record, table, case)


def _three_parts(table: pd.DataFrame) -> pd.Categorical:
    """Return the parts of a table; where it has no ``val``, every tenth patient to train on is in it."""
    import pandas as pd

    part = table["split"].astype(object)
    if "val" not in set(part):
        patients = table["patient"][part == "train"].unique()
        part = part.mask((part == "train") & table["patient"].isin(patients[::10]), "val")
    return pd.Categorical(part, _PARTS)
