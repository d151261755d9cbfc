"""``medlab data``: what it prints, and its exit codes."""

from __future__ import annotations

import dataclasses

import pytest

from medlab import cli
from medlab.datasets.fetch import fetch


@pytest.fixture
def run(capsys, cache):  # noqa: ARG001
    """Call ``medlab data …`` in this process; give its exit code, stdout and stderr."""

    def call(*words) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            cli.main(["data", *words])
        out, err = capsys.readouterr()
        return stop.value.code, out, err

    return call


@pytest.fixture
def tiny(whole, monkeypatch):
    """Make the registry hold one set that loopback serves."""
    record = dataclasses.replace(whole(b"0123456789" * 100_000, "a.npz"))
    monkeypatch.setattr("medlab.datasets.catalogue.record", {"tiny": record}.__getitem__)
    return record


def test_without_a_command_the_commands_are_named(run):
    code, out, err = run()
    assert (code, err) == (0, "")
    for command in ("list", "fetch", "verify", "where"):
        assert f"  {command} " in out


def test_list_has_a_line_for_each_set(run):
    code, out, _ = run("list")
    assert code == 0
    (line,) = [line for line in out.splitlines() if line.startswith("breastmnist ")]
    for word in ("US", "780 pictures", "0.6", "CC BY 4.0", "public"):
        assert word in line


def test_list_can_be_narrowed(run):
    _, out, _ = run("list", "--modality", "nm")
    assert "nm-bone-scan" in out
    assert "retina" not in out
    _, out, _ = run("list", "--here")
    assert "retina " in out
    assert "msd-liver" not in out


def test_fetch_says_where_the_data_came_from_and_went(run, tiny, cache):
    code, out, err = run("fetch", "tiny")
    assert (code, err) == (0, "")
    assert out == f"tiny: 1.0 MB from the network, in {cache / 'tiny'}\n"
    assert (cache / "tiny" / "a.npz").is_file()
    assert tiny.archives[0].file == "a.npz"


def test_fetch_has_nothing_to_do_for_a_sample(run):
    assert run("fetch", "retina") == (0, "retina: nothing to fetch, it is a sample\n", "")


def test_fetch_of_an_unknown_set_is_refused(run):
    code, out, err = run("fetch", "retinas")
    assert (code, out) == (2, "")
    assert "Did you mean 'retina'" in err


@pytest.mark.usefixtures("tiny")
def test_fetch_that_fails_is_one_line_with_the_way_out(run, web):
    web.files.clear()
    code, out, err = run("fetch", "tiny")
    assert (code, out) == (1, "")
    assert err.startswith("medlab: tiny could not be downloaded")
    assert "404" in err
    assert "MEDLAB_DATA_MIRROR" in err
    assert err.count("\n") == 1


def test_verify_is_red_and_fails_where_a_file_was_changed(run, tiny):
    folder = fetch(tiny)
    code, out, _ = run("verify", "tiny")
    assert code == 0
    assert "1 ok, 0 missing, 0 wrong" in out
    (folder / "a.npz").write_bytes(b"changed")
    code, out, _ = run("verify", "tiny")
    assert code == 1
    assert "a.npz differs" in out
    assert "0 ok, 0 missing, 1 wrong" in out


def test_where_names_cache_and_mirror(run, cache, monkeypatch, tmp_path):
    _, out, _ = run("where")
    assert str(cache) in out
    assert "MEDLAB_DATA_MIRROR is not set" in out
    monkeypatch.setenv("MEDLAB_DATA_MIRROR", str(tmp_path / "mirror"))
    assert str(tmp_path / "mirror") in run("where")[1]


def test_where_of_a_set_is_its_folder_or_the_command_that_brings_it(run, tiny, cache):
    assert run("where", "tiny")[1] == "tiny: not here: medlab data fetch tiny\n"
    fetch(tiny)
    assert run("where", "tiny")[1] == f"{cache / 'tiny'}\n"


def test_where_of_a_sample_is_its_file(run):
    assert run("where", "retina")[1].endswith("retina.jpg\n")
