"""Nuclei one by one: counts as published, in the packed and in the published form."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest

from medlab import datasets
from medlab.datasets import nuclei
from medlab.datasets.record import records

#: Masks per image in the published set, by the start of the image's identifier.
PUBLISHED = {"33a5b0ff": 23, "4d14a362": 98, "52a6b8ae": 25, "7798ca1d": 33, "853a4c67": 18}


@pytest.fixture(scope="module")
def data(load_public):
    return load_public("nuclei-bbbc038")


def test_has_24_images_of_each_stain(data):
    assert data.table["stain"].value_counts().to_dict() == {"purple": 24, "fluorescence": 24}
    assert data.table["patient"].is_unique


def test_nuclei_are_numbered_without_gaps(data):
    for case in data:
        numbers = np.unique(case.masks["nuclei"].array)
        np.testing.assert_array_equal(numbers, np.arange(numbers.size))
        assert numbers.size > 3


def test_counts_are_the_published_ones(data):
    counted = {
        row.patient[:8]: int(data[row.Index].masks["nuclei"].array.max()) for row in data.table.itertuples()
    }
    assert {key: counted[key] for key in PUBLISHED} == PUBLISHED


def test_nuclei_are_darker_in_purple_and_brighter_in_fluorescence(data):
    for case in data:
        inside = case.masks["nuclei"].array > 0
        brightness = case.image.array.mean(-1)
        difference = brightness[inside].mean() - brightness[~inside].mean()
        assert (difference < 0) == (case.facts["stain"] == "purple")


def test_published_folders_are_read(tmp_path, monkeypatch):
    name = records()["nuclei-bbbc038"].options["images"]["he"][0]
    (tmp_path / name / "images").mkdir(parents=True)
    (tmp_path / name / "masks").mkdir()
    rgba = np.full((8, 10, 4), 200, np.uint8)
    PIL.Image.fromarray(rgba).save(tmp_path / name / f"images/{name}.png")
    for number, columns in enumerate((slice(0, 4), slice(3, 6))):
        mask = np.zeros((8, 10), np.uint8)
        mask[2:5, columns] = 255
        PIL.Image.fromarray(mask).save(tmp_path / name / f"masks/{number}.png")
    monkeypatch.setattr(nuclei, "fetch", lambda _: tmp_path)
    case = datasets.load("nuclei-bbbc038", strict=True)[0]
    assert case.image.shape == (8, 10, 3)
    np.testing.assert_array_equal(case.masks["nuclei"].array[3, :7], (1, 1, 1, 1, 2, 2, 0))
