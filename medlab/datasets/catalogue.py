"""Find a data set by name, read it, and say plainly when something else stands in for it."""

from __future__ import annotations

import difflib
import html
import importlib
import importlib.util
import warnings
from typing import TYPE_CHECKING

from medlab import provenance
from medlab.datasets.fetch import DataError, cache_folder, mirror_file
from medlab.datasets.record import Record, records

if TYPE_CHECKING:
    import pandas as pd

    from medlab.datasets.dataset import Dataset

__all__ = ["card", "list", "load", "record"]


def record(name: str) -> Record:
    """Return the record of a data set.

    Parameters
    ----------
    name : str
        A name that `list` shows.

    Raises
    ------
    KeyError
        If there is no such set; the message offers the nearest names.
    """
    known = records()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        msg = f"No data set is called {name!r}.{hint} medlab.datasets.list() shows all."
        raise KeyError(msg)
    return known[name]


def load(name: str, *, strict: bool = False) -> Dataset:
    """Load a data set.

    Parameters
    ----------
    name : str
        A name that `list` shows.
    strict : bool, optional
        Where a public set cannot be had, raise instead of falling back to the set that its record names.

    Returns
    -------
    Dataset
        The set that was asked for. With ``strict=False`` possibly its stand-in: then
        ``dataset.record.name`` is the stand-in's name, and a box above the result says so.

    Raises
    ------
    KeyError
        If there is no such set.
    DataError
        If it cannot be had, and nothing may stand in for it.

    Examples
    --------
    >>> import medlab
    >>> medlab.datasets.load("retina").image
    <Image OP yxc (1411, 1411, 3) uint8; spacing unknown; 6 MiB>
    """
    wanted = record(name)
    try:
        dataset = _read(wanted)
    except DataError as error:
        if strict or not wanted.fallback:
            raise
        stand_in = record(wanted.fallback)
        dataset = _read(stand_in)
        _announce(wanted, stand_in, error)
    used = dataset.record
    provenance.record(
        "data",
        name=used.name,
        sha256=used.sha256,
        source=used.source,
        licence=used.licence,
        simulated=used.simulated,
        stands_in_for=wanted.name if used is not wanted else "",
    )
    return dataset


def list() -> pd.DataFrame:  # noqa: A001
    """Return a table of all data sets.

    Returns
    -------
    pandas.DataFrame
        Indexed by name; columns ``title``, ``modality``, ``task``, ``n``, ``kind``, ``simulated``,
        ``licence``, ``available`` (now, without a network).
    """
    import pandas as pd

    rows = [
        {
            "name": r.name,
            "title": r.title,
            "modality": r.modality,
            "task": r.task,
            "n": r.n,
            "kind": r.kind,
            "simulated": r.simulated or "no",
            "licence": r.licence,
            "available": _available(r),
        }
        for r in records().values()
    ]
    return pd.DataFrame(rows).set_index("name")


def card(name: str) -> DataCard:
    """Return the data card of a set; a notebook renders it as a table.

    Parameters
    ----------
    name : str
        A name that `list` shows.
    """
    return DataCard(record(name))


class DataCard:
    """Origin, licence, citation and known flaws of a data set, for people."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def rows(self) -> dict[str, str]:
        """Return what the card says, by heading."""
        r = self.record
        return {
            "What": r.title,
            "Modality": r.modality,
            "Task": r.task,
            "Size": r.n,
            "Real or simulated": f"simulated: {r.simulated}" if r.simulated else "real",
            "Licence": r.licence,
            "Citation": r.citation,
            "Source": r.source,
            "Checksum": f"sha256 {r.sha256}" if r.sha256 else "ships with " + r.package,
            "Known flaws": " ".join(r.flaws) or "none known",
            "Use": "Teaching and research. Not for clinical use.",
        }

    def __repr__(self) -> str:
        return "\n".join(f"{heading}: {text}" for heading, text in self.rows().items())

    def _repr_html_(self) -> str:
        cells = "".join(
            f'<tr><th style="text-align:left;vertical-align:top;white-space:nowrap">{heading}</th>'
            f'<td style="text-align:left;overflow-wrap:anywhere">{html.escape(text)}</td></tr>'
            for heading, text in self.rows().items()
        )
        return f"<table>{cells}</table>"


def _read(record: Record) -> Dataset:
    module, function = record.loader.split(":")
    return getattr(importlib.import_module(f"medlab.datasets.{module}"), function)(record)


def _available(record: Record) -> bool:
    if record.files is not None:
        return (cache_folder() / record.name).is_dir() or mirror_file(record) is not None
    module = _MODULES.get(record.package, record.package)
    return not module or importlib.util.find_spec(module) is not None


_MODULES = {"pydicom-data": "data_store", "scikit-image": "skimage"}


def _announce(wanted: Record, stand_in: Record, error: DataError) -> None:
    nature = f"It holds simulated parts: {stand_in.simulated}." if stand_in.simulated else "It is real."
    text = (
        f"{wanted.title} cannot be had here, so “{stand_in.title}” stands in for it. {nature} Reason: {error}"
    )
    try:
        from IPython import get_ipython
        from IPython.display import HTML, display
    except ImportError:
        get_ipython = None
    if get_ipython is None or get_ipython() is None:
        warnings.warn(text, stacklevel=3)
        return
    display(
        HTML(
            '<div role="note" style="border:2px solid #b35900;border-radius:4px;padding:.5em .8em">'
            f"<b>Other data than named.</b> {html.escape(text)}</div>"
        )
    )
