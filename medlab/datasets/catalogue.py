"""Find a data set by name, read it, and say plainly when something else stands in for it."""

from __future__ import annotations

import difflib
import html
import importlib
import importlib.util
import inspect
import warnings
from typing import TYPE_CHECKING, Any

from medlab import provenance
from medlab.datasets.places import DatasetUnavailable, in_mirror, receipt
from medlab.datasets.record import Record, folder, parse, records

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import pandas as pd

    from medlab.datasets.datacard import DataCard
    from medlab.datasets.dataset import Dataset

__all__ = ["UnknownDatasetError", "available", "card", "list", "load", "record"]


class UnknownDatasetError(KeyError):
    """No data set has this name."""

    def __str__(self) -> str:
        return str(self.args[0])


def record(name: str) -> Record:
    """Return the record of a data set.

    Parameters
    ----------
    name : str
        A name that `list` shows.

    Raises
    ------
    UnknownDatasetError
        If there is no such set (a KeyError); the message offers the nearest names.
    """
    known = {path.stem: path for path in folder().glob("*.toml")}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        msg = f"No data set is called {name!r}.{hint} medlab.datasets.list() shows all."
        raise UnknownDatasetError(msg)
    return parse(known[name])


def load(name: str, *, strict: bool = False, **options: Any) -> Dataset:
    """Load a data set.

    Parameters
    ----------
    name : str
        A name that `list` shows.
    strict : bool, optional
        Where a public set cannot be had, raise instead of falling back to the set that its record names.
    **options
        What the set's loader takes, for example ``size=64`` for a MedMNIST set, ``seed=1`` for a phantom. A
        stand-in gets those that it takes too.

    Returns
    -------
    Dataset
        The set that was asked for. With ``strict=False`` possibly its stand-in, in the form of the set that
        was asked for (columns, masks, axes): then ``dataset.record.name`` is the stand-in's name, and a box
        above the result says so.

    Raises
    ------
    UnknownDatasetError
        If there is no such set.
    TypeError
        If the set does not take one of the options.
    DatasetUnavailable
        If it cannot be had, and nothing may stand in for it.

    Examples
    --------
    >>> import medlab
    >>> medlab.datasets.load("retina").image
    <Image OP yxc (1411, 1411, 3) uint8; spacing unknown; 6 MiB>
    """
    wanted = record(name)
    try:
        dataset = _read(wanted, options)
    except DatasetUnavailable as error:
        if strict or not wanted.fallback:
            raise
        dataset = _stand_in(wanted, options, error)
        _announce(wanted, dataset.record, error)
    used = dataset.record
    held = receipt(used) if used.kind == "public" else None
    provenance.record(
        "data",
        name=used.name,
        sha256=held.sha256 if held else used.sha256,
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
        Indexed by name; columns ``title``, ``modality`` (DICOM code), ``task``, ``n``, ``size_mb`` (to
        download; 0 if nothing is, missing if nobody knows), ``licence``, ``simulated`` (what in it is, or
        "no"), ``origin`` (sample of a package, public, phantom) and ``available`` (now, without a network).

    Examples
    --------
    >>> import medlab
    >>> table = medlab.datasets.list()
    >>> table.loc["retina", "origin"]
    'sample of scikit-image'
    """
    import pandas as pd

    rows = [
        {
            "name": r.name,
            "title": r.title,
            "modality": r.modality,
            "task": r.task,
            "n": r.n,
            "size_mb": _megabytes(r),
            "licence": r.licence,
            "simulated": r.simulated or "no",
            "origin": f"sample of {r.package}" if r.kind == "sample" else r.kind,
            "available": available(r),
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

    Examples
    --------
    >>> import medlab
    >>> print(medlab.datasets.card("retina").rows()["Licence"])
    CC0
    """
    from medlab.datasets.datacard import DataCard

    wanted = record(name)
    return DataCard(wanted, _where(wanted))


def available(record: Record) -> bool:
    """Tell whether a set can be loaded now, without a network."""
    if record.kind == "public":
        return receipt(record) is not None or in_mirror(record)
    return record.kind == "phantom" or _installed(record.package)


def _installed(package: str) -> bool:
    from medlab.datasets.samples import MODULES

    return importlib.util.find_spec(MODULES.get(package, package)) is not None


def _where(record: Record) -> str:
    if record.kind == "phantom":
        return "yes: it is computed"
    if record.kind == "sample":
        return "yes" if _installed(record.package) else f"no: pip install {record.package}"
    held = receipt(record)
    if held is not None:
        return f"yes, in the cache (from the {held.origin})"
    if in_mirror(record):
        return "yes, in the mirror"
    size = f" ({record.bytes / 1e6:,.0f} MB)" if record.bytes else ""
    return f"no: medlab data fetch {record.name}{size}"


def _megabytes(record: Record) -> float:
    if record.kind != "public":
        return 0.0
    return round(record.bytes / 1e6, 2) if record.bytes else float("nan")


def _function(path: str) -> Callable[..., Dataset]:
    """Return a function of this package that a record names as ``"module:function"``."""
    module, name = path.split(":")
    return getattr(importlib.import_module(f"medlab.datasets.{module}"), name)


def _loader(record: Record) -> Callable[..., Dataset]:
    return _function(record.loader)


def _named(function: Callable[..., Dataset], leading: int = 1) -> tuple[tuple[str, ...], bool]:
    """Return the names of a loader's options, after its `leading` arguments, and whether it takes others."""
    parameters = [*inspect.signature(function).parameters.values()][leading:]
    names = tuple(p.name for p in parameters if p.kind is not inspect.Parameter.VAR_KEYWORD)
    return names, len(names) < len(parameters)


def _read(record: Record, options: Mapping[str, Any]) -> Dataset:
    load = _loader(record)
    known, others = _named(load)
    unknown = sorted(options.keys() - set(known))
    if unknown and not others:
        named = ", ".join(known) or "none"
        msg = f"{record.name} takes no option {', '.join(unknown)}; its options are: {named}."
        raise TypeError(msg)
    return load(record, **options)


def _stand_in(wanted: Record, options: Mapping[str, Any], error: DatasetUnavailable) -> Dataset:
    """Read the set that a record names instead (or the one that that one names), in the record's form."""
    if not wanted.fallback:
        raise error
    other, given = record(wanted.fallback), {**wanted.fallback_options, **options}
    try:
        dataset = _read(other, _taken(_named(_loader(other))[0], given))
    except DatasetUnavailable:
        dataset = _stand_in(other, given, error)
    if not wanted.fit:
        return dataset
    fit = _function(wanted.fit)
    return fit(wanted, dataset, **_taken(_named(fit, leading=2)[0], given))


def _taken(names: Collection[str], options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in names}


def _announce(wanted: Record, stand_in: Record, error: DatasetUnavailable) -> None:
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
