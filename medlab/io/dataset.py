"""A whole DICOM file that must be of a certain kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medlab.io.dicom.silence import quiet
from medlab.io.errors import CorruptFileError, UnsupportedFormatError

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import Dataset

__all__ = ["dataset_with"]


def dataset_with(path: Path, needed: tuple[str, ...], what: str) -> Dataset:
    """Read a DICOM file, pixels included but not decoded, and check that it is of the kind expected.

    Parameters
    ----------
    path : Path
        The file.
    needed : tuple of str
        Keywords of the elements that make it of that kind.
    what : str
        The kind, for the message.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    CorruptFileError, UnsupportedFormatError
        If it cannot be parsed, or is of another kind.
    """
    import pydicom

    if not path.is_file():
        msg = f"There is no file {path}."
        raise FileNotFoundError(msg)
    try:
        with quiet():
            dataset = pydicom.dcmread(path, force=True)
            missing = [keyword for keyword in needed if keyword not in dataset]
    except Exception as error:  # pydicom raises many kinds on broken files
        msg = f"The file cannot be parsed as DICOM ({type(error).__name__}: {error})."
        raise CorruptFileError(msg, [path]) from error
    if missing:
        kind = dataset.get("Modality") or "no known kind"
        msg = f"Expected {what}; this file is of {kind} and has no {missing[0]}."
        raise UnsupportedFormatError(msg, [path])
    return dataset
