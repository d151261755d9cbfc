"""The student's form of a lesson gives nothing away and runs; the teacher's holds everything and runs."""

from __future__ import annotations

import copy

import nbformat
import pytest
from course_cells import SECRETS, code
from nbformat.v4 import new_notebook

from medlab.course import student, teacher
from medlab.course.editions import role
from medlab.report.errors import CellError
from medlab.report.execution import run


def roles(notebook):
    return [role(cell) for cell in notebook.cells]


def output_of(notebook, source):
    return next(cell.outputs for cell in notebook.cells if source in cell.source)


def test_the_lesson_holds_what_must_not_be_handed_out(lesson):
    assert all(secret in nbformat.writes(lesson).replace("\\u2713", "✓") for secret in SECRETS)


@pytest.mark.parametrize("secret", SECRETS)
def test_the_student_form_gives_nothing_away(lesson, secret):
    assert secret not in nbformat.writes(student(lesson)).replace("\\u2713", "✓")


def test_the_student_form_keeps_lesson_exercises_and_checks(lesson):
    assert roles(student(lesson)) == ["lesson", "lesson", "exercise", "exercise", "check", "lesson"]
    assert student(lesson).metadata.medlab == lesson.metadata.medlab


def test_the_student_form_folds_the_checks_behind_a_line_that_tells_nothing(lesson):
    folded = [c for c in student(lesson).cells if c.metadata.get("jupyter", {}).get("source_hidden")]
    assert [role(c) for c in folded] == ["check"]
    assert folded[0].source.splitlines()[0] == "# Check your answer: run this cell"


def test_a_solution_that_is_named_already_keeps_its_name():
    cells = [code("# Solution\nanswer = 42", "solution")]
    assert teacher(new_notebook(cells=cells)).cells[0].source == "# Solution\nanswer = 42"


def test_the_student_form_looks_as_if_nobody_has_run_it(lesson):
    codes = [cell for cell in student(lesson).cells if cell.cell_type == "code"]
    assert [(c.outputs, c.execution_count) for c in codes] == [([], None)] * len(codes)


def test_the_student_form_has_no_marks_for_tests(lesson):
    assert student(lesson).cells[1].source == "import medlab\nfactor = 7\nprint(factor)"


@pytest.mark.parametrize("form", [student, teacher])
def test_a_form_is_valid_and_leaves_the_lesson_as_it_was(lesson, form):
    before = copy.deepcopy(lesson)
    nbformat.validate(form(lesson))
    assert lesson == before


def test_the_teacher_form_folds_the_solutions_and_changes_nothing_else(lesson):
    folded = teacher(lesson)
    hidden = [bool(cell.metadata.pop("jupyter", {}).get("source_hidden")) for cell in folded.cells]
    assert hidden == [name == "solution" for name in roles(lesson)]
    for cell in folded.cells:
        cell.source = cell.source.removeprefix("# Solution\n").removeprefix("**Solution**\n\n")
    assert folded == lesson


def test_a_folded_solution_shows_nothing_in_the_line_that_stays(lesson):
    first = [c.source.splitlines()[0] for c in teacher(lesson).cells if role(c) == "solution"]
    assert first == ["**Solution**", "# Solution"]


def test_a_cell_magic_stays_in_the_first_line():
    cells = [code("%%time\nanswer = 42", "solution")]
    assert teacher(new_notebook(cells=cells)).cells[0].source == "%%time\nanswer = 42"


def test_the_teacher_form_runs_and_its_checks_hold(lesson, tmp_path):
    solved = teacher(lesson)
    run(solved, "solved", tmp_path)
    assert output_of(solved, "medlab.check")[0].text == "✓ Right: 42\n"


def test_the_student_form_runs_to_the_end_and_its_check_says_what_to_do(lesson, tmp_path):
    handout = student(lesson)
    run(handout, "handout", tmp_path)
    (error,) = output_of(handout, "medlab.check")
    assert error.ename == "NotYet"
    assert error.traceback == [
        "✗ Not yet: the answer still holds `...`; replace it with your own. Hint: Use factor."
    ]
    assert output_of(handout, "the end")[0].text == "the end\n"


def test_without_its_tag_the_check_would_stop_the_student_form(lesson, tmp_path):
    handout = student(lesson)
    next(c for c in handout.cells if role(c) == "check").metadata.tags.remove("raises-exception")
    with pytest.raises(CellError, match="replace it with your own"):
        run(handout, "handout", tmp_path)
