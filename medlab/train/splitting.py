"""Splits in which no patient is on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from medlab import provenance

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Split", "columns", "split", "strata"]


class Split(NamedTuple):
    """Row numbers of the three parts, sorted; index an array with them, or a table with ``.iloc``."""

    train: NDArray[np.int64]
    val: NDArray[np.int64]
    test: NDArray[np.int64]


def split(
    table: pd.DataFrame | ArrayLike,
    by: str = "patient",
    *,
    fractions: Sequence[float] = (0.6, 0.2, 0.2),
    stratify: str | ArrayLike | None = None,
    seed: int = 0,
) -> Split:
    """Share out images among training, validation and test so that no patient is in two parts.

    Two images of one patient are more alike than two patients: a model that has seen one of them is
    tested on something it knows, and its score is too good.

    Parameters
    ----------
    table : DataFrame or (n,) array_like
        A table with one row per image, or the patient of each image.
    by : str, optional
        Column of the table that names the patient; not used when `table` holds the patients themselves.
    fractions : sequence of three floats, optional
        Share of the **patients** in training, validation and test; must add up to 1. A part of 0 is empty.
    stratify : str or (n,) array_like, optional
        Column of the table, or one class per image, that each part should hold in the same proportion.
        A patient counts for the class most of its images have; ties go to the class that sorts last.
    seed : int, optional
        The same seed gives the same split.

    Returns
    -------
    Split
        Row numbers ``(train, val, test)``.

    Raises
    ------
    ValueError
        If patients are missing, or if there are too few of them (in a class) to reach every part.

    Examples
    --------
    >>> import numpy as np, pandas as pd, medlab
    >>> table = pd.DataFrame({"patient": np.repeat(np.arange(10), 2), "ill": np.repeat([0, 1], 10)})
    >>> parts = medlab.train.split(table, stratify="ill", seed=1)
    >>> table.iloc[parts.test].groupby("ill").patient.nunique().to_dict()
    {0: 1, 1: 1}
    """
    shares = _checked(fractions)
    patient_of_row, class_of_row = columns(table, by, stratify)
    patients, row_patient = np.unique(patient_of_row, return_inverse=True)
    parts = sum(share > 0 for share in shares)
    rng = np.random.default_rng(seed)
    part_of_patient = np.empty(len(patients), dtype=np.int64)
    given = np.zeros(3)
    wanted = np.zeros(3)
    for name, members in strata(row_patient, class_of_row):
        if len(members) < parts:
            of = "" if name is None else f" of class {name!r}"
            msg = (
                f"{parts} parts need at least {parts} patients{of}; got {len(members)}. "
                "Set a fraction to 0, merge classes, or leave stratify out."
            )
            raise ValueError(msg)
        wanted += np.array(shares) * len(members)
        counts = _counts(len(members), wanted - given, shares)
        given += counts
        part_of_patient[rng.permutation(members)] = np.repeat(np.arange(3), counts)
    rows = [np.flatnonzero(part_of_patient[row_patient] == part) for part in range(3)]
    provenance.record("seed", where="medlab.train.split", seed=int(seed))
    return Split(*rows)


def _checked(fractions: Sequence[float]) -> tuple[float, ...]:
    shares = tuple(float(f) for f in fractions)
    if len(shares) != 3 or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
        msg = f"fractions must be three shares that add up to 1, e.g. (0.6, 0.2, 0.2); got {fractions!r}."
        raise ValueError(msg)
    return shares


def columns(table: Any, by: str, stratify: Any) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return the patient and, where asked for, the class of every row."""
    import pandas as pd

    is_table = isinstance(table, pd.DataFrame)
    for column in [by, stratify] if is_table else []:
        if isinstance(column, str) and column not in table:
            msg = f"The table has no column {column!r}; it has {list(table.columns)}. Set by= or stratify=."
            raise ValueError(msg)
    patients = pd.Series(np.asarray(table[by] if is_table else table))
    classes = table[stratify] if isinstance(stratify, str) else stratify
    for what, values in (("patient", patients), ("class", None if classes is None else pd.Series(classes))):
        if values is not None and (len(values) != len(patients) or values.isna().any()):
            msg = (
                f"Every one of the {len(patients)} rows needs a {what}; got {len(values)} values, "
                f"{int(values.isna().sum())} of them missing. Drop those rows first."
            )
            raise ValueError(msg)
    return patients.to_numpy(), None if classes is None else np.asarray(classes)


def strata(row_patient: NDArray[Any], class_of_row: NDArray[Any] | None) -> list[tuple[Any, NDArray[Any]]]:
    """Return (class, its patients) pairs; one pair without a name when nothing is stratified."""
    n = int(row_patient.max()) + 1 if len(row_patient) else 0
    if class_of_row is None:
        return [(None, np.arange(n))]
    classes, row_class = np.unique(class_of_row, return_inverse=True)
    images = np.zeros((n, len(classes)), dtype=np.int64)
    np.add.at(images, (row_patient, row_class), 1)
    last_most_frequent = len(classes) - 1 - images[:, ::-1].argmax(axis=1)
    return [(name, np.flatnonzero(last_most_frequent == k)) for k, name in enumerate(classes.tolist())]


def _counts(n: int, exact: NDArray[np.float64], shares: Sequence[float]) -> NDArray[np.int64]:
    """Round exact numbers of patients so that they add up to n, with one at least in each part in use.

    The exact numbers hold what rounding left over in earlier classes.
    """
    used = np.array(shares) > 0
    counts = np.where(used, np.maximum(np.floor(exact + 1e-9), 1), 0).astype(np.int64)
    while counts.sum() != n:
        missing = np.where(used, exact - counts, np.nan)
        if counts.sum() < n:
            counts[np.nanargmax(missing)] += 1
        else:
            counts[np.nanargmin(np.where(counts > 1, missing, np.nan))] -= 1
    return counts
