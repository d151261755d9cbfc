"""The page of a report: an executed notebook and its provenance, laid out by a small template."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from nbconvert.filters import Highlight2HTML
from pygments.formatters import HtmlFormatter

from medlab.report.box import data_sets, rows
from medlab.report.markdown import Writer
from medlab.report.outputs import Captions, outputs_html

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["render"]

_FOLDER = Path(__file__).parent
_HIDDEN_CODE = frozenset({"hide-input", "hide_input", "remove-input"})
_HIDDEN = frozenset({"remove-cell", "remove_cell"})


def render(notebook: NotebookNode, folder: Path, made: dict[str, Any], *, code: bool) -> str:
    """Return the HTML page of an executed notebook.

    Parameters
    ----------
    notebook : NotebookNode
        With its outputs.
    folder : Path
        Where pictures that its text shows lie.
    made : dict
        Provenance, as `medlab.report.build` collects it.
    code : bool
        Show the code, folded away.
    """
    write = Writer(folder)
    blocks = _blocks(notebook, write, code=code)
    title = next((h.text for h in write.headings if h.level == 1), made["notebook"])
    contents = [h for h in write.headings if h.level in (2, 3)]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html.j2").render(
        title=title,
        style=(_FOLDER / "page.css").read_text(encoding="utf-8"),
        code_style=_code_style(),
        blocks=blocks,
        contents=contents,
        date=dt.datetime.fromisoformat(made["date"]),
        made=made,
        facts=rows(made),
        data=data_sets(made),
        # "</" would end the script element early
        provenance=json.dumps(made, indent=1, default=str).replace("</", "<\\/"),
    )


def _blocks(notebook: NotebookNode, write: Writer, *, code: bool) -> list[dict[str, Any]]:
    """Return what stands on the page, top to bottom: text, or code with its outputs."""
    highlight = Highlight2HTML(pygments_lexer="ipython3")
    captions = Captions()
    blocks: list[dict[str, Any]] = []
    for cell in notebook.cells:
        tags = set(cell.metadata.get("tags", []))
        if cell.source.strip() == "" or tags & _HIDDEN:
            continue
        if cell.cell_type == "markdown":
            blocks.append({"text": write(cell.source, cell.get("attachments"))})
        elif cell.cell_type == "code":
            source, found = captions.take(cell.source)
            section = write.headings[-1].text if write.headings else ""
            shown = code and not tags & _HIDDEN_CODE
            blocks.append(
                {
                    "code": highlight(source) if shown else "",
                    "outputs": outputs_html(cell, found, f"Picture in the section {section}", write),
                }
            )
    return blocks


def _code_style() -> str:
    """Return Pygments' styles for light, and for dark where the reader prefers that."""
    light = HtmlFormatter(style="default").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    return f"{light}\n@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}"
