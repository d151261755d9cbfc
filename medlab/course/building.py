"""From lessons to folders that can be handed out, written in full or not at all."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from medlab import notebooks
from medlab.course import editions, links
from medlab.course.answers import flaws, unfinished
from medlab.course.errors import CourseError
from medlab.course.selection import choose
from medlab.report.draft import replaced_when_done

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbformat import NotebookNode

    from medlab.course.selection import Lesson

__all__ = ["Built", "build"]


@dataclasses.dataclass(frozen=True)
class Built:
    """What `build` did.

    Parameters
    ----------
    written, unchanged : tuple of Path
        Files that are new or replaced, and those that held the same before.
    notes : tuple of str
        What a teacher should know: links that lead out of the copy, cells that wait for an answer.
    """

    written: tuple[Path, ...]
    unchanged: tuple[Path, ...]
    notes: tuple[str, ...]


def build(
    names: Sequence[str | Path] = (),
    *,
    student: str | Path | None = None,
    teacher: str | Path | None = None,
    replace: bool = False,
) -> Built:
    """Write copies of the course, or of a part of it, for students, for the teacher, or for both.

    Each notebook keeps its place (``02-modalities/02-ct.ipynb``), and the pictures and other files of the
    course that its text or code names come with it. What the forms hold stands at `editions.student`
    and `editions.teacher`.

    Parameters
    ----------
    names : sequence of str or Path, optional
        Notebooks or parts of the course as `medlab list` shows them, or paths of one's own notebooks or
        folders of them. Default: the whole course.
    student, teacher : str or Path, optional
        The folders to write to; one at least. Neither may lie in the other.
    replace : bool, optional
        Replace files that are there with another content. Default: refuse, because a student's
        work may stand in them.

    Returns
    -------
    Built
        What was written, and notes.

    Raises
    ------
    UnknownNotebookError
        If there is no such notebook.
    CourseError
        If a file is in the way, a folder does not fit, a notebook cannot be read, or one has an exercise
        that cannot be solved without its solution. Nothing is written then.

    Examples
    --------
    >>> from medlab import course
    >>> course.build(["00-tour"], student="handout").notes  # doctest: +SKIP
    ()
    """
    places = {form: Path(out).resolve() for form, out in (("student", student), ("teacher", teacher)) if out}
    lessons = choose(names)
    _refuse_places(places, lessons)
    plan: dict[Path, bytes] = {}
    notes: list[str] = []
    for form, out in places.items():
        for lesson in lessons:
            edition, remarks = _make(form, lesson)
            beside, missing = _beside(edition, lesson, lessons)
            notes += [f"{lesson.name}: {note}" for note in (*remarks, *missing)]
            _add(plan, out / lesson.place, _content(edition))
            for path in beside:
                _add(plan, out / path.relative_to(lesson.root), path.read_bytes())
    unchanged = tuple(path for path, content in plan.items() if _holds(path, content))
    changed = {path: content for path, content in plan.items() if path not in unchanged}
    _refuse_targets(changed, {lesson.path for lesson in lessons}, replace=replace)
    for path, content in changed.items():
        _write(path, content)
    return Built(tuple(changed), unchanged, tuple(dict.fromkeys(notes)))


def read(path: Path) -> NotebookNode:
    """Read a notebook.

    Raises
    ------
    CourseError
        If it is none.
    """
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, AttributeError, KeyError) as error:
        msg = f"{path} is not a notebook that can be read: {' '.join(str(error).split())[:200]}"
        raise CourseError(msg) from None


def _content(notebook: NotebookNode) -> bytes:
    import nbformat

    return (nbformat.writes(notebook) + "\n").encode()


def _make(form: str, lesson: Lesson) -> tuple[NotebookNode, list[str]]:
    """Return a form of a lesson, and what a teacher should know of it."""
    solved = read(lesson.path)
    if form == "teacher":
        return editions.teacher(solved), []
    if found := flaws(solved):
        msg = f"{lesson.name}: {'; '.join(found)}. Define it in a cell of the lesson, or in the check."
        raise CourseError(msg)
    roles = {editions.role(cell) for cell in solved.cells}
    bare = [] if "solution" in roles else ["it has no cell tagged solution"]
    return editions.student(solved), [*bare, *unfinished(solved)]


def _beside(edition: NotebookNode, lesson: Lesson, lessons: list[Lesson]) -> tuple[list[Path], list[str]]:
    """Return the files that go with a lesson, and what its links will not find in the copy."""
    folder = lesson.path.parent
    chosen = {other.path for other in lessons}
    beside, missing = links.files(edition, folder), []
    for target in links.targets(edition):
        path = (folder / target).resolve()
        if path.is_file() and path.suffix != ".ipynb" and path.is_relative_to(lesson.root):
            beside.append(path)
        elif path not in chosen:
            missing.append(f"it links to {target}, which is not part of this copy")
    own = [path.resolve() for path in beside]
    kept = [path for path in own if path.is_relative_to(lesson.root) and path.suffix != ".ipynb"]
    return list(dict.fromkeys(kept)), missing


def _add(plan: dict[Path, bytes], path: Path, content: bytes) -> None:
    if plan.setdefault(path, content) != content:
        msg = f"Two different notebooks or files would be written to {str(path)!r}. Build them apart."
        raise CourseError(msg)


def _refuse_places(places: dict[str, Path], lessons: list[Lesson]) -> None:
    if not places:
        msg = "Name a folder to write to: --student FOLDER, --teacher FOLDER, or both."
        raise CourseError(msg)
    course = notebooks.folder().resolve()
    sources = {course} | {lesson.root for lesson in lessons if not lesson.single}
    for form, out in places.items():
        if inside := [str(source) for source in sources if out.is_relative_to(source)]:
            msg = (
                f"--{form} {str(out)!r} lies in {inside[0]!r}, which it is built from. Name a folder outside."
            )
            raise CourseError(msg)
        if any(out.is_relative_to(other) for name, other in places.items() if name != form):
            msg = "Of the folders for students and teacher, one lies in the other. Keep solutions apart."
            raise CourseError(msg)


def _refuse_targets(changed: dict[Path, bytes], sources: set[Path], *, replace: bool) -> None:
    if own := [path for path in changed if path in sources]:
        msg = f"{str(own[0])!r} is the notebook itself. Name another folder to write to."
        raise CourseError(msg)
    there = [path for path in changed if path.exists() or path.is_symlink()]
    if there and not replace:
        shown = ", ".join(map(str, there[:3])) + (f" and {len(there) - 3} more" if len(there) > 3 else "")
        msg = f"There are files with another content: {shown}. Name another folder, or add --replace."
        raise CourseError(msg)
    if folders := [path for path in there if path.is_dir()]:
        msg = f"{str(folders[0])!r} is a folder; a file must go there."
        raise CourseError(msg)


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == content


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"Cannot make the folder {str(path.parent)!r}: {error.strerror}."
        raise CourseError(msg) from None
    with replaced_when_done(path, path.suffix.lower()) as draft:
        draft.write_bytes(content)
