"""Contours and dose."""

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from skimage.measure import points_in_poly

import medlab
from medlab import Image
from medlab.io import read_rtdose, read_rtstruct
from medlab.io.archive import unpacked
from medlab.io.contours import fill
from medlab.io.errors import CorruptFileError, IrregularSpacingError, LoadError, UnsupportedFormatError

TURN = np.array([[0.8, 0.6, 0.0], [-0.6, 0.8, 0.0], [0, 0, 1.0]]) @ np.array(
    [[1, 0, 0], [0, 0.96, -0.28], [0, 0.28, 0.96]]
)


def a_structure_set(path, kind="CLOSED_PLANAR", **rois):
    """Write contours, a list of (N, 3) arrays for each name."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = (
        ExplicitVRLittleEndian,
        "1.2.840.10008.5.1.4.1.1.481.3",
    )
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.Modality = meta.MediaStorageSOPClassUID, "RTSTRUCT"
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [], []
    for number, (name, contours) in enumerate(rois.items(), start=1):
        roi, outline = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, outline.ReferencedROINumber = number, name, number
        outline.ContourSequence = []
        for points in contours:
            item = Dataset()
            item.ContourGeometricType, item.NumberOfContourPoints = kind, len(points)
            item.ContourData = [f"{v:.9g}" for v in np.ravel(points)]
            outline.ContourSequence.append(item)
        dataset.StructureSetROISequence.append(roi)
        dataset.ROIContourSequence.append(outline)
    dataset.save_as(path)
    return path


def a_grid(columns, shape=(9, 24, 26), spacing=(3.0, 1.5, 1.2)):
    """Return an image whose (slice, row, column) axes run along the given directions."""
    affine = np.eye(4)
    affine[:3, :3] = TURN @ np.array(columns, float).T * spacing
    affine[:3, 3] = (4, -7, 11)
    return Image(np.zeros(shape, np.int16), affine=affine)


AXIAL = a_grid([(0, 0, 1), (0, 1, 0), (1, 0, 0)])


def ring(image, axis, n, radius, centre=(11.3, 12.4), count=40):
    """Return a circle around a centre in plane n of an array axis, as positions."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    plane = np.stack([centre[0] + radius * np.sin(angle), centre[1] + radius * np.cos(angle)], axis=-1)
    return image.index_to_position(np.insert(plane, axis, n, axis=1))


# -- filling ----------------------------------------------------------------------------------


def test_filling_agrees_with_scikit_image_for_random_stars(rng):
    rows, columns = np.mgrid[:30, :40]
    centres = np.stack([rows, columns], axis=-1).reshape(-1, 2)
    for _ in range(30):
        angle = np.sort(rng.uniform(0, 2 * np.pi, 17))
        radius = rng.uniform(2, 18, 17)
        star = np.stack([15 + radius * np.sin(angle), 20 + radius * np.cos(angle)], axis=-1)
        expected = points_in_poly(centres, star).reshape(30, 40)
        np.testing.assert_array_equal(fill([star], (30, 40)), expected)


def test_a_contour_inside_another_is_a_hole_and_so_is_a_keyhole():
    outer = np.array([(1.5, 1.5), (1.5, 8.5), (8.5, 8.5), (8.5, 1.5)])
    inner = np.array([(3.5, 3.5), (3.5, 6.5), (6.5, 6.5), (6.5, 3.5)])
    keyhole = np.concatenate([outer, outer[:1], inner[::-1][-1:], inner[::-1], outer[:1]])
    two = fill([outer, inner], (10, 10))
    assert (two.sum(), two[5, 5], two[2, 2]) == (49 - 9, False, True)
    np.testing.assert_array_equal(fill([keyhole], (10, 10)), two)


def test_polygons_that_share_an_edge_share_no_pixel():
    left = np.array([(0, 0), (0, 4), (6, 4), (6, 0)])
    right = left + np.array([0, 4])
    together = fill([left], (7, 9)).astype(int) + fill([right], (7, 9))
    assert together.max() == 1
    assert together.sum() == 48


def test_what_leaves_the_picture_is_cut():
    assert fill([np.array([(-50, -50), (-50, 50), (50, 50), (50, -50)])], (4, 5)).all()


# -- structure sets ---------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(
    "columns",
    [
        [(0, 0, 1), (0, 1, 0), (1, 0, 0)],
        [(1, 0, 0), (0, 0, -1), (0, 1, 0)],
        [(0, 1, 0), (0, 0, -1), (1, 0, 0)],
        [(0, 0, -1), (0, 1, 0), (1, 0, 0)],
    ],
    ids=["axial", "sagittal", "coronal", "feet first"],
)
def test_contours_in_slices_rows_or_columns_of_an_oblique_image(axis, columns, tmp_path):
    image = a_grid(columns, shape=(24, 24, 24))
    contours = [ring(image, axis, n, 7.2) for n in range(5, 9)]
    mask = read_rtstruct(a_structure_set(tmp_path / "rs.dcm", tumour=contours), image, "tumour")
    angle_polygon = np.delete(image.position_to_index(contours[0]), axis, axis=1)
    plane = fill([angle_polygon], (24, 24))
    expected = np.zeros(image.shape, bool)
    expected[(slice(None),) * axis + (slice(5, 9),)] = np.expand_dims(plane, axis)
    np.testing.assert_array_equal(mask.array > 0, expected)
    assert (mask.same_grid(image), dict(mask.labels), mask.notes) == (True, {1: "tumour"}, ())


def test_all_structures_come_by_name_and_may_overlap(tmp_path):
    path = a_structure_set(tmp_path / "rs.dcm", PTV=[ring(AXIAL, 0, 4, 9)], GTV=[ring(AXIAL, 0, 4, 5)])
    masks = read_rtstruct(path, AXIAL)
    assert list(masks) == ["PTV", "GTV"]
    assert (masks["PTV"].array[masks["GTV"].array > 0] > 0).all()
    assert list(read_rtstruct(path, AXIAL, ["GTV"])) == ["GTV"]


def test_the_area_of_a_circle_is_right(tmp_path):
    path = a_structure_set(tmp_path / "rs.dcm", a=[ring(AXIAL, 0, 4, 9, count=400)])
    assert read_rtstruct(path, AXIAL, "a").array.sum() == pytest.approx(np.pi * 81, rel=0.02)


def test_contours_drawn_on_every_second_slice_fill_the_slices_between_with_a_note(tmp_path):
    path = a_structure_set(tmp_path / "rs.dcm", a=[ring(AXIAL, 0, n, 5) for n in (2, 4, 6)])
    mask = read_rtstruct(path, AXIAL, "a")
    assert set(np.flatnonzero(mask.array.any(axis=(1, 2)))) >= {2, 3, 4, 5, 6}
    assert "2 slices apart" in mask.notes[0]


def test_contours_finer_than_the_slices_give_each_slice_the_nearest(tmp_path):
    contours = [ring(AXIAL, 0, n / 2, 3 + n / 2) for n in range(4, 13)]
    mask = read_rtstruct(a_structure_set(tmp_path / "rs.dcm", a=contours), AXIAL, "a")
    expected = fill([np.delete(AXIAL.position_to_index(contours[4]), 0, axis=1)], AXIAL.shape[1:])
    np.testing.assert_array_equal(mask.array[4] > 0, expected)
    assert not mask.array[:2].any()


def test_a_gap_between_two_parts_stays_open(tmp_path):
    path = a_structure_set(tmp_path / "rs.dcm", a=[ring(AXIAL, 0, n, 5) for n in (0, 1, 2, 6, 7, 8)])
    assert not read_rtstruct(path, AXIAL, "a").array[3:6].any()


def test_oblique_contours_are_refused_with_the_tolerance_and_the_way_out(tmp_path):
    tilted = ring(AXIAL, 0, 4, 8) + np.outer(np.linspace(0, 4, 40), AXIAL.direction[:, 0])
    with pytest.raises(
        LoadError, match=r"leave its slices by up to 1\.33 of a voxel \(0\.25 allowed\).*mask\.like"
    ):
        read_rtstruct(a_structure_set(tmp_path / "rs.dcm", a=[tilted]), AXIAL, "a")


def test_contours_on_another_image_are_refused(tmp_path):
    path = a_structure_set(tmp_path / "rs.dcm", a=[ring(AXIAL, 0, 40, 8)])
    with pytest.raises(LoadError, match="outside of the reference"):
        read_rtstruct(path, AXIAL, "a")


def test_planes_beyond_the_image_are_noted(tmp_path):
    path = a_structure_set(tmp_path / "rs.dcm", a=[ring(AXIAL, 0, n, 8) for n in range(6, 12)])
    assert "3 of 6 contour planes have no slice" in read_rtstruct(path, AXIAL, "a").notes[0]


def test_a_structure_smaller_than_a_voxel_is_noted(tmp_path):
    path = a_structure_set(tmp_path / "rs.dcm", a=[ring(AXIAL, 0, 4, 0.1, centre=(11.5, 12.5))])
    mask = read_rtstruct(path, AXIAL, "a")
    assert not mask.array.any()
    assert "no voxel has its centre" in mask.notes[0]


def test_an_unknown_name_lists_the_known(tmp_path):
    path = a_structure_set(tmp_path / "rs.dcm", liver=[ring(AXIAL, 0, 4, 8)])
    with pytest.raises(LoadError, match="Structures: liver"):
        read_rtstruct(path, AXIAL, "heart")


def test_points_are_no_volume(tmp_path):
    path = a_structure_set(tmp_path / "rs.dcm", kind="POINT", isocentre=[[(1, 2, 3)]])
    assert read_rtstruct(path, AXIAL) == {}
    with pytest.raises(LoadError, match="POINT only"):
        read_rtstruct(path, AXIAL, "isocentre")


def test_a_contour_of_two_points_is_corrupt(tmp_path):
    with pytest.raises(CorruptFileError, match="6 coordinates"):
        read_rtstruct(a_structure_set(tmp_path / "rs.dcm", a=[[(1, 2, 3), (4, 5, 6)]]), AXIAL)


def test_read_points_to_the_function_that_needs_an_image(tmp_path):
    with pytest.raises(UnsupportedFormatError, match="read_rtstruct"):
        medlab.read(a_structure_set(tmp_path / "rs.dcm", a=[ring(AXIAL, 0, 4, 8)]))


def test_a_ct_is_no_structure_set():
    with pytest.raises(UnsupportedFormatError, match="Expected an RT structure set"):
        read_rtstruct(get_testdata_file("CT_small.dcm", download=False), AXIAL)


def test_a_reference_outside_of_a_patient_is_refused(tmp_path):
    with pytest.raises(ValueError, match="patient coordinates"):
        read_rtstruct(tmp_path / "rs.dcm", Image(np.zeros((3, 4, 5))))


@pytest.mark.parametrize("modality", ["CT", "PET", "MR_T1"])
def test_the_contours_of_the_ibsi_case_give_its_own_masks(mirror, modality):
    with unpacked(mirror / "petct" / "ibsi_sts_004_ct_pet_mr.zip") as folder:
        case = folder / "dicom" / "STS_004" / modality
        image = medlab.read(case / "image")
        (mask,) = read_rtstruct(case / "mask" / "RS.dcm", image).values()
        expected = medlab.read(folder / "nifti" / "STS_004" / f"{modality}_mask.nii.gz")
    assert mask.same_grid(expected)
    both = (mask.array > 0) & (expected.array > 0)
    assert 2 * both.sum() / ((mask.array > 0).sum() + (expected.array > 0).sum()) > 0.99


def test_the_contours_of_the_whole_body_pet_open_on_it(mirror):
    with unpacked(mirror / "petct" / "sts_001_pet_wholebody_dicom.zip") as folder:
        case = folder / "STS_001" / "FDG_PET"
        pet = medlab.read(case / "image", on_irregular="resample")
        masks = read_rtstruct(case / "mask" / "1-1.dcm", pet)
    assert list(masks) == ["GTV_Mass", "GTV_Edema"]
    tumour = masks["GTV_Mass"].array > 0
    assert pet.array[tumour].mean() > 10 * np.median(pet.array[pet.array > 0])
    assert (masks["GTV_Edema"].array[tumour] > 0).mean() > 0.99


# -- dose -------------------------------------------------------------------------------------


def a_dose(path, offsets=(0, 3, 6, 9), orientation=(1, 0, 0, 0, 1, 0), position=(1, 2, 30), units="GY"):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = (
        ExplicitVRLittleEndian,
        "1.2.840.10008.5.1.4.1.1.481.2",
    )
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.Modality, dataset.DoseUnits = meta.MediaStorageSOPClassUID, "RTDOSE", units
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = list(position), list(orientation)
    dataset.PixelSpacing, dataset.GridFrameOffsetVector = [2.0, 2.5], list(offsets)
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = 3, 5, len(offsets)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = (
        1,
        "MONOCHROME2",
        0,
    )
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 32, 32, 31
    dataset.DoseGridScaling = "1.5e-05"
    values = np.arange(len(offsets) * 15, dtype="<u4") * 70_000
    dataset.PixelData = values.tobytes()
    dataset.save_as(path)
    return values.reshape(len(offsets), 3, 5) * 1.5e-5


@pytest.mark.parametrize("offsets", [(0, 3, 6, 9), (30, 33, 36, 39), (0, -3, -6, -9), (30, 27, 24, 21)])
def test_relative_and_absolute_offsets_place_the_planes(offsets, tmp_path):
    expected = a_dose(tmp_path / "rd.dcm", offsets)
    dose = medlab.read(tmp_path / "rd.dcm")
    np.testing.assert_allclose(dose.array, expected, rtol=1e-6)
    assert (dose.units, dose.modality, dose.dtype) == ("Gy", "RTDOSE", np.float32)
    z = np.array(offsets) + (30 if offsets[0] == 0 else 0)
    for k in range(4):
        np.testing.assert_allclose(dose.index_to_position([k, 1, 2]), (1 + 2 * 2.5, 2 + 2.0, z[k]))


def test_relative_offsets_follow_the_normal_of_a_sagittal_dose(tmp_path):
    a_dose(tmp_path / "rd.dcm", orientation=(0, 1, 0, 0, 0, -1))
    np.testing.assert_allclose(read_rtdose(tmp_path / "rd.dcm").index_to_position([1, 0, 0]), (1 - 3, 2, 30))


def test_unevenly_spaced_planes_are_refused(tmp_path):
    a_dose(tmp_path / "rd.dcm", (0, 3, 6, 10))
    with pytest.raises(IrregularSpacingError, match="3 to 4 mm"):
        read_rtdose(tmp_path / "rd.dcm")


def test_offsets_that_mean_nothing_are_refused(tmp_path):
    a_dose(tmp_path / "rd.dcm", (5, 8, 11, 14))
    with pytest.raises(CorruptFileError, match="neither 0 nor the z"):
        read_rtdose(tmp_path / "rd.dcm")


def test_relative_dose_has_no_unit(tmp_path):
    a_dose(tmp_path / "rd.dcm", units="RELATIVE")
    assert read_rtdose(tmp_path / "rd.dcm").units == ""


def test_a_real_dose_is_scaled_and_placed_as_its_header_says():
    path = get_testdata_file("rtdose.dcm", download=False)
    dose, header = read_rtdose(path), pydicom.dcmread(path)
    np.testing.assert_allclose(dose.array, header.pixel_array * header.DoseGridScaling, rtol=1e-6)
    z = header.ImagePositionPatient[2] + np.array(header.GridFrameOffsetVector, float)
    np.testing.assert_allclose(dose.index_to_position([[k, 0, 0] for k in range(15)])[:, 2], z)


def test_a_file_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_rtdose(tmp_path / "rd.dcm")
