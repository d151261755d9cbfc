"""What a student could not solve, or could not run: found in the names that the cells use."""

from __future__ import annotations

import symtable
from typing import TYPE_CHECKING, NamedTuple

from medlab.course.editions import plain_python, role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbformat import NotebookNode

__all__ = ["flaws", "unfinished"]


class _Step(NamedTuple):
    """A cell of the student's form, and what it uses of solutions and of answers."""

    number: int
    role: str
    first_line: str
    only_solved: list[str]
    answers: list[str]


def flaws(notebook: NotebookNode) -> list[str]:
    """Return why the student's form of a solved lesson could never work; empty where nothing is wrong.

    A check, or a later cell, must not use a name that only a solution defines: whoever solves the
    exercise in another way would meet a ``NameError``. Cells that are not plain Python are passed over.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> sources = {"exercise": "answer = ...", "solution": "n = 2; answer = n", "check": "check(answer, n)"}
    >>> cells = [new_code_cell(source, metadata={"tags": [tag]}) for tag, source in sources.items()]
    >>> flaws(new_notebook(cells=cells))
    ['code cell 3 (`check(answer, n)`) uses n, which only a solution defines']
    """
    return [
        f"code cell {s.number} (`{s.first_line}`) uses {', '.join(s.only_solved)}, "
        "which only a solution defines"
        for s in _steps(notebook)
        if s.only_solved
    ]


def unfinished(notebook: NotebookNode) -> list[str]:
    """Return which cells of the lesson itself cannot run before an exercise is solved.

    That may be meant, but *Run All Cells* stops there until it is.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> cells = [new_code_cell("a = ...", metadata={"tags": ["exercise"]}), new_code_cell("print(a + 1)")]
    >>> unfinished(new_notebook(cells=cells))
    ['code cell 2 (`print(a + 1)`) uses the answer a; it runs only once that exercise is solved']
    """
    return [
        f"code cell {s.number} (`{s.first_line}`) uses the answer {', '.join(s.answers)}; "
        "it runs only once that exercise is solved"
        for s in _steps(notebook)
        if s.role == "lesson" and s.answers
    ]


def _steps(notebook: NotebookNode) -> Iterator[_Step]:
    known: set[str] = set()
    only_solved: set[str] = set()
    answers: set[str] = set()
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(codes, start=1):
        defined, used = _names(cell.source)
        kind = role(cell)
        if kind == "solution":
            only_solved |= defined - known
            continue
        first = next((line for line in cell.source.splitlines() if line.strip()), "")
        yield _Step(number, kind, first, sorted(used & only_solved), sorted(used & answers))
        known |= defined
        only_solved -= defined
        answers = answers | defined if kind == "exercise" else answers - defined


def _names(source: str) -> tuple[set[str], set[str]]:
    """Return the names that a cell defines for others, and those that it uses of others."""
    try:
        table = symtable.symtable(plain_python(source), "cell", "exec")
    except SyntaxError:
        return set(), set()
    defined = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
    used = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    for inner in _below(table):
        shared = [s for s in inner.get_symbols() if s.is_global()]
        defined |= {s.get_name() for s in shared if s.is_assigned()}
        used |= {s.get_name() for s in shared if s.is_referenced()}
    return defined, used - defined


def _below(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _below(child)
