"""Sets of simulated patients: a row per patient and contrast, sites in turn, cases that fit their rows."""

from __future__ import annotations

import pytest

from medlab import datasets
from medlab.datasets.phantoms import protocols
from medlab.datasets.record import records


def test_every_patient_has_every_contrast_at_one_site():
    table = datasets.load("phantom-mr").table
    assert (table.groupby("patient")["contrast"].nunique() == 4).all()
    assert (table.groupby("patient")["site"].nunique() == 1).all()


def test_sites_take_turns_and_differ_in_their_scanner():
    table = datasets.load("phantom-chest-radiograph").table
    assert table["site"].value_counts().to_dict() == {"A": 20, "B": 20, "C": 20}
    assert table.groupby("site")["photons"].nunique().eq(1).all()
    assert table["photons"].nunique() == 3


def test_case_is_what_its_row_says():
    data = protocols.load(records()["phantom-chest-radiograph"], n=4, size=48)
    assert len(data) == 4
    for case, row in zip(data, data.table.itertuples(), strict=True):
        assert len(case.facts["nodules"]) == row.nodules
        assert case.facts["patient"] == row.patient
        assert case.image.shape[1] == 48


@pytest.mark.parametrize("name", ["chest-radiograph", "ct", "mr", "ultrasound", "pet", "spect"])
def test_first_case_of_each_set_opens_and_says_that_it_is_simulated(name):
    data = datasets.load(f"phantom-{name}")
    case = data[0]
    assert case.image.modality == data.record.modality
    assert "Simulated" in case.image.notes[0]
    assert all(mask.same_grid(case.image) for mask in case.masks.values())


def test_a_patient_is_in_one_part_whatever_the_number_of_rows():
    table = datasets.load("phantom-mr", n=10).table
    assert (table.groupby("patient")["split"].nunique() == 1).all()
    assert table.drop_duplicates("patient")["split"].value_counts().to_dict() == {
        "train": 6,
        "val": 2,
        "test": 2,
    }


def test_label_follows_from_what_the_patient_has():
    data = datasets.load("phantom-chest-radiograph", n=12, size=48)
    table = data.table
    assert (table["label"] == (table["pneumonia"] != "none")).all()
    for case, ill in zip(data, table["label"], strict=True):
        assert case.masks["pneumonia"].array.any() == bool(ill)
        assert case.facts["label"] == ill
