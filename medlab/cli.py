"""The commands: ``medlab lab | list | report | course | view | data | doctor``."""

from __future__ import annotations

import shlex
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

import medlab
from medlab.course.command import app as course
from medlab.datasets.command import app as data

__all__ = ["app", "main"]

app = typer.Typer(
    help="Learn, explore and report medical image analysis in Jupyter.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

app.add_typer(course, name="course")
app.add_typer(data, name="data")

_NOTEBOOK = "A name that `medlab list` shows, such as 00-start/00-tour, or the path of a notebook."


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command; a mistake in what was asked for gives one line on stderr and a non-zero exit."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        code = app(args=arguments, standalone_mode=False)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except Exception as error:
        code = _exit_code(error)
        if code is None:
            raise
        _fail(getattr(error, "format_message", error.__str__)(), code)
    sys.exit(code or 0)


def _stop(number: int, _: Any) -> NoReturn:
    """End as an exception does, so that drafts are removed and kernels stopped."""
    sys.exit(128 + number)


def _fail(message: str, code: int) -> NoReturn:
    sys.stderr.write(f"medlab: {' '.join(message.split())}\n")
    sys.exit(code)


def _exit_code(error: Exception) -> int | None:
    """Return 2 for a mistake in the command, 1 for a failure in doing it, None for a flaw in medlab."""
    if hasattr(error, "format_message"):  # typer's own usage errors
        return getattr(error, "exit_code", 2)
    from medlab.course import CourseError
    from medlab.datasets import DatasetUnavailable, UnknownDatasetError
    from medlab.io.errors import LoadError
    from medlab.lab import LabError
    from medlab.notebooks import UnknownNotebookError
    from medlab.report.errors import OutputError, ParameterError, ReportError
    from medlab.standalone import NotViewableError

    unknown = UnknownNotebookError | UnknownDatasetError | FileNotFoundError
    if isinstance(error, unknown | CourseError | ParameterError | OutputError | NotViewableError):
        return 2
    failures = ReportError | LoadError | LabError | DatasetUnavailable | OSError
    return 1 if isinstance(error, failures) else None


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"medlab {medlab.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def lab(
    notebook: Annotated[str, typer.Argument(help=_NOTEBOOK)] = "00-start/00-tour",
    port: Annotated[int | None, typer.Option(help="Default: the first free one from 8888 on.")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    folder: Annotated[
        Path | None,
        typer.Option(help="Work on a copy of the course there. Files that exist are never replaced."),
    ] = None,
) -> None:
    """Open JupyterLab on the tour, for this computer only."""
    from medlab import lab as jupyter

    root, inside = jupyter.workplace(notebook, folder)
    jupyter.launch(root, inside, port, browser=browser)


@app.command("list")
def list_() -> None:
    """Show the notebooks of the course."""
    from rich.console import Console
    from rich.table import Table

    from medlab.notebooks import catalogue

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("notebook", "question", "minutes", "memory", "data", "needs"):
        table.add_column(column, justify="right" if column in {"minutes", "memory"} else "left")
    for entry in catalogue():
        minutes = "" if entry.minutes is None else f"{entry.minutes:g}"
        memory = "" if entry.memory_gb is None else f"{entry.memory_gb:g} GB"
        question = entry.question or entry.title
        table.add_row(entry.name, question, minutes, memory, entry.data, ", ".join(entry.needs))
    Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False).print(table)


@app.command()
def report(
    notebook: Annotated[str, typer.Argument(help=_NOTEBOOK)],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The HTML file. Default: the notebook's name.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter; may be repeated."),
    ] = None,
    code: Annotated[bool, typer.Option("--code/--no-code", help="Keep the code, folded away.")] = True,
    exercises: Annotated[bool, typer.Option("--exercises", help="Keep the exercises and solutions.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Print a PDF beside it; needs Chromium.")] = False,
) -> None:
    """Run a notebook and write one HTML file for anywhere."""
    from medlab.report import build, print_to_pdf
    from medlab.report.parameters import parse
    from medlab.report.pdf import printer

    if pdf:
        printer()
    values = dict(parse(setting) for setting in settings or [])
    command = shlex.join(["medlab", *sys.argv[1:]]) if Path(sys.argv[0]).name.startswith("medlab") else None
    with _progress() as progress:
        written = build(
            notebook, output, values, code=code, exercises=exercises, command=command, progress=progress
        )
    typer.echo(f"wrote {written} ({written.stat().st_size / 1e6:.1f} MB)")
    if pdf:
        typer.echo(f"wrote {print_to_pdf(written)}")


@app.command()
def view(
    path: Annotated[Path, typer.Argument(help="A DICOM folder, or a file in any format that medlab reads.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the page there and do not open it.")
    ] = None,
    series: Annotated[str | None, typer.Option(help="Which series, where a folder holds several.")] = None,
    window: Annotated[str | None, typer.Option(help="A preset such as lung, or CENTRE,WIDTH.")] = None,
) -> None:
    """Look at an image in the browser, without a kernel."""
    from medlab.standalone import open_page, write_page

    if output is None:
        typer.echo(f"wrote and opened {open_page(path, series=series, window=window)}")
    else:
        typer.echo(f"wrote {write_page(path, output, series=series, window=window)}")


@app.command()
def doctor() -> None:
    """Tell what works here, what does not, and the way out."""
    from medlab.doctor import Check, examine

    def tell(check: Check) -> None:
        mark = {"good": "✓", "absent": "–", "broken": "✗"}[check.state]
        typer.echo(f"{mark} {check.name}: {check.found}" + (f" → {check.remedy}" if check.remedy else ""))

    broken = [check.name for check in examine(tell) if check.state == "broken"]
    if broken:
        _fail(f"broken: {', '.join(broken)}; the way out stands behind each arrow above", 1)


def _progress() -> Any:
    """Show which cell runs, on a terminal; nothing elsewhere."""
    from contextlib import contextmanager

    from rich.console import Console

    console = Console(stderr=True, highlight=False, markup=False)

    @contextmanager
    def shown() -> Any:
        with console.status("starting the kernel") as status:
            yield lambda number, total, heading: status.update(f"cell {number} of {total}: {heading}")

    @contextmanager
    def silent() -> Any:
        yield None

    return shown() if console.is_terminal else silent()
