"""The two forms of a lesson: the teacher's with the solutions, the student's without.

An exercise is a run of cells with these tags, in this order: ``exercise`` (the question, and a stub such
as ``answer = ...``), ``solution``, and ``check``, which calls `medlab.check`.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["plain_python", "role", "student", "teacher"]

_ROLES = ("solution", "exercise", "check")
_MAGIC = re.compile(r"^[ \t]*[%!].*$", re.MULTILINE)
_TEST_MARK = re.compile(r"^# *NBVAL_\w+ *\n", re.MULTILINE)


def role(cell: NotebookNode) -> str:
    """Return what a cell is for: ``"exercise"``, ``"solution"``, ``"check"``, or ``"lesson"``."""
    tags = cell.metadata.get("tags", ())
    return next((name for name in _ROLES if name in tags), "lesson")


def plain_python(source: str) -> str:
    """Return the source of a cell with its IPython lines (``%matplotlib inline``, ``!ls``) left empty."""
    return _MAGIC.sub("", source)


def student(notebook: NotebookNode) -> NotebookNode:
    """Return the form of a lesson that is handed out.

    The solutions are gone, text and code alike. The exercises with their stubs and the checks stay.
    All outputs are gone too: a check prints the right answer, later cells may be drawn from it, and so
    what stands below a cell was made by the student. A check may fail without stopping
    *Run All Cells* (Jupyter's tag ``raises-exception``), because at first every one of them does. JupyterLab
    shows the checks folded: some compute the answer.

    Parameters
    ----------
    notebook : NotebookNode
        The solved lesson; it stays as it is.

    Returns
    -------
    NotebookNode
        A new notebook.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> stub = new_code_cell("answer = ...", metadata={"tags": ["exercise"]})
    >>> solution = new_code_cell("answer = 42", metadata={"tags": ["solution"]})
    >>> [cell.source for cell in student(new_notebook(cells=[stub, solution])).cells]
    ['answer = ...']
    """
    edition = copy.deepcopy(notebook)
    edition.cells = [cell for cell in edition.cells if role(cell) != "solution"]
    edition.metadata.pop("widgets", None)
    for cell in edition.cells:
        if cell.cell_type == "code":
            _empty(cell)
        if role(cell) == "check":
            _fold(cell, "Check your answer: run this cell")
    return edition


def teacher(notebook: NotebookNode) -> NotebookNode:
    r"""Return the full form of a lesson, outputs included.

    JupyterLab shows the solutions folded, so that the lesson can be projected; a click unfolds one. A
    folded cell still shows its first line, so that line becomes the word "Solution".

    Parameters
    ----------
    notebook : NotebookNode
        The solved lesson; it stays as it is.

    Returns
    -------
    NotebookNode
        A new notebook.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> solution = new_code_cell("answer = 42", metadata={"tags": ["solution"]})
    >>> cell = teacher(new_notebook(cells=[solution])).cells[0]
    >>> cell.source, cell.metadata["jupyter"]
    ('# Solution\nanswer = 42', {'source_hidden': True, 'outputs_hidden': True})
    """
    edition = copy.deepcopy(notebook)
    for cell in edition.cells:
        if role(cell) == "solution":
            _fold(cell, "Solution")
            if cell.cell_type == "code":
                cell.metadata["jupyter"]["outputs_hidden"] = True
    return edition


def _fold(cell: NotebookNode, name: str) -> None:
    """Hide the source of a cell; the line that stays in view says what it is."""
    cell.metadata["jupyter"] = {**cell.metadata.get("jupyter", {}), "source_hidden": True}
    first = f"# {name}\n" if cell.cell_type == "code" else f"**{name}**\n\n"
    if not cell.source.startswith(("%%", first)):  # a cell magic must stay the first line
        cell.source = first + cell.source


def _empty(cell: NotebookNode) -> None:
    cell.outputs, cell.execution_count = [], None
    cell.metadata.pop("execution", None)
    cell.source = _TEST_MARK.sub("", cell.source)
    tags = cell.metadata.get("tags", [])
    if role(cell) == "check" and "raises-exception" not in tags:
        cell.metadata["tags"] = [*tags, "raises-exception"]
