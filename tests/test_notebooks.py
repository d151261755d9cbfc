"""The course is found, and its notebooks by name."""

from __future__ import annotations

import json

import pytest

from medlab import notebooks
from medlab.notebooks import UnknownNotebookError


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of three notebooks, one of them broken."""
    root = tmp_path / "notebooks"
    for name, own in (("00-start/00-tour", {"question": "What?", "minutes": 5}), ("01-ct/00-ct", {})):
        path = root / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        cell = {"cell_type": "markdown", "source": ["# Title of\n", "text"]}
        path.write_text(json.dumps({"cells": [cell], "metadata": {"medlab": own}}))
    (root / "01-ct" / "01-broken.ipynb").write_text("{")
    (root / "01-ct" / ".ipynb_checkpoints").mkdir()
    (root / "01-ct" / ".ipynb_checkpoints" / "00-ct-checkpoint.ipynb").write_text("{}")
    monkeypatch.setattr(notebooks, "folder", lambda: root)
    return root


@pytest.mark.usefixtures("course")
def test_the_catalogue_is_in_reading_order_and_keeps_broken_ones():
    assert [n.name for n in notebooks.catalogue()] == ["00-start/00-tour", "01-ct/00-ct", "01-ct/01-broken"]
    assert notebooks.catalogue()[2].title == "(not a readable notebook)"


@pytest.mark.usefixtures("course")
def test_a_notebook_speaks_for_itself():
    tour = notebooks.catalogue()[0]
    assert (tour.title, tour.question, tour.minutes) == ("Title of", "What?", 5)


@pytest.mark.parametrize("name", ["00-start/00-tour", "00-start/00-tour.ipynb", "00-tour"])
def test_a_notebook_is_found_by_name(course, name):
    assert notebooks.find(name) == course / "00-start" / "00-tour.ipynb"


def test_a_notebook_is_found_by_path(course):
    path = course / "01-ct" / "00-ct.ipynb"
    assert notebooks.find(path) == path


@pytest.mark.usefixtures("course")
def test_an_unknown_name_brings_the_nearest():
    with pytest.raises(UnknownNotebookError, match="Did you mean 00-start/00-tour"):
        notebooks.find("00-start/00-tuor")


def test_an_ambiguous_name_is_not_guessed(course):
    (course / "02-mr").mkdir()
    (course / "02-mr" / "00-ct.ipynb").write_text("{}")
    with pytest.raises(UnknownNotebookError, match="01-ct/00-ct or 02-mr/00-ct"):
        notebooks.find("00-ct")


def test_the_folder_is_that_of_the_clone():
    assert notebooks.folder().name == "notebooks"
    assert notebooks.folder().is_dir()
