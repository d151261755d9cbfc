"""pydicom's own test files (with pydicom-data): which open, and whether an independent reader agrees.

162 of the files hold a pixel element. SimpleITK, which shares no code with pydicom, reads the same values
from all that open, but for the files named below, each with the reason and with another check instead.
"""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_files

from medlab.io.dicom import read_dicom
from medlab.io.errors import CorruptFileError, LoadError, TruncatedFileError

if TYPE_CHECKING:
    import medlab

#: Files that are refused, with the kind of error and why.
REFUSED: dict[str, tuple[type[LoadError], str]] = {
    "MR_truncated.dcm": (TruncatedFileError, "cut off within its pixels on purpose"),
    "badVR.dcm": (CorruptFileError, "NumberOfFrames is '1A'"),
    "meta_missing_tsyntax.dcm": (CorruptFileError, "has no Rows, Columns or BitsAllocated"),
    "nested_priv_SQ.dcm": (CorruptFileError, "has no Rows, Columns or BitsAllocated"),
    "JPEG2000-embedded-sequence-delimiter.dcm": (
        CorruptFileError,
        "its codestream claims 3,722,445,056 columns",
    ),
}

#: Files on which SimpleITK cannot be the judge, by reason.
MONOCHROME1 = "SimpleITK inverts MONOCHROME1; values are kept here"
PADDING = "padding is set to air here; SimpleITK keeps it"
SEGMENTATION = "SimpleITK returns a 1-bit segmentation as 0 and 255, not as labels"
RLE_COLOUR = "SimpleITK decodes 16- and 32-bit RLE colour wrongly: it differs from the uncompressed twin"
DOSE = "SimpleITK does not apply DoseGridScaling, and not the byte order of the big-endian one"
LUT = "SimpleITK does not apply the modality LUT"
PALETTE = "SimpleITK returns the palette's 16 bits, here the 8 that carry information"
UNREADABLE = "SimpleITK cannot read it"
NOT_COMPARED = {
    **dict.fromkeys(
        [f"RG{n}_{kind}.dcm" for n in (1, 3) for kind in ("J2KI", "J2KR", "UNCI", "UNCR")], MONOCHROME1
    ),
    **dict.fromkeys(["6154", "6247", "6278"], MONOCHROME1),
    **dict.fromkeys(["693_J2KI.dcm", "693_J2KR.dcm", "693_UNCI.dcm", "693_UNCR.dcm"], PADDING),
    **dict.fromkeys(
        ["liver.dcm", "liver_1frame.dcm", "liver_expb.dcm", "liver_expb_1frame.dcm"], SEGMENTATION
    ),
    **dict.fromkeys([f"SC_rgb_rle_{b}bit{f}.dcm" for b in (16, 32) for f in ("", "_2frame")], RLE_COLOUR),
    **dict.fromkeys(["rtdose.dcm", "rtdose_rle.dcm", "rtdose_expb.dcm"], DOSE),
    "mlut_18.dcm": LUT,
    **dict.fromkeys(["gdcm-US-ALOKA-16.dcm", "gdcm-US-ALOKA-16_big.dcm"], PALETTE),
    **dict.fromkeys([f"rtdose{kind}_1frame.dcm" for kind in ("", "_rle", "_expb")], UNREADABLE),
}


@functools.cache
def files_with_pixels() -> dict[str, Path]:
    found = {}
    for path in map(Path, sorted(set(get_testdata_files()))):
        if path.is_file():
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    ds = pydicom.dcmread(path, force=True)
            except Exception:  # noqa: BLE001, S112  # not DICOM
                continue
            if "PixelData" in ds or "FloatPixelData" in ds or "DoubleFloatPixelData" in ds:
                found[path.name] = path
    return found


@functools.cache
def opened(name: str) -> medlab.Image | LoadError:
    try:
        return read_dicom(files_with_pixels()[name])
    except LoadError as error:
        return error


def by_simpleitk(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return SimpleITK's values, and its affine from (slice, row, column) to LPS mm."""
    import SimpleITK as sitk  # noqa: N813

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    image = sitk.ReadImage(str(files_with_pixels()[name]))
    matrix = np.eye(4)
    direction = np.array(image.GetDirection()).reshape(image.GetDimension(), -1)[:3, :3]
    matrix[: len(direction), : len(direction)] = direction * np.array(image.GetSpacing()[: len(direction)])
    return sitk.GetArrayFromImage(image), matrix


def test_there_are_162_files_with_pixels():
    assert len(files_with_pixels()) == 162


def test_at_least_156_files_open_and_every_other_one_is_refused_for_its_reason():
    errors = {name: opened(name) for name in files_with_pixels() if isinstance(opened(name), LoadError)}
    assert {name: type(error) for name, error in errors.items()} == {
        n: kind for n, (kind, _) in REFUSED.items()
    }
    assert len(files_with_pixels()) - len(errors) >= 156


def test_simpleitk_agrees_on_every_file_it_can_judge():
    judged, different = 0, []
    for name in files_with_pixels():
        if name in NOT_COMPARED or name in REFUSED:
            continue
        judged += 1
        image = opened(name)
        theirs, affine = by_simpleitk(name)
        mine = image.array
        if "z" in image.axes and affine[:3, 2] @ image.affine[:3, 0] < 0:
            theirs = theirs[::-1]
        if theirs.size != mine.size or not np.allclose(
            mine, theirs.reshape(mine.shape), rtol=1e-6, atol=1e-6
        ):
            different.append(name)
    assert different == []
    assert judged >= 121


@pytest.mark.parametrize(
    "name", [name for name, why in NOT_COMPARED.items() if why in {MONOCHROME1, RLE_COLOUR}]
)
def test_pydicom_agrees_where_simpleitk_cannot_judge(name):
    ds = pydicom.dcmread(files_with_pixels()[name])
    expected = ds.pixel_array * float(ds.get("RescaleSlope", 1)) + float(ds.get("RescaleIntercept", 0))
    np.testing.assert_allclose(opened(name).array, expected, rtol=1e-6)


@pytest.mark.parametrize("name", [name for name, why in NOT_COMPARED.items() if why == MONOCHROME1])
def test_simpleitk_sees_the_negative_of_monochrome1(name):
    theirs = by_simpleitk(name)[0].astype(float).reshape(opened(name).shape)
    total = theirs + opened(name).array
    assert np.ptp(total) < 1e-2


@pytest.mark.parametrize("name", [name for name, why in NOT_COMPARED.items() if why == PADDING])
def test_only_padding_differs_from_simpleitk(name):
    image, theirs = opened(name), by_simpleitk(name)[0][0]
    different = image.array != theirs
    assert different.any()
    assert set(image.array[different]) == {-1000}
    assert set(theirs[different]) == {-3024}


@pytest.mark.parametrize("name", [name for name, why in NOT_COMPARED.items() if why in {DOSE, UNREADABLE}])
def test_dose_is_scaled_to_gray(name):
    ds = pydicom.dcmread(files_with_pixels()[name])
    np.testing.assert_allclose(opened(name).array, ds.pixel_array * float(ds.DoseGridScaling), rtol=1e-6)
    assert opened(name).units == {"GY": "Gy"}.get(ds.DoseUnits, "")


@pytest.mark.parametrize("name", [name for name, why in NOT_COMPARED.items() if why == SEGMENTATION])
def test_segmentations_hold_labels(name):
    assert opened(name).units == "label"
    np.testing.assert_array_equal(opened(name).array > 0, by_simpleitk(name)[0] > 0)


def test_the_modality_lut_is_that_of_pydicom():
    ds = pydicom.dcmread(files_with_pixels()["mlut_18.dcm"])
    expected = pydicom.pixels.apply_modality_lut(ds.pixel_array, ds)
    np.testing.assert_array_equal(opened("mlut_18.dcm").array, expected)


@pytest.mark.parametrize("name", [name for name, why in NOT_COMPARED.items() if why == PALETTE])
def test_palettes_keep_the_eight_bits_that_carry_information(name):
    theirs = by_simpleitk(name)[0].reshape(opened(name).shape)
    np.testing.assert_array_equal(opened(name).array, theirs >> 8)


def test_every_decoder_of_jpeg_2000_gives_the_same_values():
    from pydicom.pixels import get_decoder

    checked = 0
    for path in files_with_pixels().values():
        ds = pydicom.dcmread(path, force=True)
        syntax = ds.file_meta.get("TransferSyntaxUID", "")
        if syntax in {"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"} and ds.SamplesPerPixel == 1:
            if path.name in REFUSED:
                continue
            first, second = (
                get_decoder(syntax).as_array(ds, decoding_plugin=plugin)[0]
                for plugin in ("pillow", "pylibjpeg")
            )
            np.testing.assert_array_equal(first, second, err_msg=path.name)
            checked += 1
    assert checked >= 10


def test_a_segmentation_that_describes_more_frames_than_it_holds_says_that_its_place_is_unknown():
    image = opened("liver_1frame.dcm")
    assert image.space == "pixel"
    assert any("where it lies is not known" in note for note in image.notes)
    stored = pydicom.dcmread(files_with_pixels()["liver_1frame.dcm"]).pixel_array
    np.testing.assert_array_equal(image.array.squeeze(), stored)
