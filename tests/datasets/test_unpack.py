"""Unpacking refuses what no data set needs."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile

import pytest

from medlab.datasets.archives import UnpackError, unpack


def make_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for member, content in members:
            bundle.writestr(member, content)
    return path


def make_tar(path, members, mode="w"):
    with tarfile.open(path, mode) as bundle:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            bundle.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_a_tar_is_unpacked(tmp_path, mode):
    unpack(make_tar(tmp_path / "a.tar", [("x/a.txt", b"abc")], mode), "tar", tmp_path / "out", 100)
    assert (tmp_path / "out/x/a.txt").read_bytes() == b"abc"


def test_a_zip_is_unpacked_with_its_empty_folders(tmp_path):
    unpack(make_zip(tmp_path / "a.zip", [("x/a.txt", b"abc"), ("y/", b"")]), "zip", tmp_path / "out", 100)
    assert (tmp_path / "out/x/a.txt").read_bytes() == b"abc"
    assert (tmp_path / "out/y").is_dir()


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "C:evil", "..\\evil"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_member_that_leads_out_is_refused(tmp_path, name, kind):
    make = make_zip if kind == "zip" else make_tar
    with pytest.raises(UnpackError, match="leads out"):
        unpack(make(tmp_path / "a", [(name, b"evil")]), kind, tmp_path / "in/out", 100)
    assert not [*tmp_path.rglob("*evil*")]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_tar_with_anything_but_files_and_folders_is_refused(tmp_path, kind):
    with tarfile.open(tmp_path / "a.tar", "w") as bundle:
        info = tarfile.TarInfo("odd")
        info.type, info.linkname = kind, "/etc/passwd"
        bundle.addfile(info)
    with pytest.raises(UnpackError, match="odd"):
        unpack(tmp_path / "a.tar", "tar", tmp_path / "out", 100)
    assert not [*(tmp_path / "out").iterdir()]


def test_a_zip_with_a_link_is_refused(tmp_path):
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(UnpackError, match="link"):
        unpack(make_zip(tmp_path / "a.zip", [(info, b"/etc/passwd")]), "zip", tmp_path / "out", 100)


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_more_than_announced_is_refused_before_it_is_written(tmp_path, kind):
    make = make_zip if kind == "zip" else make_tar
    archive = make(tmp_path / "a", [("small", b"1"), ("bomb", bytes(10**6))])
    with pytest.raises(UnpackError, match="bomb"):
        unpack(archive, kind, tmp_path / "out", 1000)
    assert not (tmp_path / "out/bomb").exists()


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_truncated_archive_is_refused(tmp_path, kind):
    make = make_zip if kind == "zip" else make_tar
    archive = make(tmp_path / "a", [("one", bytes(range(256)) * 20), ("two", bytes(range(256)) * 20)])
    archive.write_bytes(archive.read_bytes()[: 5000 if kind == "tar" else 300])
    with pytest.raises(UnpackError, match="damaged"):
        unpack(archive, kind, tmp_path / "out", 10**6)
