"""From a notebook to a finished page, or to nothing at all."""

from __future__ import annotations

import datetime as dt
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medlab import notebooks
from medlab.report import execution, facts
from medlab.report.draft import replaced_when_done
from medlab.report.errors import ExternalAddressError, ReportError
from medlab.report.offline import external_addresses
from medlab.report.parameters import apply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbformat import NotebookNode

__all__ = ["build"]

#: Cells with these tags are for a person at the keyboard and stay out of a report.
FOR_LEARNERS = frozenset({"exercise", "solution", "check"})


def build(
    notebook: str | Path,
    output: str | Path | None = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    code: bool = True,
    exercises: bool = False,
    command: str | None = None,
    progress: execution.Progress | None = None,
) -> Path:
    """Run a notebook in a fresh kernel and write one HTML file that opens anywhere.

    The file holds its pictures, its slice viewers, its styles, and a box that says how it was made:
    versions, seeds, data with checksums, parameters, hardware, command. It loads nothing from elsewhere.

    Parameters
    ----------
    notebook : str or Path
        A name that `medlab list` shows, or a path.
    output : str or Path, optional
        The HTML file. Default: the notebook's name in the working directory. An older file is
        replaced only when the new one is complete.
    parameters : mapping, optional
        New values for names that the notebook's cell tagged ``parameters`` sets.
    code : bool, optional
        Show the code, folded away. Default: True.
    exercises : bool, optional
        Keep cells tagged ``exercise``, ``solution`` and ``check``. Default: False; they are not run then.
    command : str, optional
        The command that the report names for making it again. Default: made from the arguments.
    progress : callable, optional
        Called before each code cell; see `medlab.report.execution.Progress`.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    UnknownNotebookError
        If there is no such notebook.
    ParameterError, OutputError, CellError, ExternalAddressError
        If a parameter does not fit, the file cannot be written, a cell fails, or the page would load
        something from elsewhere. No file is left behind, an older one stays as it was.

    Examples
    --------
    >>> import medlab
    >>> medlab.report.build("00-start/00-tour", "tour.html", {"seed": 1})  # doctest: +SKIP
    """
    path = notebooks.find(notebook)
    target = Path(f"{path.stem}.html") if output is None else Path(output)
    content = _load(path)
    values = apply(content, parameters or {})
    if not exercises:
        content.cells = [c for c in content.cells if not FOR_LEARNERS & set(c.metadata.get("tags", []))]
    name = str(notebook).removesuffix(".ipynb")
    with replaced_when_done(target, ".html") as draft:
        _refuse_external(content, path.parent)
        started = time.perf_counter()
        made = _run(content, name, path.parent, progress)
        made |= facts.from_outside(path)
        made |= {
            "notebook": name,
            "parameters": values,
            "seconds": round(time.perf_counter() - started, 1),
            "date": dt.datetime.now().astimezone().isoformat(timespec="seconds"),
            "command": command or _command(notebook, target, parameters or {}),
        }
        from medlab.report.page import render

        html = render(content, path.parent, made, code=code)
        if found := external_addresses(html):
            raise ExternalAddressError(_external_message(name, found))
        draft.write_text(html, encoding="utf-8")
    return target


def _load(path: Path) -> NotebookNode:
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, AttributeError, OSError) as error:
        msg = f"{path} is not a notebook that can be read: {' '.join(str(error).split())[:200]}"
        raise ReportError(msg) from None


def _run(
    content: NotebookNode, name: str, folder: Path, progress: execution.Progress | None
) -> dict[str, Any]:
    """Run the notebook and one more cell that tells what the kernel knows; return that."""
    from nbformat.v4 import new_code_cell

    content.cells.append(new_code_cell(facts.KERNEL_CELL))
    execution.run(content, name, folder, progress)
    last = content.cells.pop()
    return next(dict(o.data[facts.MIME]) for o in last.outputs if facts.MIME in o.get("data", {}))


def _refuse_external(content: NotebookNode, folder: Path) -> None:
    """Refuse text cells that show something from elsewhere before minutes are spent on running."""
    from medlab.report.markdown import Writer

    write = Writer(folder)
    text = "".join(write(c.source, c.get("attachments")) for c in content.cells if c.cell_type == "markdown")
    if found := external_addresses(text):
        raise ExternalAddressError(_external_message("The text", found))


def _external_message(what: str, found: list[str]) -> str:
    shown = "; ".join(found[:3]) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")
    return f"{what} would load something from elsewhere ({shown}). Embed it, or link to it instead."


def _command(notebook: str | Path, target: Path, values: Mapping[str, Any]) -> str:
    settings = [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
    return shlex.join(["medlab", "report", str(notebook), "-o", str(target), *settings])
