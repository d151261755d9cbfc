"""Brain MR series as scanners write them, beside what nibabel and SimpleITK read."""

from __future__ import annotations

import warnings

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from medlab import datasets


@pytest.fixture(scope="module")
def diffusion(load_public):
    return load_public("dwi-prisma").only


@pytest.fixture(scope="module")
def mosaics(load_public):
    with warnings.catch_warnings(action="ignore"):
        from nibabel.nicom.dicomwrappers import wrapper_from_file
    load_public("dwi-prisma")
    folder = datasets.cache_folder() / "dwi-prisma/In/HFS/4_ep2d_diff_mddw_20_p2"
    return [wrapper_from_file(path) for path in sorted(folder.glob("*.dcm"))]


def test_head_is_the_series_that_simpleitk_reads(load_public):
    image = load_public("t1-studyforrest").image
    folder = datasets.cache_folder() / "t1-studyforrest/dicoms"
    itk = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)))
    np.testing.assert_array_equal(image.array, sitk.GetArrayViewFromImage(itk))
    np.testing.assert_allclose(image.spacing[::-1], itk.GetSpacing(), atol=1e-4)
    np.testing.assert_allclose(image.origin, itk.GetOrigin(), atol=1e-3)


def test_t1_has_35_sagittal_slices(load_public):
    image = load_public("t1-prisma").image
    assert image.shape == (35, 256, 256)
    assert image.spacing[0] == pytest.approx(4.8)
    assert image.orientation[0] in "LR"


def test_mosaics_are_unpacked_as_nibabel_does(diffusion, mosaics):
    image = diffusion.image
    assert image.shape == (13, 25, 128, 128)
    first = mosaics[0].get_data()
    np.testing.assert_array_equal(image.array[0], first.transpose(2, 0, 1))
    affine = mosaics[0].affine
    np.testing.assert_allclose(image.index_to_position((7, 11, 5)), (affine @ (11, 5, 7, 1))[:3], atol=1e-2)


def test_diffusion_has_one_unweighted_volume_and_twelve_directions(diffusion):
    facts = diffusion.facts
    np.testing.assert_array_equal(facts["b_values"], (0, *[1000] * 12))
    lengths = np.linalg.norm(facts["directions"], axis=1)
    np.testing.assert_allclose(lengths, (0, *[1] * 12), atol=1e-3)


def test_directions_are_those_of_nibabel(diffusion, mosaics):
    for direction, mosaic in list(zip(diffusion.facts["directions"], mosaics, strict=True))[1:]:
        in_patient = mosaic.rotation_matrix @ mosaic.q_vector / np.linalg.norm(mosaic.q_vector)
        assert abs(in_patient @ direction) == pytest.approx(1, abs=0.01)


def test_weighted_volumes_are_darker(diffusion):
    means = diffusion.image.array.reshape(13, -1).mean(1)
    assert (means[1:] < 0.7 * means[0]).all()


def test_template_is_that_of_nibabel(load_public, mirror):
    image = load_public("spm152").image
    nifti = nibabel.load(mirror / "brain/spm152.nii.gz")
    np.testing.assert_allclose(image.array, nifti.get_fdata().T, rtol=1e-6)
    ras = nifti.affine @ (3, 2, 1, 1)
    np.testing.assert_allclose(image.index_to_position((1, 2, 3)), ras[:3] * (-1, -1, 1), atol=1e-3)
    assert image.spacing == pytest.approx((0.7375, 0.7375, 0.7375), abs=1e-3)
