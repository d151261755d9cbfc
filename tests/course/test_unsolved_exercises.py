"""The check of an unsolved exercise must fail with a hint; nbval's run of a notebook sees to that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from course_cells import small_lesson
from unsolved_exercises import judge

import medlab
from medlab.course import flaws, unfinished
from medlab.course.building import read
from medlab.notebooks import catalogue

NOTEBOOKS = [entry.path for entry in catalogue()]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_notebook_of_the_course_can_be_solved_and_runs_unsolved(path):
    notebook = read(path)
    assert (flaws(notebook), unfinished(notebook)) == ([], [])


def nbval(folder, *checks):
    """Run a notebook whose exercises have these checks; give pytest's exit code and output."""
    lesson = small_lesson()
    before, (check,), after = lesson.cells[:-2], lesson.cells[-2:-1], lesson.cells[-1:]
    lesson.cells = before + [nbformat.from_dict({**check, "source": source}) for source in checks] + after
    for number, cell in enumerate(lesson.cells):
        cell.id = f"cell-{number}"
    nbformat.write(lesson, folder / "lesson.ipynb")
    (folder / "watching.py").write_text(
        "import unsolved_exercises\n"
        "def pytest_collection_modifyitems(items):\n"
        "    unsolved_exercises.watch(items)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), str(folder)])}
    options = ["-p", "watching", "--nbval-lax", "--nbval-current-env", "-q", "-p", "no:cacheprovider"]
    call = [sys.executable, "-m", "pytest", *options, "--rootdir", folder, folder / "lesson.ipynb"]
    done = subprocess.run(call, capture_output=True, text=True, check=False, env=environment, cwd=folder)
    return done.returncode, done.stdout


def test_checks_with_hints_pass(tmp_path):
    checks = ["medlab.check(answer, 42, hint='Use factor.')", "medlab.check(answer, int, hint='Count.')"]
    code, output = nbval(tmp_path, *checks)
    assert code == 0, output
    assert "6 passed" in output


def test_a_check_that_does_not_help_fails_the_run(tmp_path):
    code, output = nbval(tmp_path, "medlab.check(answer, 42, hint='Use factor.')", "medlab.check(42, 42)")
    assert code == 1
    assert "The check of the unsolved exercise holds:\nmedlab.check(42, 42)" in output


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("check(..., 42, hint='Count.')", ""),
        ("check(42, 42, hint='Count.')", "holds"),
        (
            "check(answer[:1], 42, hint='Count.')",
            "fails with TypeError: 'ellipsis' object is not subscriptable",
        ),
        ("check(..., 42)", "gives no hint: Not yet: the answer still holds `...`; replace it with your own."),
    ],
)
def test_a_check_helps_where_it_is_not_yet_and_gives_a_hint(source, complaint):
    reply = {"status": "ok"}
    try:
        eval(source, {"check": medlab.check, "answer": ...})  # noqa: S307
    except Exception as error:  # noqa: BLE001
        reply = {"status": "error", "ename": type(error).__name__, "evalue": str(error)}
    assert judge(reply) == complaint
