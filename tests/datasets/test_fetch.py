"""Fetching: whole and checked, or not there at all."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest
from loopback import Behaviour

from medlab.datasets.fetch import fetch
from medlab.datasets.places import PARTIAL, DatasetUnavailable, cached, receipt
from medlab.datasets.record import Archive, Files

CONTENT = {"image/a.bin": b"first file", "image/b 1.bin": b"second file", "extra.json": b"{}"}

pytestmark = pytest.mark.usefixtures("cache")


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def record(blank, web):
    digests = {path: sha256(content) for path, content in CONTENT.items()}
    files = Files(web.url, digests, optional=("extra.json",))
    return dataclasses.replace(blank, files=files, mirror="tiny.zip")


@pytest.fixture
def mirrored(cache, monkeypatch, tmp_path):  # noqa: ARG001 (after it: it takes the mirror away)
    with zipfile.ZipFile(tmp_path / "tiny.zip", "w") as bundle:
        for path, content in CONTENT.items():
            bundle.writestr(path, content)
    monkeypatch.setenv("MEDLAB_DATA_MIRROR", str(tmp_path))
    return tmp_path / "tiny.zip"


@pytest.fixture
def served(record, web):
    """The record with its files served over loopback HTTP."""
    web.files.update({path: Behaviour(content) for path, content in CONTENT.items() if path != "extra.json"})
    return record


def taken_for_data(cache):
    """What in the cache could be read as data: all but what is under way."""
    return [p for p in cache.rglob("*") if p.is_file() and p.relative_to(cache).parts[0] != PARTIAL]


@pytest.mark.usefixtures("mirrored")
def test_mirror_gives_every_file(record):
    folder = fetch(record)
    assert {p: (folder / p).read_bytes() for p in CONTENT} == CONTENT
    assert receipt(record).origin == "mirror"


def test_mirror_file_that_is_not_the_published_one_is_refused(record, mirrored, cache):
    with zipfile.ZipFile(mirrored, "w") as bundle:
        for path in CONTENT:
            bundle.writestr(path, b"something else")
    with pytest.raises(DatasetUnavailable, match="checksum differs"):
        fetch(record)
    assert not taken_for_data(cache)


def test_mirror_that_lacks_a_file_is_named(record, mirrored, cache):
    with zipfile.ZipFile(mirrored, "w") as bundle:
        bundle.writestr("image/a.bin", CONTENT["image/a.bin"])
    with pytest.raises(DatasetUnavailable, match=r"lacks image/b 1\.bin"):
        fetch(record)
    assert not taken_for_data(cache)


def test_mirror_that_is_damaged_is_named(record, mirrored, cache):
    mirrored.write_bytes(mirrored.read_bytes()[:-30])
    with pytest.raises(DatasetUnavailable, match=r"tiny\.zip is damaged"):
        fetch(record)
    assert not taken_for_data(cache)


def test_network_gives_what_has_an_address(served):
    folder = fetch(served)
    assert (folder / "image/b 1.bin").read_bytes() == CONTENT["image/b 1.bin"]
    assert not (folder / "extra.json").exists()
    assert receipt(served).origin == "network"


def test_a_file_may_have_an_address_of_its_own(served, web):
    web.files["elsewhere/a.bin"] = web.files.pop("image/a.bin")
    files = dataclasses.replace(served.files, urls={"image/a.bin": web.url + "elsewhere/a.bin"})
    folder = fetch(dataclasses.replace(served, files=files))
    assert (folder / "image/a.bin").read_bytes() == CONTENT["image/a.bin"]


def test_second_fetch_needs_no_network(served, web):
    first = fetch(served)
    web.files.clear()
    assert fetch(served) == first


def test_refresh_asks_the_network_again(served, web):
    fetch(served)
    asked = len(web.requests)
    fetch(served, refresh=True)
    assert len(web.requests) == 2 * asked


def test_mirror_found_later_completes_what_the_network_gave(served, mirrored):
    missing = mirrored.with_name("not yet")
    mirrored.rename(missing)
    fetch(served)
    missing.rename(mirrored)
    assert (fetch(served) / "extra.json").exists()


@pytest.mark.parametrize("behaviour", [None, Behaviour(b"forged")], ids=["404", "forged"])
def test_bad_download_is_not_taken_for_data(served, web, cache, behaviour):
    web.files["image/b 1.bin"] = behaviour
    with pytest.raises(DatasetUnavailable, match="tiny could not be downloaded"):
        fetch(served)
    assert not taken_for_data(cache)


def test_a_second_try_fetches_only_what_is_missing(served, web):
    web.files["image/b 1.bin"] = None
    with pytest.raises(DatasetUnavailable):
        fetch(served)
    web.files["image/b 1.bin"] = Behaviour(CONTENT["image/b 1.bin"])
    fetch(served)
    assert [path for path, _ in web.requests].count("image/a.bin") == 1


def test_what_a_killed_try_left_is_not_taken_for_data(served, cache):
    left = cache / PARTIAL / "tiny"
    (left / ".incoming" / "image").mkdir(parents=True)
    (left / "half").mkdir()
    for path in ("stray.dcm", "half/other.dcm", ".incoming/tmp123", ".incoming/image/a.bin.part"):
        (left / path).write_bytes(b"first")
    folder = fetch(served)
    held = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert held == {"image/a.bin", "image/b 1.bin", ".complete"}


def test_file_lost_from_the_cache_is_fetched_again(served):
    (fetch(served) / "image/a.bin").unlink()
    assert (fetch(served) / "image/a.bin").read_bytes() == CONTENT["image/a.bin"]


def test_a_file_published_whole_is_kept_as_it_is(whole):
    record = whole(b"0123456789", "a.npz")
    assert (fetch(record) / "a.npz").read_bytes() == b"0123456789"
    assert receipt(record).sha256 == sha256(b"0123456789")


def test_a_cut_archive_goes_on_at_the_next_call(whole, web):
    content = bytes(range(256)) * 1000
    record = whole(content, "a.npz")
    web.files["a.npz"].cuts = [16_384] * 4
    with pytest.raises(DatasetUnavailable, match="What has arrived is kept"):
        fetch(record)
    web.requests.clear()
    assert (fetch(record) / "a.npz").read_bytes() == content
    assert web.requests[0] == ("a.npz", f"bytes={4 * 16_384}-")


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    return buffer.getvalue()


def test_an_archive_is_unpacked_and_not_kept(whole):
    folder = fetch(whole(zipped({"a/b.txt": b"b"}), "a.zip", unpack="zip"))
    held = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    assert sorted(held) == [".complete", "a/b.txt"]


def test_a_mirror_may_hold_other_bytes_and_says_why(whole, tmp_path, monkeypatch):
    (tmp_path / "mine.npz").write_bytes(b"reordered")
    monkeypatch.setenv("MEDLAB_DATA_MIRROR", str(tmp_path))
    digest = sha256(b"reordered")
    record = whole(
        b"published", "a.npz", mirror=("mine.npz",), mirror_sha256=digest, mirror_note="another order"
    )
    assert (fetch(record) / "a.npz").read_bytes() == b"reordered"
    held = receipt(record)
    assert (held.origin, held.notes, held.sha256) == ("mirror", ("another order",), digest)


def test_a_mirror_that_may_differ_may_also_hold_the_published_bytes(whole, tmp_path, monkeypatch):
    (tmp_path / "a.npz").write_bytes(b"published")
    (tmp_path / "mine.npz").write_bytes(b"reordered")
    monkeypatch.setenv("MEDLAB_DATA_MIRROR", str(tmp_path))
    digest = sha256(b"reordered")
    record = whole(b"published", "a.npz", mirror=("none", "a.npz", "mine.npz"), mirror_sha256=digest)
    assert (fetch(record) / "a.npz").read_bytes() == b"published"
    assert receipt(record).notes == ()


def test_a_mirror_with_unknown_bytes_is_refused(whole, tmp_path, monkeypatch, cache):
    (tmp_path / "mine.npz").write_bytes(b"unknown")
    monkeypatch.setenv("MEDLAB_DATA_MIRROR", str(tmp_path))
    with pytest.raises(DatasetUnavailable, match=r"mine\.npz is not the file"):
        fetch(whole(b"published", "a.npz", mirror=("mine.npz",)))
    assert not taken_for_data(cache)


def test_without_an_address_the_mirror_is_named(whole):
    with pytest.raises(DatasetUnavailable, match=r"folder that holds mine\.npz"):
        fetch(whole(b"published", "a.npz", url=(), mirror=("mine.npz",)))


def test_a_variant_lies_beside_the_usual_form(whole, web):
    record = whole(b"small", "a.npz")
    web.files["b.npz"] = Behaviour(b"large")
    larger = Archive((web.url + "b.npz",), sha256=sha256(b"large"), file="b.npz", variant="64")
    record = dataclasses.replace(record, archives=(*record.archives, larger))
    assert (fetch(record) / "a.npz").read_bytes() == b"small"
    assert (fetch(record, "64") / "b.npz").read_bytes() == b"large"
    assert cached(record, "64").name == "tiny-64"
    with pytest.raises(ValueError, match="variants 64; got '128'"):
        fetch(record, "128")


def test_an_archive_that_leads_out_of_its_folder_is_refused(whole, cache):
    record = whole(zipped({"../../evil.txt": b"evil"}), "a.zip", unpack="zip")
    with pytest.raises(DatasetUnavailable, match=r"evil\.txt.*leads out"):
        fetch(record)
    assert not [*cache.parent.rglob("evil.txt")]


def test_too_little_room_is_said_before_anything_is_fetched(whole, web, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 100, 0))
    with pytest.raises(DatasetUnavailable, match=r"needs 5\.0 GB.*has room for 0\.0 GB"):
        fetch(whole(b"much", "a.npz", bytes=5_000_000_000))
    assert not web.requests


def test_a_cache_that_cannot_be_made_is_named(whole, tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("no folder")
    monkeypatch.setenv("MEDLAB_CACHE", str(tmp_path / "a file" / "cache"))
    with pytest.raises(DatasetUnavailable, match="MEDLAB_CACHE"):
        fetch(whole(b"some", "a.npz"))


def test_a_disk_that_is_full_is_named(whole, monkeypatch, cache):
    from medlab.datasets import download

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download._Resumed, "_write", full)
    with pytest.raises(DatasetUnavailable, match=r"cannot be written below .*No space left"):
        fetch(whole(b"some", "a.npz"))
    assert not taken_for_data(cache)


def test_two_processes_fetch_once(whole, web, tmp_path):
    record = whole(bytes(200_000), "a.npz")
    archive = record.archives[0]
    source = (
        "import dataclasses, sys\n"
        "from medlab.datasets.fetch import fetch\n"
        "from medlab.datasets.record import Archive, Record\n"
        "known = dict.fromkeys(['title', 'modality', 'task', 'n', 'licence', 'citation', 'source'], 'x')\n"
        f"part = Archive({archive.url!r}, sha256={archive.sha256!r}, file='a.npz')\n"
        "record = Record(name='tiny', kind='public', loader='none:none', archives=(part,), **known)\n"
        "print((fetch(record) / 'a.npz').stat().st_size)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", source]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=tmp_path) for _ in "ab"]
    assert [p.communicate(timeout=60)[0] for p in both] == [b"200000\n"] * 2
    assert len(web.requests) == 1


def test_a_tar_with_a_link_is_refused(whole):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as bundle:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        bundle.addfile(link)
    with pytest.raises(DatasetUnavailable, match="link"):
        fetch(whole(buffer.getvalue(), "a.tar", unpack="tar"))
