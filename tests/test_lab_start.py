"""Where JupyterLab starts and what it opens."""

from __future__ import annotations

import json
import os
import socket
import stat
import sys

import pytest

from medlab import lab, notebooks
from medlab.lab import LabError


@pytest.fixture
def course(tmp_path, monkeypatch):
    root = tmp_path / "course"
    (root / "00-start").mkdir(parents=True)
    (root / "00-start" / "00-tour.ipynb").write_text('{"cells": []}')
    (root / "00-start" / "picture.png").write_bytes(b"png")
    monkeypatch.setattr(notebooks, "folder", lambda: root)
    return root


@pytest.fixture
def wheel(course, monkeypatch, tmp_path):
    """The course inside an installed wheel, and an empty working directory."""
    monkeypatch.setattr(notebooks, "clone_root", lambda: None)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return course


def test_in_a_clone_the_notebooks_are_opened_where_they_are(course, tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "clone_root", lambda: tmp_path)
    root, inside = lab.workplace()
    assert (root, inside.as_posix()) == (course, "00-start/00-tour.ipynb")


@pytest.mark.usefixtures("wheel")
def test_from_a_wheel_they_are_copied(tmp_path):
    root, inside = lab.workplace()
    assert root == tmp_path / "work" / "medlab-notebooks"
    assert (root / inside).read_text() == '{"cells": []}'
    assert (root / "00-start" / "picture.png").read_bytes() == b"png"


@pytest.mark.usefixtures("wheel")
def test_a_copy_that_is_there_is_never_replaced():
    root, inside = lab.workplace()
    (root / inside).write_text("my own work")
    (root / "00-start" / "picture.png").unlink()
    lab.workplace()
    assert (root / inside).read_text() == "my own work"
    assert (root / "00-start" / "picture.png").exists()


@pytest.mark.usefixtures("course")
def test_a_folder_may_be_named(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "clone_root", lambda: tmp_path)
    root, inside = lab.workplace(folder=tmp_path / "class")
    assert root == tmp_path / "class"
    assert (root / inside).is_file()


@pytest.mark.usefixtures("wheel")
def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="--folder"):
        lab.workplace(folder=tmp_path / "file" / "class")


@pytest.mark.usefixtures("course")
def test_ones_own_notebook_is_opened_in_its_folder(tmp_path):
    own = tmp_path / "own.ipynb"
    own.write_text('{"cells": []}')
    root, inside = lab.workplace(str(own))
    assert (root, inside.as_posix()) == (tmp_path, "own.ipynb")


def test_a_busy_port_is_passed_over_or_refused():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(LabError, match=f"Port {port} cannot be used"):
            lab.free_port(port)
        assert lab.free_port() != port


def test_settings_are_for_this_run_only(monkeypatch):
    monkeypatch.delenv("JUPYTER_PATH", raising=False)
    with lab._own_settings() as scratch:
        settings = json.loads((scratch / "settings" / "overrides.json").read_text())
        kernel = json.loads((scratch / "share" / "kernels" / "python3" / "kernel.json").read_text())
        assert stat.S_IMODE(scratch.stat().st_mode) == 0o700
        assert os.environ["JUPYTER_PATH"] == str(scratch / "share")
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    assert settings["@jupyterlab/notebook-extension:tracker"]["autoStartDefaultKernel"] is True
    assert kernel["argv"][0] == sys.executable
    assert not scratch.exists()
