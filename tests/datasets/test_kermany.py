"""Chest radiographs of children: what their names tell, and the flaw in their parts."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest

from medlab import datasets


@pytest.fixture(scope="module")
def data(load_public):
    return load_public("kermany-cxr-224")


def test_parts_and_classes_have_their_sizes(data):
    counts = data.table.groupby(["split", "label_name"]).size().to_dict()
    assert counts == {
        ("test", "normal"): 234,
        ("test", "pneumonia"): 390,
        ("train", "normal"): 800,
        ("train", "pneumonia"): 800,
    }


def test_kinds_of_the_whole_test_part_are_the_published_ones(data):
    """Of the 390: 242 bacterial, 148 viral."""
    test = data.table[data.table["split"] == "test"]
    assert test["kind"].value_counts().to_dict() == {"bacteria": 242, "normal": 234, "virus": 148}


def test_numbers_of_persons_in_both_parts_are_those_that_the_record_names(data):
    parts = data.table.groupby("patient")["split"].nunique()
    assert (parts > 1).sum() == 80
    assert any("80 numbers of persons" in flaw for flaw in data.record.flaws)
    both = data.table[data.table["patient"].isin(parts.index[parts > 1])]
    kinds = both.groupby("patient").apply(lambda t: set(map(tuple, t[["split", "kind"]].to_numpy())))
    assert not any({("train", k), ("test", k)} <= pairs for pairs in kinds for k in ("bacteria", "virus"))


def test_arrays_are_the_pictures_one_by_one(data):
    few = data.select([0, 700, 1500, 2223])
    x, y = few.arrays()
    np.testing.assert_array_equal(x, np.stack([case.image.array for case in few]))
    assert y.tolist() == [case.facts["label"] for case in few]


def test_picture_is_what_pillow_reads(data):
    path = datasets.cache_folder() / "kermany-cxr-224" / data.table["file"][5]
    np.testing.assert_array_equal(data[5].image.array, np.array(PIL.Image.open(path).convert("L")))
    assert data[5].image.shape == (224, 224)
