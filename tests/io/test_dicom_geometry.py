"""Every slice lies where its file says, and a folder that contradicts itself is refused."""

from __future__ import annotations

import shutil

import numpy as np
import pydicom
import pytest
from dicom_folders import AXIAL, CORONAL, ORIGIN, SPACING, affine_of, normal_of, uid, write_slices

import medlab
from medlab.io.dicom import read_dicom
from medlab.io.errors import (
    CorruptFileError,
    DuplicateSliceError,
    GantryTiltError,
    InconsistentSeriesError,
    IrregularSpacingError,
    MissingSliceError,
    MultipleSeriesError,
)

HEAD = np.array([0.0, 0.0, 1.0])


def test_spacing_comes_from_positions_and_not_from_slice_thickness(tmp_path):
    stored = write_slices(tmp_path, SliceThickness=5.0, SpacingBetweenSlices=7.0)
    image = read_dicom(tmp_path)
    assert image.spacing == (2.5, *SPACING)
    np.testing.assert_array_equal(image.array, stored.astype(int) - 1024)


def test_shuffled_file_names_and_instance_numbers_do_not_matter(tmp_path):
    def shuffle(place, ds):
        ds.InstanceNumber = (7 * place) % 5

    stored = write_slices(tmp_path, change=shuffle)
    np.testing.assert_array_equal(read_dicom(tmp_path).array, stored.astype(int) - 1024)


def test_axial_slices_run_from_foot_to_head(tmp_path):
    write_slices(tmp_path)
    image = read_dicom(tmp_path)
    assert image.orientation == "HPL"
    np.testing.assert_allclose(image.affine, affine_of(AXIAL, 2.5 * HEAD), atol=1e-9)


def test_slices_written_from_head_to_foot_are_turned_round(tmp_path):
    stored = write_slices(tmp_path, offsets=-2.5 * np.arange(5))
    image = read_dicom(tmp_path)
    assert image.orientation == "HPL"
    np.testing.assert_array_equal(image.array[::-1], stored.astype(int) - 1024)
    assert image.origin == pytest.approx(tuple(ORIGIN - 10 * HEAD))


def oblique():
    row = np.array([0.9, 0.3, -0.2])
    row /= np.linalg.norm(row)
    column = np.cross([0.1, 0.2, 0.95], row)
    return (*row, *(column / np.linalg.norm(column)))


@pytest.mark.parametrize("orientation", [CORONAL, (0, 1, 0, 0, 0, -1), (-1, 0, 0, 0, -1, 0), oblique()])
def test_every_voxel_of_any_orientation_lies_where_its_file_says(tmp_path, orientation):
    stored = write_slices(tmp_path, orientation=orientation)
    image = read_dicom(tmp_path)
    np.testing.assert_array_equal(image.array, stored.astype(int) - 1024)
    np.testing.assert_allclose(image.affine, affine_of(orientation, 2.5 * normal_of(orientation)), atol=1e-5)
    assert np.linalg.det(image.affine[:3, [2, 1, 0]]) > 0


def test_orientation_as_two_equal_spellings_is_one_series(tmp_path):
    def respell(place, ds):
        if place % 2:
            ds.ImageOrientationPatient = [1, 0, 0, 0, 0.9999999, 0.0000001]

    write_slices(tmp_path, change=respell)
    assert read_dicom(tmp_path).shape[0] == 5


def test_tilted_gantry_gives_an_affine_with_shear_and_a_note(tmp_path):
    direction = np.array([0.0, np.tan(np.radians(15)), 1.0])
    stored = write_slices(tmp_path, direction=direction)
    image = read_dicom(tmp_path)
    assert image.sheared
    np.testing.assert_allclose(image.affine, affine_of(AXIAL, 2.5 * direction), atol=1e-5)
    np.testing.assert_array_equal(image.array, stored.astype(int) - 1024)
    assert any("15.0°" in note for note in image.notes)


def test_slices_shifted_sideways_without_order_are_refused(tmp_path):
    def shift(place, ds):
        if place == 2:
            ds.ImagePositionPatient[1] += 4

    write_slices(tmp_path, change=shift)
    with pytest.raises(GantryTiltError, match="straight line"):
        read_dicom(tmp_path)


def test_missing_slice_is_refused_and_the_gap_is_named(tmp_path):
    write_slices(
        tmp_path,
        offsets=[0, 2.5, 5, 10, 12.5, 15],
        change=lambda p, ds: setattr(ds, "PatientComments", str(p)),
    )
    with pytest.raises(
        MissingSliceError, match=r"45\.00 mm and 50\.00 mm .* 5 mm where the others are 2\.5"
    ) as caught:
        read_dicom(tmp_path)
    around = [pydicom.dcmread(file).PatientComments for file in caught.value.files]
    assert around == ["2", "3"]


def test_missing_slice_can_be_interpolated_on_request(tmp_path):
    stored = write_slices(tmp_path, offsets=[0, 2.5, 5, 10, 12.5, 15])
    image = read_dicom(tmp_path, on_irregular="resample")
    assert image.shape[0] == 7
    assert image.spacing[0] == 2.5
    values = stored.astype(int) - 1024
    np.testing.assert_array_equal(image.array[[0, 1, 2, 4, 5, 6]], values)
    np.testing.assert_array_equal(image.array[3], (values[2] + values[3]) / 2)
    assert any("interpolated" in note for note in image.notes)


def test_varying_spacing_is_refused(tmp_path):
    write_slices(tmp_path, offsets=[0, 2.5, 5, 8.2, 12.1, 16])
    with pytest.raises(IrregularSpacingError, match=r"2\.5 to 3\.9 mm"):
        read_dicom(tmp_path)


def test_varying_spacing_is_resampled_linearly_on_request(tmp_path):
    offsets = np.array([0, 2.5, 5, 8.2, 12.1, 16])
    ramp = np.round(100 * offsets).astype(np.uint16)[:, None, None] * np.ones((1, 6, 8), np.uint16)
    write_slices(tmp_path, offsets=offsets, values=ramp)
    image = read_dicom(tmp_path, on_irregular="resample")
    depth = image.affine[2, 3] + image.spacing[0] * np.arange(image.shape[0]) - ORIGIN[2]
    np.testing.assert_allclose(image.array[:, 0, 0], 100 * depth - 1024, atol=0.51)


def test_rounded_positions_are_accepted(tmp_path):
    offsets = np.round(0.625 * np.arange(20), 1)
    write_slices(tmp_path, offsets=offsets)
    image = read_dicom(tmp_path)
    assert image.spacing[0] == pytest.approx(offsets[-1] / 19)
    assert any("deviate" in note for note in image.notes)


def test_identical_copy_of_a_slice_is_dropped_with_a_note(tmp_path):
    write_slices(tmp_path)
    shutil.copy(tmp_path / "0001.dcm", tmp_path / "copy.dcm")
    image = read_dicom(tmp_path)
    assert image.shape[0] == 5
    assert any("identical" in note for note in image.notes)


def test_copy_under_a_new_uid_with_equal_pixels_is_dropped_too(tmp_path):
    write_slices(tmp_path)
    ds = pydicom.dcmread(tmp_path / "0001.dcm")
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, 99)
    ds.save_as(tmp_path / "twin.dcm")
    assert read_dicom(tmp_path).shape[0] == 5


def test_two_different_slices_at_one_place_are_refused(tmp_path):
    write_slices(tmp_path)
    ds = pydicom.dcmread(tmp_path / "0001.dcm")
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, 99)
    ds.PixelData = bytes(len(ds.PixelData))
    ds.save_as(tmp_path / "rival.dcm")
    with pytest.raises(DuplicateSliceError) as caught:
        read_dicom(tmp_path)
    assert {file.name for file in caught.value.files} == {"0001.dcm", "rival.dcm"}


def test_localizer_within_the_series_is_left_out_with_a_note(tmp_path):
    stored = write_slices(tmp_path)
    write_slices(
        tmp_path,
        offsets=[0.0],
        orientation=CORONAL,
        prefix="scout",
        ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
        SOPInstanceUID=uid(1, 50),
    )
    image = read_dicom(tmp_path)
    np.testing.assert_array_equal(image.array, stored.astype(int) - 1024)
    assert any("localizer" in note for note in image.notes)


def test_other_orientation_that_is_no_localizer_is_refused_and_can_be_chosen(tmp_path):
    write_slices(tmp_path)
    other = write_slices(
        tmp_path, offsets=[0.0, 3.0], orientation=CORONAL, prefix="b", SOPInstanceUID=uid(1, 50)
    )
    with pytest.raises(MultipleSeriesError, match="2 parts of one series"):
        read_dicom(tmp_path)
    rows = [row for row in (0, 1) if read_dicom(tmp_path, row).shape[0] == 2]
    np.testing.assert_array_equal(read_dicom(tmp_path, rows[0]).array, other.astype(int) - 1024)


def test_one_slice_of_another_size_is_refused(tmp_path):
    write_slices(tmp_path)
    write_slices(
        tmp_path, offsets=[12.5], values=np.zeros((1, 4, 4), np.uint16), prefix="b", SOPInstanceUID=uid(1, 50)
    )
    with pytest.raises(InconsistentSeriesError, match="differ in size"):
        read_dicom(tmp_path)


def test_a_single_slice_has_no_slice_axis_but_keeps_its_place(tmp_path):
    write_slices(tmp_path, offsets=[0.0])
    image = read_dicom(tmp_path)
    assert image.axes == "yx"
    np.testing.assert_allclose(image.affine, affine_of(AXIAL, 2.5 * HEAD), atol=1e-9)


def test_directions_that_are_no_unit_vectors_are_refused(tmp_path):
    write_slices(
        tmp_path, change=lambda _, ds: setattr(ds, "ImageOrientationPatient", [1, 0, 0, 0.5, 0.5, 0])
    )
    with pytest.raises(CorruptFileError, match="right angle"):
        read_dicom(tmp_path)


def test_resampling_has_two_words_only(tmp_path):
    with pytest.raises(ValueError, match="'raise' or 'resample'"):
        read_dicom(tmp_path, on_irregular="ignore")


def test_medlab_read_takes_a_folder(tmp_path):
    stored = write_slices(tmp_path)
    np.testing.assert_array_equal(medlab.read(tmp_path).array, stored.astype(int) - 1024)
