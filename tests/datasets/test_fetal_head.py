"""HC18: outlines, pixel sizes and published circumferences belong together."""

from __future__ import annotations

import csv
import zipfile

import numpy as np
import PIL.Image
import pytest
from skimage.draw import ellipse_perimeter
from skimage.measure import regionprops

from medlab import datasets
from medlab.datasets import fetal_head


@pytest.fixture(scope="module")
def data(load_public):
    return load_public("hc18-112")


def test_has_112_images_of_112_examinations(data):
    assert len(data) == data.table["patient"].nunique() == 112


def test_measurements_are_those_of_the_published_table(data, mirror):
    with zipfile.ZipFile(mirror / "ultrasound/hc18_112.zip") as bundle:
        text = bundle.read("training_set_pixel_size_and_HC.csv").decode()
    published = {row["filename"]: row for row in csv.DictReader(text.splitlines())}
    for row in data.table.itertuples():
        there = published[row.file.removeprefix("training_set/")]
        assert row.pixel_mm == float(there["pixel size(mm)"])
        assert row.circumference_mm == float(there["head circumference (mm)"])


def test_circumference_of_the_head_is_the_published_one(data):
    chosen = data.select([*range(0, 112, 8), 25])
    for case in chosen:
        head = case.masks["head"]
        (ellipse,) = regionprops(head.array)
        a, b = ellipse.axis_major_length / 2, ellipse.axis_minor_length / 2
        ramanujan = np.pi * (3 * (a + b) - np.sqrt((3 * a + b) * (a + 3 * b)))
        assert ramanujan * head.spacing[0] == pytest.approx(case.facts["circumference_mm"], rel=0.02)
        assert case.image.space == "plane"


def test_ellipse_that_runs_out_of_the_picture_is_filled(data):
    row = int(np.flatnonzero(data.table["patient"] == "186")[0])
    case = data[row]
    assert case.masks["head"].array.sum() > 20 * case.masks["outline"].array.sum()


def test_the_published_archive_is_read_with_its_table(tmp_path, monkeypatch):
    folder = tmp_path / "training_set"
    folder.mkdir()
    outline = np.zeros((60, 80), np.uint8)
    outline[ellipse_perimeter(30, 40, 15, 25)] = 255
    PIL.Image.fromarray(outline // 2).save(folder / "010_2HC.png")
    PIL.Image.fromarray(outline).save(folder / "010_2HC_Annotation.png")
    table = "filename,pixel size(mm),head circumference (mm)\r\n010_2HC.png,0.5,63.8"
    (tmp_path / "training_set_pixel_size_and_HC.csv").write_bytes(table.encode())
    monkeypatch.setattr(fetal_head, "fetch", lambda _: tmp_path)
    (case,) = datasets.load("hc18", strict=True)
    assert case.image.spacing == (0.5, 0.5)
    assert case.masks["head"].array.sum() == pytest.approx(np.pi * 15 * 25, rel=0.06)
