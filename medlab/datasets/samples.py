"""Real images that a dependency ships: no network, no download."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import DataError
from medlab.image import Image
from medlab.io import read

if TYPE_CHECKING:
    from medlab.datasets.record import Record


def dicom(record: Record) -> Dataset:
    """Read the file of pydicom or pydicom-data that the record's options name."""
    return _one(record, read(_pydicom_file(record.options["file"], record)))


def fundus(record: Record) -> Dataset:
    """Read the retina photograph of scikit-image."""
    import skimage.data

    return _one(record, Image(skimage.data.retina(), axes="yxc", modality="OP"))


def thorax_with_nodule(record: Record) -> Dataset:
    """Read the thorax slice and put a simulated nodule into its left lung."""
    from medlab.datasets import phantoms

    ct = read(_pydicom_file(record.options["file"], record))
    ct = ct.replace(array=ct.array[None], axes="zyx")
    position = ct.index_to_position(record.options["index"])
    ct, mask = phantoms.insert_nodule(
        ct, position, diameter=record.options["diameter"], rng=np.random.default_rng(0)
    )
    return _one(record, ct, {"simulated nodule": mask})


def _pydicom_file(name: str, record: Record) -> Path:
    from pydicom.data import get_testdata_file

    path = get_testdata_file(name, download=False)
    if path is None:
        msg = f"{record.name} needs the file {name} of {record.package}: pip install {record.package}"
        raise DataError(msg)
    return Path(str(path))


def _one(record: Record, image: Image, masks: dict[str, Image] | None = None) -> Dataset:
    import pandas as pd

    table = pd.DataFrame({"patient": [record.name]})
    return Dataset(record, table, lambda _: Case(image, masks or {}))
