"""Zip archives."""

import shutil
import stat
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import medlab
from medlab.io.archive import unpacked
from medlab.io.errors import CorruptFileError, MultipleSeriesError, TooLargeError, UnsupportedFormatError


@pytest.fixture
def left_behind(monkeypatch, tmp_path):
    """The folder into which archives are unpacked; it must be empty in the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def a_zip(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def a_nifti(ball, folder):
    return medlab.write(ball, folder / "scan.nii.gz").read_bytes()


def test_one_image_among_junk_is_read_and_nothing_stays(tmp_path, ball, left_behind):
    members = {
        "a/scan.nii.gz": a_nifti(ball, tmp_path),
        "SHA256SUMS": "0  x",
        "__MACOSX/a/._scan.nii.gz": "?",
    }
    image = medlab.read(a_zip(tmp_path / "a.zip", **members))
    np.testing.assert_array_equal(image.array, ball.array)
    assert list(left_behind.iterdir()) == []


def test_dicom_beside_junk_is_read(tmp_path):
    content = Path(get_testdata_file("CT_small.dcm", download=False)).read_bytes()
    image = medlab.read(
        a_zip(tmp_path / "a.zip", **{"x/1": content, "SHA256SUMS": "0  x", "LICENSE": "free"})
    )
    assert (image.modality, image.size("y")) == ("CT", 128)


def test_several_images_are_listed_by_their_names_in_the_archive(tmp_path, ball, left_behind):
    content = a_nifti(ball, tmp_path)
    path = a_zip(
        tmp_path / "a.zip", **{"a/one.nii.gz": content, "a/two.nii.gz": content, "b/three.nii.gz": content}
    )
    with pytest.raises(MultipleSeriesError, match=r"a\.zip/a/one\.nii\.gz") as caught:
        medlab.read(path)
    assert str(left_behind) not in str(caught.value)
    assert medlab.read(path, series="a/two.nii.gz").shape == ball.shape
    assert medlab.read(path, series="b").shape == ball.shape


@pytest.mark.parametrize(
    "name", ["../evil.nii", "/evil.nii", "a/../../evil.nii", "C:\\evil.nii", "..\\evil.nii"]
)
def test_a_member_outside_of_the_folder_is_refused_before_anything_is_written(name, tmp_path, left_behind):
    with pytest.raises(CorruptFileError, match="nothing was unpacked"):
        medlab.read(a_zip(tmp_path / "a.zip", **{"good.txt": "x", name: "x"}))
    assert not list(tmp_path.rglob("evil*"))
    assert list(left_behind.iterdir()) == []


def test_a_link_is_refused(tmp_path):
    link = zipfile.ZipInfo("link.nii")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(CorruptFileError, match="is a link"):
        medlab.read(tmp_path / "a.zip")


def test_a_bomb_is_refused(tmp_path, left_behind):
    path = a_zip(tmp_path / "a.zip", **{"zeros.nii": bytes(100_000_000)})
    with pytest.raises(TooLargeError, match="times its size"):
        medlab.read(path)
    with pytest.raises(TooLargeError, match="max_bytes"):
        medlab.read(path, max_bytes=1_000_000)
    assert list(left_behind.iterdir()) == []


def test_an_archive_that_lies_about_its_size_is_not_unpacked_beyond_it(tmp_path):
    path = a_zip(tmp_path / "a.zip", **{"a.nii": bytes(1_000_000)})
    content = bytearray(path.read_bytes())
    place = content.rindex((1_000_000).to_bytes(4, "little"))
    content[place : place + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(CorruptFileError), unpacked(path) as folder:
        assert (folder / "a.nii").stat().st_size <= 1000


def test_a_damaged_archive_is_named(tmp_path, ball):
    path = a_zip(tmp_path / "a.zip", **{"scan.nii.gz": a_nifti(ball, tmp_path)})
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    with pytest.raises(CorruptFileError, match=r"a\.zip"):
        medlab.read(path)


def test_a_password_is_explained(tmp_path):
    path = a_zip(tmp_path / "a.zip", **{"a.nii": b"x"})
    content = bytearray(path.read_bytes())
    for start in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        content[start] |= 1
    path.write_bytes(content)
    with pytest.raises(UnsupportedFormatError, match="password"):
        medlab.read(path)


def test_an_empty_archive_is_an_error(tmp_path):
    with pytest.raises(medlab.LoadError):
        medlab.read(a_zip(tmp_path / "a.zip"))


def test_a_public_archive_reads_by_folder_and_by_member(mirror, tmp_path):
    archive = mirror / "petct" / "ibsi_sts_004_ct_pet_mr.zip"
    dicom = medlab.read(archive, series="dicom/STS_004/CT/image")
    nifti = medlab.read(archive, series="nifti/STS_004/CT_image.nii.gz")
    np.testing.assert_array_equal(dicom.array, nifti.array)
    assert dicom.same_grid(nifti)
    shutil.rmtree(tmp_path)
