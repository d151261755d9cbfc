"""The one command that runs the notebooks anew and cleans them."""

from __future__ import annotations

import nbformat
import notebook_rules
import notebooks_refresh
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from medlab.report import CellError

SHOW = """
import sys, warnings
import ipywidgets, matplotlib.pyplot as plt
print("1/2\\r2/2")
print("I0000 oneDNN custom operations are on", file=sys.stderr)
plt.plot([1, 2]);
"""


@pytest.fixture
def notebook(tmp_path):
    def write(*sources):
        own = {"question": "What?", "minutes": 5, "memory_gb": 1, "data": "simulated", "needs": []}
        cells = [new_markdown_cell("# Title"), *(new_code_cell(s, execution_count=77) for s in sources)]
        path = tmp_path / "small.ipynb"
        nbformat.write(new_notebook(cells=cells, metadata={"medlab": own, "widgets": {}, "junk": 1}), path)
        return path

    return write


def test_a_notebook_is_run_and_left_clean(notebook):
    path = notebook(SHOW, "ipywidgets.IntSlider(3)", "1 + 1")
    complaints = notebooks_refresh.refresh(path)
    content = notebook_rules.read(path)
    assert not [
        c for c in complaints if c.startswith(("is_clean", "was_run", "is_python3", "describes", "shows"))
    ]
    kinds = [[o.get("text") or sorted(o.data) for o in c.outputs] for c in notebook_rules.code_cells(content)]
    assert kinds == [["2/2\n", ["image/png", "text/plain"]], [], [["text/plain"]]]
    assert set(content.metadata) == {"kernelspec", "language_info", "medlab"}


def test_solutions_are_folded(notebook):
    path = notebook("1", "2")
    content = nbformat.read(path, as_version=4)
    content.cells[-1].metadata["tags"] = ["solution"]
    nbformat.write(content, path)
    notebooks_refresh.refresh(path)
    folded = [cell.metadata.get("jupyter", {}) for cell in notebook_rules.read(path).cells]
    assert folded == [{}, {}, {"source_hidden": True}]
    assert notebook_rules.read(path).cells[-1].source == "# Solution\n2"


def test_running_again_changes_nothing(notebook):
    path = notebook("import random\nrandom.seed(0)\nrandom.random()")
    notebooks_refresh.refresh(path)
    first = path.read_bytes()
    notebooks_refresh.refresh(path)
    assert path.read_bytes() == first


def test_what_is_wrong_with_the_form_is_told(notebook):
    assert any("lists_goals" in complaint for complaint in notebooks_refresh.refresh(notebook("1 + 1")))


def test_a_notebook_that_fails_stays_as_it_was(notebook):
    path = notebook("1 / 0")
    before = path.read_bytes()
    with pytest.raises(CellError):
        notebooks_refresh.refresh(path)
    assert path.read_bytes() == before
