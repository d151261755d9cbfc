"""NIfTI-1, NIfTI-2 and Analyze files to `Image`."""

from __future__ import annotations

import gzip
import math
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.io.dicom.limits import allowed_bytes, check_size
from medlab.io.errors import CorruptFileError, TruncatedFileError
from medlab.io.quiet import listening

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import DTypeLike

    from medlab.image import Image

__all__ = ["read_nifti", "write_nifti"]


def read_nifti(path: Path, *, dtype: DTypeLike | None = None, max_bytes: int | None = None) -> Image:
    """Read a NIfTI file (``.nii``, ``.nii.gz``, or a ``.hdr``/``.img`` pair).

    The sform decides about the geometry where its code is set, else the qform; see
    `medlab.convert.from_nibabel`. Positions become LPS millimetres.

    Parameters
    ----------
    path : Path
        The file; for a pair, either of the two.
    dtype : dtype, optional
        Type of the values; default: integers where the scaling allows, else float32.
    max_bytes : int, optional
        Largest decoded size that is accepted.

    Raises
    ------
    TruncatedFileError, CorruptFileError, TooLargeError
        If the file is shorter than its header says, contradicts itself, or is larger than allowed.
    """
    import nibabel as nib

    try:
        with listening("nibabel.global") as heard:
            image = _read(path, dtype, max_bytes)
    except gzip.BadGzipFile as error:
        raise CorruptFileError(f"The compressed file is damaged: {error}.", [path]) from error
    except (EOFError, OSError, zlib.error) as error:
        msg = f"The file ends or breaks before its voxels do ({error}). Copy or download it again."
        raise TruncatedFileError(msg, [path]) from error
    except (nib.filebasedimages.ImageFileError, nib.spatialimages.HeaderDataError, ValueError) as error:
        raise CorruptFileError(f"The file cannot be read as NIfTI: {error}.", [path]) from error
    return image.replace(notes=(*image.notes, *heard))


def _read(path: Path, dtype: DTypeLike | None, max_bytes: int | None) -> Image:
    import nibabel as nib

    if path.suffix.lower() in (".hdr", ".img"):
        return _converted(nib.load(_existing(path, ".hdr")), path, dtype, max_bytes)
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    with gzip.open(path) if packed else path.open("rb") as stream:
        magic = stream.read(8)[4:]
        stream.seek(0)
        kind = nib.Nifti2Image if magic in (b"n+2\0", b"ni2\0") else nib.Nifti1Image
        image = _converted(kind.from_stream(stream), path, dtype, max_bytes)
        stream.read(1)  # past the voxels: gzip compares its checksum there
    return image


def _existing(path: Path, suffix: str) -> Path:
    """Return the other half of a pair, whichever way its suffix is written."""
    for name in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
        if name.is_file():
            return name
    msg = f"The {suffix} file that belongs to this one is missing; copy both into one folder."
    raise CorruptFileError(msg, [path])


def _converted(nifti: Any, path: Path, dtype: DTypeLike | None, max_bytes: int | None) -> Image:
    from medlab.convert import from_nibabel

    if any(n < 0 for n in nifti.shape) or math.prod(nifti.shape) == 0:
        raise CorruptFileError(f"The header claims the shape {nifti.shape}.", [path])
    itemsize = max(nifti.get_data_dtype().itemsize, np.dtype(dtype or np.uint8).itemsize)
    check_size(math.prod(nifti.shape) * itemsize, allowed_bytes(max_bytes), [path])
    return from_nibabel(nifti, dtype=dtype)


def write_nifti(image: Image, path: Path) -> None:
    """Write an image as NIfTI; see `medlab.convert.to_nibabel`.

    Parameters
    ----------
    image : Image
        Any image.
    path : Path
        The file to write, ``.nii`` or ``.nii.gz``.
    """
    from medlab.convert import to_nibabel

    to_nibabel(image).to_filename(path)
