"""``medlab course build`` as it is typed."""

from __future__ import annotations

import signal
import sys

import pytest

from medlab import cli


@pytest.fixture
def run(capsys, monkeypatch, tmp_path, course_folder):  # noqa: ARG001
    """Call the command in an empty folder; give its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGTERM)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["medlab", *words])
        with pytest.raises(SystemExit) as stop:
            cli.main(list(words))
        return (stop.value.code, *capsys.readouterr())

    yield call
    signal.signal(signal.SIGTERM, before)


def test_it_says_what_it_wrote(run, tmp_path):
    assert run("course", "build", "--student", "s", "--teacher", "t") == (
        0,
        "s: 2 notebooks and 2 other files\nt: 2 notebooks and 4 other files\n",
        "",
    )
    assert (tmp_path / "s" / "01-first" / "00-one.ipynb").is_file()


def test_it_says_what_was_there_and_what_to_know(run):
    run("course", "build", "00-two", "--student", "s")
    code, out, _ = run("course", "build", "00-two", "--student", "s")
    assert code == 0
    assert out.startswith("s: 1 notebook and 1 other file (2 up to date already)\nnote: 02-second/00-two: ")


def test_it_refuses_in_one_line(run, tmp_path):
    (tmp_path / "s" / "01-first").mkdir(parents=True)
    (tmp_path / "s" / "01-first" / "00-one.ipynb").write_text("work")
    code, out, err = run("course", "build", "--student", "s")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("medlab: There are files with another content: ")
    assert run("course", "build", "--student", "s", "--replace")[0] == 0


def test_without_a_folder_it_says_which_option_is_missing(run):
    code, _, err = run("course", "build")
    assert code == 2
    assert "--student FOLDER" in err


def test_without_a_command_it_names_them(run):
    code, out, _ = run("course")
    assert code == 0
    assert "build" in out
