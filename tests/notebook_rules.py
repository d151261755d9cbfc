"""The form that every notebook of the course has; each rule returns what is wrong, or nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import nbformat

from medlab.datasets.record import records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nbformat import NotebookNode

    Rule = Callable[[NotebookNode, Path], Iterator[str]]

MOST_BYTES = 600_000
MOST_LINES = 25
CODE_CELLS = range(8, 26)
LEAST_MINUTES = 5
TOUR = "00-tour"

_ABSOLUTE = re.compile(
    r"(?<![\w:/.<])/(?:home|Users|root|tmp|work|var|opt|mnt|usr|private)/\w|\b[A-Z]:\\\\?\w"
)
_ADDRESS = re.compile(r"\b0x[0-9a-f]{8,}")
_LOADED = re.compile(r"""datasets\.load\(["']([\w-]+)""")
_LINK = re.compile(r"\]\(([^)#\s]+)")


def tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def opens_with_title_and_question(notebook: NotebookNode, path: Path) -> Iterator[str]:  # noqa: ARG001
    first = notebook.cells[0]
    if first.cell_type != "markdown" or not first.source.startswith("# "):
        yield "the first cell is no text that begins with '# Title'"
    elif "?" not in first.source:
        yield "the first cell asks no question"
    titles = [
        c
        for c in notebook.cells
        if c.cell_type == "markdown"
        for _ in re.findall(r"^# ", c.source, re.MULTILINE)
    ]
    if len(titles) != 1:
        yield f"{len(titles)} titles of level one, one is expected"


def lists_goals(notebook: NotebookNode, path: Path) -> Iterator[str]:  # noqa: ARG001
    opening = "\n".join(c.source for c in notebook.cells[:4] if c.cell_type == "markdown")
    _, found, after = opening.lower().partition("goals")
    if not found or len(re.findall(r"^\s*[-*] ", after, re.MULTILINE)) < 2:
        yield "the opening has no 'Goals' followed by a list of at least two"


def names_data_and_licence(notebook: NotebookNode, path: Path) -> Iterator[str]:  # noqa: ARG001
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    if not re.search(r"Data and licence\W+\w{2,}", text):
        yield "no text says 'Data and licence' and then which"


def has_exercises(notebook: NotebookNode, path: Path) -> Iterator[str]:  # noqa: ARG001
    """An exercise: cells tagged ``exercise`` (a question, a stub), then ``solution``, then ``check``."""
    letters = "".join(
        next((t[0] for t in ("exercise", "solution", "check") if t in tags(c)), ".") for c in notebook.cells
    )
    groups = re.findall(r"e+s+c+", letters)
    if len(groups) < 2:
        yield f"{len(groups)} exercises with solution and check, at least two are expected"
    if left := re.sub(r"e+s+c+|\.", "", letters):
        yield f"cells tagged exercise, solution or check out of order: {left}"
    for cell in notebook.cells:
        if "check" in tags(cell) and "check(" not in cell.source:
            yield f"a cell tagged check does not call check: {cell.source[:40]!r}"
        if "solution" in tags(cell) and not cell.source.startswith(("# Solution", "**Solution**")):
            yield "a solution does not begin with '# Solution', the line that stays when it is folded"
        if "exercise" in tags(cell) and cell.cell_type == "code" and "..." not in cell.source:
            yield f"the stub of an exercise holds no `...`: {cell.source[:40]!r}"


def is_python3_in_format_4_5(notebook: NotebookNode, path: Path) -> Iterator[str]:  # noqa: ARG001
    if (notebook.nbformat, notebook.nbformat_minor) != (4, 5):
        yield f"format {notebook.nbformat}.{notebook.nbformat_minor}, 4.5 is expected"
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "the kernel is not python3"
    ids = [cell.get("id") for cell in notebook.cells]
    if len(set(ids)) != len(ids) or None in ids:
        yield "cells without an id of their own"


def was_run_from_top_to_bottom(notebook: NotebookNode, path: Path) -> Iterator[str]:  # noqa: ARG001
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts {counts}, 1 to {len(counts)} in order are expected"


def shows_pictures(notebook: NotebookNode, path: Path) -> Iterator[str]:  # noqa: ARG001
    if not any("image/png" in output.get("data", {}) for output in outputs(notebook)):
        yield "no output is a picture"


def is_clean(notebook: NotebookNode, path: Path) -> Iterator[str]:  # noqa: ARG001
    """No widget state, no errors, nothing on stderr, no time stamps, no addresses of objects."""
    if "widgets" in notebook.metadata:
        yield "the state of widgets is in the metadata"
    for cell in notebook.cells:
        if "execution" in cell.metadata:
            yield "time stamps are in the metadata of a cell"
            break
    for output in outputs(notebook):
        if output.output_type == "error":
            yield f"an error: {output.ename}"
        if output.get("name") == "stderr":
            yield f"text on stderr: {output.text[:60]!r}"
        if "application/vnd.jupyter.widget-view+json" in output.get("data", {}):
            yield "a widget, which is dead without its kernel; its picture is enough"
        if _ADDRESS.search(output.get("data", {}).get("text/plain", "")):
            yield f"the address of an object: {output.data['text/plain'][:60]!r} (end the line with ;)"


def is_small(notebook: NotebookNode, path: Path) -> Iterator[str]:  # noqa: ARG001
    size = path.stat().st_size
    if size > MOST_BYTES:
        yield f"{size} bytes, at most {MOST_BYTES} are allowed"


def names_no_place_on_this_computer(notebook: NotebookNode, path: Path) -> Iterator[str]:  # noqa: ARG001
    texts = [cell.source for cell in notebook.cells]
    for output in outputs(notebook):
        texts.append(output.get("text", ""))
        texts += [str(v) for k, v in output.get("data", {}).items() if k.startswith("text/")]
    for text in texts:
        if found := _ABSOLUTE.search(text):
            yield f"an absolute path: {text[found.start() :][:60]!r}"


def describes_itself(notebook: NotebookNode, path: Path) -> Iterator[str]:  # noqa: ARG001
    own = notebook.metadata.get("medlab", {})
    kinds = {"question": str, "minutes": (int, float), "memory_gb": (int, float), "data": str, "needs": list}
    for key, kind in kinds.items():
        if not isinstance(own.get(key), kind) or own[key] == "":
            yield f"metadata.medlab.{key} is {own.get(key)!r}"
        elif key == "minutes" and own[key] < LEAST_MINUTES:
            yield f"{own[key]} minutes are too few to read it: the machine's time alone does not count"
    if not re.search(r"real|simulated", str(own.get("data", ""))):
        yield "metadata.medlab.data does not say whether the data are real or simulated"


def has_small_cells(notebook: NotebookNode, path: Path) -> Iterator[str]:
    count = len(code_cells(notebook))
    if count < CODE_CELLS.start or (count not in CODE_CELLS and path.stem != TOUR):
        yield f"{count} code cells, {CODE_CELLS.start} to {CODE_CELLS.stop - 1} are expected"
    for cell in code_cells(notebook):
        lines = cell.source.count("\n") + 1
        if lines > MOST_LINES:
            yield f"a cell of {lines} lines, at most {MOST_LINES} are allowed: {cell.source[:40]!r}"


def links_to_files_that_exist(notebook: NotebookNode, path: Path) -> Iterator[str]:
    for cell in notebook.cells:
        for target in _LINK.findall(cell.source) if cell.cell_type == "markdown" else ():
            if not re.match(r"[a-z]+:", target) and not (path.parent / target).exists():
                yield f"a link to {target}, which does not exist"


def runs_without_the_public_data(notebook: NotebookNode, path: Path) -> Iterator[str]:  # noqa: ARG001
    """A public set has a stand-in, or the notebook deals with its absence, or names it as a need."""
    code = "\n".join(cell.source for cell in code_cells(notebook))
    needs = " ".join(map(str, notebook.metadata.get("medlab", {}).get("needs", ())))
    for name in sorted(set(_LOADED.findall(code))):
        known = records().get(name)
        if known is None:
            yield f"it loads {name!r}, which is no data set"
            continue
        handled = known.kind != "public" or known.fallback or "DatasetUnavailable" in code or name in needs
        if not handled:
            yield f"without a network it stops at {name!r}, for which nothing stands in"


RULES: tuple[Rule, ...] = (
    opens_with_title_and_question,
    lists_goals,
    names_data_and_licence,
    has_exercises,
    is_python3_in_format_4_5,
    was_run_from_top_to_bottom,
    shows_pictures,
    is_clean,
    is_small,
    names_no_place_on_this_computer,
    describes_itself,
    has_small_cells,
    links_to_files_that_exist,
    runs_without_the_public_data,
)


def complaints(notebook: NotebookNode, path: Path) -> list[str]:
    """Return what all rules together find."""
    return [f"{rule.__name__}: {found}" for rule in RULES for found in rule(notebook, path)]


def read(path: Path) -> NotebookNode:
    """Return a notebook as it lies there: `nbformat.read` would put some flaws right."""
    return nbformat.v4.reads(path.read_text(encoding="utf-8"))
