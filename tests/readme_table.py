"""The README's table of notebooks, written from what the notebooks say about themselves.

``uv run python tests/readme_table.py`` brings the README up to date.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from medlab import notebooks

README = Path(__file__).parents[1] / "README.md"

_SECTION = re.compile(r"(?<=^## Notebooks\n\n)(?:\|.*\n)*", re.MULTILINE)


def table(entries: list[notebooks.Notebook]) -> str:
    """Return the table in Markdown, a row for each notebook."""
    rows = ["| notebook | question | minutes | data |", "|---|---|--:|---|"]
    for entry in entries:
        minutes = "" if entry.minutes is None else f"{entry.minutes:g}"
        cells = (
            f"[{entry.name}](notebooks/{entry.name}.ipynb)",
            entry.question or entry.title,
            minutes,
            entry.data,
        )
        rows.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def up_to_date(readme: str, entries: list[notebooks.Notebook]) -> str:
    """Return the README's text with the table as it should be.

    Raises
    ------
    ValueError
        If the README has no section "Notebooks" that begins with the table.
    """
    if len(_SECTION.findall(readme)) != 1:
        msg = "The README has no section '## Notebooks'."
        raise ValueError(msg)
    return _SECTION.sub(lambda _: table(entries), readme)


def main() -> int:
    README.write_text(up_to_date(README.read_text(encoding="utf-8"), notebooks.catalogue()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
