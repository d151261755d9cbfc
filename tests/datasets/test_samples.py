"""Samples: real images that packages ship, with what their files do not say."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import pytest

from medlab import datasets
from medlab.datasets.record import records
from medlab.datasets.samples import sample_file

SAMPLES = [r for r in records().values() if r.kind == "sample"]


@pytest.mark.parametrize("record", SAMPLES, ids=lambda r: r.name)
def test_the_installed_file_is_the_recorded_one(record):
    assert hashlib.sha256(sample_file(record).read_bytes()).hexdigest() == record.file_sha256


@pytest.mark.parametrize(
    ("package", "file"),
    [("pydicom-data", "nothing.dcm"), ("nilearn", "nothing.nii"), ("no-such-package", "x")],
)
def test_what_is_not_installed_gives_the_line_that_installs_it(blank, package, file):
    record = dataclasses.replace(blank, kind="sample", package=package, options={"file": file})
    with pytest.raises(datasets.DatasetUnavailable, match=f"pip install {package}$"):
        sample_file(record)


def test_template_has_the_tissues_where_they_are_likely():
    case = datasets.load("mni152").only
    grey, white = (case.masks[name].array.astype(bool) for name in ("grey matter", "white matter"))
    litres = {n: m.array.sum() * m.voxel_volume / 1e6 for n, m in case.masks.items()}
    assert 0.6 < litres["grey matter"] < 1.1
    assert 0.4 < litres["white matter"] < 0.9
    assert (grey & white).mean() < 0.001
    t1 = case.image.array
    assert t1[white].mean() > t1[grey].mean() > t1[t1 > 0].min()


def test_diffusion_series_has_a_b_value_and_a_direction_for_each_volume():
    case = datasets.load("dwi-crop").only
    b, directions = case.facts["b_values"], case.facts["directions"]
    assert len(b) == case.image.size("t") == 65
    assert directions.shape == (65, 3)
    weighted = b > 100
    np.testing.assert_allclose(np.linalg.norm(directions[weighted], axis=1), 1, atol=1e-3)
    assert case.image.array[weighted].mean() < case.image.array[~weighted].mean()


def test_a_table_is_the_one_that_scikit_learn_reads():
    from sklearn.datasets import load_breast_cancer

    data = datasets.load("breast-cancer-fna")
    expected = load_breast_cancer(as_frame=True)
    np.testing.assert_array_equal(data.table["label"], expected.target)
    np.testing.assert_array_equal(data.table["mean concave points"], expected.data["mean concave points"])
    assert set(data.table.loc[data.table["label"] == 0, "label_name"]) == {"malignant"}
    with pytest.raises(TypeError, match=r"without images: use dataset\.table"):
        data[0]


def test_a_recorded_pixel_size_is_given():
    assert datasets.load("cell-phase").image.spacing == (0.000107, 0.000107)


def test_opacity_is_no_colour():
    assert datasets.load("skin-he-tile").image.shape == (240, 240, 3)
