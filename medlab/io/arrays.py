"""NumPy files to `Image` and back. Pickles are never opened: they can run code."""

from __future__ import annotations

import math
import zipfile
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from medlab import facts
from medlab.image import Image
from medlab.io.dicom.limits import allowed_bytes, check_size
from medlab.io.errors import CorruptFileError, MultipleSeriesError, TruncatedFileError, UnsupportedFormatError
from medlab.io.guard import parsing
from medlab.io.values import as_type

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

__all__ = ["read_npz", "read_numpy", "write_npz"]

_AFFINE = "affine"
_ARRAY = "array"


def read_numpy(
    path: Path, *, axes: str = "", dtype: DTypeLike | None = None, max_bytes: int | None = None
) -> Image:
    """Read a ``.npy`` file; a bare array says nothing about size, place or unit, so `space` is ``"pixel"``.

    Parameters
    ----------
    path : Path
        The file.
    axes : str, optional
        Axes of the array. Default: ``"yx"``, ``"zyx"`` or ``"tzyx"`` by the number of dimensions; 8-bit
        arrays whose last dimension is 3 or 4 are taken as colour, with a note.
    dtype : dtype, optional
        Type of the values; default: as stored, float64 as float32.
    max_bytes : int, optional
        Largest size that is accepted.

    Raises
    ------
    UnsupportedFormatError
        If the array holds Python objects or records, or its axes are unclear.
    TruncatedFileError, CorruptFileError, TooLargeError
        If the file ends early, is damaged, or is larger than allowed.
    """
    with path.open("rb") as file:
        array = _array(file, path, max_bytes)
    image = _bare(array, axes, path)
    return image.replace(array=as_type(image.array, dtype))


def read_npz(
    path: Path,
    series: str | None = None,
    *,
    axes: str = "",
    dtype: DTypeLike | None = None,
    max_bytes: int | None = None,
) -> Image:
    """Read a ``.npz`` file: one written by `medlab.write` with its geometry, or one array of any other.

    Parameters
    ----------
    path : Path
        The file.
    series : str, optional
        Name of the array to read; needed where there are several.
    axes, dtype, max_bytes
        As for `read_numpy`.

    Raises
    ------
    MultipleSeriesError
        If there are several arrays and nobody said which; the message lists them.
    UnsupportedFormatError, TruncatedFileError, CorruptFileError, TooLargeError
        As for `read_numpy`.
    """
    with parsing(path, ".npz file"), zipfile.ZipFile(path) as archive:
        names = [n.removesuffix(".npy") for n in archive.namelist() if n.endswith(".npy")]
        if facts.KEY in names and series is None:
            image = _own(archive, path, max_bytes)
        else:
            name = _only(archive, names, series, path)
            with archive.open(f"{name}.npy") as file:
                image = _bare(_array(file, path, max_bytes), axes, path)
            image = image.replace(notes=(f"Array {name!r} of the file.", *image.notes))
    return image.replace(array=as_type(image.array, dtype))


def write_npz(image: Image, path: Path) -> None:
    """Write array, affine, modality, units, labels and times as a compressed ``.npz``; `meta` stays behind.

    Parameters
    ----------
    image : Image
        Any image.
    path : Path
        The file to write.
    """
    parts = {"array": image.array, "affine": image.affine, facts.KEY: np.array(facts.of(image))}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, values in parts.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(values, order="C"), allow_pickle=False)


def _array(file: BinaryIO | Any, path: Path, max_bytes: int | None) -> NDArray[Any]:
    """Return one array after its header was found to be harmless."""
    with parsing(path, "NumPy header"):
        shape, fortran, kind = _numpy_header(file)
    if kind.hasobject or kind.names or kind.kind not in "biufcU":
        msg = (
            f"The array holds {kind}, not numbers; opening it could run code. "
            "Save the numbers with np.save(..., allow_pickle=False)."
        )
        raise UnsupportedFormatError(msg, [path])
    nbytes = math.prod(shape) * kind.itemsize
    check_size(nbytes, allowed_bytes(max_bytes), [path])
    data = file.read(nbytes)
    if len(data) < nbytes:
        msg = f"The file holds {len(data):,} of {nbytes:,} bytes of values. Copy or download it again."
        raise TruncatedFileError(msg, [path])
    flat = np.frombuffer(bytearray(data), kind)
    array = flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)
    return np.asarray(array, dtype=kind.newbyteorder("="), order="C")


def _own(archive: zipfile.ZipFile, path: Path, max_bytes: int | None) -> Image:
    """Return what `write_npz` wrote."""
    parts = {}
    for name in (_ARRAY, _AFFINE, facts.KEY):
        try:
            with archive.open(f"{name}.npy") as file:
                parts[name] = _array(file, path, max_bytes)
        except KeyError as error:
            raise CorruptFileError(f"The .npz file lacks its {name!r}.", [path]) from error
    text, array = str(parts[facts.KEY]), parts[_ARRAY]
    axes = facts.axes(text)
    if not axes:
        raise CorruptFileError("The .npz file does not tell its axes.", [path])
    try:
        fields = facts.restored(text, array, axes)
        return Image(array, axes=axes, affine=parts[_AFFINE], **fields)
    except ValueError as error:
        raise CorruptFileError(f"The parts of the .npz file do not fit: {error}", [path]) from error


def _only(archive: zipfile.ZipFile, names: list[str], series: str | None, path: Path) -> str:
    """Return the name of the array to read."""
    if series is not None and series in names:
        return series
    pictures = [n for n in names if len(_shape(archive, n)) >= 2]
    if series is None and len(pictures) == 1:
        return pictures[0]
    listed = ", ".join(f"{n} {_shape(archive, n)}" for n in names) or "none"
    if series is not None or pictures:
        asked = f"There is no array {series!r}" if series is not None else "Several arrays could be the image"
        raise MultipleSeriesError(f"{asked}; say which with series=. Arrays: {listed}.", [path])
    raise UnsupportedFormatError(f"No array has two or more dimensions. Arrays: {listed}.", [path])


def _numpy_header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, whether columns run fastest, and type."""
    if np.lib.format.read_magic(file) == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    return np.lib.format.read_array_header_2_0(file)


def _shape(archive: zipfile.ZipFile, name: str) -> tuple[int, ...]:
    with archive.open(f"{name}.npy") as file:
        return tuple(_numpy_header(file)[0])


def _bare(array: NDArray[Any], axes: str, path: Path) -> Image:
    """Return an array as an image that lies nowhere."""
    notes: tuple[str, ...] = ("The file holds numbers only: spacing, orientation and unit are unknown.",)
    if not axes and array.ndim >= 3 and array.dtype == np.uint8 and array.shape[-1] in (3, 4):
        axes = {3: "yxc", 4: "zyxc", 5: "tzyxc"}.get(array.ndim, "")
        notes += (f"The last of the dimensions {array.shape} was taken as colour; pass axes= if it is not.",)
    if array.dtype.kind == "U" or array.ndim not in (2, 3, 4, 5):
        msg = f"An image has two to five dimensions of numbers; this array is {array.shape} {array.dtype}."
        raise UnsupportedFormatError(msg, [path])
    try:
        return Image(array, axes=axes, notes=notes)
    except ValueError as error:
        raise UnsupportedFormatError(str(error), [path]) from error
