"""The table of what is in a folder says what `read` will find there."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_folders import CORONAL, file_dataset, set_pixels, stored_values, uid, write_slices
from pydicom.data import get_testdata_file

import medlab
from medlab.io import series
from medlab.io.dicom import pixels
from medlab.io.dicom.progress import with_progress


@pytest.fixture
def folder(tmp_path):
    write_slices(tmp_path / "ct", series=2, SeriesDescription="CHEST")
    for repeat in range(3):
        write_slices(
            tmp_path / "mr",
            offsets=[0, 3, 6, 9],
            series=5,
            modality="MR",
            prefix=str(repeat),
            orientation=CORONAL,
            TriggerTime=50 * repeat,
            change=lambda p, ds, r=repeat: setattr(ds, "SOPInstanceUID", uid(5, r, p)),
        )
    ds = file_dataset("1.2.840.10008.5.1.4.1.1.1", Modality="CR", SeriesNumber=9, SeriesInstanceUID=uid(9))
    set_pixels(ds, stored_values(1)[0])
    ds.save_as(tmp_path / "chest.dcm", enforce_file_format=True)
    return tmp_path


def test_there_is_one_row_for_each_image(folder):
    table = series(folder)
    assert list(table.number) == [2, 5, 9]
    assert list(table.description) == ["CHEST", "", ""]
    assert list(table.modality) == ["CT", "MR", "CR"]
    assert list(table["shape"]) == [(5, 6, 8), (4, 6, 8), (6, 8)]
    assert list(table.time_points) == [1, 3, 1]
    assert list(table.files) == [5, 12, 1]
    assert list(table.uid) == [uid(2), uid(5), uid(9)]
    assert list(table.problems) == ["", "", ""]


def test_spacing_is_in_array_order_and_missing_where_unknown(folder):
    table = series(folder)
    assert table.spacing[0] == (2.5, 0.8, 0.5)
    assert table.spacing[1] == (3.0, 0.8, 0.5)
    assert table.spacing[2] is None


def test_bytes_are_those_of_the_files(folder):
    assert series(folder).bytes[0] == sum(path.stat().st_size for path in (folder / "ct").iterdir())


def test_every_row_can_be_read_by_its_number(folder):
    table = series(folder)
    for row in table.index:
        image = medlab.read(folder, series=int(row))
        assert image.grid[-len(table["shape"][row]) :] == table["shape"][row]


def test_pixels_are_not_read(folder, monkeypatch):
    def refuse(*_):
        pytest.fail("the table must come from headers alone")

    monkeypatch.setattr(pixels, "_run", refuse)
    assert len(series(folder)) == 3


def test_problems_say_why_reading_would_be_refused(tmp_path):
    write_slices(tmp_path / "gap", offsets=[0, 2.5, 5, 10, 12.5])
    write_slices(tmp_path / "two", offsets=[0, 2.5], series=3)
    write_slices(tmp_path / "two", offsets=[0, 2.5], series=3, orientation=CORONAL, prefix="b")
    problems = list(series(tmp_path).problems)
    assert problems[0].startswith("MissingSliceError: 1 slice is missing")
    assert problems[1:] == ["one of 2 parts of its series"] * 2


def test_files_that_cannot_be_read_are_listed(tmp_path):
    write_slices(tmp_path)
    broken = tmp_path / "0001.dcm"
    broken.write_bytes(broken.read_bytes()[:-4])
    (tmp_path / "junk").write_text("junk")
    table = series(tmp_path)
    assert broken.name in table.attrs["unreadable"][0]
    assert "junk" in table.attrs["notes"][0]


def test_a_folder_without_images_gives_an_empty_table(tmp_path):
    table = series(tmp_path)
    assert len(table) == 0
    assert "modality" in table.columns


def test_a_dicomdir_is_followed():
    table = series(get_testdata_file("DICOMDIR", download=False))
    assert table.files.sum() == 31
    assert set(table.modality) == {"CT", "CR", "MR"}


def test_a_single_file_has_one_row():
    table = series(get_testdata_file("examples_ybr_color.dcm", download=False))
    assert (table.loc[0, "shape"], table.loc[0, "time_points"]) == ((240, 320, 3), 30)


def test_small_folders_show_no_progress_bar(folder, capfd):
    series(folder)
    assert capfd.readouterr() == ("", "")


def test_long_work_shows_a_bar_on_the_error_stream(capfd, monkeypatch):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert list(with_progress(range(5), "Reading", patience=-1)) == list(range(5))
    said = capfd.readouterr()
    assert said.out == ""
    assert "Reading" in said.err


def test_items_come_once_and_in_order_where_the_bar_starts_late():
    def slow():
        import time

        for item in with_progress(range(6), "Reading", patience=0.02):
            time.sleep(0.01)
            yield item

    np.testing.assert_array_equal(list(slow()), range(6))
