"""MetaImage files (MHA, MHD) to `Image`, and back through SimpleITK."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab import facts
from medlab.image import Image
from medlab.io.dicom.limits import allowed_bytes, check_size
from medlab.io.errors import CorruptFileError, UnsupportedFormatError
from medlab.io.values import as_type
from medlab.io.voxels import beside, numbers

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

__all__ = ["read_metaimage", "write_metaimage"]

_TYPES = {"CHAR": "i1", "UCHAR": "u1", "SHORT": "i2", "USHORT": "u2", "INT": "i4", "UINT": "u4", "LONG": "i4"}
_TYPES |= {"ULONG": "u4", "LONG_LONG": "i8", "ULONG_LONG": "u8", "FLOAT": "f4", "DOUBLE": "f8"}
_MATRIX = ("TransformMatrix", "Rotation", "Orientation")
_ORIGIN = ("Offset", "Position", "Origin")
_HEADER_LIMIT = 1 << 20


def read_metaimage(path: Path, *, dtype: DTypeLike | None = None, max_bytes: int | None = None) -> Image:
    """Read a MetaImage file (``.mha``, or ``.mhd`` with its data file beside it). Shear is kept.

    Parameters
    ----------
    path : Path
        The file; for ``.mhd`` the header.
    dtype : dtype, optional
        Type of the values; default: as stored, float64 as float32.
    max_bytes : int, optional
        Largest decoded size that is accepted.

    Raises
    ------
    TruncatedFileError, CorruptFileError, UnsupportedFormatError, TooLargeError
        If the file is shorter than its header says, contradicts itself, spreads over several data files, or
        is larger than allowed.
    """
    header, end = _header(path)
    try:
        kind, shape = _layout(header, path)
        affine, times = _geometry(header, len(shape) - ("ElementNumberOfChannels" in header), shape[0])
    except (KeyError, ValueError) as error:
        raise CorruptFileError(f"The MetaImage header lacks a valid {error}.", [path]) from error
    check_size(math.prod(shape) * kind.itemsize, allowed_bytes(max_bytes), [path])
    array = _stored(header, end, kind, shape, path)
    axes = {2: "yx", 3: "zyx", 4: "tzyx"}[len(shape) - ("ElementNumberOfChannels" in header)]
    axes += "c" if "ElementNumberOfChannels" in header else ""
    if axes.endswith("c") and shape[-1] == 1:
        array, axes = array[..., 0], axes[:-1]
    text = header.get(facts.KEY)
    array, axes = facts.without_added_slice(text, array, axes)
    fields = (
        _place(header, axes) | {"times": times if "t" in axes else None} | facts.restored(text, array, axes)
    )
    return Image(as_type(array, dtype), axes=axes, affine=affine, **fields)


def write_metaimage(image: Image, path: Path) -> None:
    """Write an image as MetaImage, compressed, in one file (``.mha``).

    Parameters
    ----------
    image : Image
        Any image; see `medlab.convert.to_sitk`.
    path : Path
        The file to write.
    """
    import SimpleITK as sitk  # noqa: N813

    from medlab.convert import to_sitk

    sitk.WriteImage(to_sitk(image), str(path), useCompression=True, imageIO="MetaImageIO")


def _header(path: Path) -> tuple[dict[str, str], int]:
    """Return the fields of the header and where it ends."""
    fields: dict[str, str] = {}
    with path.open("rb") as file:
        while "ElementDataFile" not in fields:
            key, separator, value = file.readline(_HEADER_LIMIT).decode("utf-8", "replace").partition("=")
            if not separator or file.tell() > _HEADER_LIMIT:
                msg = "The MetaImage header ends without an ElementDataFile."
                raise CorruptFileError(msg, [path])
            fields[key.strip()] = value.strip()
        return fields, file.tell()


def _layout(header: dict[str, str], path: Path) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return the stored type and the shape, slowest axis first, channels last."""
    sizes = tuple(int(n) for n in header["DimSize"].split())
    channels = (int(header["ElementNumberOfChannels"]),) if "ElementNumberOfChannels" in header else ()
    code = _TYPES[header["ElementType"].removeprefix("MET_").removesuffix("_ARRAY")]
    if min(*sizes, *channels, 1) < 1 or len(sizes) != int(header.get("NDims", len(sizes))):
        raise CorruptFileError(f"The MetaImage header claims the size {sizes}.", [path])
    if len(sizes) not in (2, 3, 4):
        raise UnsupportedFormatError(
            f"An image of {len(sizes)} dimensions is more than space and time.", [path]
        )
    is_big = _is_true(header.get("BinaryDataByteOrderMSB", header.get("ElementByteOrderMSB", "False")))
    return np.dtype((">" if is_big else "<") + code), (*sizes[::-1], *channels)


def _is_true(text: str) -> bool:
    return text.strip().lower() in ("true", "1")


def _geometry(
    header: dict[str, str], dimensions: int, repeats: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return affine (k, j, i → mm) and the coordinates along a fourth axis."""
    spacing = np.array(header.get("ElementSpacing", "1 " * dimensions).split(), np.float64)
    matrix = next((header[n] for n in _MATRIX if n in header), None)
    directions = np.eye(dimensions) if matrix is None else np.array(matrix.split(), np.float64)
    origin = np.array(
        next((header[n] for n in _ORIGIN if n in header), "0 " * dimensions).split(), np.float64
    )
    columns = directions.reshape(dimensions, dimensions).T * spacing
    space = min(dimensions, 3)
    affine = np.eye(4)
    affine[:space, :space], affine[:space, 3] = columns[:space, :space], origin[:space]
    if abs(np.linalg.det(affine)) < 1e-12 or not np.isfinite(affine).all():
        msg = "matrix and spacing (they span no space)"
        raise ValueError(msg)
    return affine[:, [2, 1, 0, 3]], origin[-1] + spacing[-1] * np.arange(repeats)


def _stored(
    header: dict[str, str], end: int, kind: np.dtype[Any], shape: tuple[int, ...], path: Path
) -> NDArray[Any]:
    local = header["ElementDataFile"].upper() == "LOCAL"
    data = path if local else beside(path, header["ElementDataFile"])
    packing = "gzip" if _is_true(header.get("CompressedData", "False")) else "raw"
    packing = packing if _is_true(header.get("BinaryData", "True")) else "text"
    with data.open("rb") as file:
        file.seek(end if local else 0)
        skip = int(header.get("HeaderSize", "0")) if not local else 0
        flat = numbers(file, kind, math.prod(shape), packing, data, skip)
    return flat.reshape(shape).astype(kind.newbyteorder("="), copy=False)


def _place(header: dict[str, str], axes: str) -> dict[str, Any]:
    """Return space and notes."""
    placed = any(n in header for n in (*_MATRIX, *_ORIGIN))
    if "z" in axes and placed:
        return {"space": "patient"}
    if "z" in axes:
        return {
            "space": "plane",
            "notes": ("The MetaImage header does not say how the voxels lie in the patient.",),
        }
    sized = any(float(s) != 1 for s in header.get("ElementSpacing", "").split()[:2])
    return {"space": "plane" if sized else "pixel"}
