"""Soft-tissue sarcoma in CT, PET and MR, with the tumour outlined (TCIA Soft-tissue-Sarcoma, IBSI)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.datasets.label_volume import read_mask
from medlab.io import read, read_rtstruct

if TYPE_CHECKING:
    from medlab.datasets.record import Record

__all__ = ["three_modalities", "whole_body_pet"]


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
