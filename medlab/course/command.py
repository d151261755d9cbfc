"""``medlab course build``."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(help="Copies of the course for a class, with and without solutions.", rich_markup_mode=None)

_NAMES = "Notebooks or parts that `medlab list` shows, or paths of your own. Default: the whole course."


@app.callback(invoke_without_command=True)
def _root(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def build(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help=_NAMES)] = None,
    student: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write the form without solutions and outputs there."),
    ] = None,
    teacher: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write the full form there, solutions folded.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace files with another content; work in them is lost.")
    ] = False,
) -> None:
    """Write the notebooks for students (--student), for the teacher (--teacher), or for both."""
    from medlab import course

    built = course.build(names or (), student=student, teacher=teacher, replace=replace)
    for out in filter(None, (student, teacher)):
        files = [p for p in (*built.written, *built.unchanged) if p.is_relative_to(out.resolve())]
        lessons = sum(p.suffix == ".ipynb" for p in files)
        same = sum(p in built.unchanged for p in files)
        others = f" and {_count(len(files) - lessons, 'other file')}" if len(files) > lessons else ""
        kept = f" ({same} up to date already)" if same else ""
        typer.echo(f"{out}: {_count(lessons, 'notebook')}{others}{kept}")
    for note in built.notes:
        typer.echo(f"note: {note}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
