"""The Medical Segmentation Decathlon: ten tasks, CT and MR volumes with organs or tumours outlined."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import DatasetUnavailable, fetch
from medlab.io import read

if TYPE_CHECKING:
    from medlab.datasets.record import Record
    from medlab.image import Image

__all__ = ["load"]


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
