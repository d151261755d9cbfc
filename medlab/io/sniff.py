"""What kind of file is this? The content decides, not the name."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

from medlab.io.dicom.find import looks_like_dicom

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["kind_of"]

_HEAD = 1024
_NIFTI_MAGIC = {b"n+1\0": "nifti", b"ni1\0": "nifti"}
_NIFTI2_MAGIC = (b"n+2\0", b"ni2\0")
_BEGINNINGS = {
    b"NRRD000": "nrrd",
    b"\x89PNG\r\n\x1a\n": "picture",
    b"\xff\xd8\xff": "picture",
    b"BM": "picture",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",
    b"MM\0+": "tiff",
    b"\x93NUMPY": "numpy",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x1f\x8b": "gzip",
}
_LITTLE_348, _BIG_348 = (348).to_bytes(4, "little"), (348).to_bytes(4, "big")


def kind_of(path: Path) -> str:
    """Return the kind of a file from its first bytes.

    Parameters
    ----------
    path : Path
        An existing file.

    Returns
    -------
    str
        ``"empty"``, ``"dicom"``, ``"nifti"``, ``"nrrd"``, ``"metaimage"``, ``"picture"``, ``"tiff"``,
        ``"numpy"``, ``"npz"``, ``"zip"``, ``"gzip"`` (of something else) or ``"unknown"``.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return "empty"
    if head[128:132] == b"DICM":
        return "dicom"
    known = next((kind for beginning, kind in _BEGINNINGS.items() if head.startswith(beginning)), "")
    if known == "zip" and path.suffix.lower() == ".npz":
        return "npz"
    if known == "gzip" and _is_nifti(_unpacked_head(path)):
        return "nifti"
    return known or _kind_without_magic(path, head)


def _kind_without_magic(path: Path, head: bytes) -> str:
    if _is_nifti(head) or _is_pair(path):
        return "nifti"
    if _is_metaimage(head):
        return "metaimage"
    return "dicom" if looks_like_dicom(path) else "unknown"


def _unpacked_head(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read(_HEAD)
    except (OSError, EOFError, zlib.error):
        return b""


def _is_nifti(head: bytes) -> bool:
    if head[344:348] in _NIFTI_MAGIC or head[4:8] in _NIFTI2_MAGIC:
        return True
    return len(head) >= 348 and head[:4] in (_LITTLE_348, _BIG_348)


def _is_pair(path: Path) -> bool:
    """Whether this is the voxel file of a NIfTI or Analyze pair, told by the header beside it."""
    header = path.with_suffix(".hdr")
    if path.suffix.lower() != ".img" or not header.is_file():
        return False
    with header.open("rb") as file:
        return _is_nifti(file.read(_HEAD))


def _is_metaimage(head: bytes) -> bool:
    keys = {line.split(b"=")[0].strip() for line in head.split(b"\n") if b"=" in line}
    return b"NDims" in keys or (b"ObjectType" in keys and b"Image" in head)
