"""Sunnybrook left ventricles: patients, phases, and what is known of the groups."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest

from medlab import datasets


@pytest.fixture(scope="module")
def data(load_public):
    return load_public("sunnybrook-lv")


@pytest.fixture(scope="module")
def areas(data):
    """Pixels of the ventricle in each picture, beside its table."""
    return data.table.assign(area=[int(case.masks["left ventricle"].array.sum()) for case in data])


def test_has_424_pictures_of_23_patients(data):
    assert len(data) == 424
    assert data.table.groupby("split")["patient"].nunique().to_dict() == {"test": 15, "train": 8}


def test_no_patient_is_in_two_parts(data):
    assert (data.table.groupby("patient")["split"].nunique() == 1).all()


def test_pixels_are_those_of_pillow(data):
    row = data.table.iloc[100]
    path = datasets.cache_folder() / "sunnybrook-lv" / row["file"]
    np.testing.assert_array_equal(data[100].image.array, np.array(PIL.Image.open(path).convert("L")))
    assert data[100].image.axes == "yx"


def test_every_patient_has_two_phases(data):
    assert (data.table.groupby("patient")["phase"].nunique() == 2).all()
    assert (data.table.groupby(["patient", "phase", "slice"]).size() == 1).all()


def test_ventricle_is_larger_at_the_end_of_diastole(areas):
    sums = areas.pivot_table(index="patient", columns="moment", values="area", aggfunc="sum")
    assert (sums["ED"] > sums["ES"]).all()


def test_hearts_that_fail_empty_less_than_normal_ones(areas):
    """The groups are defined so: ejection fraction above 55 % in normal, below 40 % in failing hearts."""
    sums = areas.pivot_table(index=["group", "patient"], columns="moment", values="area", aggfunc="sum")
    emptied = 1 - sums["ES"] / sums["ED"]
    assert emptied["N"].min() > 0.55
    assert emptied["HF-I"].median() < 0.4
    assert emptied["HF-NI"].median() < 0.4
