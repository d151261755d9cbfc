"""The course: where its notebooks lie, and what each says about itself."""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
from pathlib import Path
from typing import Any

__all__ = ["Notebook", "UnknownNotebookError", "catalogue", "find", "folder"]

_PACKAGE = Path(__file__).parent
_TITLE = re.compile(r"^#\s+(.+?)\s*$", re.MULTILINE)


class UnknownNotebookError(ValueError):
    """No notebook has this name or lies at this path."""


@dataclasses.dataclass(frozen=True)
class Notebook:
    """What a notebook says about itself in its ``metadata.medlab``.

    Parameters
    ----------
    name : str
        Path below the notebooks folder without the suffix, such as ``"00-start/00-tour"``.
    path : Path
        The file.
    title : str
        Its first heading.
    question : str
        The question it answers.
    minutes : float or None
        What a reader needs.
    memory_gb : float or None
        What the machine needs.
    data : str
        What it looks at, and whether that is real or simulated.
    needs : tuple of str
        Notebooks or knowledge to have first.
    """

    name: str
    path: Path
    title: str
    question: str = ""
    minutes: float | None = None
    memory_gb: float | None = None
    data: str = ""
    needs: tuple[str, ...] = ()


def folder() -> Path:
    """Return the folder of the course: the clone's ``notebooks`` or the copy inside an installed wheel.

    Raises
    ------
    UnknownNotebookError
        If the installation has lost its notebooks.
    """
    if clone := clone_root():
        return clone / "notebooks"
    shipped = _PACKAGE / "share" / "notebooks"
    if shipped.is_dir():
        return shipped
    msg = f"This installation has no notebooks at {shipped}. Install medlab again, or work in a clone."
    raise UnknownNotebookError(msg)


def clone_root() -> Path | None:
    """Return the root of the clone that medlab runs from, or None for an installed wheel."""
    root = _PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "notebooks").is_dir() else None


def catalogue(below: Path | None = None) -> list[Notebook]:
    """Return every notebook of the course in reading order.

    Parameters
    ----------
    below : Path, optional
        Another folder to look through. Default: `folder`.
    """
    root = folder() if below is None else below
    paths = (p for p in root.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
    return [_describe(path, root) for path in sorted(paths)]


def find(name: str | Path) -> Path:
    """Return the file of a notebook.

    Parameters
    ----------
    name : str or Path
        A path to an ``.ipynb`` file; or a name in the course such as ``"00-start/00-tour"``;
        or the last part of such a name where only one notebook has it, such as ``"00-tour"``.

    Raises
    ------
    UnknownNotebookError
        If there is none, or more than one; the message names the nearest.
    """
    path = Path(name)
    if path.suffix == ".ipynb" and path.is_file():
        return path
    known = {notebook.name: notebook.path for notebook in catalogue()}
    wanted = path.with_suffix("").as_posix() if path.suffix == ".ipynb" else path.as_posix()
    if wanted in known:
        return known[wanted]
    endings = [full for full in known if full.endswith("/" + wanted)]
    if len(endings) == 1:
        return known[endings[0]]
    near = endings or difflib.get_close_matches(wanted, known, n=3, cutoff=0.3)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    msg = f"No notebook {str(name)!r}: expected a file or a name that `medlab list` shows.{hint}"
    raise UnknownNotebookError(msg)


def first_heading(cells: list[dict[str, Any]]) -> str:
    """Return the first level-one heading among a notebook's text cells, ``""`` where there is none."""
    for cell in cells:
        if cell.get("cell_type") == "markdown" and (match := _TITLE.search("".join(cell["source"]))):
            return match[1]
    return ""


def _describe(path: Path, root: Path) -> Notebook:
    name = path.relative_to(root).with_suffix("").as_posix()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        own = content.get("metadata", {}).get("medlab", {})
        return Notebook(
            name=name,
            path=path,
            title=first_heading(content["cells"]),
            question=own.get("question", ""),
            minutes=own.get("minutes"),
            memory_gb=own.get("memory_gb"),
            data=own.get("data", ""),
            needs=tuple(own.get("needs", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Notebook(name=name, path=path, title="(not a readable notebook)")
