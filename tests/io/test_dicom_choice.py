"""What a folder holds is told apart, what is no image is left out and named, what is broken is refused."""

from __future__ import annotations

import shutil
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_folders import file_dataset, set_pixels, stored_values, uid, write_slices
from pydicom.fileset import FileSet

from medlab.io.dicom import read_dicom
from medlab.io.errors import (
    CorruptFileError,
    EmptySeriesError,
    LoadError,
    MissingSliceError,
    MultipleSeriesError,
    TooLargeError,
    TruncatedFileError,
    UnsupportedTransferSyntaxError,
)


@pytest.fixture
def two_series(tmp_path):
    first = write_slices(tmp_path / "a", series=4, SeriesDescription="LUNG")
    second = write_slices(
        tmp_path / "b", offsets=3.0 * np.arange(4), series=7, SeriesDescription="BONE", modality="MR"
    )
    return tmp_path, first.astype(int) - 1024, second


def test_several_series_are_listed_and_refused(two_series):
    folder, *_ = two_series
    with pytest.raises(MultipleSeriesError) as caught:
        read_dicom(folder)
    message = str(caught.value)
    for word in (
        "series=",
        "'LUNG'",
        "'BONE'",
        "number 4",
        "number 7",
        uid(4),
        uid(7),
        "5 × 6 × 8",
        "4 × 6 × 8",
    ):
        assert word in message


@pytest.mark.parametrize("choice", [1, np.int64(1), "BONE", "7", uid(7)])
def test_a_series_is_chosen_by_row_description_number_or_uid(two_series, choice):
    folder, _, second = two_series
    np.testing.assert_array_equal(read_dicom(folder, choice).array, second)


def test_a_number_is_a_row_and_never_a_series_number(two_series):
    with pytest.raises(EmptySeriesError):
        read_dicom(two_series[0], 7)


def test_a_series_that_is_not_there_is_refused_with_the_list(two_series):
    with pytest.raises(EmptySeriesError, match="LUNG"):
        read_dicom(two_series[0], "HEART")


def test_a_description_that_two_series_share_is_refused(tmp_path):
    for number in (1, 2):
        write_slices(tmp_path / str(number), series=number, SeriesDescription="SAME")
    with pytest.raises(MultipleSeriesError):
        read_dicom(tmp_path, "SAME")


def test_files_of_one_series_spread_over_folders_are_one_image(tmp_path):
    stored = write_slices(tmp_path / "a")
    (tmp_path / "b").mkdir()
    shutil.move(tmp_path / "a" / "0002.dcm", tmp_path / "b")
    np.testing.assert_array_equal(read_dicom(tmp_path).array, stored.astype(int) - 1024)


def test_a_list_of_files_is_read_as_one_image(tmp_path):
    stored = write_slices(tmp_path)
    np.testing.assert_array_equal(read_dicom(sorted(tmp_path.iterdir())).array, stored.astype(int) - 1024)


def test_pictures_without_a_place_are_not_stacked(tmp_path):
    for number in (1, 2):
        ds = file_dataset(
            "1.2.840.10008.5.1.4.1.1.1", uid(1, number), Modality="CR", SeriesInstanceUID=uid(1)
        )
        set_pixels(ds, stored_values(1)[0])
        ds.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
    with pytest.raises(MultipleSeriesError, match="2 parts"):
        read_dicom(tmp_path)


def test_junk_files_are_left_out_and_named(tmp_path):
    stored = write_slices(tmp_path)
    (tmp_path / "notes.txt").write_text("not DICOM")
    (tmp_path / "Thumbs.db").write_bytes(bytes(range(256)))
    (tmp_path / "empty").touch()
    image = read_dicom(tmp_path)
    assert image.shape[0] == len(stored)
    (note,) = [note for note in image.notes if "not DICOM" in note]
    assert all(name in note for name in ("3 files", "notes.txt", "Thumbs.db", "empty"))


def test_dicom_without_pixels_is_left_out_and_named(tmp_path):
    write_slices(tmp_path)
    file_dataset("1.2.840.10008.5.1.4.1.1.88.11", uid(5, 1), Modality="SR").save_as(tmp_path / "report.dcm")
    assert any("report.dcm" in note for note in read_dicom(tmp_path).notes)


def test_only_dicom_without_pixels_is_refused_by_its_kind(tmp_path):
    file_dataset("1.2.840.10008.5.1.4.1.1.481.3", uid(5, 1), Modality="RTSTRUCT").save_as(
        tmp_path / "contours.dcm"
    )
    with pytest.raises(EmptySeriesError, match=r"RTSTRUCT.*read_rtstruct"):
        read_dicom(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(EmptySeriesError, match="No DICOM file"):
        read_dicom(tmp_path)


def test_a_path_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_dicom(tmp_path / "nowhere")


@pytest.mark.parametrize("implicit", [True, False])
def test_files_without_preamble_are_read(tmp_path, implicit):
    stored = write_slices(tmp_path / "with")
    (tmp_path / "without").mkdir()
    for path in (tmp_path / "with").iterdir():
        ds = pydicom.dcmread(path)
        ds.file_meta = pydicom.dataset.FileMetaDataset()
        ds.preamble = None
        target = tmp_path / "without" / path.stem
        pydicom.dcmwrite(target, ds, implicit_vr=implicit, little_endian=True, force_encoding=True)
        assert target.read_bytes()[128:132] != b"DICM"
    np.testing.assert_array_equal(read_dicom(tmp_path / "without").array, stored.astype(int) - 1024)


def test_a_truncated_file_is_refused_by_name(tmp_path):
    write_slices(tmp_path)
    broken = tmp_path / "0003.dcm"
    broken.write_bytes(broken.read_bytes()[:-10])
    with pytest.raises(TruncatedFileError, match="10 bytes before") as caught:
        read_dicom(tmp_path)
    assert caught.value.files == (broken,)


def test_a_file_that_ends_before_its_pixels_is_refused_and_not_skipped(tmp_path):
    write_slices(tmp_path)
    broken = tmp_path / "0003.dcm"
    broken.write_bytes(broken.read_bytes()[:700])
    with pytest.raises(TruncatedFileError) as caught:
        read_dicom(tmp_path)
    assert caught.value.files == (broken,)


def test_a_broken_file_of_another_series_does_not_matter(two_series):
    folder, first, _ = two_series
    broken = folder / "b" / "0001.dcm"
    broken.write_bytes(broken.read_bytes()[:-10])
    image = read_dicom(folder, "LUNG")
    np.testing.assert_array_equal(image.array, first)
    assert any("0001.dcm" in note for note in image.notes)
    with pytest.raises(TruncatedFileError):
        read_dicom(folder, "BONE")


def test_a_size_beyond_the_file_is_refused_before_memory_is_taken(tmp_path):
    write_slices(tmp_path, offsets=[0.0], Rows=60000, Columns=60000)
    with pytest.raises(TruncatedFileError, match="7,200,000,000 bytes"):
        read_dicom(tmp_path)


def test_the_limit_on_decoded_size_is_kept(tmp_path, monkeypatch):
    write_slices(tmp_path)
    assert read_dicom(tmp_path, max_bytes=5 * 6 * 8 * 2).nbytes == 480
    with pytest.raises(TooLargeError, match="max_bytes"):
        read_dicom(tmp_path, max_bytes=479)
    monkeypatch.setenv("MEDLAB_MAX_BYTES", "479")
    with pytest.raises(TooLargeError, match="MEDLAB_MAX_BYTES"):
        read_dicom(tmp_path)


def test_a_deflate_bomb_is_refused(tmp_path):
    write_slices(tmp_path, offsets=[0.0])
    (path,) = tmp_path.iterdir()
    content = path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99")
    start = content.index(b"1.2.840.10008.1.2.1.99")
    content = content[: start - 2] + (22).to_bytes(2, "little") + content[start:]
    end = content.index(b"\x08\x00\x08\x00CS")
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = squeezer.compress(content[end:] + bytes(50_000_000)) + squeezer.flush()
    path.write_bytes(content[:end] + packed)
    assert len(packed) < 100_000
    with pytest.raises(TooLargeError, match="inflates"):
        read_dicom(path, max_bytes=1_000_000)


def test_a_compressed_picture_larger_than_its_header_says_is_refused(tmp_path):
    source = pydicom.dcmread(pydicom.data.get_testdata_file("MR_small_jp2klossless.dcm", download=False))
    at = source.PixelData.index(b"\xff\x4f\xff\x51")
    data = bytearray(source.PixelData)
    data[at + 8 : at + 16] = (60000).to_bytes(4, "big") * 2
    source.PixelData = bytes(data)
    source.save_as(tmp_path / "bomb.dcm")
    with pytest.raises(CorruptFileError, match="60000 × 60000"):
        read_dicom(tmp_path / "bomb.dcm")


def test_an_unknown_compression_is_refused_by_name(tmp_path):
    path = pydicom.data.get_testdata_file("MR_small_jp2klossless.dcm", download=False)
    content = Path(path).read_bytes().replace(b"1.2.840.10008.1.2.4.90", b"1.2.840.10008.1.2.4.99")
    (tmp_path / "a.dcm").write_bytes(content)
    with pytest.raises(UnsupportedTransferSyntaxError, match=r"1\.2\.840\.10008\.1\.2\.4\.99"):
        read_dicom(tmp_path / "a.dcm")


def test_a_missing_decoder_is_refused_and_the_package_is_named(monkeypatch):
    monkeypatch.setattr("medlab.io.dicom.decode.decode_with_itk", lambda *_: None)
    path = pydicom.data.get_testdata_file("JPEG-LL.dcm", download=False)
    with pytest.raises(UnsupportedTransferSyntaxError, match="pylibjpeg-libjpeg"):
        read_dicom(path)


@pytest.fixture
def medium(tmp_path):
    stored = write_slices(tmp_path / "in")
    files = FileSet()
    for path in (tmp_path / "in").iterdir():
        ds = pydicom.dcmread(path)
        ds.PatientID, ds.StudyDate, ds.StudyTime, ds.StudyID = "X", "20200101", "1200", "1"
        files.add(ds)
    files.write(tmp_path / "out")
    shutil.rmtree(tmp_path / "in")
    return tmp_path / "out", stored.astype(int) - 1024


def test_a_dicomdir_is_followed(medium):
    folder, truth = medium
    np.testing.assert_array_equal(read_dicom(folder / "DICOMDIR").array, truth)
    np.testing.assert_array_equal(read_dicom(folder).array, truth)


def test_a_dicomdir_is_followed_where_names_were_copied_in_lower_case(medium):
    folder, truth = medium
    for path in sorted(folder.rglob("*"), key=lambda p: -len(p.parts)):
        if path.name != "DICOMDIR":
            path.rename(path.with_name(path.name.lower()))
    np.testing.assert_array_equal(read_dicom(folder / "DICOMDIR").array, truth)


def test_files_that_a_dicomdir_lists_must_be_there(medium):
    folder, _ = medium
    last = max(path for path in folder.rglob("*") if path.is_file() and path.name != "DICOMDIR")
    last.unlink()
    with pytest.raises(MissingSliceError, match="lists 1 file"):
        read_dicom(folder / "DICOMDIR")
    assert read_dicom(folder).shape[0] == 4


def test_a_dicomdir_does_not_lead_out_of_its_folder(medium):
    folder, _ = medium
    ds = pydicom.dcmread(folder / "DICOMDIR")
    for record in ds.DirectoryRecordSequence:
        if "ReferencedFileID" in record:
            record.ReferencedFileID = ["..", "secret"]
    (folder.parent / "secret").write_bytes(b"x")
    ds.save_as(folder / "DICOMDIR")
    with pytest.raises(LoadError, match="outside"):
        read_dicom(folder / "DICOMDIR")
