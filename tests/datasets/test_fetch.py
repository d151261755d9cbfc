"""Fetching: whole and checked, or not there at all."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import http.server
import threading
import zipfile

import pytest

from medlab.datasets.fetch import DataError, fetch
from medlab.datasets.record import Files, records

CONTENT = {"image/a.bin": b"first file", "image/b.bin": b"second file", "extra.json": b"{}"}


@pytest.fixture
def record():
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in CONTENT.items()}
    return dataclasses.replace(
        records()["lidc-0314"],
        name="tiny",
        files=Files("", digests, optional=("extra.json",)),
        mirror="tiny.zip",
    )


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("MEDLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MEDLAB_DATA_MIRROR", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def mirrored(monkeypatch, tmp_path):
    with zipfile.ZipFile(tmp_path / "tiny.zip", "w") as bundle:
        for path, content in CONTENT.items():
            bundle.writestr(path, content)
    monkeypatch.setenv("MEDLAB_DATA_MIRROR", str(tmp_path))
    return tmp_path / "tiny.zip"


@pytest.fixture
def served(record, tmp_path):
    """The record with its files served over loopback HTTP, and the folder they are served from."""
    folder = tmp_path / "www"
    for path, content in CONTENT.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    yield dataclasses.replace(record, files=dataclasses.replace(record.files, base_url=url)), folder
    server.shutdown()


def left_in(cache):
    return [p for p in cache.rglob("*") if p.is_file()] if cache.exists() else []


@pytest.mark.usefixtures("mirrored")
def test_mirror_gives_every_file(record):
    folder = fetch(record)
    assert {p: (folder / p).read_bytes() for p in CONTENT} == CONTENT


def test_mirror_file_that_is_not_the_published_one_is_refused(record, mirrored, cache):
    with zipfile.ZipFile(mirrored, "w") as bundle:
        for path in CONTENT:
            bundle.writestr(path, b"something else")
    with pytest.raises(DataError, match="checksum differs"):
        fetch(record)
    assert not left_in(cache)


def test_mirror_that_lacks_a_file_is_named(record, mirrored, cache):
    with zipfile.ZipFile(mirrored, "w") as bundle:
        bundle.writestr("image/a.bin", CONTENT["image/a.bin"])
    with pytest.raises(DataError, match=r"lacks image/b\.bin"):
        fetch(record)
    assert not left_in(cache)


def test_network_gives_what_has_an_address(served):
    record, _ = served
    folder = fetch(record)
    assert (folder / "image/b.bin").read_bytes() == CONTENT["image/b.bin"]
    assert not (folder / "extra.json").exists()


def test_second_fetch_needs_no_network(served):
    record, www = served
    first = fetch(record)
    for path in CONTENT:
        (www / path).unlink()
    assert fetch(record) == first


def test_mirror_found_later_completes_what_the_network_gave(served, mirrored):
    record, _ = served
    fetch(record)
    assert mirrored.is_file()
    assert (fetch(record) / "extra.json").exists()


@pytest.mark.parametrize(
    "harm", [lambda f: f.unlink(), lambda f: f.write_bytes(b"forged")], ids=["404", "forged"]
)
def test_bad_download_leaves_nothing(served, cache, harm):
    record, www = served
    harm(www / "image/b.bin")
    with pytest.raises(DataError, match="tiny could not be downloaded"):
        fetch(record)
    assert not left_in(cache)


def test_file_lost_from_the_cache_is_fetched_again(served):
    record, _ = served
    (fetch(record) / "image/a.bin").unlink()
    assert (fetch(record) / "image/a.bin").read_bytes() == CONTENT["image/a.bin"]
