"""Simulated patients whose sites differ in how they acquire: dose, sequence, reconstruction.

`cohort` changes finished pictures by site; here the simulated scanner itself gets other settings.
"""

from __future__ import annotations

import importlib
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.phantoms.cohort import parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from medlab.datasets.record import Record

__all__ = ["load"]


def load(
    record: Record, *, n: int | None = None, size: Any = None, difficulty: float = 0.5, **same: Any
) -> Dataset:
    """Return the simulated patients that a record describes, each made when it is asked for.

    The record's options are ``phantom`` (``"module:function"`` in `medlab.datasets.phantoms`), ``n`` (how
    many patients), ``same`` (arguments of all), ``vary`` (arguments drawn for each patient from a list),
    ``each`` (arguments of which every patient gets every value, a row each), ``sites`` (a list of tables: a
    ``site`` name and the arguments that differ there; patients come from them in turn) and ``label`` (a
    table of the label that each value of one of these arguments, ``argument``, stands for).

    Parameters
    ----------
    record : Record
        A record of kind ``"phantom"``.
    n : int, optional
        How many patients, instead of what the record says.
    size : int or tuple of int, optional
        Of the phantom, instead of what the record says.
    difficulty : float, optional
        0 … 1, as the phantom takes it.
    **same
        Further arguments of the phantom for all patients, in place of those of the record.

    Returns
    -------
    Dataset
        Its table has the columns ``patient``, ``split`` (train 60 %, val 20 %, test 20 % of the patients),
        ``site``, the arguments of the site, what varies, what each patient has, and ``label`` and
        ``label_name`` where the record defines them.

    Examples
    --------
    >>> import medlab
    >>> data = medlab.datasets.load("phantom-ultrasound")
    >>> list(data.table.columns)
    ['patient', 'split', 'site', 'frequency', 'focus', 'dynamic_range', 'kind']
    """
    import pandas as pd

    options = record.options
    count = options["n"] if n is None else n
    table = pd.DataFrame(_rows(record.name, options, count))
    arguments = [c for c in table if c not in ("patient", "site")]
    table.insert(1, "split", np.repeat(parts(count, 0), len(table) // count))
    if "label" in options:
        of = options["label"]
        table["label"] = table[of["argument"]].map(of["values"])
        table["label_name"] = [record.labels[str(v)] for v in table["label"]]
    module, function = options["phantom"].split(":")
    make = getattr(importlib.import_module(f"medlab.datasets.phantoms.{module}"), function)
    fixed = {**options.get("same", {}), "difficulty": difficulty, **same}
    if size is not None:
        fixed["size"] = size

    def read(index: int) -> Case:
        row = table.iloc[index].to_dict()
        case = make(**{**fixed, **{a: row[a] for a in arguments}}, seed=int(row["patient"].rsplit("-", 1)[1]))
        told = {k: v for k, v in row.items() if k not in arguments}
        return Case(case.image, case.masks, {**case.facts, **told})

    return Dataset(record, table, read)


def _rows(name: str, options: Mapping[str, Any], n: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    sites = options.get("sites", [{"site": "A"}])
    each = options.get("each", {})
    rows = []
    for k in range(n):
        who = {"patient": f"{name}-{k:03d}", **sites[k % len(sites)]}
        who |= {key: values[rng.integers(len(values))] for key, values in options.get("vary", {}).items()}
        rows += [
            {**who, **dict(zip(each, values, strict=True))} for values in itertools.product(*each.values())
        ]
    return rows
