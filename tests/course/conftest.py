"""A small course with pictures and exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest
from course_cells import small_lesson

from medlab import notebooks

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lesson():
    return small_lesson()


@pytest.fixture
def course_folder(tmp_path, monkeypatch) -> Path:
    """A course of two parts with a lesson each, as medlab's own."""
    root = tmp_path / "notebooks"
    for place in ("01-first/00-one", "02-second/00-two"):
        path = root / f"{place}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(small_lesson(), path)
        for name in ("grid 1.png", "solution.png", "unused.png"):
            (path.parent / name).write_bytes(name.encode())
    monkeypatch.setattr(notebooks, "folder", lambda: root)
    return root
