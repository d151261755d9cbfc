"""Values come out as measured, in the smallest type that is safe."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from dicom_folders import file_dataset, set_pixels, stored_values, write_slices

from medlab.io.dicom import read_dicom
from medlab.io.errors import CorruptFileError


def test_ct_is_int16_in_hounsfield_units(tmp_path):
    stored = write_slices(tmp_path)
    image = read_dicom(tmp_path)
    assert image.dtype == np.int16
    assert image.units == "HU"
    np.testing.assert_array_equal(image.array, stored.astype(int) - 1024)


def test_values_beyond_int16_become_float32(tmp_path):
    values = stored_values(5) + np.uint16(60000)
    write_slices(tmp_path, values=values)
    image = read_dicom(tmp_path)
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image.array, values.astype(float) - 1024)


def test_whole_slope_stays_int16(tmp_path):
    stored = write_slices(tmp_path, RescaleSlope=3, RescaleIntercept=-7)
    image = read_dicom(tmp_path)
    assert image.dtype == np.int16
    np.testing.assert_array_equal(image.array, 3 * stored.astype(int) - 7)


def test_fractional_slope_becomes_float32(tmp_path):
    stored = write_slices(tmp_path, RescaleSlope=0.1, RescaleIntercept=-7.5)
    image = read_dicom(tmp_path)
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image.array, (0.1 * stored - 7.5).astype(np.float32))


def test_slope_per_slice_is_applied_per_slice(tmp_path):
    slopes = [0.5, 1.25, 2.0, 0.125, 3.75]

    def rescale(place, ds):
        ds.RescaleSlope, ds.RescaleIntercept, ds.Units = slopes[place], 0, "BQML"

    stored = write_slices(tmp_path, modality="PT", change=rescale)
    image = read_dicom(tmp_path)
    assert image.units == "Bq/ml"
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image.array, stored * np.array(slopes)[:, None, None])


def test_whole_slopes_that_differ_are_applied_per_slice(tmp_path):
    stored = write_slices(tmp_path, modality="PT", change=lambda p, ds: setattr(ds, "RescaleSlope", p + 1))
    np.testing.assert_array_equal(read_dicom(tmp_path).array, stored * np.arange(1, 6)[:, None, None])


@pytest.mark.parametrize(
    ("code", "kind", "unit"), [("GML", "BW", "SUVbw"), ("GML", "LBM", "SUVlbm"), ("CNTS", "", "counts")]
)
def test_pet_units_follow_the_units_element(tmp_path, code, kind, unit):
    write_slices(tmp_path, modality="PT", Units=code, SUVType=kind, RescaleSlope=0.5)
    assert read_dicom(tmp_path).units == unit


def test_mr_has_no_unit(tmp_path):
    write_slices(tmp_path, modality="MR")
    assert read_dicom(tmp_path).units == ""


def test_localizer_and_perfusion_maps_are_not_called_hounsfield(tmp_path):
    write_slices(tmp_path, ImageType=["DERIVED", "SECONDARY", "PERFUSION"])
    assert read_dicom(tmp_path).units == ""


@pytest.mark.parametrize("limit", [None, -1990])
def test_padding_of_a_ct_is_set_to_air_with_a_note(tmp_path, limit):
    values = stored_values(5).astype(np.int16)
    values[:, 0] = -2000
    values[:, 1] = -1995 if limit else values[:, 1]

    def pad(_, ds):
        ds.add_new("PixelPaddingValue", "SS", -2000)
        if limit:
            ds.add_new("PixelPaddingRangeLimit", "SS", limit)

    write_slices(tmp_path, values=values, change=pad)
    image = read_dicom(tmp_path)
    padded = values < -1000
    assert (image.array[padded] == -1000).all()
    np.testing.assert_array_equal(image.array[~padded], values[~padded] - 1024)
    assert any(f"{padded.sum()} padding pixels" in note for note in image.notes)


def test_padding_of_a_pet_is_set_to_the_lowest_value_inside(tmp_path):
    values = stored_values(5) + np.uint16(10)
    values[:, 0, 0] = 65535

    def pad(_, ds):
        ds.add_new("PixelPaddingValue", "US", 65535)

    write_slices(tmp_path, values=values, modality="PT", RescaleSlope=0.5, change=pad)
    image = read_dicom(tmp_path)
    assert (image.array[:, 0, 0] == 0.5 * values[values < 65535].min()).all()


def test_monochrome1_keeps_its_values_and_says_so(tmp_path):
    ds = file_dataset("1.2.840.10008.5.1.4.1.1.1", Modality="CR", PhotometricInterpretation="MONOCHROME1")
    set_pixels(ds, stored_values(1)[0], bits_stored=12)
    ds.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    image = read_dicom(tmp_path / "a.dcm")
    np.testing.assert_array_equal(image.array, stored_values(1)[0])
    assert image.meta["PhotometricInterpretation"] == "MONOCHROME1"


def test_junk_above_bits_stored_is_removed(tmp_path):
    values = stored_values(5)
    write_slices(tmp_path, values=values | np.uint16(0xA000), BitsStored=12, HighBit=11)
    np.testing.assert_array_equal(read_dicom(tmp_path).array, values.astype(int) - 1024)


def test_signed_twelve_bit_values_get_their_sign_back(tmp_path):
    values = stored_values(5).astype(np.int16) - 100
    write_slices(
        tmp_path, values=(values & 0x0FFF).astype(np.int16), BitsStored=12, HighBit=11, RescaleIntercept=0
    )
    np.testing.assert_array_equal(read_dicom(tmp_path).array, values)


def test_eight_bit_pictures_stay_uint8(tmp_path):
    values = stored_values(1)[0].astype(np.uint8)
    ds = file_dataset("1.2.840.10008.5.1.4.1.1.7", Modality="OT")
    set_pixels(ds, values)
    ds.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    image = read_dicom(tmp_path / "a.dcm")
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image.array, values)


def test_dtype_is_taken_where_it_holds_the_values(tmp_path):
    stored = write_slices(tmp_path)
    image = read_dicom(tmp_path, dtype="float32")
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image.array, stored.astype(int) - 1024)
    with pytest.raises(TypeError, match="uint8"):
        read_dicom(tmp_path, dtype="uint8")


@pytest.mark.parametrize("slope", ["0", "nan", "inf"])
def test_slope_that_destroys_the_values_is_refused(tmp_path, slope):
    write_slices(tmp_path)
    for path in tmp_path.iterdir():
        ds = pydicom.dcmread(path)
        ds["RescaleSlope"] = pydicom.DataElement("RescaleSlope", "DS", slope, validation_mode=0)
        ds.save_as(path)
    with pytest.raises(CorruptFileError, match="RescaleSlope"):
        read_dicom(tmp_path)


@pytest.mark.parametrize("kind", ["CT", "MR"])
def test_big_endian_and_deflated_files_hold_the_same_values(tmp_path, kind):
    stored = write_slices(tmp_path / "plain", modality=kind)
    big, deflated = tmp_path / "big", tmp_path / "deflated"
    for folder, syntax in ((big, "1.2.840.10008.1.2.2"), (deflated, "1.2.840.10008.1.2.1.99")):
        folder.mkdir()
        for path in (tmp_path / "plain").iterdir():
            ds = pydicom.dcmread(path)
            if folder == big:
                ds.PixelData = ds.pixel_array.astype(">u2").tobytes()
                ds.file_meta.TransferSyntaxUID = syntax
                pydicom.dcmwrite(
                    folder / path.name, ds, implicit_vr=False, little_endian=False, force_encoding=True
                )
            else:
                ds.file_meta.TransferSyntaxUID = syntax
                ds.save_as(folder / path.name)
        np.testing.assert_array_equal(
            read_dicom(folder).array, stored.astype(int) - (1024 if kind == "CT" else 0)
        )


def test_modality_lut_is_applied(tmp_path):
    ds = file_dataset("1.2.840.10008.5.1.4.1.1.7", Modality="OT")
    set_pixels(ds, np.arange(48, dtype=np.uint8).reshape(6, 8))
    table = pydicom.Dataset()
    table.add_new("LUTDescriptor", "US", [48, 0, 16])
    table.ModalityLUTType = "US"
    table.add_new("LUTData", "US", [1000 - 3 * i for i in range(48)])
    ds.ModalityLUTSequence = [table]
    ds.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    np.testing.assert_array_equal(read_dicom(tmp_path / "a.dcm").array.ravel(), 1000 - 3 * np.arange(48))
