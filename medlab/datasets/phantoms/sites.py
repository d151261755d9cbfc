"""Sets of simulated patients: a record says which phantom, how many patients, and how their sites differ."""

from __future__ import annotations

import importlib
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case, Dataset

if TYPE_CHECKING:
    from medlab.datasets.record import Record

__all__ = ["load"]


def load(record: Record, *, patients: int | None = None, **same: Any) -> Dataset:
    """Return the simulated patients that a record describes, each made when it is asked for.

    The record's options are ``phantom`` (``"module:function"`` in `medlab.datasets.phantoms`), ``patients``
    (how many), ``same`` (arguments of all), ``vary`` (arguments drawn for each patient from a list), ``each``
    (arguments of which every patient gets every value, a row each) and ``sites`` (a list of tables: a
    ``site`` name and the arguments that differ there; patients come from them in turn).

    Parameters
    ----------
    record : Record
        A record of kind ``"phantom"``.
    patients : int, optional
        How many patients, instead of what the record says.
    **same
        Arguments of the phantom for all patients, for example ``size``, in place of those of the record.

    Returns
    -------
    Dataset
        Its table has the columns ``patient``, ``site``, the arguments of the site, what varies and what
        each patient has.

    Examples
    --------
    >>> import medlab
    >>> data = medlab.datasets.load("phantom-ultrasound")
    >>> list(data.table.columns)
    ['patient', 'site', 'frequency', 'focus', 'dynamic_range', 'kind']
    """
    import pandas as pd

    options = record.options
    rows = _rows(record.name, options if patients is None else {**options, "patients": patients})
    module, function = options["phantom"].split(":")
    make = getattr(importlib.import_module(f"medlab.datasets.phantoms.{module}"), function)

    def read(index: int) -> Case:
        row = dict(rows[index])
        patient, site = row.pop("patient"), row.pop("site")
        case = make(**{**options.get("same", {}), **same, **row}, seed=int(patient.rsplit("-", 1)[1]))
        return Case(case.image, case.masks, {**case.facts, "patient": patient, "site": site})

    return Dataset(record, pd.DataFrame(rows), read)


def _rows(name: str, options: Any) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    sites = options.get("sites", [{"site": "A"}])
    each = options.get("each", {})
    rows = []
    for k in range(options["patients"]):
        who = {"patient": f"{name}-{k:03d}", **sites[k % len(sites)]}
        who |= {key: values[rng.integers(len(values))] for key, values in options.get("vary", {}).items()}
        rows += [
            {**who, **dict(zip(each, values, strict=True))} for values in itertools.product(*each.values())
        ]
    return rows
