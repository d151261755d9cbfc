"""``medlab data list | fetch | verify | where``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from rich.table import Table

__all__ = ["app"]

app = typer.Typer(
    help="The data sets: what there is, what is here, and whether it is whole.",
    rich_markup_mode=None,
)

_NAME = "A name that `medlab data list` shows."


@app.callback(invoke_without_command=True)
def _root(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list")
def list_(
    modality: Annotated[str | None, typer.Option(help="Only this DICOM modality, such as CT.")] = None,
    here: Annotated[bool, typer.Option("--here", help="Only what can be loaded now.")] = False,
) -> None:
    """Show all data sets."""
    from medlab import datasets

    table = datasets.list()
    if modality:
        table = table[table.modality.str.upper() == modality.upper()]
    if here:
        table = table[table.available]
    shown = _table("name", "modality", "n", "MB", "licence", "origin", "simulated", "here")
    for name, row in table.iterrows():
        size = "?" if row.size_mb != row.size_mb else f"{row.size_mb:,.1f}" if row.size_mb else ""
        real = "" if row.simulated == "no" else row.simulated
        mark = "yes" if row.available else ""
        shown.add_row(str(name), row.modality, row.n, size, row.licence, row.origin, real, mark)
    _print(shown)


@app.command()
def fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help=_NAME)],
    variant: Annotated[str, typer.Option(help="Another form of the set, for example 64 for MedMNIST.")] = "",
    refresh: Annotated[bool, typer.Option("--refresh", help="Fetch again what is here already.")] = False,
) -> None:
    """Fetch public data sets into the cache; a download that was cut goes on where it stopped."""
    from medlab.datasets.catalogue import record
    from medlab.datasets.fetch import fetch as bring
    from medlab.datasets.places import receipt

    for chosen in [record(name) for name in names]:
        if chosen.kind != "public":
            typer.echo(f"{chosen.name}: nothing to fetch, it is a {chosen.kind}")
            continue
        folder = bring(chosen, variant, refresh=refresh)
        held = receipt(chosen, variant)
        origin = held.origin if held else ""
        typer.echo(f"{chosen.name}: {_megabytes(folder):,.1f} MB from the {origin}, in {folder}")


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help=_NAME)] = None,
) -> None:
    """Hash again what is in the cache, the mirror and the packages; exit code 1 if something is wrong."""
    from medlab.datasets.verification import verify as look

    shown = _table("name", "place", "state", "what was found")
    findings = look(names or ())
    for f in findings:
        shown.add_row(f.name, f.place, f.state, f.detail)
    _print(shown)
    counts = {state: sum(f.state == state for f in findings) for state in ("ok", "missing", "wrong")}
    typer.echo(", ".join(f"{count} {state}" for state, count in counts.items()))
    if counts["wrong"]:
        raise typer.Exit(1)


@app.command()
def where(name: Annotated[str | None, typer.Argument(help=_NAME)] = None) -> None:
    """Show where the data lies: the cache and the mirror, or the folder of one set."""
    import os

    from medlab.datasets.catalogue import record
    from medlab.datasets.places import PARTIAL, cache_folder, cached, in_mirror, receipt

    cache = cache_folder()
    if name is None:
        typer.echo(f"cache   {cache} ({_megabytes(cache):,.1f} MB; MEDLAB_CACHE sets another folder)")
        if (cache / PARTIAL).is_dir():
            typer.echo(f"        of which cut downloads: {_megabytes(cache / PARTIAL):,.1f} MB in {PARTIAL}")
        typer.echo(f"mirror  {os.environ.get('MEDLAB_DATA_MIRROR') or 'none: MEDLAB_DATA_MIRROR is not set'}")
        return
    chosen = record(name)
    if chosen.kind == "sample" and "file" in chosen.options:
        from medlab.datasets.samples import sample_file

        typer.echo(str(sample_file(chosen)))
    elif chosen.kind != "public":
        typer.echo(f"{name}: no file, it is made when it is loaded")
    elif receipt(chosen):
        typer.echo(str(cached(chosen)))
    else:
        place = "in the mirror, not yet in the cache" if in_mirror(chosen) else "not here"
        typer.echo(f"{name}: {place}: medlab data fetch {name}")


def _table(*columns: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        long = column in {"n", "licence", "simulated"}
        table.add_column(
            column,
            justify="right" if column == "MB" else "left",
            no_wrap=column != "what was found",
            overflow="ellipsis",
            max_width=30 if long else None,
        )
    return table


def _print(table: Any) -> None:
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 180, highlight=False, markup=False).print(table)


def _megabytes(folder: Path) -> float:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6
