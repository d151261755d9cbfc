"""Small notebooks that the report tests run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_notebook
from report_cells import code, text

Write = Callable[..., Path]


@pytest.fixture
def write_notebook(tmp_path) -> Write:
    """Write a notebook with these cells into the test's folder."""

    def write(*cells: nbformat.NotebookNode, name: str = "small") -> Path:
        path = tmp_path / f"{name}.ipynb"
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(new_notebook(cells=list(cells), metadata={"kernelspec": kernel}), path)
        return path

    return write


@pytest.fixture
def noisy_sum(write_notebook) -> Path:
    """A notebook with parameters, a seed and data on record, a figure, a table and an exercise."""
    return write_notebook(
        text("# How large is the sum?\n\nWith $\\sigma = 1$ around $x^2$."),
        code("seed = 0\ncount = 10\nname = 'noise'", "parameters"),
        text("## Draw"),
        code(
            "import numpy as np\n"
            "from medlab import provenance\n"
            "provenance.record('seed', value=seed)\n"
            "provenance.record('data', name=name, sha256='a1' * 32, source='simulated here',\n"
            "                  licence='CC0', simulated=True)\n"
            "values = np.random.default_rng(seed).normal(size=count)\n"
            "print(f'sum {values.sum():.9f} of {count}')"
        ),
        code("#| tbl-cap: All values\nimport pandas as pd\npd.DataFrame({'value': values})"),
        text("## Exercise\n\nDouble the sum.", "exercise"),
        code("answer = ...", "exercise"),
        code("answer = 2 * values.sum()", "solution"),
        code("print('checked', answer)", "check"),
    )
