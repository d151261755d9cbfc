"""Every notebook of the course has the form that readers, tests and reports count on."""

from __future__ import annotations

import nbformat
import notebook_rules
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from medlab.notebooks import catalogue

NOTEBOOKS = [entry.path for entry in catalogue()]


@pytest.mark.parametrize("rule", notebook_rules.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_notebook_keeps_the_rule(path, rule):
    assert list(rule(notebook_rules.read(path), path)) == []


def test_the_course_begins_with_the_tour():
    assert [p.parent.name + "/" + p.stem for p in NOTEBOOKS][:1] == ["00-start/00-tour"]


def good_notebook():
    """The smallest notebook that keeps every rule."""

    def text(source, *tags):
        return new_markdown_cell(source, metadata={"tags": list(tags)})

    def code(source, *tags):
        return new_code_cell(source, metadata={"tags": list(tags)})

    def exercise():
        yield text("How many?", "exercise")
        yield code("answer = ...", "exercise")
        yield code("# Solution\nanswer = 2", "solution")
        yield code("medlab.check(answer, 2)", "check")

    cells = [
        text("# Counting\n\n**How many are there?**"),
        text("## Goals\n\n- count\n- tell\n\n**Data and licence:** none, simulated here."),
        *[code(f"x = {n}") for n in range(8)],
        *exercise(),
        *exercise(),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    own = {"question": "How many?", "minutes": 5, "memory_gb": 1, "data": "simulated", "needs": []}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel, "medlab": own})
    for count, cell in enumerate(notebook_rules.code_cells(notebook), start=1):
        cell.execution_count = count
    notebook.cells[2].outputs = [new_output("display_data", data={"image/png": "AAAA"})]
    return notebook


def output(notebook, **fields):
    notebook.cells[3].outputs = [nbformat.from_dict(fields)]


SPOILED = {
    "no title": lambda n: n.cells[0].update(source="Counting?"),
    "no question": lambda n: n.cells[0].update(source="# Counting"),
    "a second title": lambda n: n.cells[1].update(source="# Again\n" + n.cells[1].source),
    "no goals": lambda n: n.cells[1].update(source=n.cells[1].source.replace("Goals", "Notes")),
    "one goal": lambda n: n.cells[1].update(source=n.cells[1].source.replace("- tell", "")),
    "no licence": lambda n: n.cells[1].update(source=n.cells[1].source.replace("licence", "")),
    "one exercise": lambda n: n.cells.__delitem__(slice(-4, None)),
    "no check": lambda n: n.cells.pop(),
    "solution before question": lambda n: n.cells.insert(2, n.cells.pop(-2)),
    "a solution that shows": lambda n: n.cells[-2].update(source="answer = 2"),
    "an empty check": lambda n: n.cells[-1].update(source="pass"),
    "a stub that tells": lambda n: n.cells[-3].update(source="answer = 2"),
    "an old format": lambda n: n.update(nbformat_minor=4),
    "another kernel": lambda n: n.metadata.kernelspec.update(name="conda-env"),
    "one id twice": lambda n: n.cells[3].update(id=n.cells[4].id),
    "not run": lambda n: n.cells[5].update(execution_count=None),
    "run out of order": lambda n: n.cells[5].update(execution_count=99),
    "no picture": lambda n: n.cells[2].update(outputs=[]),
    "widget state": lambda n: n.metadata.update(widgets={}),
    "time stamps": lambda n: n.cells[3].metadata.update(execution={"iopub.execute_input": "now"}),
    "an error": lambda n: output(n, output_type="error", ename="ValueError", evalue="", traceback=[]),
    "stderr": lambda n: output(n, output_type="stream", name="stderr", text="Warning"),
    "a widget": lambda n: output(
        n, output_type="display_data", metadata={}, data={"application/vnd.jupyter.widget-view+json": {}}
    ),
    "an address": lambda n: output(
        n, output_type="display_data", metadata={}, data={"text/plain": "<Axes at 0x7f27c0cdbb00>"}
    ),
    "too large": lambda n: output(n, output_type="stream", name="stdout", text="x" * 600_000),
    "a path in the source": lambda n: n.cells[3].update(source="read('/home/me/scan')"),
    "a path in an output": lambda n: output(n, output_type="stream", name="stdout", text="in /tmp/abc/scan"),
    "a Windows path": lambda n: n.cells[3].update(source=r"read('C:\Users\me')"),
    "nothing about itself": lambda n: n.metadata.pop("medlab"),
    "minutes as text": lambda n: n.metadata.medlab.update(minutes="five"),
    "minutes of the machine": lambda n: n.metadata.medlab.update(minutes=1),
    "real or simulated": lambda n: n.metadata.medlab.update(data="CT"),
    "too many cells": lambda n: n.cells.extend(new_code_cell("1") for _ in range(20)),
    "too few cells": lambda n: n.cells.__delitem__(slice(2, 10)) or n.cells.__delitem__(slice(-4, None)),
    "a long cell": lambda n: n.cells[3].update(source="\n".join("x" * 26)),
    "no stand-in": lambda n: n.cells[3].update(source='medlab.datasets.load("bloodmnist")'),
    "no such data": lambda n: n.cells[3].update(source='medlab.datasets.load("my-cat")'),
    "a dead link": lambda n: n.cells[1].update(source=n.cells[1].source + " [next](../no/such.ipynb)"),
}


def written(notebook, folder):
    path = folder / "count.ipynb"
    path.write_text(nbformat.v4.writes(notebook))
    return path


def test_a_good_notebook_brings_no_complaint(tmp_path):
    notebook = good_notebook()
    path = written(notebook, tmp_path)
    assert notebook_rules.complaints(notebook_rules.read(path), path) == []


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED.keys())
def test_a_spoiled_notebook_brings_a_complaint(spoil, tmp_path):
    notebook = good_notebook()
    spoil(notebook)
    path = written(notebook, tmp_path)
    assert notebook_rules.complaints(notebook_rules.read(path), path)
