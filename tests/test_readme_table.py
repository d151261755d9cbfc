"""The README shows the notebooks as they describe themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from readme_table import README, table, up_to_date

from medlab.notebooks import Notebook, catalogue

ONE = Notebook("01-a/00-b", Path("b.ipynb"), "Title", "Why | how?", 12.5, 2, "simulated: a phantom")


def test_the_table_in_the_readme_is_up_to_date():
    text = README.read_text(encoding="utf-8")
    assert up_to_date(text, catalogue()) == text, "run: uv run python tests/readme_table.py"


def test_the_readme_stays_short():
    assert README.read_text(encoding="utf-8").count("\n") < 150


def test_a_row_links_to_the_notebook_and_says_what_it_asks_and_shows():
    row = table([ONE]).splitlines()[2]
    link = "[01-a/00-b](notebooks/01-a/00-b.ipynb)"
    assert row == f"| {link} | Why \\| how? | 12.5 | simulated: a phantom |"


@pytest.mark.parametrize("old", ["", "| notebook |\n|---|\n| gone |\n"])
def test_only_the_table_is_replaced(old):
    text = up_to_date(f"# Name\n\n## Notebooks\n\n{old}\n## Data\n\n| a | table |\n", [ONE])
    assert text == f"# Name\n\n## Notebooks\n\n{table([ONE])}\n## Data\n\n| a | table |\n"


def test_a_readme_without_the_section_is_refused():
    with pytest.raises(ValueError, match="no section"):
        up_to_date("# Name\n", [ONE])
