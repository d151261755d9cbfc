"""Which files of a folder tree, a list or a DICOMDIR are DICOM."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

from medlab.io.errors import LoadError, MissingSliceError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Found", "find", "looks_like_dicom"]

_DIRECTORY_CLASS = b"1.2.840.10008.1.3.10"
_VRS = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT OB OW PN SH SL SQ SS ST TM UI UL UN US UT".split())


@dataclasses.dataclass(slots=True)
class Found:
    """DICOM files, and the files beside them that are something else."""

    files: list[Path]
    others: list[Path]


def find(path: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> Found:
    """Find the DICOM files a path stands for.

    Parameters
    ----------
    path : path or iterable of paths
        A file, a folder (searched with its subfolders, without following linked folders),
        a DICOMDIR, or several files.

    Returns
    -------
    Found
        Files in the order of their names.

    Raises
    ------
    FileNotFoundError
        If there is no such file or folder.
    MissingSliceError
        If a DICOMDIR lists files that are not there.
    """
    given = [path] if isinstance(path, str | os.PathLike) else path
    paths = [Path(p).expanduser() for p in given]
    files: list[Path] = []
    for start in paths:
        if start.is_dir():
            files += _tree(start)
        elif not start.exists():
            msg = f"There is no file or folder {str(start)!r}."
            raise FileNotFoundError(msg)
        elif is_dicomdir(start):
            files += _listed(start)
        else:
            files.append(start)
    found = Found([], [])
    for file in dict.fromkeys(files):
        if not looks_like_dicom(file):
            found.others.append(file)
        elif len(files) == 1 or not is_dicomdir(file):
            found.files.append(file)
    return found


def looks_like_dicom(path: Path) -> bool:
    """Whether a file starts as DICOM does: with the preamble, or with a plausible first element."""
    try:
        with path.open("rb") as file:
            start = file.read(132)
    except OSError:
        return False
    if start[128:132] == b"DICM":
        return True
    group = int.from_bytes(start[:2], "little")
    element = int.from_bytes(start[2:4], "little")
    if len(start) < 16 or group not in {2, 8} or element > 0x18 or (element % 2 and element != 1):
        big = start[:3] == b"\x00\x08\x00" and start[4:6] in _VRS
        return len(start) >= 16 and big
    return start[4:6] in _VRS or int.from_bytes(start[4:8], "little") <= 256


def is_dicomdir(path: Path) -> bool:
    """Whether a file is the directory of a DICOM medium."""
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError:
        return False
    return start[128:132] == b"DICM" and _DIRECTORY_CLASS in start


def _tree(folder: Path) -> list[Path]:
    files = []
    for parent, folders, names in os.walk(folder):
        folders.sort()
        files += [Path(parent, name) for name in sorted(names) if not name.startswith(".")]
    return files


def _listed(dicomdir: Path) -> list[Path]:
    """Return the files that a DICOMDIR lists."""
    from medlab.io.dicom.header import read_dataset

    folder = dicomdir.parent
    files: list[Path] = []
    missing: list[Path] = []
    for record in read_dataset(dicomdir).get("DirectoryRecordSequence") or []:
        parts = record.get("ReferencedFileID")
        if not parts:
            continue
        names = [parts] if isinstance(parts, str) else list(parts)
        file = folder.joinpath(*names)
        if not file.is_file():
            file = folder.joinpath(*(name.lower() for name in names))
        if not file.resolve().is_relative_to(folder.resolve()):
            msg = f"This DICOMDIR points outside its own folder, to {file}; it is not followed."
            raise LoadError(msg, [dicomdir])
        (files if file.is_file() else missing).append(file)
    if missing:
        msg = (
            f"This DICOMDIR lists {len(missing)} files of {len(missing) + len(files)} that are not there. "
            "Copy the medium again, or read its folder instead of the DICOMDIR to take what is there."
        )
        raise MissingSliceError(msg, missing)
    return files
