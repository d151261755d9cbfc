"""Real images that a dependency ships: no network, no download."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.places import DatasetUnavailable
from medlab.io import read

if TYPE_CHECKING:
    from medlab.datasets.record import Record
    from medlab.image import Image

__all__ = [
    "MODULES",
    "diffusion",
    "file",
    "microscopy",
    "sample_file",
    "table",
    "template",
    "thorax_with_nodule",
]

#: The module that a package is imported as, where that is not its own name.
MODULES = {
    "pydicom-data": "data_store",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
    "wsidicom-data": "wsidicom_data",
}


def file(record: Record) -> Dataset:
    """Read the one file that the record's options name.

    ``options.modality`` and ``options.units`` say what the file does not, ``options.spacing`` its pixel size
    in mm.
    """
    return _one(record, _told(read(sample_file(record)), record))


def microscopy(record: Record) -> Dataset:
    """Read a picture of a microscope; a fourth channel (opacity) is left out."""
    image = _told(read(sample_file(record)), record)
    return _one(record, image.replace(array=image.array[..., :3]) if image.size("c") == 4 else image)


def template(record: Record) -> Dataset:
    """Read the MNI152 template of nilearn, with its grey and its white matter as masks.

    The masks are where the tissue's probability is at least one half.
    """
    image = _told(read(sample_file(record)), record)
    masks = {}
    for name, path in record.options["tissues"].items():
        tissue = read(sample_file(record, path))
        half = tissue.array.max() / 2
        masks[name] = image.as_mask(tissue.array >= half, {1: name})
    return _one(record, image, masks)


def diffusion(record: Record) -> Dataset:
    """Read a diffusion series with its b-values (s/mm²) and gradient directions as facts."""
    image = _told(read(sample_file(record)), record)
    b_values = np.loadtxt(sample_file(record, record.options["bvals"])).reshape(-1)
    directions = np.loadtxt(sample_file(record, record.options["bvecs"]))
    if directions.shape[0] == 3 != directions.shape[1]:
        directions = directions.T
    return _one(record, image, facts={"b_values": b_values, "directions": directions})


def table(record: Record) -> Dataset:
    """Read a table that has no images: a row per patient, its columns named by ``options.columns``.

    The column that ``options.target`` names becomes ``label``.
    """
    import pandas as pd

    options = record.options
    rows = pd.read_csv(sample_file(record), skiprows=options["skip"], names=options["columns"])
    rows = rows.rename(columns={options["target"]: "label"})
    rows.insert(0, "patient", [f"{record.name}-{i}" for i in range(len(rows))])
    rows["label_name"] = [record.labels[str(v)] for v in rows["label"]]

    def case(_: int) -> Case:
        msg = f"{record.name} is a table without images: use dataset.table."
        raise TypeError(msg)

    return Dataset(record, rows, case)


def thorax_with_nodule(record: Record) -> Dataset:
    """Read the thorax slice and put a simulated nodule into its left lung."""
    from medlab.datasets import phantoms

    ct = read(sample_file(record))
    ct = ct.replace(array=ct.array[None], axes="zyx")
    position = ct.index_to_position(record.options["index"])
    ct, mask = phantoms.insert_nodule(
        ct, position, diameter=record.options["diameter"], rng=np.random.default_rng(0)
    )
    return _one(record, ct, {"simulated nodule": mask})


def sample_file(record: Record, path: str = "") -> Path:
    """Return where a sample's file lies; nothing is downloaded.

    Parameters
    ----------
    record : Record
        The record of a sample.
    path : str, optional
        Another file of the same package than ``record.options["file"]``, below the package's folder.

    Raises
    ------
    DatasetUnavailable
        If the package or the file is not there; the message holds the line that installs it.
    """
    path = path or record.options["file"]
    found = (
        _pydicom_file(path) if record.package in {"pydicom", "pydicom-data"} else _in_package(record, path)
    )
    if found is None:
        msg = f"{record.name} needs the file {path} of {record.package}: pip install {record.package}"
        raise DatasetUnavailable(msg)
    return found


def _pydicom_file(name: str) -> Path | None:
    from pydicom.data import get_testdata_file

    found = get_testdata_file(name, download=False)
    return None if found is None else Path(str(found))


def _in_package(record: Record, path: str) -> Path | None:
    module = importlib.util.find_spec(MODULES.get(record.package, record.package))
    if module is None or not module.submodule_search_locations:
        return None
    found = Path(module.submodule_search_locations[0]) / path
    return found if found.is_file() else None


def _told(image: Image, record: Record) -> Image:
    """Return the image with what its file does not say, but its record does."""
    options = record.options
    changes: dict[str, Any] = {k: options[k] for k in ("modality", "units") if k in options}
    image = image.replace(**changes)
    return image.with_spacing(options["spacing"]) if "spacing" in options else image


def _one(
    record: Record, image: Image, masks: dict[str, Image] | None = None, facts: dict[str, Any] | None = None
) -> Dataset:
    import pandas as pd

    table = pd.DataFrame({"patient": [record.name]})
    return Dataset(record, table, lambda _: Case(image, masks or {}, facts or {}))
