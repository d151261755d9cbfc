"""Run the notebooks of the course anew and write them back clean.

``uv run python tests/notebooks_refresh.py`` does all, ``… notebooks_refresh.py 00-start/00-tour`` one.
A notebook whose run fails stays as it was.
"""

from __future__ import annotations

import base64
import io
import re
import sys
import time
from typing import TYPE_CHECKING

import nbformat
import notebook_rules
from PIL import Image

from medlab import notebooks
from medlab.report.errors import CellError
from medlab.report.execution import ENVIRONMENT, run
from medlab.report.outputs import last_states, without_noise

if TYPE_CHECKING:
    from pathlib import Path

    from nbformat import NotebookNode

_WIDGET = "application/vnd.jupyter.widget-view+json"
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_LARGE = 8_000
_SOLUTION = "# Solution"  # the line of a folded cell that stays in view
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def cleaned(notebook: NotebookNode) -> NotebookNode:
    """Leave out what changes from run to run or needs a kernel: widgets, time stamps, start-up noise.

    JupyterLab opens with the solutions folded.
    """
    for cell in notebook.cells:
        cell.metadata = {k: v for k, v in cell.metadata.items() if k in {"tags", "medlab"}}
        if "solution" in notebook_rules.tags(cell):
            cell.metadata["jupyter"] = {"source_hidden": True}
            if cell.cell_type == "code" and not cell.source.startswith(_SOLUTION):
                cell.source = f"{_SOLUTION}\n{cell.source}"
        if cell.cell_type == "code":
            cell.outputs = [kept for output in cell.outputs if (kept := _cleaned_output(output))]
    own = {"medlab": notebook.metadata.get("medlab", {})}
    language = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
    notebook.metadata = nbformat.from_dict({"kernelspec": _KERNEL, "language_info": language, **own})
    notebook.nbformat_minor = 5
    return notebook


def _cleaned_output(output: NotebookNode) -> NotebookNode | None:
    if output.output_type == "stream":
        text = last_states(output.text)
        text = without_noise(text) if output.name == "stderr" else text
        output.text = text + "\n"
        return output if text else None
    data = output.get("data", {})
    if "image/png" in data:
        data["image/png"] = smaller(data["image/png"])
    if "text/plain" in data:
        data["text/plain"] = _ADDRESS.sub("", data["text/plain"])
    if _WIDGET in data:
        del data[_WIDGET]
        return output if any(kind != "text/plain" for kind in data) else None
    return output


def smaller(png: str) -> str:
    """Give a large picture a palette of 128 colours, rare ones too; people read it, nobody measures in it."""
    content = base64.b64decode(png)
    if len(content) < _LARGE:
        return png
    shown = Image.open(io.BytesIO(content)).convert("RGB")
    picture = shown.quantize(128, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    reduced = io.BytesIO()
    picture.save(reduced, "PNG", optimize=True)
    return base64.b64encode(min(reduced.getvalue(), content, key=len)).decode()


def refresh(path: Path) -> list[str]:
    """Run one notebook, write it back, and return what its form still lacks."""
    notebook = nbformat.read(path, as_version=4)
    environment = {**ENVIRONMENT, "MEDLAB_REPORT": "0", "MEDLAB_STATIC_VIEWS": "0"}
    run(notebook, path.stem, path.parent, environment=environment)
    path.write_text(nbformat.writes(cleaned(notebook)) + "\n", encoding="utf-8")
    return notebook_rules.complaints(notebook, path)


def main(names: list[str]) -> int:
    failed = False
    for path in [notebooks.find(n) for n in names] or [n.path for n in notebooks.catalogue()]:
        started = time.perf_counter()
        try:
            found = refresh(path)
        except CellError as error:
            found = [str(error)]
        size = path.stat().st_size / 1000
        print(f"{path.stem}: {time.perf_counter() - started:.0f} s, {size:.0f} kB")  # noqa: T201
        for complaint in found:
            print(f"  {complaint}")  # noqa: T201
        failed = failed or bool(found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
