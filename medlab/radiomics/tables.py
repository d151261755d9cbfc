"""Tables of features: wide for models, tidy for figures, and files that keep every digit."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    import pandas as pd

__all__ = ["features", "provenance", "read_table", "tidy", "write_table"]

_FEATURE = re.compile(r"^(.+)_(firstorder|glcm|gldm|glrlm|glszm|ngtdm|shape|shape2D)_([A-Za-z0-9]+)$")
_SUFFIXES = (".csv", ".parquet")


def features(table: pd.DataFrame) -> pd.DataFrame:
    """Return only the columns that are features, for scikit-learn.

    Parameters
    ----------
    table : DataFrame
        What `extract` or `extract_batch` returned. Rows of failed cases are NaN: drop them first with
        ``table[table.status == "ok"]``.

    Examples
    --------
    >>> import pandas as pd
    >>> features(pd.DataFrame({"patient": ["a"], "original_glcm_Contrast": [1.5]})).columns.tolist()
    ['original_glcm_Contrast']
    """
    return table[[column for column in table.columns if _FEATURE.match(str(column))]]


def provenance(table: pd.DataFrame) -> pd.DataFrame:
    """Return only the columns that say what each row was computed from."""
    return table[[column for column in table.columns if not _FEATURE.match(str(column))]]


def tidy(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each feature of each case: columns image_type, feature_class, feature and value.

    Parameters
    ----------
    table : DataFrame
        What `extract` or `extract_batch` returned; all other columns are repeated on each row.

    Examples
    --------
    >>> import pandas as pd
    >>> wide = pd.DataFrame({"patient": ["a"], "wavelet-LLH_glcm_Contrast": [1.5]})
    >>> tidy(wide)
      patient   image_type feature_class   feature  value
    0       a  wavelet-LLH          glcm  Contrast    1.5
    """
    import pandas as pd

    names = list(features(table).columns)
    parts = pd.DataFrame(
        [_FEATURE.match(name).groups() for name in names],  # type: ignore[union-attr]
        columns=["image_type", "feature_class", "feature"],
        index=names,
    )
    others = list(provenance(table).columns)
    numbered = table.assign(_row=range(len(table)))
    long = numbered.melt(id_vars=["_row", *others], value_vars=names, var_name="_name", value_name="value")
    long = long.join(parts, on="_name").sort_values("_row", kind="stable", ignore_index=True)
    return long[[*others, "image_type", "feature_class", "feature", "value"]]


def write_table(table: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write a table as CSV or Parquet; a reader never sees half a file.

    Parameters
    ----------
    table : DataFrame
        Any table.
    path : path
        Ends in ``.csv`` or ``.parquet``.

    Raises
    ------
    ValueError
        If it ends in anything else.
    """
    path = checked_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    os.close(handle)
    partial = Path(name)
    try:
        if path.suffix == ".csv":
            table.to_csv(partial, index=False)
        else:
            table.to_parquet(partial, index=False)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a table that `write_table` or `extract_batch` wrote, every digit as it was.

    Parameters
    ----------
    path : path
        Ends in ``.csv`` or ``.parquet``.

    Raises
    ------
    ValueError
        If it ends in anything else.
    """
    import pandas as pd

    path = checked_path(path)
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    exact = {} if _version(pd) >= (3, 1) else {"float_precision": "round_trip"}
    return pd.read_csv(path, **exact)


def _version(package: ModuleType) -> tuple[int, ...]:
    """Return major and minor version; pandas reads every digit by default from 3.1 on."""
    return tuple(int(part) for part in package.__version__.split(".")[:2])


def checked_path(path: str | os.PathLike[str]) -> Path:
    """Return the path of a table, refused unless it says whether it is CSV or Parquet."""
    path = Path(path).expanduser()
    if path.suffix not in _SUFFIXES:
        msg = f"A table is kept in a .csv or a .parquet file; got {str(path)!r}."
        raise ValueError(msg)
    return path
