"""No common misspelling in what people read: notebooks, docstrings, data cards and documents."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from medlab.notebooks import catalogue

ROOT = Path(__file__).parents[1]
WRITTEN = ["medlab", "data", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"]


def misspelled(*paths):
    """Return the lines on which codespell stumbles."""
    command = [sys.executable, "-m", "codespell_lib", *map(str, paths)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()


def test_a_misspelling_is_found(tmp_path):
    (tmp_path / "text.md").write_text("the recieved image")
    assert len(misspelled(tmp_path / "text.md")) == 1


@pytest.mark.parametrize("name", WRITTEN)
def test_documents_are_spelled_right(name):
    assert misspelled(name) == []


def test_notebooks_are_spelled_right(tmp_path):
    for entry in catalogue():
        cells = nbformat.read(entry.path, as_version=4).cells
        (tmp_path / f"{entry.path.stem}.md").write_text("\n\n".join(cell.source for cell in cells))
    assert misspelled(tmp_path) == []
