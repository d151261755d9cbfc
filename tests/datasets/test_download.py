"""Downloads that go wrong: resumed, tried again, or refused with the reason, and never half a file."""

from __future__ import annotations

import hashlib

import pytest
from loopback import Behaviour, serving

from medlab.datasets import download as room
from medlab.datasets.download import DownloadError, download

CONTENT = bytes(range(256)) * 800
DIGEST = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(room, "_PAUSE", 0.001)
    monkeypatch.setattr(room, "_LONGEST_PAUSE", 0.01)


@pytest.fixture
def server():
    with serving({"a.bin": Behaviour(CONTENT)}) as running:
        yield running


def get(server, target, digest=DIGEST, paths=("a.bin",), **options):
    download([server.url + path for path in paths], target, digest, **options)
    return target.read_bytes()


def test_a_whole_file_arrives(server, tmp_path):
    seen = []
    assert get(server, tmp_path / "a.bin", tell=seen.append) == CONTENT
    assert sum(seen) == len(CONTENT)
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_md5_is_taken_where_that_was_published(server, tmp_path):
    assert get(server, tmp_path / "a.bin", "md5:" + hashlib.md5(CONTENT).hexdigest()) == CONTENT  # noqa: S324


def test_a_cut_connection_is_resumed_where_it_stopped(server, tmp_path):
    server.files["a.bin"].cuts = [32_768, 16_384]
    assert get(server, tmp_path / "a.bin") == CONTENT
    assert [asked for _, asked in server.requests] == [None, "bytes=32768-", "bytes=49152-"]


def test_what_an_earlier_call_left_is_resumed(server, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(CONTENT[:1000])
    assert get(server, tmp_path / "a.bin") == CONTENT
    assert [asked for _, asked in server.requests] == ["bytes=1000-"]


def test_a_part_that_is_whole_already_is_taken(server, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(CONTENT)
    assert get(server, tmp_path / "a.bin") == CONTENT


def test_a_part_of_something_else_is_thrown_away(server, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(b"x" * 1000)
    assert get(server, tmp_path / "a.bin") == CONTENT
    assert [asked for _, asked in server.requests] == ["bytes=1000-", None]


def test_a_part_longer_than_the_file_is_thrown_away(server, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(CONTENT + b"more")
    assert get(server, tmp_path / "a.bin") == CONTENT


def test_a_server_that_ignores_range_sends_all_again(server, tmp_path):
    server.files["a.bin"] = Behaviour(CONTENT, cuts=[30_000], ranges=False)
    seen = []
    assert get(server, tmp_path / "a.bin", tell=seen.append) == CONTENT
    assert sum(seen) == len(CONTENT)


def test_a_connection_cut_for_ever_is_given_up_and_its_part_kept(server, tmp_path):
    server.files["a.bin"].cuts = [16_384] * 50
    with pytest.raises(DownloadError, match=r"cut.*tried 4 times"):
        get(server, tmp_path / "a.bin")
    assert {p.name: p.stat().st_size for p in tmp_path.iterdir()} == {"a.bin.part": 4 * 16_384}


@pytest.mark.parametrize("status", [503, 429, 500])
def test_a_busy_server_is_asked_again(server, tmp_path, status):
    server.files["a.bin"].statuses = [status, status]
    assert get(server, tmp_path / "a.bin") == CONTENT


def test_a_server_busy_for_ever_is_given_up(server, tmp_path):
    server.files["a.bin"].statuses = [503] * 50
    with pytest.raises(DownloadError, match=r"503.*tried 4 times"):
        get(server, tmp_path / "a.bin")
    assert len(server.requests) == 4


@pytest.mark.parametrize(("path", "status"), [("b.bin", "404"), ("c.bin", "403")])
def test_a_file_that_is_not_there_is_asked_for_once(server, tmp_path, path, status):
    server.files["c.bin"] = Behaviour(CONTENT, statuses=[403])
    with pytest.raises(DownloadError, match=status):
        get(server, tmp_path / "a.bin", paths=[path])
    assert len(server.requests) == 1
    assert not [*tmp_path.iterdir()]


def test_the_next_address_is_taken_where_one_fails(server, tmp_path):
    assert get(server, tmp_path / "a.bin", paths=["gone.bin", "a.bin"]) == CONTENT


def test_every_address_is_named_where_all_fail(server, tmp_path):
    with pytest.raises(DownloadError, match=r"gone\.bin: .*404.*lost\.bin: .*404"):
        get(server, tmp_path / "a.bin", paths=["gone.bin", "lost.bin"])


def test_a_wrong_checksum_leaves_nothing(server, tmp_path):
    with pytest.raises(DownloadError, match="checksum"):
        get(server, tmp_path / "a.bin", "sha256:" + 64 * "0")
    assert not [*tmp_path.iterdir()]


def test_a_wrong_file_is_followed_by_the_next_address(server, tmp_path):
    server.files["forged.bin"] = Behaviour(b"forged")
    assert get(server, tmp_path / "a.bin", paths=["forged.bin", "a.bin"]) == CONTENT


def test_far_more_than_was_published_is_refused(server, tmp_path):
    server.files["a.bin"] = Behaviour(bytes(3 * 2**20))
    with pytest.raises(DownloadError, match="more than was published"):
        get(server, tmp_path / "a.bin", size=1000)
    assert not [*tmp_path.iterdir()]


def test_nobody_there_is_said_so(tmp_path):
    with serving({}) as server:
        url = server.url
    with pytest.raises(DownloadError, match="no connection"):
        download([url + "a.bin"], tmp_path / "a.bin", DIGEST)


def test_an_address_of_another_kind_is_refused(tmp_path):
    with pytest.raises(DownloadError, match="file://"):
        download(["file:///etc/hostname"], tmp_path / "a.bin", DIGEST)
