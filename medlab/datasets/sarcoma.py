"""Soft-tissue sarcoma in CT, PET and MR, with the tumour outlined (TCIA Soft-tissue-Sarcoma, IBSI)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.datasets.label_volume import read_mask
from medlab.io import read, read_rtstruct

if TYPE_CHECKING:
    from medlab.datasets.record import Record
    from medlab.image import Image

__all__ = ["fit_pet", "fit_three", "three_modalities", "whole_body_pet"]

#: The tissue whose signal an organ of the simulated chest has in MR.
_TISSUES = {
    "soft tissue": "muscle",
    "fat": "fat",
    "heart": "heart",
    "bone": "fat",
    "liver": "liver",
    "aorta": "blood",
    "spleen": "kidney",
    "nodule": "tumour",
}


def three_modalities(record: Record) -> Dataset:
    """Read CT, PET (SUVbw) and T1-weighted MR of one patient, a case each.

    Masks: ``GTV``, the gross tumour volume as published in voxels, and ``GTV contour``, the same from the
    contours of the DICOM structure set. The table has the columns ``patient``, ``modality`` and ``folder``.
    """
    import pandas as pd

    folder = fetch(record)
    patient = record.options["patient"]
    table = pd.DataFrame({"modality": ["CT", "PT", "MR"], "folder": ["CT", "PET", "MR_T1"]})
    table.insert(0, "patient", patient)

    def case(index: int) -> Case:
        part = table["folder"][index]
        series = folder / "dicom" / patient / part
        image = read(series / "image")
        (contour,) = read_rtstruct(series / "mask" / "RS.dcm", image).values()
        voxels = read_mask(folder / "nifti" / patient / f"{part}_mask.nii.gz", image, {1: "GTV"})
        return Case(image, {"GTV": voxels, "GTV contour": contour})

    return Dataset(record, table, case)


def whole_body_pet(record: Record) -> Dataset:
    """Read a whole-body FDG-PET in Bq/ml with its structures; `medlab.measure.suv` makes SUV of it."""
    import pandas as pd

    folder = fetch(record) / record.options["patient"] / "FDG_PET"

    def case(_: int) -> Case:
        image = read(folder / "image")
        return Case(image, read_rtstruct(folder / "mask" / "1-1.dcm", image))

    return Dataset(record, pd.DataFrame({"patient": [record.options["patient"]]}), case)


def fit_three(record: Record, data: Dataset) -> Dataset:
    """Give a simulated PET/CT with one lesion the form of the set of three modalities.

    The MR is a spin echo of the same organs. Both masks are the exact lesion.
    """
    from medlab.measure import suv

    made = _one_lesion(data)
    table = data.table[["patient"]].iloc[[made]].loc[lambda t: t.index.repeat(3)].reset_index(drop=True)
    table["modality"] = ["CT", "PT", "MR"]

    def case(index: int) -> Case:
        whole = data[made]
        images = (lambda: whole.facts["ct"], lambda: suv(whole.image), lambda: _mr(whole))
        image = images[index]()
        lesion = whole.masks["lesions"].array > 0
        label = next(iter(record.labels.values()))
        return Case(image, {name: image.as_mask(lesion, {1: label}) for name in ("GTV", "GTV contour")})

    return Dataset(data.record, table, case)


def fit_pet(record: Record, data: Dataset) -> Dataset:  # noqa: ARG001
    """Give a simulated PET with one lesion the structures of the whole-body PET.

    ``GTV_Mass`` is the exact lesion; ``GTV_Edema`` reaches 8 mm further.
    """
    from scipy.ndimage import distance_transform_edt

    made = _one_lesion(data)

    def case(_: int) -> Case:
        image, lesion = data[made].image, data[made].masks["lesions"].array > 0
        near = distance_transform_edt(~lesion, image.spacing) <= 8
        return Case(
            image, {n: image.as_mask(m, {1: n}) for n, m in (("GTV_Mass", lesion), ("GTV_Edema", near))}
        )

    return Dataset(data.record, data.table[["patient"]].iloc[[made]].reset_index(drop=True), case)


def _one_lesion(data: Dataset) -> int:
    return int((data.table["lesions"] == 1).to_numpy().argmax())


def _mr(whole: Case) -> Image:
    """Return a T1-weighted spin echo of the organs at 1.5 T, with noise."""
    from medlab.datasets.phantoms import mr

    organs = whole.masks["organs"]
    names = dict(organs.labels or {})
    signal = np.zeros(max(names) + 1)
    for value, name in names.items():
        if name in _TISSUES:
            signal[value] = mr.spin_echo(*mr.TISSUES[1.5][_TISSUES[name]], tr=500, te=12)
    rng = np.random.default_rng(whole.facts["seed"])
    scanned = mr.acquire(signal[organs.array], noise=0.02, rng=rng)
    return whole.image.replace(
        array=np.round(1000 * scanned).astype(np.uint16),
        modality="MR",
        units="",
        meta={},
        notes=("Simulated MR: T1-weighted spin echo of organs of simple shapes.",),
    )
