"""Verifying: what was published is green, what was changed is red."""

from __future__ import annotations

import dataclasses
import hashlib
import zipfile

import pytest

from medlab.datasets import verification
from medlab.datasets.fetch import fetch
from medlab.datasets.places import cached
from medlab.datasets.record import Files
from medlab.datasets.verification import verify


@pytest.fixture
def known(monkeypatch):
    """Make the registry hold the records that a test made up."""

    def register(*made):
        monkeypatch.setattr("medlab.datasets.catalogue.record", {r.name: r for r in made}.__getitem__)
        return [r.name for r in made]

    return register


def states(names):
    return [(f.name, f.place, f.state) for f in verify(names)]


@pytest.mark.usefixtures("cache")
def test_what_is_not_here_is_missing_and_not_wrong(whole, known):
    assert states(known(whole(b"0123", "a.npz"))) == [("tiny", "nowhere", "missing")]


@pytest.mark.usefixtures("cache")
def test_what_was_fetched_is_ok(whole, known):
    record = whole(b"0123", "a.npz")
    fetch(record)
    assert states(known(record)) == [("tiny", "cache", "ok")]


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    ("harm", "said"), [(lambda f: f.write_bytes(b"0124"), "differs"), (lambda f: f.unlink(), "is missing")]
)
def test_a_changed_or_lost_file_is_wrong(whole, known, harm, said):
    record = whole(b"0123", "a.npz")
    harm(fetch(record) / "a.npz")
    (finding,) = verify(known(record))
    assert (finding.state, finding.detail) == ("wrong", f"a.npz {said}")


@pytest.mark.usefixtures("cache")
def test_a_cache_for_an_older_record_is_wrong(whole, known):
    record = whole(b"0123", "a.npz")
    fetch(record)
    newer = dataclasses.replace(record, archives=(dataclasses.replace(record.archives[0], sha256="0" * 64),))
    (finding,) = verify(known(newer))
    assert "the record has changed" in finding.detail
    assert cached(newer).is_dir()


def test_the_mirror_is_looked_at_member_by_member(cache, blank, known, tmp_path, monkeypatch):  # noqa: ARG001
    content = {"a": b"one", "b": b"two", "c": b"three"}
    digests = {name: hashlib.sha256(c).hexdigest() for name, c in content.items()}
    record = dataclasses.replace(blank, files=Files("https://x.org/", digests), mirror="tiny.zip")
    monkeypatch.setenv("MEDLAB_DATA_MIRROR", str(tmp_path))
    names = known(record)
    for held, state, detail in (
        (content, "ok", "3 files"),
        ({**content, "b": b"2"}, "wrong", "b differs"),
        ({"a": b"one"}, "wrong", "b is missing; c is missing"),
    ):
        with zipfile.ZipFile(tmp_path / "tiny.zip", "w") as bundle:
            for name, some in held.items():
                bundle.writestr(name, some)
        (finding,) = verify(names)
        assert (finding.place, finding.state, finding.detail) == ("mirror", state, detail)


def test_a_mirror_that_differs_for_a_reason_is_ok(cache, whole, known, tmp_path, monkeypatch):  # noqa: ARG001
    (tmp_path / "mine").write_bytes(b"other")
    monkeypatch.setenv("MEDLAB_DATA_MIRROR", str(tmp_path))
    digest = hashlib.sha256(b"other").hexdigest()
    names = known(whole(b"0123", "a", mirror=("mine",), mirror_sha256=digest, mirror_note="reordered"))
    (finding,) = verify(names)
    assert (finding.state, finding.detail) == ("ok", "1 file; reordered")
    (tmp_path / "mine").write_bytes(b"another")
    assert states(names) == [("tiny", "mirror", "wrong")]


def test_a_sample_is_compared_with_its_record(blank, known):
    record = dataclasses.replace(
        blank, kind="sample", package="pydicom", options={"file": "CT_small.dcm"}, file_sha256="0" * 64
    )
    assert states(known(record)) == [("tiny", "package", "wrong")]


@pytest.mark.mirror
def test_the_whole_mirror_is_as_published(cache, mirror, monkeypatch):  # noqa: ARG001
    monkeypatch.setenv("MEDLAB_DATA_MIRROR", str(mirror))
    findings = verification.verify()
    assert not [f for f in findings if f.state == "wrong"]
    assert {"breastmnist", "lidc-0314", "adrenalmnist3d-64"} <= {
        f.name for f in findings if f.place == "mirror"
    }
