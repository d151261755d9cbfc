"""Which lessons are built, and where in the copy each has its place."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from medlab import notebooks
from medlab.course.errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Lesson", "choose"]


@dataclasses.dataclass(frozen=True)
class Lesson:
    """A notebook to build.

    Parameters
    ----------
    path : Path
        The file, in full.
    root : Path
        The folder that the copy takes the place of; nothing outside it is copied.
    single : bool
        Whether it is one's own and was named by its own path, so that its folder is no course.
    """

    path: Path
    root: Path
    single: bool = False

    @property
    def place(self) -> Path:
        """Where it lies in the copy."""
        return self.path.relative_to(self.root)

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.place.with_suffix("").as_posix()


def choose(names: Sequence[str | Path]) -> list[Lesson]:
    """Return the lessons that these names mean, each once, in the order given.

    Parameters
    ----------
    names : sequence of str or Path
        Notebooks or parts of the course (``"02-modalities"``), paths of one's own notebooks, or folders
        of them. Empty: the whole course.

    Raises
    ------
    UnknownNotebookError
        If there is no such notebook.
    CourseError
        If a folder holds none.
    """
    course = notebooks.folder().resolve()
    chosen: dict[Path, Lesson] = {}
    for name in names or [course]:
        for lesson in _named(name, course):
            chosen.setdefault(lesson.path, lesson)
    return list(chosen.values())


def _named(name: str | Path, course: Path) -> list[Lesson]:
    part = course / Path(name)
    folder = part if part.is_dir() else Path(name).resolve()
    if not folder.is_dir():
        path = notebooks.find(name).resolve()
        return [
            Lesson(path, course) if path.is_relative_to(course) else Lesson(path, path.parent, single=True)
        ]
    root = course if folder.is_relative_to(course) else folder
    found = [Lesson(entry.path.resolve(), root) for entry in notebooks.catalogue(folder)]
    if not found:
        msg = f"The folder {str(name)!r} holds no notebook. `medlab list` shows those of the course."
        raise CourseError(msg)
    return found
