"""PyRadiomics' test cases: what the published table says of image and mask."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from medlab import datasets
from medlab.datasets.radiomics_cases import baseline

NAMES = ["brain1", "brain2", "breast1"]


@pytest.fixture(scope="module")
def cases(load_public):
    data = load_public("pyradiomics-cases")
    return dict(zip(data.table["patient"], data, strict=True))


def test_has_three_tumours_and_a_phantom(cases):
    assert list(cases) == [*NAMES, "prostate_phantom"]
    assert set(np.unique(cases["prostate_phantom"].masks["regions"].array)) == {0, 1, 7, 8, 9}


@pytest.mark.parametrize("name", NAMES)
def test_voxels_and_bounding_box_are_the_published_ones(cases, name):
    folder = datasets.cache_folder() / "pyradiomics-cases/baseline"
    with (folder / "baseline_shape.csv").open(newline="") as stream:
        told = {row["featureName"]: row[name] for row in csv.DictReader(stream)}
    mask = cases[name].masks["tumour"]
    where = np.argwhere(mask.array)
    first, size = where.min(0), np.ptp(where, axis=0) + 1
    assert told["diagnostics_Mask-original_BoundingBox"] == str((*first[::-1].tolist(), *size[::-1].tolist()))
    assert int(told["diagnostics_Mask-original_VoxelNum"]) == len(where)


@pytest.mark.parametrize("name", NAMES)
def test_mean_in_the_tumour_is_the_published_one(cases, name):
    case = cases[name]
    inside = case.image.array[case.masks["tumour"].array > 0]
    assert inside.mean() == pytest.approx(case.facts["baseline"]["original_firstorder_Mean"], rel=1e-9)
    volume = case.facts["baseline"]["original_shape_VoxelVolume"]
    assert inside.size * case.image.voxel_volume == pytest.approx(volume, rel=1e-6)


def test_other_settings_have_their_own_values(cases):
    folder = datasets.cache_folder() / "pyradiomics-cases/baseline"
    resampled = baseline(folder, "brain1_resampling")
    key = "original_shape_MeshVolume"
    assert resampled[key] != cases["brain1"].facts["baseline"][key]
    assert baseline(folder, "nobody") == {}


def test_rows_that_run_to_the_front_keep_their_direction(cases):
    itk = sitk.ReadImage(datasets.cache_folder() / "pyradiomics-cases/brain1_image.nrrd")
    image = cases["brain1"].image
    assert image.orientation == "HAL"
    there = itk.TransformIndexToPhysicalPoint((10, 20, 3))
    np.testing.assert_allclose(image.index_to_position((3, 20, 10)), there, atol=1e-4)
