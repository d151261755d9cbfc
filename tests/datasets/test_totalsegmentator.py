"""TotalSegmentator's examples: each name on the organ that it names."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from medlab import datasets


@pytest.fixture(scope="module")
def cases(load_public):
    data = load_public("totalsegmentator-examples")
    return dict(zip(data.table["case"], data, strict=True))


def centre(mask, name):
    (value,) = (v for v, n in mask.labels.items() if n == name)
    return mask.index_to_position(np.argwhere(mask.array == value).mean(0))


def voxels(case, name):
    (value,) = (v for v, n in case.masks["organs"].labels.items() if n == name)
    return case.image.array[case.masks["organs"].array == value]


def test_has_five_images(cases):
    assert list(cases) == ["ct", "ct-small", "ct-dicom", "heart", "mr"]
    assert {n: c.image.units for n, c in cases.items() if c.image.modality == "CT"} == dict.fromkeys(
        ["ct", "ct-small", "ct-dicom", "heart"], "HU"
    )


@pytest.mark.parametrize("name", ["ct-small", "ct-dicom", "mr"])
def test_left_and_right_lie_on_their_sides(cases, name):
    organs = cases[name].masks["organs"]
    assert centre(organs, "autochthon left")[0] > centre(organs, "autochthon right")[0]
    assert centre(organs, "spleen")[0] > centre(organs, "liver")[0]
    assert centre(organs, "spinal cord")[1] > centre(organs, "aorta")[1]


@pytest.mark.parametrize("name", ["ct-small", "ct-dicom"])
def test_organs_have_the_density_of_their_tissue(cases, name):
    assert 30 < np.median(voxels(cases[name], "liver")) < 130
    assert np.median(voxels(cases[name], "vertebrae T12")) > 120
    assert 0 < np.median(voxels(cases[name], "autochthon left")) < 80


def test_dicom_series_is_that_of_simpleitk(cases):
    folder = datasets.cache_folder() / "totalsegmentator-examples/example_ct_dicom"
    itk = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)))
    image = cases["ct-dicom"].image
    np.testing.assert_array_equal(image.array, sitk.GetArrayFromImage(itk))
    np.testing.assert_allclose(image.origin, itk.GetOrigin(), atol=1e-3)


def test_mask_stored_the_other_way_round_is_turned_and_says_so(cases):
    organs = cases["ct-dicom"].masks["organs"]
    assert organs.same_grid(cases["ct-dicom"].image)
    assert "another grid" in organs.notes[0]


def test_heart_holds_the_contrast_agent(cases):
    heart = cases["heart"]
    assert np.median(heart.image.array[heart.masks["heart"].array > 0]) > 150
    assert (heart.masks["pulmonary artery"].array > 0).sum() == 14261
    assert (heart.masks["heart"].array > 0).sum() == 198176


def test_small_ct_is_the_top_of_the_large_one(cases):
    np.testing.assert_array_equal(cases["ct"].image.array[82:], cases["ct-small"].image.array)
