"""The files beside a notebook that it shows, reads or links to."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from medlab.course.editions import plain_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbformat import NotebookNode

__all__ = ["files", "targets"]

_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_LINK = re.compile(r"""\]\(\s*<?([^)\s>]+)|^\[[^\]]+\]:\s*(\S+)|\b(?:src|href)=["']([^"']+)""", re.MULTILINE)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|#", re.IGNORECASE)
_LONGEST_NAME = 200


def targets(notebook: NotebookNode) -> list[str]:
    """Return the relative paths that the text cells link to or show, each once, in order.

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> cell = new_markdown_cell("![a coil](coil%201.png) [next](../b.ipynb#goals) [page](https://x.org)")
    >>> targets(new_notebook(cells=[cell]))
    ['coil 1.png', '../b.ipynb']
    """
    found = [
        unquote(next(filter(None, match.groups())).partition("#")[0])
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for match in _LINK.finditer(_CODE.sub("", cell.source))
        if not _ELSEWHERE.match(next(filter(None, match.groups())))
    ]
    return list(dict.fromkeys(found))


def files(notebook: NotebookNode, folder: Path) -> list[Path]:
    """Return the files below or beside `folder` that the code names in full, such as ``"scan.png"``."""
    names = [name for cell in notebook.cells if cell.cell_type == "code" for name in _texts(cell.source)]
    return [folder / name for name in dict.fromkeys(names) if _is_file(folder, name)]


def _texts(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(plain_python(source))
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _is_file(folder: Path, name: str) -> bool:
    plain = 0 < len(name) < _LONGEST_NAME and "\0" not in name and not Path(name).is_absolute()
    return plain and (folder / name).is_file()
