"""Real public series: the geometry that an independent reader, or the set's own NIfTI, gives them."""

from __future__ import annotations

import zipfile

import numpy as np
import pydicom
import pytest
from scipy import ndimage

import medlab
from medlab.io.dicom import read_dicom
from medlab.io.errors import MultipleSeriesError

pytestmark = pytest.mark.mirror

#: Archive, folder within it, and what the image is: axes, shape, units, orientation.
SERIES = {
    "LIDC chest CT": ("lung/lidc_idri_0314_ct", "image", "zyx", (73, 512, 512), "HU", "HPL"),
    "datalad T1": ("brain/datalad_t1_dicom", "dicoms", "zyx", (384, 384, 274), "", "HPL"),
    "whole-body PET": (
        "petct/sts_001_pet_wholebody_dicom",
        "STS_001/FDG_PET/image",
        "zyx",
        (267, 128, 128),
        "Bq/ml",
        "HPL",
    ),
    "IBSI CT": ("petct/ibsi_sts_004_ct_pet_mr", "dicom/STS_004/CT/image", "zyx", (85, 183, 173), "HU", "HPL"),
    "IBSI PET": (
        "petct/ibsi_sts_004_ct_pet_mr",
        "dicom/STS_004/PET/image",
        "zyx",
        (85, 46, 43),
        "SUVbw",
        "HPL",
    ),
    "IBSI MR": (
        "petct/ibsi_sts_004_ct_pet_mr",
        "dicom/STS_004/MR_T1/image",
        "zyx",
        (60, 127, 128),
        "",
        "HPL",
    ),
    "breast DCE": (
        "breast/nact_pilot_br06_dce_mr",
        "UCSF-BR-06/image_dce_3dfgre_orig",
        "tzyx",
        (3, 60, 256, 256),
        "",
        "RFP",
    ),
    "breast PE1": (
        "breast/nact_pilot_br06_dce_mr",
        "UCSF-BR-06/image_dce_pe1",
        "zyx",
        (60, 256, 256),
        "",
        "RFP",
    ),
    "breast SER": (
        "breast/nact_pilot_br06_dce_mr",
        "UCSF-BR-06/image_dce_ser",
        "zyx",
        (60, 256, 256),
        "",
        "RFP",
    ),
    "head T1": ("mr/dcm_qa_hfs_t1_dwi", "In/HFS/3_t1_fl2d_sag", "zyx", (35, 256, 256), "", "RFP"),
    "JPEG 2000 CT": ("ct/totalsegmentator_examples", "example_ct_dicom", "zyx", (20, 512, 512), "HU", "HPL"),
}


@pytest.fixture(scope="session")
def unpacked(mirror, tmp_path_factory):
    """Return a function that unpacks a folder of an archive once."""
    root = tmp_path_factory.mktemp("mirror")
    done = set()

    def unpack(archive, folder):
        target = root / archive.replace("/", "_")
        if (archive, folder) not in done:
            done.add((archive, folder))
            with zipfile.ZipFile(mirror / f"{archive}.zip") as content:
                content.extractall(target, [n for n in content.namelist() if n.startswith(f"{folder}/")])
        return target / folder

    return unpack


def by_simpleitk(folder):
    """Return SimpleITK's volume and its affine from (slice, row, column) to LPS mm."""
    import SimpleITK as sitk  # noqa: N813

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    matrix = np.eye(4)
    matrix[:3, :3] = (np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing())[:, ::-1]
    matrix[:3, 3] = image.GetOrigin()
    return sitk.GetArrayFromImage(image), matrix


@pytest.mark.parametrize("name", SERIES)
def test_series_opens_with_its_axes_units_and_orientation(unpacked, name):
    archive, folder, axes, shape, units, orientation = SERIES[name]
    image = read_dicom(unpacked(archive, folder))
    assert (image.axes, image.shape, image.units, image.orientation) == (axes, shape, units, orientation)
    assert image.space == "patient"
    assert image.dtype in (np.int16, np.float32)


@pytest.mark.parametrize("name", [name for name, entry in SERIES.items() if entry[2] == "zyx"])
def test_values_and_geometry_are_those_of_simpleitk(unpacked, name):
    archive, folder, *_ = SERIES[name]
    image = read_dicom(unpacked(archive, folder))
    values, affine = by_simpleitk(unpacked(archive, folder))
    if affine[:3, 0] @ image.affine[:3, 0] < 0:  # stacked from the other end
        values = values[::-1]
        affine[:3, 3] += (len(values) - 1) * affine[:3, 0]
        affine[:3, 0] *= -1
    np.testing.assert_allclose(image.array, values, rtol=1e-6, atol=1e-4)
    corners = np.array([[0, 0, 0], [n - 1 for n in image.shape], [0, image.shape[1] - 1, 0]])
    theirs = corners @ affine[:3, :3].T + affine[:3, 3]
    np.testing.assert_allclose(image.index_to_position(corners), theirs, atol=0.05)


@pytest.mark.parametrize("kind", ["CT", "PET", "MR_T1"])
def test_ibsi_series_are_the_niftis_of_the_set(unpacked, kind):
    archive = "petct/ibsi_sts_004_ct_pet_mr"
    image = read_dicom(unpacked(archive, f"dicom/STS_004/{kind}/image"))
    nifti = medlab.read(unpacked(archive, "nifti/STS_004") / f"{kind}_image.nii.gz")
    index = np.argwhere(np.ones(image.shape, bool))[:: image.array.size // 5000]
    there = np.rint(nifti.position_to_index(image.index_to_position(index))).astype(int)
    np.testing.assert_allclose(nifti.index_to_position(there), image.index_to_position(index), atol=0.01)
    np.testing.assert_allclose(nifti.array[tuple(there.T)], image.array[tuple(index.T)], rtol=1e-3, atol=1e-2)


def test_breast_time_points_are_minutes_apart_and_in_order(unpacked):
    image = read_dicom(unpacked("breast/nact_pilot_br06_dce_mr", "UCSF-BR-06/image_dce_3dfgre_orig"))
    assert image.meta["time_unit"] == "s"
    assert (np.diff(image.times) > 60).all()
    means = image.array.mean(axis=(1, 2, 3))
    assert means[0] < min(means[1:]), "the tissue enhances after contrast"


def test_breast_folder_lists_its_three_series_and_the_segmentation(unpacked):
    folder = unpacked("breast/nact_pilot_br06_dce_mr", "UCSF-BR-06")
    with pytest.raises(MultipleSeriesError, match="4 series"):
        read_dicom(folder)
    table = medlab.io.series(folder)
    assert list(table.modality) == ["MR", "MR", "MR", "SEG"]
    assert list(table.time_points) == [3, 1, 1, 1]
    assert list(table.problems) == [""] * 4
    mask = read_dicom(folder, 3)
    assert (mask.units, mask.labels[1]) == ("label", "Breast")


def test_pet_facts_suffice_for_decay_correction(unpacked):
    facts = read_dicom(unpacked("petct/sts_001_pet_wholebody_dicom", "STS_001/FDG_PET/image")).meta
    assert (facts["PatientWeight"], facts["RadionuclideTotalDose"]) == (71.0, 388777472.0)
    assert facts["DecayCorrection"] == "START"
    assert 1800 < facts["SecondsFromInjectionToSeries"] < 7200


@pytest.fixture(scope="module")
def diffusion(unpacked):
    folder = unpacked("mr/dcm_qa_hfs_t1_dwi", "In/HFS/4_ep2d_diff_mddw_20_p2")
    return folder, read_dicom(folder)


def test_diffusion_mosaics_unpack_to_volumes_by_b_value(diffusion):
    _, image = diffusion
    assert (image.axes, image.shape, image.orientation) == ("tzyx", (13, 25, 128, 128), "HPL")
    np.testing.assert_array_equal(image.times, [0] + [1000] * 12)
    assert (image.meta["time_axis"], image.meta["time_unit"]) == ("b-value", "s/mm²")


@pytest.mark.filterwarnings("ignore")
def test_mosaics_lie_where_nibabel_puts_them(diffusion):
    from nibabel.nicom import dicomwrappers

    folder, image = diffusion
    wrapper = dicomwrappers.wrapper_from_data(pydicom.dcmread(min(folder.iterdir())))
    theirs = wrapper.get_data().T  # (k, j, i) from nibabel's (row, column, slice)
    np.testing.assert_array_equal(image.array[0], theirs.swapaxes(1, 2))
    corners = np.array([[0, 0, 0], [24, 127, 127], [24, 0, 60]])
    matrix = wrapper.affine @ np.array([[0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
    theirs = corners @ matrix[:3, :3].T + matrix[:3, 3]
    np.testing.assert_allclose(image.index_to_position(corners), theirs, atol=0.01)


def test_mosaics_show_the_head_where_the_t1_of_the_session_does(diffusion, unpacked):
    _, image = diffusion
    anatomy = read_dicom(unpacked("mr/dcm_qa_hfs_t1_dwi", "In/HFS/3_t1_fl2d_sag"))
    b0 = image.array[0].astype(float)
    index = np.argwhere(np.ones(b0.shape, bool))
    there = anatomy.position_to_index(image.index_to_position(index)).T
    t1 = ndimage.map_coordinates(anatomy.array.astype(float), there, order=1).reshape(b0.shape)
    inside = ndimage.map_coordinates(np.ones(anatomy.shape), there, order=0).reshape(b0.shape) > 0
    brain = (b0 > 150) & inside
    head = ndimage.binary_fill_holes(t1 > 80) & inside

    def covered(mask):
        return (mask & head).sum() / (mask & inside).sum()

    assert covered(brain) > 0.97
    for axis in (0, 1):
        assert covered(np.flip(brain, axis)) < covered(brain) - 0.01, "a flip must be visible"


def test_directions_are_unit_vectors_that_explain_the_b_matrix(diffusion):
    from medlab.io.dicom.vendors import csa_header

    folder, image = diffusion
    directions = image.meta["DiffusionGradientOrientations"]
    assert directions[0] is None
    np.testing.assert_allclose(np.linalg.norm(directions[1:], axis=1), 1, atol=1e-3)
    files = sorted(folder.iterdir())
    for path, direction in zip(files[1:], directions[1:], strict=True):
        xx, xy, xz, yy, yz, zz = map(float, csa_header(pydicom.dcmread(path))["B_matrix"])
        tensor = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        np.testing.assert_allclose(tensor, 1000 * np.outer(direction, direction), atol=60)
