"""Cell nuclei outlined one by one, stained purple or fluorescent (BBBC038)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.image import Image
from medlab.io import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from medlab.datasets.record import Record

__all__ = ["STAINS", "fit", "load"]

#: Stain by the letters under which the record lists its images.
STAINS = {"he": "purple", "fluo": "fluorescence"}


def load(record: Record) -> Dataset:
    """Read the images that the record lists; the mask ``nuclei`` numbers the nuclei from 1.

    The table has the columns ``patient`` (the image's identifier: nobody tells which images are of one
    person) and ``stain`` (see `STAINS`).
    """
    import pandas as pd

    folder = fetch(record)
    listed: Mapping[str, Sequence[str]] = record.options["images"]
    found = [(key, number, name) for key in STAINS for number, name in enumerate(listed[key])]
    table = pd.DataFrame({"patient": [f[2] for f in found], "stain": [STAINS[f[0]] for f in found]})

    def case(index: int) -> Case:
        key, number, name = found[index]
        if (folder / f"{key}_images.npy").is_file():
            rgb, labels = (np.load(folder / f"{key}_{n}.npy", "r")[number] for n in ("images", "labels"))
        else:
            rgb, labels = _published(folder, name)
        image = Image(np.array(rgb), axes="yxc", modality="SM")
        return Case(image, {"nuclei": image.as_mask(np.array(labels))}, {"stain": STAINS[key]})

    return Dataset(record, table, case)


def _published(folder: Path, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Read an image and paint its masks, a picture for each nucleus: the first that takes a pixel has it."""
    root = folder / name if (folder / name).is_dir() else folder / "stage1_train" / name
    rgb = read(root / "images" / f"{name}.png").array[..., :3]
    labels = np.zeros(rgb.shape[:2], np.uint16)
    for number, path in enumerate(sorted((root / "masks").glob("*.png")), 1):
        labels[(read(path).array > 0) & (labels == 0)] = number
    return rgb, labels


def fit(record: Record, data: Dataset) -> Dataset:
    """Give simulated tiles the form of this set: half of them purple, half as if nuclei alone glowed.

    The second half shows the haematoxylin of the simulated stain, bright on black.
    """
    table = data.table[["patient"]].copy()
    table["stain"] = [[*STAINS.values()][i % 2] for i in range(len(table))]

    def case(index: int) -> Case:
        made, stain = data[index], table["stain"].iloc[index]
        array = made.image.array if stain == STAINS["he"] else _glowing(made.image.array)
        image = Image(array, axes="yxc", modality=record.modality, notes=made.image.notes)
        return Case(image, {"nuclei": image.as_mask(made.masks["nuclei"].array)}, {"stain": stain})

    return Dataset(data.record, table, case)


def _glowing(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from skimage.color import rgb2hed

    stain = rgb2hed(rgb)[..., 0]
    low, high = np.percentile(stain, [20, 99.5])
    grey = np.round(200 * np.clip((stain - low) / (high - low), 0, 1)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)
