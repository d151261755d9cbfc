"""What loading can refuse, and why: one family, each naming the files and the way out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "CorruptFileError",
    "DuplicateSliceError",
    "EmptySeriesError",
    "GantryTiltError",
    "InconsistentSeriesError",
    "IrregularSpacingError",
    "LoadError",
    "MissingSliceError",
    "MultipleSeriesError",
    "TooLargeError",
    "TruncatedFileError",
    "UnsupportedFormatError",
    "UnsupportedTransferSyntaxError",
]

_SHOWN = 5


class LoadError(Exception):
    """Something could not be loaded without being silently wrong.

    Parameters
    ----------
    message : str
        What was expected, what came, and the way out.
    files : iterable of path, optional
        The files it is about; the first few are named in the message, all stay in `files`.
    """

    def __init__(self, message: str, files: Iterable[str | Path] = ()) -> None:
        self.files = tuple(Path(f) for f in files)
        shown = "".join(f"\n  {f}" for f in self.files[:_SHOWN])
        more = f"\n  … and {len(self.files) - _SHOWN} more" if len(self.files) > _SHOWN else ""
        super().__init__(f"{message}{shown}{more}")


class EmptySeriesError(LoadError):
    """Nothing here holds an image."""


class MultipleSeriesError(LoadError):
    """More than one series, and nobody said which."""


class MissingSliceError(LoadError):
    """A slice is missing in the middle of a series."""


class DuplicateSliceError(LoadError):
    """Two different slices claim the same place."""


class IrregularSpacingError(LoadError):
    """The distance between slices varies."""


class GantryTiltError(LoadError):
    """The slices are stacked at an angle where the result cannot hold shear."""


class InconsistentSeriesError(LoadError):
    """The files of a series disagree about size, orientation, type or units."""


class TruncatedFileError(LoadError):
    """A file is shorter than its header says."""


class TooLargeError(LoadError):
    """The decoded image would take more memory than allowed."""


class CorruptFileError(LoadError):
    """A file contradicts itself or its format."""


class UnsupportedFormatError(LoadError):
    """No reader knows this kind of file."""


class UnsupportedTransferSyntaxError(LoadError):
    """No decoder for the compression of this DICOM file is installed."""
