"""What is in this folder? One row for each image that `medlab.read` could return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medlab.io.dicom.assemble import lay_out
from medlab.io.dicom.find import find
from medlab.io.dicom.geometry import spacing_of
from medlab.io.dicom.limits import allowed_bytes
from medlab.io.dicom.lut import is_colour
from medlab.io.dicom.parts import split
from medlab.io.dicom.pictures import picture_geometry
from medlab.io.dicom.read import gather
from medlab.io.dicom.silence import quiet
from medlab.io.errors import LoadError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    import pandas as pd

    from medlab.io.dicom.parts import Part

__all__ = ["series"]

COLUMNS = (
    "number",
    "description",
    "modality",
    "shape",
    "spacing",
    "time_points",
    "files",
    "bytes",
    "problems",
    "uid",
)


def series(path: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> pd.DataFrame:
    """List the DICOM images in a folder tree, from the headers only.

    Parameters
    ----------
    path : path or iterable of paths
        A folder (with its subfolders), a DICOMDIR, a file, or several files.

    Returns
    -------
    pandas.DataFrame
        One row for each image; ``medlab.read(path, series=row)`` reads it. Columns: ``number`` (Series
        Number), ``description``, ``modality``, ``shape`` (slices, rows, columns; rows and columns of a
        single picture), ``spacing`` in mm in the same order (None where unknown), ``time_points``
        (repeats along ``t``), ``files``, ``bytes`` (of the files), ``problems`` (why reading would be
        refused, empty if it would not) and ``uid`` (Series Instance UID). What was left out stands in
        ``.attrs["notes"]``, files that could not be read in ``.attrs["unreadable"]``.

    Raises
    ------
    FileNotFoundError
        If there is no such file or folder.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> table = series(get_testdata_file("CT_small.dcm", download=False))
    >>> table.loc[0, "modality"], table.loc[0, "shape"], table.loc[0, "problems"]
    ('CT', (128, 128), '')
    """
    import pandas as pd

    with quiet():
        contents = gather(find(path), allowed_bytes())
        rows = [_row(part) for part in split(contents.frames)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table.index.name = "series"
    table.attrs["notes"] = contents.notes
    table.attrs["unreadable"] = [str(error) for _, error in contents.unreadable]
    return table


def _row(part: Part) -> dict[str, Any]:
    row = {
        "number": part.number,
        "description": part.first.text("SeriesDescription"),
        "modality": part.first.text("Modality"),
        "files": len(part.headers),
        "bytes": sum(header.size for header in part.headers),
        "uid": part.uid,
    }
    problems = []
    if part.parts_of_series > 1:
        problems.append(f"one of {part.parts_of_series} parts of its series")
    try:
        repeats, slices, spacing = _extent(part)
    except LoadError as error:
        problems.append(f"{type(error).__name__}: {str(error).splitlines()[0]}")
        repeats, slices, spacing = None, len(part.frames), None
    shape = (*((slices,) if slices > 1 else ()), *part.size, *((3,) if is_colour(part.first) else ()))
    return row | {
        "shape": shape,
        "spacing": spacing,
        "time_points": repeats,
        "problems": "; ".join(problems),
    }


def _extent(part: Part) -> tuple[int, int, tuple[float, ...] | None]:
    layout = lay_out(part, "raise")
    repeats, slices = layout.shape
    if layout.grid is not None:
        affine = layout.grid.affine
    else:
        space, affine = picture_geometry(part.first, part.first.dataset(), [])
        if space == "pixel":
            return repeats, slices, None
    spacing = spacing_of(affine)
    return repeats, slices, spacing if slices > 1 else spacing[1:]
