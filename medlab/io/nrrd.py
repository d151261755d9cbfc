"""NRRD files to `Image` and back, with all of their geometry: shear, time and colour included.

Format: "Definition of NRRD File Format", version 5, teem.sourceforge.net/nrrd/format.html.
"""

from __future__ import annotations

import math
import re
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO

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

__all__ = ["read_nrrd", "write_nrrd"]

_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_CODE = {name: code for code, names in _TYPES.items() for name in names}
_TO_LPS = {
    **dict.fromkeys(("left-posterior-superior", "lps"), (1, 1, 1)),
    **dict.fromkeys(("right-anterior-superior", "ras"), (-1, -1, 1)),
    **dict.fromkeys(("left-anterior-superior", "las"), (1, -1, 1)),
}
_MM = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "um": 0.001, "µm": 0.001}
_TIME_KINDS = {"time", "list"}
_HEADER_LIMIT = 1 << 20
_CHUNK = 1 << 22
_PACKINGS = {"raw": "raw", **dict.fromkeys(("ascii", "text", "txt"), "text")}
_PACKINGS |= {"gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}


def read_nrrd(path: Path, *, dtype: DTypeLike | None = None, max_bytes: int | None = None) -> Image:
    """Read an NRRD file (``.nrrd``, or ``.nhdr`` with its data file beside it).

    Positions become LPS millimetres. An axis of kind ``time`` or ``list`` becomes ``t``, any other axis
    without a direction in space becomes ``c``.

    Parameters
    ----------
    path : Path
        The file.
    dtype : dtype, optional
        Type of the values; default: as stored, float64 as float32.
    max_bytes : int, optional
        Largest decoded size that is accepted.

    Raises
    ------
    TruncatedFileError, CorruptFileError, UnsupportedFormatError, TooLargeError
        If the file is shorter than its header says, contradicts itself, uses a part of the format that is not
        read here, or is larger than allowed.
    """
    with path.open("rb") as file:
        header, pairs = _header(file, path)
        kind, sizes = _layout(header, path)
        check_size(math.prod(sizes) * kind.itemsize, allowed_bytes(max_bytes), [path])
        stored = _stored(file, header, kind, sizes, path)
    try:
        letters, columns = _letters(header, sizes)
        affine, space, notes = _geometry(header, columns)
    except (ValueError, KeyError, IndexError) as error:
        raise CorruptFileError(f"The NRRD header contradicts itself: {error}.", [path]) from error
    axes = "".join(a for a in "tzyxc" if a in letters)
    array = stored.transpose([len(sizes) - 1 - letters.index(a) for a in axes])
    array = np.ascontiguousarray(array, dtype=kind.newbyteorder("="))
    text = pairs.get(facts.KEY)
    array, axes = facts.without_added_slice(text, array, axes)
    known = facts.restored(text, array, axes)
    fields: dict[str, Any] = {"space": space, "notes": () if known else tuple(notes)} | known
    return Image(as_type(array, dtype), axes=axes, affine=affine, **fields)


def write_nrrd(image: Image, path: Path) -> None:
    """Write an image as NRRD, compressed: any axes, shear included; positions are LPS millimetres.

    Parameters
    ----------
    image : Image
        Any image.
    path : Path
        The file to write.

    Raises
    ------
    UnsupportedFormatError
        If NRRD has no type for its values.
    """
    array = image.array.astype({"b1": "u1", "f2": "f4"}.get(image.dtype.str[1:], image.dtype), copy=False)
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    if array.dtype.str[1:] not in _TYPES:
        raise UnsupportedFormatError(f"NRRD has no type for {image.dtype} values; cast them first.", [path])
    text = facts.of(image.replace(array=array))
    if "z" not in image.axes:
        array = np.expand_dims(array, image.axes.index("y"))
        image = image.replace(array=array, axes=image.axes.replace("y", "zy"))
    header = _header_text(image, array, text)
    order = [image.axes.index(a) for a in "tzyxc" if a in image.axes]
    packer = zlib.compressobj(1, wbits=31)
    with path.open("wb") as file:
        file.write(header.encode())
        flat = np.ascontiguousarray(array.transpose(order)).reshape(-1).view(np.uint8).data
        for start in range(0, len(flat), _CHUNK):
            file.write(packer.compress(flat[start : start + _CHUNK]))
        file.write(packer.flush())


def _header_text(image: Image, array: NDArray[Any], text: str) -> str:
    fastest_first = image.axes[::-1]
    channel = "RGB-color" if image.size("c") == 3 and image.dtype == np.uint8 else "vector"
    kinds = {"t": "list", "c": channel}
    vectors = {a: _vector(image.affine[:3, column]) for a, column in zip("zyx", range(3), strict=True)}
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n")
    lines = [
        "NRRD0005",
        f"type: {_TYPES[array.dtype.str[1:]][-1]}",
        f"dimension: {array.ndim}",
        "space: left-posterior-superior" if image.space == "patient" else "space dimension: 3",
        "sizes: " + " ".join(str(image.size(a)) for a in fastest_first),
        "space directions: " + " ".join(vectors.get(a, "none") for a in fastest_first),
        "kinds: " + " ".join(kinds.get(a, "domain") for a in fastest_first),
        "endian: little",
        "encoding: gzip",
        f"space origin: {_vector(image.affine[:3, 3])}",
        f"{facts.KEY}:={escaped}",
    ]
    return "\n".join(lines) + "\n\n"


def _vector(xyz: NDArray[np.float64]) -> str:
    return "(" + ",".join(repr(float(v)) for v in xyz) + ")"


# -- header -----------------------------------------------------------------------------------


def _header(file: BinaryIO, path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return fields (names in lower case) and key/value pairs; the file stands behind the blank line."""
    fields: dict[str, str] = {}
    pairs: dict[str, str] = {}
    file.readline(_HEADER_LIMIT)
    while (raw := file.readline(_HEADER_LIMIT)) not in (b"", b"\n", b"\r\n"):
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if file.tell() > _HEADER_LIMIT:
            raise CorruptFileError("The header of this NRRD file does not end.", [path])
        if line.startswith("#"):
            continue
        if match := re.match(r"([^:]+):=(.*)", line):
            pairs[match[1]] = re.sub(r"\\([n\\])", lambda m: "\n" if m[1] == "n" else m[1], match[2])
        elif match := re.match(r"([^:]+): ?(.*)", line):
            fields[match[1].strip().lower()] = match[2].strip()
            if match[1].strip().lower() in ("data file", "datafile") and match[2].strip() == "LIST":
                break
    return fields, pairs


def _layout(header: dict[str, str], path: Path) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return the stored type and the sizes, fastest axis first."""
    try:
        sizes = tuple(int(n) for n in header["sizes"].split())
        code = _CODE.get(header["type"].lower())
        dimension = int(header["dimension"])
    except (KeyError, ValueError) as error:
        raise CorruptFileError(f"The NRRD header lacks a valid {error}.", [path]) from error
    if len(sizes) != dimension or min(sizes, default=0) < 1:
        msg = f"The NRRD header gives {dimension} dimensions and the sizes {sizes}."
        raise CorruptFileError(msg, [path])
    if code is None:
        raise UnsupportedFormatError(f"NRRD values of type {header['type']!r} are not read.", [path])
    order = ">" if header.get("endian", "little").lower() == "big" else "<"
    return np.dtype(order + code), sizes


def _letters(header: dict[str, str], sizes: tuple[int, ...]) -> tuple[list[str], dict[str, list[float]]]:
    """Return a letter for each axis, fastest first, and the direction of each axis in space by letter."""
    count = len(sizes)
    vectors = re.findall(r"none|\([^)]*\)", header.get("space directions", ""))
    kinds = [k.lower() for k in header.get("kinds", "").split()] or ["???"] * count
    spacings = [float(v) for v in header.get("spacings", "").split()]
    if (vectors and len(vectors) != count) or len(kinds) != count or len(spacings) not in (0, count):
        msg = f"directions, kinds or spacings do not fit the {count} axes"
        raise ValueError(msg)
    letters: list[str] = []
    columns: dict[str, list[float]] = {}
    spatial = iter("xyz")
    for n in range(count):
        vector = [float(v) for v in vectors[n][1:-1].split(",")] if vectors and vectors[n] != "none" else None
        if _in_space(vector, kinds[n], bool(vectors)):
            letter = next(spatial, "?")
            columns[letter] = vector or ([spacings[n]] if spacings else [])
        else:
            is_time = kinds[n] in _TIME_KINDS or vector is not None or (kinds[n] == "???" and sizes[n] > 4)
            letter = "t" if is_time else "c"
        letters.append(letter)
    if sorted(set(letters)) != sorted(letters) or not {"x", "y"} <= set(letters) or "?" in letters:
        msg = f"the axes of kinds {kinds} are not space, time and channels"
        raise ValueError(msg)
    return letters, columns


def _in_space(vector: list[float] | None, kind: str, directed: bool) -> bool:
    if vector is None:
        return not directed and kind in ("???", "none", "domain", "space")
    return any(vector[:3])


def _geometry(
    header: dict[str, str], columns: dict[str, list[float]]
) -> tuple[NDArray[np.float64], str, list[str]]:
    """Return affine (k, j, i → LPS mm), space and notes."""
    affine = np.eye(4)[:, [2, 1, 0, 3]]
    name = header.get("space", "").lower().removesuffix("-time").removesuffix("t")
    directed = all(len(v) >= 2 for v in columns.values())
    if not directed:
        for letter, vector in columns.items():
            affine[:, "zyx".index(letter)] *= abs(vector[0]) if vector and math.isfinite(vector[0]) else 1.0
        sized = all(v and math.isfinite(v[0]) for v in columns.values())
        return affine, "plane" if sized else "pixel", []
    units = [u.strip('"') for u in header.get("space units", "").split()]
    scale = _MM.get(units[0], 1.0) if units else 1.0
    signs = np.array(_TO_LPS.get(name, (1, 1, 1)), np.float64) * scale
    for letter, vector in columns.items():
        affine[:3, "zyx".index(letter)] = np.resize([*vector, 0.0, 0.0][:3], 3) * signs
    if "z" not in columns:
        normal = np.cross(affine[:3, 2], affine[:3, 1])
        affine[:3, 0] = normal / np.linalg.norm(normal)
    origin = [float(v) for v in header.get("space origin", "(0,0,0)").strip("()").split(",")]
    affine[:3, 3] = np.array([*origin, 0.0, 0.0][:3]) * signs
    if name in _TO_LPS:
        return affine, "patient", []
    return affine, "plane", [f"The NRRD header names no patient space (space: {name or 'absent'})."]


def _stored(
    file: BinaryIO, header: dict[str, str], kind: np.dtype[Any], sizes: tuple[int, ...], path: Path
) -> NDArray[Any]:
    """Return the stored numbers, slowest axis first."""
    detached = header.get("data file", header.get("datafile"))
    if detached is not None:
        with beside(path, detached).open("rb") as other:
            return _numbers(other, header, kind, sizes, path)
    return _numbers(file, header, kind, sizes, path)


def _numbers(
    file: BinaryIO, header: dict[str, str], kind: np.dtype[Any], sizes: tuple[int, ...], path: Path
) -> NDArray[Any]:
    encoding = header.get("encoding", "raw").lower()
    if encoding not in _PACKINGS:
        raise UnsupportedFormatError(f"The NRRD encoding {encoding!r} is not read.", [path])
    try:
        lines = int(header.get("line skip", header.get("lineskip", "0")))
        skip = int(header.get("byte skip", header.get("byteskip", "0")))
    except ValueError as error:
        raise CorruptFileError(f"The NRRD header lacks a valid skip: {error}.", [path]) from error
    for _ in range(min(lines, _HEADER_LIMIT)):
        file.readline(_HEADER_LIMIT)
    return numbers(file, kind, math.prod(sizes), _PACKINGS[encoding], path, skip).reshape(sizes[::-1])
