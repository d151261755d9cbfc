"""Short names for the cells of notebooks that tests write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbformat.v4 import new_code_cell, new_markdown_cell

if TYPE_CHECKING:
    from nbformat import NotebookNode


def text(source: str, *tags: str) -> NotebookNode:
    return new_markdown_cell(source, metadata={"tags": list(tags)})


def code(source: str, *tags: str) -> NotebookNode:
    return new_code_cell(source, metadata={"tags": list(tags)})
