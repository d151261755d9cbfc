"""Writing, and there and back again."""

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

import medlab
from medlab import Image
from medlab.io.archive import unpacked
from medlab.io.errors import EmptySeriesError, UnsupportedFormatError
from medlab.measure import suv

FILES = ["a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.npz"]


@pytest.fixture
def oblique(rng):
    affine = np.array([[0.3, 0.1, 0.7, -20], [-0.2, 0.9, -0.1, -24], [2.9, 0.05, -0.1, -15], [0, 0, 0, 1]])
    image = Image(
        rng.integers(-1000, 3000, (6, 7, 8)).astype(np.int16), affine=affine, modality="CT", units="HU"
    )
    return image.resample((3.0, 0.9, 0.7))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32, np.int32])
def test_files_keep_voxels_affine_and_unit(name, dtype, tmp_path, oblique):
    image = oblique.replace(array=np.abs(oblique.array).astype(dtype))
    result = medlab.read(medlab.write(image, tmp_path / name))
    np.testing.assert_array_equal(result.array, image.array)
    np.testing.assert_allclose(result.affine, image.affine, atol=2e-6)
    assert (result.dtype, result.axes, result.units, result.modality) == (dtype, "zyx", "HU", "CT")


@pytest.mark.parametrize("name", FILES)
def test_files_keep_a_tilted_gantry(name, tmp_path, rng):
    affine = np.array([[0, 0, 0.8, 0], [0.6, 1.0, 0, 0], [2.0, 0, 0, 0], [0, 0, 0, 1]])
    image = Image(rng.random((4, 5, 6)).astype(np.float32), affine=affine)
    result = medlab.read(medlab.write(image, tmp_path / name))
    assert result.sheared
    np.testing.assert_allclose(result.affine, affine, atol=2e-6)


@pytest.mark.parametrize("name", FILES)
def test_files_keep_time_and_colour(name, tmp_path, rng):
    image = Image(rng.integers(0, 255, (3, 5, 6, 3), dtype=np.uint8), axes="tyxc", times=[0, 1, 5])
    result = medlab.read(medlab.write(image, tmp_path / name))
    np.testing.assert_array_equal(result.array, image.array)
    np.testing.assert_allclose(result.times, [0, 1, 5])
    assert (result.axes, result.space) == ("tyxc", "pixel")


@pytest.mark.parametrize("name", FILES)
def test_files_keep_the_names_of_labels(name, tmp_path, ball):
    mask = ball.as_mask(ball.array > 0, {1: "Kugel ⌀ 18"})
    result = medlab.read(medlab.write(mask, tmp_path / name))
    assert (dict(result.labels), result.units, result.dtype) == ({1: "Kugel ⌀ 18"}, "label", np.uint8)


def test_a_chain_through_all_formats_ends_where_it_began(tmp_path, oblique):
    image = medlab.read(medlab.write(oblique, tmp_path / "dicom"))
    for name in FILES:
        image = medlab.read(medlab.write(image, tmp_path / name))
    np.testing.assert_array_equal(image.array, oblique.array)
    np.testing.assert_allclose(image.affine, oblique.affine, atol=1e-5)


def test_an_existing_file_is_replaced_only_if_asked(tmp_path, ball):
    path = medlab.write(ball, tmp_path / "a.nii")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        medlab.write(ball, path)
    medlab.write(ball.replace(array=ball.array + 1), path, overwrite=True)
    np.testing.assert_array_equal(medlab.read(path).array, ball.array + 1)


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nrrd", "a.mha", "a.npz", "dicom"])
def test_nothing_is_left_behind_when_writing_fails(name, tmp_path, ball, monkeypatch):
    import medlab.facts
    import medlab.io.derived

    def fails(*_args, **_options):
        raise OSError("disk full")

    monkeypatch.setattr(medlab.facts, "of", fails)
    monkeypatch.setattr(medlab.io.derived, "_slice", fails)
    with pytest.raises(OSError, match="disk full"):
        medlab.write(ball, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.png", "a.mhd", "a.hdr", "a.tif"])
def test_an_unknown_suffix_lists_the_known(name, tmp_path, ball):
    with pytest.raises(UnsupportedFormatError, match=r"\.nii\.gz"):
        medlab.write(ball, tmp_path / name)


def test_a_missing_folder_is_named(tmp_path, ball):
    with pytest.raises(FileNotFoundError, match="make it first"):
        medlab.write(ball, tmp_path / "not" / "there.nii")


def test_dicom_options_are_refused_elsewhere(tmp_path, ball):
    with pytest.raises(ValueError, match="for DICOM"):
        medlab.write(ball, tmp_path / "a.nii", description="x")


# -- DICOM ------------------------------------------------------------------------------------


def datasets(folder):
    return [pydicom.dcmread(f) for f in sorted(folder.iterdir())]


def test_a_dicom_series_keeps_integers_exactly(tmp_path, oblique):
    result = medlab.read(medlab.write(oblique, tmp_path / "dicom"))
    np.testing.assert_array_equal(result.array, oblique.array)
    np.testing.assert_allclose(result.affine, oblique.affine, atol=1e-6)
    assert (result.units, result.modality, result.dtype) == ("HU", "CT", np.int16)


def test_simpleitk_reads_the_series_that_medlab_writes(tmp_path, oblique):
    import SimpleITK as sitk  # noqa: N813

    folder = medlab.write(oblique, tmp_path / "dicom")
    files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    result = Image.from_sitk(sitk.ReadImage(files))
    np.testing.assert_array_equal(result.array, oblique.array)
    np.testing.assert_allclose(result.affine, oblique.affine, atol=1e-4)


def test_fractions_are_scaled_over_16_bits_and_the_step_is_told(tmp_path, ball, rng):
    image = ball.replace(array=rng.normal(0, 3, ball.shape).astype(np.float32), units="", modality="MR")
    folder = medlab.write(image, tmp_path / "dicom")
    step = np.ptp(image.array) / 65535
    assert np.abs(medlab.read(folder).array - image.array).max() <= step * 0.51
    told = datasets(folder)[0].DerivationDescription
    assert float(told.split()[-1]) == pytest.approx(step, rel=1e-6)


def test_uids_are_new_and_consistent(tmp_path, ball):
    slices = datasets(medlab.write(ball, tmp_path / "dicom"))
    assert len({s.SOPInstanceUID for s in slices}) == 16
    assert len({(s.SeriesInstanceUID, s.StudyInstanceUID, s.FrameOfReferenceUID) for s in slices}) == 1
    assert all(s.file_meta.MediaStorageSOPInstanceUID == s.SOPInstanceUID for s in slices)
    other = datasets(medlab.write(ball, tmp_path / "other"))[0]
    assert other.SeriesInstanceUID != slices[0].SeriesInstanceUID


def test_a_derived_series_refers_to_the_slices_it_came_from(tmp_path, ball):
    first = medlab.write(ball, tmp_path / "first")
    second = medlab.write(ball, tmp_path / "second", source=first, description="twice as bright")
    for made, source in zip(datasets(second), datasets(first), strict=True):
        assert [i.ReferencedSOPInstanceUID for i in made.SourceImageSequence] == [source.SOPInstanceUID]
        assert (made.StudyInstanceUID, made.FrameOfReferenceUID) == (
            source.StudyInstanceUID,
            source.FrameOfReferenceUID,
        )
        assert made.SeriesInstanceUID != source.SeriesInstanceUID
        assert list(made.ImageType[:2]) == ["DERIVED", "SECONDARY"]
        assert made.DerivationDescription == "twice as bright"


def test_a_real_file_is_derived_with_patient_and_study(tmp_path):
    path = get_testdata_file("CT_small.dcm", download=False)
    image, source = medlab.read(path), pydicom.dcmread(path)
    medlab.write(image.replace(array=image.array // 2), tmp_path / "half.dcm", source=path)
    made = pydicom.dcmread(tmp_path / "half.dcm")
    for keyword in ("PatientID", "StudyInstanceUID", "FrameOfReferenceUID", "KVP"):
        assert made[keyword].value == source[keyword].value
    assert made.SourceImageSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID
    np.testing.assert_array_equal(medlab.read(tmp_path / "half.dcm").array, image.array // 2)


def test_colour_is_written_as_secondary_capture(tmp_path, rng):
    image = Image(rng.integers(0, 255, (9, 11, 3), dtype=np.uint8), axes="yxc")
    result = medlab.read(medlab.write(image, tmp_path / "a.dcm"))
    np.testing.assert_array_equal(result.array, image.array)
    assert result.axes == "yxc"


@pytest.mark.parametrize("units", ["Bq/ml", "SUVbw", "counts"])
def test_pet_keeps_its_unit(units, tmp_path, ball, rng):
    pet = ball.replace(array=rng.random(ball.shape).astype(np.float32) * 9000, modality="PT", units=units)
    folder = medlab.write(pet, tmp_path / "pet")
    result = medlab.read(folder)
    assert (result.modality, result.units) == ("PT", units)
    assert datasets(folder)[0].SOPClassUID.name == "Positron Emission Tomography Image Storage"


def test_suv_of_a_derived_pet_is_that_of_its_source(mirror, tmp_path):
    with unpacked(mirror / "petct" / "sts_001_pet_wholebody_dicom.zip") as folder:
        source = folder / "STS_001" / "FDG_PET" / "image"
        pet = medlab.read(source)
        part = pet.crop([(100, 104), (0, 128), (0, 128)])
        medlab.write(part, tmp_path / "part", source=source)
    expected, result = suv(pet).array[100:104], suv(medlab.read(tmp_path / "part")).array
    np.testing.assert_allclose(result, expected, atol=expected.max() / 65535)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda b: Image(np.zeros((2, 3, 4, 5)), affine=b.affine), "time points"),
        (lambda b: b.as_mask(b.array > 0), "write_seg"),
        (lambda b: b.replace(array=np.where(b.array > 0, np.nan, 0.0)), "not finite"),
        (lambda b: b.replace(array=b.array.astype(np.int32) * 1000), "16 bits"),
    ],
)
def test_what_dicom_slices_cannot_hold_is_refused_with_the_way_out(change, reason, tmp_path, ball):
    with pytest.raises(UnsupportedFormatError, match=reason):
        medlab.write(change(ball), tmp_path / "dicom")
    assert list(tmp_path.iterdir()) == []


def test_a_volume_does_not_fit_one_file(tmp_path, ball):
    with pytest.raises(UnsupportedFormatError, match="path without suffix"):
        medlab.write(ball, tmp_path / "a.dcm")


def test_a_source_without_images_is_refused(tmp_path, ball):
    (tmp_path / "empty").mkdir()
    with pytest.raises(EmptySeriesError):
        medlab.write(ball, tmp_path / "dicom", source=tmp_path / "empty")


def test_a_folder_with_other_things_is_never_replaced(tmp_path, ball):
    folder = medlab.write(ball, tmp_path / "dicom")
    medlab.write(ball, folder, overwrite=True)
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match=r"thesis\.txt"):
        medlab.write(ball, folder, overwrite=True)
    assert (folder / "thesis.txt").exists()
