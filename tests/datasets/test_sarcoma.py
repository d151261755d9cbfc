"""Soft-tissue sarcomas: three modalities on one patient, and a PET with the facts that SUV needs."""

from __future__ import annotations

import nibabel
import numpy as np
import pydicom
import pytest

from medlab import datasets
from medlab.measure import suv


@pytest.fixture(scope="module")
def three(load_public):
    data = load_public("sarcoma-sts-004")
    return dict(zip(data.table["modality"], data, strict=True))


@pytest.fixture(scope="module")
def pet(load_public):
    return load_public("sarcoma-sts-001-pet")[0]


def test_units_are_those_of_the_modality(three):
    assert {m: c.image.units for m, c in three.items()} == {"CT": "HU", "PT": "SUVbw", "MR": ""}
    assert all(c.image.modality == m for m, c in three.items())


@pytest.mark.parametrize(("modality", "name"), [("CT", "CT"), ("PT", "PET"), ("MR", "MR_T1")])
def test_dicom_is_the_published_nifti(three, modality, name):
    image = three[modality].image
    folder = datasets.cache_folder() / "sarcoma-sts-004/nifti/STS_004"
    nifti = nibabel.load(folder / f"{name}_image.nii.gz")
    np.testing.assert_allclose(image.array, np.asanyarray(nifti.dataobj).T, atol=1e-4)
    last = np.array(image.shape) - 1
    there = nifti.affine @ (*last[::-1], 1)
    np.testing.assert_allclose(image.index_to_position(last), there[:3] * (-1, -1, 1), atol=1e-2)


def test_contours_fill_to_the_published_voxels(three):
    counted = {}
    for modality, case in three.items():
        np.testing.assert_array_equal(case.masks["GTV"].array > 0, case.masks["GTV contour"].array > 0)
        counted[modality] = int(case.masks["GTV"].array.sum())
    assert counted == {"CT": 94963, "PT": 5962, "MR": 94963}


def test_tumour_lies_at_the_same_place_in_all_three(three):
    centres = [
        c.masks["GTV"].index_to_position(np.argwhere(c.masks["GTV"].array).mean(0)) for c in three.values()
    ]
    assert np.ptp(centres, axis=0).max() < 1.5


def test_whole_body_pet_is_in_becquerel_per_millilitre(pet):
    folder = datasets.cache_folder() / "sarcoma-sts-001-pet/STS_001/FDG_PET/image"
    slices = sorted(map(pydicom.dcmread, folder.glob("*.dcm")), key=lambda s: s.ImagePositionPatient[2])
    assert pet.image.shape == (267, 128, 128)
    for k in (0, 100, 266):
        expected = slices[k].pixel_array * float(slices[k].RescaleSlope)
        np.testing.assert_allclose(pet.image.array[k], expected, rtol=1e-5)
        assert pet.image.index_to_position((k, 0, 0))[2] == pytest.approx(
            float(slices[k].ImagePositionPatient[2]), abs=0.05
        )


def test_whole_body_pet_becomes_suv_by_hand_calculation(pet):
    decayed = 388777472 * 0.5 ** (2711 / 6588)
    peak = pet.image.array.max() * 71000 / decayed
    assert suv(pet.image).array.max() == pytest.approx(peak, rel=1e-5)


def test_tumour_takes_up_more_than_the_body(pet):
    values = suv(pet.image).array
    tumour = pet.masks["GTV_Mass"].array > 0
    body = values > 0.1
    assert set(pet.masks) == {"GTV_Mass", "GTV_Edema"}
    assert values[tumour].mean() > 2 * np.median(values[body])
