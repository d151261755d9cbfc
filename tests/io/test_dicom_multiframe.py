"""Many frames in one file: enhanced, mosaic, cine, nuclear medicine, dose; colour and palettes."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from dicom_folders import (
    AXIAL,
    CORONAL,
    ORIGIN,
    SPACING,
    affine_of,
    detector,
    file_dataset,
    groups,
    item,
    nuclear,
    set_pixels,
    stored_values,
    uid,
    write_mosaic,
)
from pydicom.pixels.processing import convert_color_space
from pydicom.sequence import Sequence
from pydicom.uid import JPEGBaseline8Bit

from medlab.io.dicom import read_dicom
from medlab.io.errors import CorruptFileError, UnsupportedFormatError

ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
ENHANCED_PET = "1.2.840.10008.5.1.4.1.1.130"
CINE = "1.2.840.10008.5.1.4.1.1.3.1"
HEAD = np.array([0.0, 0.0, 1.0])


def shared_groups(orientation=AXIAL):
    return groups(
        PlaneOrientation=item(ImageOrientationPatient=list(orientation)),
        PixelMeasures=item(PixelSpacing=list(SPACING), SliceThickness=4.0),
    )


def enhanced(path, values, frames, *, sop_class=ENHANCED_CT, modality="CT", **elements):
    """Write an enhanced file: values (frames, rows, columns), one mapping of groups for each frame."""
    ds = file_dataset(sop_class, uid(1, 1), Modality=modality, SeriesInstanceUID=uid(1), **elements)
    set_pixels(ds, values)
    ds.SharedFunctionalGroupsSequence = Sequence([elements.pop("shared", shared_groups())])
    ds.PerFrameFunctionalGroupsSequence = Sequence([groups(**frame) for frame in frames])
    ds.save_as(path, enforce_file_format=True)


def at(depth):
    return item(ImagePositionPatient=[float(v) for v in ORIGIN + depth * HEAD])


def rescale(slope, intercept, kind="HU"):
    return item(RescaleSlope=slope, RescaleIntercept=intercept, RescaleType=kind)


def test_enhanced_ct_is_a_volume_in_hounsfield_units(tmp_path):
    values = stored_values(4)
    order = [2, 0, 3, 1]
    frames = [{"PlanePosition": at(3.0 * k), "PixelValueTransformation": rescale(1, -1024)} for k in order]
    enhanced(tmp_path / "a.dcm", values[order], frames)
    image = read_dicom(tmp_path / "a.dcm")
    assert (image.axes, image.units, image.dtype) == ("zyx", "HU", np.int16)
    np.testing.assert_array_equal(image.array, values.astype(int) - 1024)
    np.testing.assert_allclose(image.affine, affine_of(AXIAL, 3.0 * HEAD), atol=1e-9)


def test_enhanced_pet_rescales_frame_by_frame(tmp_path):
    values = stored_values(4)
    slopes = [0.5, 2.0, 1.25, 4.0]
    frames = [
        {"PlanePosition": at(3.0 * k), "PixelValueTransformation": rescale(s, 0, "US")}
        for k, s in enumerate(slopes)
    ]
    enhanced(tmp_path / "a.dcm", values, frames, sop_class=ENHANCED_PET, modality="PT", Units="BQML")
    image = read_dicom(tmp_path / "a.dcm")
    assert image.units == "Bq/ml"
    np.testing.assert_array_equal(image.array, values * np.array(slopes)[:, None, None])


def test_enhanced_mr_with_time_points_is_four_dimensional(tmp_path):
    values = stored_values(6)
    frames = [
        {"PlanePosition": at(3.0 * (n % 3)), "FrameContent": item(TemporalPositionIndex=1 + n // 3)}
        for n in range(6)
    ]
    enhanced(tmp_path / "a.dcm", values, frames, sop_class=ENHANCED_MR, modality="MR")
    image = read_dicom(tmp_path / "a.dcm")
    assert image.axes == "tzyx"
    np.testing.assert_array_equal(image.array, values.reshape(2, 3, 6, 8))
    np.testing.assert_array_equal(image.times, [1, 2])


def test_enhanced_diffusion_takes_b_values_and_directions_from_its_groups(tmp_path):
    values = stored_values(6)
    vectors = [None, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    frames = []
    for n in range(6):
        repeat = n % 3
        diffusion = item(DiffusionBValue=700.0 if repeat else 0.0)
        if repeat:
            diffusion.DiffusionGradientDirectionSequence = Sequence(
                [item(DiffusionGradientOrientation=vectors[repeat])]
            )
        content = item(DimensionIndexValues=[n // 3 + 1, repeat + 1])
        frames.append(
            {"PlanePosition": at(3.0 * (n // 3)), "MRDiffusion": diffusion, "FrameContent": content}
        )
    pointers = [item(DimensionIndexPointer=0x00209057), item(DimensionIndexPointer=0x00189089)]
    enhanced(
        tmp_path / "a.dcm",
        values,
        frames,
        sop_class=ENHANCED_MR,
        modality="MR",
        DimensionIndexSequence=Sequence(pointers),
    )
    image = read_dicom(tmp_path / "a.dcm")
    np.testing.assert_array_equal(image.array, values.reshape(2, 3, 6, 8).swapaxes(0, 1))
    np.testing.assert_array_equal(image.times, [0, 700, 700])
    assert image.meta["DiffusionGradientOrientations"] == (None, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def test_dimension_indices_tell_frames_apart_where_nothing_else_does(tmp_path):
    values = stored_values(4)
    frames = [
        {
            "PlanePosition": at(3.0 * (n % 2)),
            "FrameContent": item(DimensionIndexValues=[n % 2 + 1, 2 - n // 2]),
        }
        for n in range(4)
    ]
    pointers = [item(DimensionIndexPointer=0x00209057), item(DimensionIndexPointer=0x00209128)]
    enhanced(tmp_path / "a.dcm", values, frames, DimensionIndexSequence=Sequence(pointers))
    image = read_dicom(tmp_path / "a.dcm")
    np.testing.assert_array_equal(image.array, values.reshape(2, 2, 6, 8)[::-1])


def test_enhanced_file_with_fewer_groups_than_frames_is_refused(tmp_path):
    enhanced(tmp_path / "a.dcm", stored_values(4), [{"PlanePosition": at(0.0)}] * 3)
    with pytest.raises(CorruptFileError, match="announces 4 frames but describes 3"):
        read_dicom(tmp_path / "a.dcm")


def test_tiled_whole_slide_images_are_refused_by_what_they_are(tmp_path):
    frames = [{"PlanePositionSlide": item(RowPositionInTotalImagePixelMatrix=1)}] * 2
    enhanced(tmp_path / "a.dcm", stored_values(2), frames, TotalPixelMatrixColumns=16, TotalPixelMatrixRows=6)
    with pytest.raises(UnsupportedFormatError, match="whole-slide"):
        read_dicom(tmp_path / "a.dcm")


@pytest.mark.parametrize("sign", [1, -1])
def test_siemens_mosaic_is_unpacked_with_its_slices_in_place(tmp_path, sign):
    volumes = stored_values(10).reshape(2, 5, 6, 8)
    for number, b_value in ((1, 1000), (2, 0)):
        write_mosaic(tmp_path / f"{number}.dcm", volumes[number - 1], sign, b_value, number)
    image = read_dicom(tmp_path)
    assert image.axes == "tzyx"
    np.testing.assert_array_equal(image.array, volumes[::-1, ::sign])
    first = ORIGIN if sign == 1 else ORIGIN - 4 * 2.6 * HEAD
    np.testing.assert_allclose(image.affine, affine_of(AXIAL, 2.6 * HEAD, first), atol=1e-9)
    np.testing.assert_array_equal(image.times, [0, 1000])
    assert image.meta["DiffusionGradientOrientations"] == (None, (0.6, 0.8, 0.0))


def test_mosaic_that_does_not_divide_is_refused(tmp_path):
    write_mosaic(tmp_path / "a.dcm", stored_values(5), 1, 0, 1)
    content = (tmp_path / "a.dcm").read_bytes().replace(b"5\0\0\0SliceNormal", b"17\0\0SliceNormal")
    (tmp_path / "a.dcm").write_bytes(content)
    with pytest.raises(CorruptFileError, match="does not divide into 17 slices"):
        read_dicom(tmp_path / "a.dcm")


def test_mosaic_without_its_private_elements_is_refused(tmp_path):
    write_mosaic(tmp_path / "a.dcm", stored_values(5), 1, 0, 1)
    ds = pydicom.dcmread(tmp_path / "a.dcm")
    ds.remove_private_tags()
    ds.save_as(tmp_path / "a.dcm")
    with pytest.raises(CorruptFileError, match="how many slices"):
        read_dicom(tmp_path / "a.dcm")


def colours(frames):
    return np.random.default_rng(1).integers(0, 256, (frames, 6, 8, 3), dtype=np.uint8)


def cine(path, pixels, meaning, planar=0, **elements):
    ds = file_dataset(CINE, uid(1, 1), Modality="US", SeriesInstanceUID=uid(1), FrameTime=33.5, **elements)
    stored = pixels if planar == 0 else pixels.transpose(0, 3, 1, 2)
    ds.Rows, ds.Columns, ds.NumberOfFrames, ds.SamplesPerPixel = *pixels.shape[1:3], len(pixels), 3
    ds.PhotometricInterpretation, ds.PlanarConfiguration = meaning, planar
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = stored.tobytes()
    ds["PixelData"].VR = "OB"
    ds.save_as(path, enforce_file_format=True)
    return ds


def region(delta, units=3):
    return item(
        RegionSpatialFormat=1,
        PhysicalUnitsXDirection=units,
        PhysicalUnitsYDirection=units,
        PhysicalDeltaX=delta,
        PhysicalDeltaY=2 * delta,
    )


@pytest.mark.parametrize("planar", [0, 1])
def test_ultrasound_cine_is_a_colour_film_with_times_and_scale(tmp_path, planar):
    pixels = colours(4)
    cine(tmp_path / "a.dcm", pixels, "RGB", planar, SequenceOfUltrasoundRegions=Sequence([region(0.02)]))
    image = read_dicom(tmp_path / "a.dcm")
    assert (image.axes, image.space, image.dtype) == ("tyxc", "plane", np.uint8)
    np.testing.assert_array_equal(image.array, pixels)
    np.testing.assert_allclose(image.times, [0, 33.5, 67, 100.5])
    assert (image.meta["time_axis"], image.meta["time_unit"]) == ("frame time", "ms")
    assert image.spacing == pytest.approx((0.4, 0.2))


def test_ybr_pictures_come_as_rgb(tmp_path):
    pixels = colours(2)
    cine(tmp_path / "a.dcm", pixels, "YBR_FULL")
    np.testing.assert_array_equal(
        read_dicom(tmp_path / "a.dcm").array, convert_color_space(pixels, "YBR_FULL", "RGB")
    )


def test_jpeg_cine_is_decoded_frame_by_frame(tmp_path):
    from PIL import Image as Picture
    from pydicom.encaps import encapsulate

    flat = np.array([[200, 30, 60], [10, 220, 90], [40, 50, 240]], np.uint8)
    pixels = np.ones((3, 16, 16, 3), np.uint8) * flat[:, None, None]
    ds = cine(tmp_path / "a.dcm", pixels, "YBR_FULL_422")
    encoded = []
    for frame in pixels:
        Picture.fromarray(frame).save(tmp_path / "f.jpg", quality=95)
        encoded.append((tmp_path / "f.jpg").read_bytes())
    ds.PixelData = encapsulate(encoded)
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.save_as(tmp_path / "a.dcm")
    image = read_dicom(tmp_path / "a.dcm")
    assert image.axes == "tyxc"
    assert np.abs(image.array.astype(int) - pixels).max() <= 3


def test_ultrasound_regions_of_different_scale_give_no_spacing(tmp_path):
    regions = Sequence([region(0.02), region(0.03)])
    cine(tmp_path / "a.dcm", colours(2), "RGB", SequenceOfUltrasoundRegions=regions)
    image = read_dicom(tmp_path / "a.dcm")
    assert image.space == "pixel"
    assert any("2 regions" in note for note in image.notes)


def test_an_ultrasound_region_beyond_the_picture_gives_no_spacing(tmp_path):
    outside = region(0.02)
    outside.RegionLocationMaxX1, outside.RegionLocationMaxY1 = 600, 400
    cine(tmp_path / "a.dcm", colours(2), "RGB", SequenceOfUltrasoundRegions=Sequence([outside]))
    image = read_dicom(tmp_path / "a.dcm")
    assert image.space == "pixel"
    assert any("larger than the picture" in note for note in image.notes)


def test_frame_time_vector_gives_times(tmp_path):
    cine(tmp_path / "a.dcm", colours(3), "RGB", FrameTimeVector=[0, 10, 25])
    np.testing.assert_allclose(read_dicom(tmp_path / "a.dcm").times, [0, 10, 35])


def test_palette_pictures_come_as_rgb(tmp_path):
    ds = file_dataset(CINE, uid(1, 1), Modality="US", PhotometricInterpretation="PALETTE COLOR")
    index = stored_values(1)[0].astype(np.uint8)
    set_pixels(ds, index)
    tables = np.random.default_rng(2).integers(0, 256, (3, 48), dtype=np.uint16)
    for name, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        ds.add_new(f"{name}PaletteColorLookupTableDescriptor", "US", [48, 0, 16])
        setattr(ds, f"{name}PaletteColorLookupTableData", (table * 257).astype("<u2").tobytes())
    ds.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    image = read_dicom(tmp_path / "a.dcm")
    assert (image.axes, image.dtype) == ("yxc", np.uint8)
    np.testing.assert_array_equal(image.array, tables.T[index])


def test_whole_body_scan_with_two_detectors_names_its_frames(tmp_path):
    nuclear(
        tmp_path / "a.dcm",
        2,
        DetectorVector=[1, 2],
        ImageType=["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"],
    )
    image = read_dicom(tmp_path / "a.dcm")
    assert (image.axes, image.space, image.units) == ("tyx", "plane", "counts")
    assert image.spacing == SPACING
    assert image.meta["FrameLabels"] == ("detector 1", "detector 2")
    np.testing.assert_array_equal(image.array, stored_values(2))


@pytest.mark.parametrize("distance", [3.0, -3.0])
def test_spect_volume_follows_the_sign_of_its_slice_distance(tmp_path, distance):
    nuclear(
        tmp_path / "a.dcm",
        4,
        SliceVector=[1, 2, 3, 4],
        SpacingBetweenSlices=distance,
        DetectorInformationSequence=detector(AXIAL),
    )
    image = read_dicom(tmp_path / "a.dcm")
    assert (image.axes, image.orientation) == ("zyx", "HPL")
    np.testing.assert_array_equal(image.array, stored_values(4)[:: int(np.sign(distance))])
    first = ORIGIN if distance > 0 else ORIGIN - 9 * HEAD
    np.testing.assert_allclose(image.affine, affine_of(AXIAL, 3 * HEAD, first), atol=1e-9)


def test_spect_volume_without_a_place_keeps_its_slices_in_a_space_of_its_own(tmp_path):
    nuclear(tmp_path / "a.dcm", 4, SliceVector=[1, 2, 3, 4], SpacingBetweenSlices=3.0)
    image = read_dicom(tmp_path / "a.dcm")
    assert (image.axes, image.space, image.spacing) == ("zyx", "plane", (3.0, *SPACING))
    np.testing.assert_array_equal(image.array, stored_values(4))


def test_gated_spect_is_four_dimensional(tmp_path):
    nuclear(
        tmp_path / "a.dcm",
        6,
        SliceVector=[1, 2, 3] * 2,
        TimeSlotVector=[1] * 3 + [2] * 3,
        SpacingBetweenSlices=3.0,
        DetectorInformationSequence=detector(CORONAL),
    )
    image = read_dicom(tmp_path / "a.dcm")
    assert image.axes == "tzyx"
    np.testing.assert_array_equal(image.array, stored_values(6).reshape(2, 3, 6, 8))
    assert image.meta["FrameLabels"] == ("time slot 1", "time slot 2")


def test_vector_of_the_wrong_length_is_refused(tmp_path):
    nuclear(tmp_path / "a.dcm", 3, DetectorVector=[1, 2])
    with pytest.raises(CorruptFileError, match="DetectorVector"):
        read_dicom(tmp_path / "a.dcm")


def test_dose_grid_is_a_volume_in_gray(tmp_path):
    ds = file_dataset(
        "1.2.840.10008.5.1.4.1.1.481.2",
        uid(1, 1),
        Modality="RTDOSE",
        DoseUnits="GY",
        DoseGridScaling=0.001,
        ImagePositionPatient=[float(v) for v in ORIGIN],
        ImageOrientationPatient=list(AXIAL),
        PixelSpacing=list(SPACING),
        GridFrameOffsetVector=[0, 2.5, 5],
    )
    set_pixels(ds, stored_values(3).astype(np.uint32))
    ds.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    image = read_dicom(tmp_path / "a.dcm")
    assert image.units == "Gy"
    np.testing.assert_allclose(image.array, 0.001 * stored_values(3), rtol=1e-6)
    np.testing.assert_allclose(image.affine, affine_of(AXIAL, 2.5 * HEAD), atol=1e-9)


def test_old_multi_frame_mr_cine_keeps_its_place(tmp_path):
    ds = file_dataset(
        "1.2.840.10008.5.1.4.1.1.4",
        uid(1, 1),
        Modality="MR",
        FrameTime=40.0,
        ImagePositionPatient=[float(v) for v in ORIGIN],
        ImageOrientationPatient=list(CORONAL),
        PixelSpacing=list(SPACING),
        SliceThickness=8.0,
    )
    set_pixels(ds, stored_values(3))
    ds.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    image = read_dicom(tmp_path / "a.dcm")
    assert (image.axes, image.space) == ("tyx", "patient")
    np.testing.assert_array_equal(image.times, [0, 40, 80])
    np.testing.assert_array_equal(image.array, stored_values(3))


def radiograph(path, **elements):
    ds = file_dataset("1.2.840.10008.5.1.4.1.1.1.1", uid(1, 1), Modality="DX", **elements)
    set_pixels(ds, stored_values(1)[0])
    ds.save_as(path, enforce_file_format=True)
    return read_dicom(path)


def test_radiograph_takes_pixel_spacing_in_its_own_plane(tmp_path):
    image = radiograph(tmp_path / "a.dcm", PixelSpacing=[0.2, 0.1], ImagerPixelSpacing=[0.4, 0.2])
    assert (image.axes, image.space, image.spacing) == ("yx", "plane", (0.2, 0.1))


def test_radiograph_with_detector_spacing_only_is_noted(tmp_path):
    image = radiograph(tmp_path / "a.dcm", ImagerPixelSpacing=[0.2, 0.1])
    assert (image.space, image.spacing) == ("plane", (0.2, 0.1))
    assert any("magnification" in note for note in image.notes)


@pytest.mark.parametrize("elements", [{}, {"PixelSpacing": [0, 0]}])
def test_radiograph_without_spacing_is_in_pixels(tmp_path, elements):
    image = radiograph(tmp_path / "a.dcm", **elements)
    assert image.space == "pixel"
    assert bool(elements) == any("unknown" in note for note in image.notes)
