"""Fixtures that the tests of data sets share."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
from loopback import Behaviour, refuse, serving

from medlab import datasets
from medlab.datasets import download
from medlab.datasets.record import Archive, Record


@pytest.fixture(scope="session")
def load_public(mirror):
    """Load a public set from the mirror; no stand-in is taken."""

    def load(name: str) -> datasets.Dataset:
        assert mirror.is_dir()
        return datasets.load(name, strict=True)

    return load


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """Use an empty cache and no mirror; failed downloads are tried again at once."""
    monkeypatch.setenv("MEDLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MEDLAB_DATA_MIRROR", raising=False)
    monkeypatch.setattr(download, "_PAUSE", 0.001)
    return tmp_path / "cache"


@pytest.fixture
def no_data(cache, monkeypatch):
    """No mirror, an empty cache, and a network on which nothing answers."""
    del cache
    monkeypatch.setattr("socket.getaddrinfo", refuse)


@pytest.fixture
def blank():
    """Give a record with a name, and nothing to fetch."""
    return Record(
        name="tiny",
        title="Tiny",
        kind="public",
        modality="OT",
        task="test",
        n="few",
        licence="CC0",
        citation="nobody",
        source="loopback",
        loader="none:none",
    )


@pytest.fixture
def web():
    """Serve files over loopback HTTP; the test fills ``web.files``."""
    with serving({}) as server:
        yield server


@pytest.fixture
def whole(blank, web):
    """Give a function that serves some bytes and returns a record of them, published whole."""

    def publish(content: bytes, file: str, **changes) -> Record:
        web.files[file] = Behaviour(content)
        archive = Archive((web.url + file,), sha256=hashlib.sha256(content).hexdigest(), file=file)
        fields = {f.name for f in dataclasses.fields(Archive)}
        archive = dataclasses.replace(archive, **{k: v for k, v in changes.items() if k in fields})
        others = {k: v for k, v in changes.items() if k not in fields}
        return dataclasses.replace(blank, archives=(archive,), **others)

    return publish
