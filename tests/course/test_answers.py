"""What a student could not solve or run is found before anything is handed out."""

from __future__ import annotations

import pytest
from course_cells import code, text
from nbformat.v4 import new_notebook

from medlab.course import flaws, unfinished


def exercise(check="check(answer, n)", solution="answer = n", stub="answer = ..."):
    return [
        text("How many?", "exercise"),
        code(stub, "exercise"),
        code(solution, "solution"),
        code(check, "check"),
    ]


def notebook(*cells):
    return new_notebook(cells=list(cells))


@pytest.mark.parametrize(
    ("solution", "check"),
    [
        ("answer = n", "check(answer, n)"),
        ("answer = n", "check(answer, max(answer for answer in range(n)))"),
        ("m = n\nanswer = m", "m = 2\ncheck(answer, m)"),
        ("def f(k):\n    return k\nanswer = f(n)", "check(answer, [f for f in range(n)])"),
        ("import numpy as np\nanswer = np.sum(n)", "import numpy as np\ncheck(answer, np.sum(n))"),
        ("points = n\nanswer = points", "check(answer, n, key=lambda points: points)"),
        ("%%time\nanswer = n", "%%time\ncheck(answer, n)"),
    ],
)
def test_a_check_of_its_own_is_fine(solution, check):
    assert flaws(notebook(code("n = 2"), *exercise(check, solution))) == []


@pytest.mark.parametrize(
    ("solution", "check", "name"),
    [
        ("m = n\nanswer = m", "check(answer, m)", "m"),
        ("from numpy import median\nanswer = median(n)", "check(answer, median(n))", "median"),
        ("def f(k):\n    return k\nanswer = f(n)", "def g():\n    return f(n)\ncheck(answer, g())", "f"),
        ("class Box:\n    pass\nanswer = Box", "check(answer, lambda a: a is Box)", "Box"),
        ("for m in range(n):\n    answer = m", "check(answer, [m for _ in range(n)])", "m"),
    ],
)
def test_a_check_that_needs_the_solution_is_a_flaw(solution, check, name):
    (flaw,) = flaws(notebook(code("n = 2"), *exercise(check, solution)))
    assert f"uses {name}, which only a solution defines" in flaw
    assert flaw.startswith("code cell 4 ")


def test_a_lesson_that_needs_the_solution_is_a_flaw():
    cells = [code("n = 2"), *exercise(solution="m = n\nanswer = m"), code("print(m)")]
    assert "`print(m)`) uses m" in flaws(notebook(*cells))[0]


def test_a_check_without_a_stub_is_a_flaw():
    assert "uses answer" in flaws(notebook(code("n = 2"), *exercise()[2:]))[0]


def test_a_name_that_the_lesson_defines_later_is_no_flaw_from_then_on():
    cells = [code("n = 2"), *exercise(solution="m = n\nanswer = m"), code("m = 3"), code("print(m)")]
    assert flaws(notebook(*cells)) == []


def test_a_lesson_that_uses_an_answer_waits_for_it():
    (note,) = unfinished(notebook(code("n = 2"), *exercise(), code("print(answer + 1)")))
    assert "`print(answer + 1)`) uses the answer answer" in note


def test_a_lesson_that_sets_the_name_itself_waits_for_nothing():
    cells = [code("n = 2"), *exercise(), code("answer = 3"), code("print(answer + 1)")]
    assert unfinished(notebook(*cells)) == []


def test_the_check_and_the_next_exercise_may_use_the_answer():
    assert unfinished(notebook(code("n = 2"), *exercise(), *exercise())) == []
