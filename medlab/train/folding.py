"""Cross-validation in which no patient is on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab import provenance
from medlab.train.splitting import Split, columns, strata

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

__all__ = ["folds"]


def folds(
    table: pd.DataFrame | ArrayLike,
    by: str = "patient",
    *,
    k: int = 5,
    stratify: str | ArrayLike | None = None,
    seed: int = 0,
) -> list[Split]:
    """Share out images for k-fold cross-validation; every patient is tested once.

    Parameters
    ----------
    table, by, stratify, seed
        As in `medlab.train.split`.
    k : int, optional
        Number of folds, at least 3.

    Returns
    -------
    list of Split
        For each fold the row numbers ``(train, val, test)``: one fold tests, the next one validates (early
        stopping, thresholds), the others train.

    Raises
    ------
    ValueError
        If patients are missing, or a class has fewer than k of them.

    Examples
    --------
    >>> import numpy as np, medlab
    >>> parts = medlab.train.folds(np.repeat(np.arange(10), 3), k=5)
    >>> [len(part) for part in parts[0]], sorted(np.concatenate([p.test for p in parts])) == list(range(30))
    ([18, 6, 6], True)
    """
    if k < 3:
        msg = f"k must be at least 3: one fold tests, one validates, the others train; got {k}."
        raise ValueError(msg)
    patient_of_row, class_of_row = columns(table, by, stratify)
    patients, row_patient = np.unique(patient_of_row, return_inverse=True)
    rng = np.random.default_rng(seed)
    fold_of_patient = np.empty(len(patients), dtype=np.int64)
    given = 0
    for name, members in strata(row_patient, class_of_row):
        if len(members) < k:
            of = "" if name is None else f" of class {name!r}"
            msg = (
                f"{k} folds need at least {k} patients{of}; got {len(members)}. Set k={len(members)} or less."
            )
            raise ValueError(msg)
        fold_of_patient[rng.permutation(members)] = (given + np.arange(len(members))) % k
        given += len(members)
    fold = fold_of_patient[row_patient]
    provenance.record("seed", where="medlab.train.folds", seed=int(seed))
    return [
        Split(
            np.flatnonzero((fold != test) & (fold != (test + 1) % k)),
            np.flatnonzero(fold == (test + 1) % k),
            np.flatnonzero(fold == test),
        )
        for test in range(k)
    ]
