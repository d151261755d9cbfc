"""The Medical Segmentation Decathlon: ten tasks, CT and MR volumes with organs or tumours outlined."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import DatasetUnavailable, fetch
from medlab.io import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from medlab.datasets.record import Record
    from medlab.image import Image

__all__ = ["fit_hippocampi", "fit_nodules", "fit_tumours", "load"]

#: The contrasts of task 1 in its order, and what the simulated ones are called.
_CONTRASTS = {"FLAIR": "FLAIR", "T1w": "T1", "t1gd": "T1c", "T2w": "T2"}


def load(record: Record) -> Dataset:
    """Read a task of the Decathlon.

    The cases with masks have ``split = "train"``; the masks of the others (``"test"``) were never published.
    Volumes of several contrasts have them along the axis ``t``, named in ``case.facts["channels"]``.

    Parameters
    ----------
    record : Record
        ``options.task`` is the folder in the archive, such as ``"Task04_Hippocampus"``.

    References
    ----------
    Antonelli M. et al. The Medical Segmentation Decathlon. Nature Communications 13, 4128 (2022).
    doi:10.1038/s41467-022-30695-9.
    """
    import pandas as pd

    root = fetch(record) / record.options["task"]
    told = _description(root, record)
    labels = {int(value): name for value, name in told["labels"].items() if int(value)}
    channels = [told["modality"][key] for key in sorted(told["modality"], key=int)]
    rows = [_row(entry["image"], entry["label"]) for entry in told["training"]]
    rows += [_row(image, "") for image in told["test"]]
    table = pd.DataFrame(rows)

    def case(index: int) -> Case:
        row = rows[index]
        image = _image(root / row["image"], record, channels)
        masks = {}
        if row["mask"]:
            drawn = read(root / row["mask"])
            masks["truth"] = image.as_mask(drawn.array.astype("uint8"), labels)
        return Case(image, masks, {"split": row["split"], "channels": channels})

    return Dataset(record, table, case)


def _description(root: Path, record: Record) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads((root / "dataset.json").read_text("utf-8"))
    except FileNotFoundError:
        msg = (
            f"{record.name} was fetched, but holds no {root.name}/dataset.json: "
            f"medlab data fetch --refresh {record.name}"
        )
        raise DatasetUnavailable(msg) from None
    return told


def _row(image: str, mask: str) -> dict[str, str]:
    patient = PurePosixPath(image).name.removesuffix(".nii.gz")
    return {"patient": patient, "split": "train" if mask else "test", "image": image, "mask": mask}


def _image(path: Path, record: Record, channels: list[str]) -> Image:
    image = read(path).replace(modality=record.modality, units="HU" if record.modality == "CT" else "")
    if "t" not in image.axes:
        return image
    return image.replace(
        meta={**image.meta, "time_axis": "contrast: " + ", ".join(channels), "time_unit": ""}
    )


def fit_tumours(record: Record, data: Dataset) -> Dataset:
    """Give simulated brain tumours the form of task 1: its contrasts in its order, its labels."""
    names = [*_CONTRASTS]

    def image(case: Case) -> Image:
        has = case.image.meta["channels"]
        order = [has.index(_CONTRASTS[name]) for name in names]
        meta = {**case.image.meta, "channels": names, "time_axis": "contrast: " + ", ".join(names)}
        return case.image.replace(array=case.image.array[order], meta=meta)

    def truth(case: Case) -> NDArray[Any]:
        parts = case.masks["tumour"]
        ours = {"oedema": 1, "necrosis": 2, "enhancing": 3}
        return np.array([0, *(ours[name] for name in (parts.labels or {}).values())], np.uint8)[parts.array]

    return _fitted(record, data.select(data.table["label"] == 1), names, image, truth)


def fit_nodules(record: Record, data: Dataset) -> Dataset:
    """Give simulated chest CT with malignant nodules the form of task 6."""

    def truth(case: Case) -> NDArray[Any]:
        bad = [n for n, nodule in enumerate(case.facts["nodules"], 1) if nodule["malignant"]]
        return np.isin(case.masks["nodules"].array, bad)

    return _fitted(record, data.select(data.table["label"] == 1), ["CT"], lambda case: case.image, truth)


def fit_hippocampi(record: Record, data: Dataset) -> Dataset:
    """Give other hippocampi, real or simulated, the form of task 4."""
    return _fitted(
        record, data, ["MRI"], lambda case: case.image, lambda case: case.masks["hippocampus"].array
    )


def _fitted(
    record: Record,
    data: Dataset,
    channels: list[str],
    image: Callable[[Case], Image],
    truth: Callable[[Case], NDArray[Any]],
) -> Dataset:
    """Every third patient is in the part without masks, as about a third is in the original."""
    patients = data.table["patient"]
    number = patients.map({name: k for k, name in enumerate(dict.fromkeys(patients))})
    table = data.table[["patient"]].assign(split=np.where(number % 3 == 2, "test", "train"))
    labels = {int(value): name for value, name in record.labels.items()}

    def case(index: int) -> Case:
        made, split = data[index], table["split"].iloc[index]
        shown = image(made)
        masks = {"truth": shown.as_mask(truth(made), labels)} if split == "train" else {}
        return Case(shown, masks, {"split": split, "channels": channels})

    return Dataset(data.record, table, case)
