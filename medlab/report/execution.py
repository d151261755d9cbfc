"""Running a notebook in a kernel of its own, without letting an error pass in silence."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from medlab.notebooks import first_heading
from medlab.report.errors import CellError

if TYPE_CHECKING:
    from pathlib import Path

    from nbclient import NotebookClient
    from nbformat import NotebookNode

__all__ = ["ENVIRONMENT", "Progress", "run"]

#: Called before each code cell with its number, the number of all, and the heading above it.
Progress = Callable[[int, int, str], None]

#: What the kernel of a report finds in its environment.
ENVIRONMENT = {
    "MEDLAB_REPORT": "1",
    "MEDLAB_STATIC_VIEWS": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "JUPYTER_PREFER_ENV_PATH": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


def run(
    notebook: NotebookNode,
    name: str,
    folder: Path,
    progress: Progress | None = None,
    environment: Mapping[str, str] = ENVIRONMENT,
) -> None:
    """Execute a notebook in place, in a fresh kernel.

    Parameters
    ----------
    notebook : NotebookNode
        Gets its outputs.
    name : str
        What errors call it.
    folder : Path
        Where the kernel works.
    progress : callable, optional
        See `Progress`.
    environment : mapping of str to str, optional
        What the kernel finds in its environment besides this process's own. Default: `ENVIRONMENT`.

    Raises
    ------
    CellError
        If a cell fails, if a callback of a widget fails while a cell runs, or if the kernel dies.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    client = NotebookClient(
        notebook,
        timeout=None,
        iopub_timeout=60,  # outputs of a busy machine may come long after the reply
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=True,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
    )
    numbers = _numbers(notebook)
    client.reset_execution_trackers()
    # The kernel puts what it writes to stderr into the notebook; the terminal does not need it again.
    with client.setup_kernel(env={**os.environ, **environment}, stderr=subprocess.DEVNULL):
        for index, number in numbers.items():
            if progress:
                progress(number, len(numbers), _section(notebook, index))
            try:
                client.execute_cell(notebook.cells[index], index, execution_count=number)
            except CellExecutionError as error:
                problem = f"{error.ename}: {error.evalue}"
                raise CellError(_describe(notebook, name, index, problem)) from None
            except DeadKernelError:
                problem = "the kernel died, most often because memory ran out"
                raise CellError(_describe(notebook, name, index, problem)) from None
            if hidden := _hidden_error(client):
                raise CellError(_describe(notebook, name, index, hidden))


def _numbers(notebook: NotebookNode) -> dict[int, int]:
    """Map the position of each code cell among all cells to its number among code cells, from 1."""
    positions = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    return {position: number for number, position in enumerate(positions, start=1)}


def _hidden_error(client: NotebookClient) -> str:
    """Return an error that ipywidgets caught in an Output widget, as ``interact`` does; ``""`` for none."""
    for state in client.widget_state.values():
        for output in state.get("outputs") or ():
            if output["output_type"] == "error":
                return f"{output['ename']}: {output['evalue']} (in the callback of a widget)"
    return ""


def _section(notebook: NotebookNode, index: int) -> str:
    """Return the heading that a cell stands under."""
    for cell in reversed(notebook.cells[: index + 1]):
        if cell.cell_type == "markdown":
            headings = [line for line in cell.source.splitlines() if line.startswith("#")]
            if headings:
                return headings[-1].lstrip("#").strip()
    return first_heading(notebook.cells)


def _describe(notebook: NotebookNode, name: str, index: int, problem: str) -> str:
    number = _numbers(notebook).get(index, 0)
    section = _section(notebook, index)
    lines = [line for line in notebook.cells[index].source.splitlines() if line.strip()]
    begins = f" that begins with `{lines[0].strip()}`" if lines else ""
    where = f" under “{section}”" if section else ""
    return f"{name}: code cell {number}{where}{begins} failed: {' '.join(problem.split())}"
