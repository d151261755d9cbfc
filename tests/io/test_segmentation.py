"""DICOM segmentations."""

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

import medlab
from medlab.io import read_seg, write_seg
from medlab.io.archive import unpacked
from medlab.io.errors import (
    CorruptFileError,
    EmptySeriesError,
    IrregularSpacingError,
    LoadError,
    UnsupportedFormatError,
)


@pytest.fixture
def series(ball, tmp_path):
    return medlab.write(ball, tmp_path / "ct")


@pytest.fixture
def mask(ball):
    values = (ball.array > 0).astype(np.uint8)
    values[8:] *= 3
    return ball.as_mask(values, {1: "lower", 3: "upper"})


def test_a_mask_comes_back_on_its_image(ball, mask, series, tmp_path):
    path = write_seg(mask, series, tmp_path / "seg.dcm")
    result = read_seg(path, reference=ball)
    np.testing.assert_array_equal(result.array, np.where(mask.array == 3, 2, mask.array))
    assert dict(result.labels) == {1: "lower", 2: "upper"}
    assert (result.same_grid(ball), result.units, result.notes) == (True, "label", ())


def test_without_a_reference_the_grid_holds_the_stored_slices(mask, series, tmp_path):
    result = read_seg(write_seg(mask, series, tmp_path / "seg.dcm"))
    used = np.flatnonzero(mask.array.any(axis=(1, 2)))
    assert result.size("z") == used[-1] - used[0] + 1
    np.testing.assert_allclose(
        result.index_to_position([0, 0, 0]), mask.index_to_position([used[0], 0, 0]), atol=1e-6
    )


def test_read_knows_a_segmentation(mask, series, tmp_path):
    image = medlab.read(write_seg(mask, series, tmp_path / "seg.dcm"))
    assert (image.modality, image.is_mask) == ("SEG", True)
    assert medlab.read(tmp_path / "seg.dcm", dtype=np.int32).dtype == np.int32


def test_one_segment_can_be_read_by_name_or_number(ball, mask, series, tmp_path):
    path = write_seg(mask, series, tmp_path / "seg.dcm")
    for which in ("upper", 2):
        result = read_seg(path, ball, segments=[which])
        np.testing.assert_array_equal(result.array > 0, mask.array == 3)
    with pytest.raises(UnsupportedFormatError, match="spleen"):
        read_seg(path, segments=["spleen"])


def test_slices_left_out_in_the_middle_come_back_empty(ball, series, tmp_path):
    values = np.zeros(ball.shape, bool)
    values[2, 4:9, 5:11] = values[7, 4:9, 5:11] = values[8, 4:9, 5:11] = True
    path = write_seg(ball.as_mask(values), series, tmp_path / "seg.dcm")
    assert int(pydicom.dcmread(path).NumberOfFrames) == 3
    np.testing.assert_array_equal(read_seg(path, ball).array, values)


def test_the_file_refers_to_its_source_and_names_what_made_it(mask, series, tmp_path):
    types = {1: ("10200004", "SCT", "Liver")}
    path = write_seg(mask, series, tmp_path / "seg.dcm", types=types, algorithm="U-Net")
    dataset, source = pydicom.dcmread(path), pydicom.dcmread(next(iter(series.iterdir())))
    assert dataset.FrameOfReferenceUID == source.FrameOfReferenceUID
    assert dataset.ReferencedSeriesSequence[0].SeriesInstanceUID == source.SeriesInstanceUID
    first, second = dataset.SegmentSequence
    assert (first.SegmentAlgorithmType, first.SegmentAlgorithmName) == ("AUTOMATIC", "U-Net")
    assert first.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Liver"
    assert second.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Tissue"


def test_overlapping_segments_are_an_error_that_says_how_to_read_them(ball, mask, series, tmp_path):
    path = write_seg(mask, series, tmp_path / "seg.dcm")
    dataset = pydicom.dcmread(path)
    last = dataset.PerFrameFunctionalGroupsSequence[-1]
    last.PlanePositionSequence = dataset.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence
    pixels = dataset.pixel_array.copy()
    pixels[-1] = pixels[0]
    dataset.PixelData = np.packbits(pixels.ravel(), bitorder="little").tobytes()
    dataset.save_as(path)
    with pytest.raises(LoadError, match=r"overlap.*segments=\[2\]"):
        read_seg(path, ball)
    assert read_seg(path, ball, segments=[2]).array.any()


def fractional(path):
    dataset = pydicom.dcmread(path)
    values = dataset.pixel_array.astype(np.uint8) * 200
    values[0, 0, 0] = 99
    dataset.SegmentationType, dataset.MaximumFractionalValue = "FRACTIONAL", 200
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelData = 7, values.tobytes()
    dataset.save_as(path)
    return path


def test_fractions_of_a_half_count_as_inside_with_a_note(ball, mask, series, tmp_path):
    path = write_seg(mask, series, tmp_path / "seg.dcm")
    before = read_seg(path, ball).array
    result = read_seg(fractional(path), ball)
    np.testing.assert_array_equal(result.array, before)
    assert "one half" in result.notes[0]


def test_unevenly_spaced_slices_are_refused(mask, series, tmp_path):
    path = write_seg(mask, series, tmp_path / "seg.dcm")
    dataset = pydicom.dcmread(path)
    dataset.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence[0].ImagePositionPatient[2] += 0.7
    dataset.save_as(path)
    with pytest.raises(IrregularSpacingError, match=r"seg\.dcm"):
        read_seg(path)


def test_what_lies_outside_of_the_reference_is_noted(ball, mask, series, tmp_path):
    path = write_seg(mask, series, tmp_path / "seg.dcm")
    part = ball.crop([(0, 8), (0, 48), (0, 52)])
    result = read_seg(path, part)
    outside = (mask.array[8:] > 0).sum() / (mask.array > 0).sum()
    assert f"{outside:.1%}" in result.notes[0]


def test_a_file_that_is_no_segmentation_is_refused(series):
    with pytest.raises(UnsupportedFormatError, match="is of CT"):
        read_seg(next(iter(series.iterdir())))


def test_a_truncated_segmentation_is_an_error(mask, series, tmp_path):
    path = write_seg(mask, series, tmp_path / "seg.dcm")
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(CorruptFileError, match=r"seg\.dcm"):
        read_seg(path)


def test_time_points_of_the_source_do_not_count_as_slices(ball, mask, series, tmp_path):
    for file in list(series.iterdir()):
        dataset = pydicom.dcmread(file)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.save_as(series / f"second-{file.name}")
    result = read_seg(write_seg(mask, series, tmp_path / "seg.dcm"), ball)
    np.testing.assert_array_equal(result.array > 0, mask.array > 0)


@pytest.mark.parametrize(
    "change", [lambda m: m.replace(array=m.array * 0), lambda m: m.replace(space="plane")]
)
def test_a_mask_that_says_nothing_is_refused(change, mask, series, tmp_path):
    with pytest.raises(ValueError, match="Expected a mask"):
        write_seg(change(mask), series, tmp_path / "seg.dcm")


def test_a_source_without_images_is_refused(mask, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(EmptySeriesError):
        write_seg(mask, tmp_path / "empty", tmp_path / "seg.dcm")


def test_an_existing_file_is_replaced_only_if_asked(mask, series, tmp_path):
    path = write_seg(mask, series, tmp_path / "seg.dcm")
    with pytest.raises(FileExistsError):
        write_seg(mask, series, path)
    assert write_seg(mask, series, path, overwrite=True) == path


def test_a_label_map_is_read(ball, mask, series, tmp_path):
    import highdicom as hd

    described = pydicom.dcmread(write_seg(mask, series, tmp_path / "seg.dcm"))
    sources = [pydicom.dcmread(f) for f in sorted(series.iterdir())]
    values = np.where(mask.array == 3, 2, mask.array)
    hd.seg.Segmentation(
        source_images=sources,
        pixel_array=hd.Volume(values, mask.affine, "PATIENT", sources[0].FrameOfReferenceUID),
        segmentation_type="LABELMAP",
        segment_descriptions=[hd.seg.SegmentDescription.from_dataset(d) for d in described.SegmentSequence],
        series_instance_uid=generate_uid(),
        series_number=1,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="m",
        manufacturer_model_name="m",
        software_versions="1",
        device_serial_number="1",
    ).save_as(tmp_path / "map.dcm")
    np.testing.assert_array_equal(read_seg(tmp_path / "map.dcm", ball).array, values)
    assert set(np.unique(read_seg(tmp_path / "map.dcm", ball, segments=["upper"]).array)) == {0, 2}
    assert medlab.read(tmp_path / "map.dcm").is_mask


def without_places(path):
    dataset = pydicom.dcmread(path)
    for group in (*dataset.SharedFunctionalGroupsSequence, *dataset.PerFrameFunctionalGroupsSequence):
        for macro in ("PlanePositionSequence", "PlaneOrientationSequence"):
            if macro in group:
                del group[macro]
    dataset.save_as(path)
    return path


def test_a_segmentation_of_a_radiograph_fits_it_by_its_size(ball, series, tmp_path):
    values = np.zeros(ball.shape, bool)
    values[3, 4:9, 5:11] = True
    path = without_places(write_seg(ball.as_mask(values), series, tmp_path / "seg.dcm"))
    radiograph = medlab.Image(ball.array[3])
    mask = read_seg(path, radiograph)
    np.testing.assert_array_equal(mask.array, values[3])
    assert (mask.axes, mask.space) == ("yx", "pixel")
    with pytest.raises(LoadError, match="does not fit"):
        read_seg(path, medlab.Image(ball.array[3, :40]))


def test_several_frames_that_lie_nowhere_are_refused(ball, series, tmp_path):
    path = without_places(write_seg(ball.as_mask(ball.array > 0), series, tmp_path / "seg.dcm"))
    with pytest.raises(UnsupportedFormatError, match="do not say where"):
        read_seg(path)


def test_tiles_of_a_slide_are_refused(mask, series, tmp_path):
    path = write_seg(mask, series, tmp_path / "seg.dcm")
    dataset = pydicom.dcmread(path)
    dataset.TotalPixelMatrixRows = 1000
    dataset.save_as(path)
    with pytest.raises(UnsupportedFormatError, match="whole slides"):
        read_seg(path)


def test_a_sheared_mask_is_refused(mask, series, tmp_path):
    affine = mask.affine.copy()
    affine[1, 0] = 0.5
    with pytest.raises(ValueError, match="resample"):
        write_seg(mask.replace(affine=affine), series, tmp_path / "seg.dcm")


def test_highdicom_reads_the_same_from_the_file(mask, series, tmp_path):
    import highdicom as hd

    path = write_seg(mask, series, tmp_path / "seg.dcm")
    volume = hd.seg.segread(path).get_volume(combine_segments=True)
    result = read_seg(path)
    assert volume.array.sum() == result.array.sum()
    expected = medlab.Image(volume.array, affine=volume.affine, units="label").like(result)
    np.testing.assert_array_equal(expected.array, result.array)


def test_the_breast_segmentation_opens_on_its_mr_grid(mirror):
    with unpacked(mirror / "breast" / "nact_pilot_br06_dce_mr.zip") as folder:
        case = folder / "UCSF-BR-06"
        mr = medlab.read(case / "image_dce_pe1")
        path = next((case / "mask").iterdir())
        mask, stored = read_seg(path, mr), pydicom.dcmread(path)
    inside = stored.pixel_array > stored.MaximumFractionalValue // 2
    assert mask.same_grid(mr)
    assert mask.array.sum() == inside.sum() > 80_000
    assert dict(mask.labels) == {1: "Breast"}
    for n, frame in enumerate(stored.PerFrameFunctionalGroupsSequence):
        k = mr.position_to_index([float(v) for v in frame.PlanePositionSequence[0].ImagePositionPatient])[0]
        np.testing.assert_array_equal(mask.array[round(k)] > 0, inside[n])
