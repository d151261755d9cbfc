"""`write`: an `Image` becomes a file, or a folder of DICOM files; whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medlab.io.errors import UnsupportedFormatError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from medlab.image import Image

__all__ = ["write"]

_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha", ".npz", ".dcm")


def write(
    image: Image,
    path: str | os.PathLike[str],
    overwrite: bool = False,
    *,
    source: str | os.PathLike[str] | None = None,
    description: str = "",
) -> Path:
    """Write an image; the suffix names the format, and a path without one a folder of DICOM files.

    NIfTI (``.nii``, ``.nii.gz``), NRRD (``.nrrd``), MetaImage (``.mha``) and NumPy (``.npz``) keep the
    values, the affine, modality, units, labels and times. DICOM is a derived series of 16-bit slices, see
    `medlab.io.derived.write_dicom`. `meta` and `notes` are not written to the former.

    The file appears under its name only when it is complete; after an error nothing is left behind.

    Parameters
    ----------
    image : Image
        What to write.
    path : path
        The file; its folder must exist.
    overwrite : bool, optional
        Whether to replace what is there. A folder is replaced only if it holds nothing but DICOM files.
    source : path, optional
        DICOM only: file or folder of the series the image was made from; patient, study and frame of
        reference are taken from there and each slice refers to the slices it came from.
    description : str, optional
        DICOM only: how the image was made.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    FileExistsError
        If the path exists and `overwrite` is not set.
    FileNotFoundError
        If its folder does not exist.
    UnsupportedFormatError
        If there is no such format, or it cannot hold the image.

    Examples
    --------
    >>> write(scan, "scan.nii.gz")                                   # doctest: +SKIP
    >>> write(smooth, "smooth/", source="original/", description="Gaussian, 2 mm")     # doctest: +SKIP
    """
    target = Path(path).expanduser()
    suffix = next((s for s in _SUFFIXES if target.name.lower().endswith(s)), target.suffix.lower())
    if suffix not in (*_SUFFIXES, ""):
        msg = (
            f"There is no writing to {suffix!r}; use one of {', '.join(_SUFFIXES)}, or no suffix for a "
            "DICOM folder."
        )
        raise UnsupportedFormatError(msg, [target])
    if suffix not in (".dcm", "") and (source is not None or description):
        msg = f"source= and description= are for DICOM; {suffix} has no place for them."
        raise ValueError(msg)
    if suffix in (".dcm", ""):
        from medlab.io.derived import write_dicom

        writer: Callable[[Path], Any] = partial(write_dicom, image, source=source, description=description)
    else:
        writer = partial(_writer(suffix), image)
    return atomically(target, writer, overwrite=overwrite)


def atomically(target: Path, writer: Callable[[Path], Any], *, overwrite: bool) -> Path:
    """Let a function write to a place aside, and move the result to its name when it is complete.

    Parameters
    ----------
    target : Path
        The final name.
    writer : callable
        Gets a path of the same name in an empty folder aside, and makes a file or folder there.
    overwrite : bool
        Whether something of that name may be replaced.

    Raises
    ------
    FileExistsError, FileNotFoundError
        As for `write`.
    """
    if not target.parent.is_dir():
        msg = f"The folder {target.parent} does not exist; make it first."
        raise FileNotFoundError(msg)
    if target.exists() and not overwrite:
        msg = f"{target} exists; pass overwrite=True to replace it."
        raise FileExistsError(msg)
    if target.is_dir():
        _check_replaceable(target)
    aside = Path(tempfile.mkdtemp(prefix=".medlab-", dir=target.parent))
    try:
        made = aside / target.name
        writer(made)
        if target.is_dir():
            target.rename(aside / "replaced")
        made.replace(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def _writer(suffix: str) -> Callable[[Image, Path], Any]:
    if suffix == ".nrrd":
        from medlab.io.nrrd import write_nrrd as writer
    elif suffix == ".mha":
        from medlab.io.metaimage import write_metaimage as writer
    elif suffix == ".npz":
        from medlab.io.arrays import write_npz as writer
    else:
        from medlab.io.nifti import write_nifti as writer
    return writer


def _check_replaceable(folder: Path) -> None:
    """Refuse to replace a folder that holds anything but DICOM files."""
    from medlab.io.sniff import kind_of

    other = [f for f in folder.iterdir() if not (f.is_file() and kind_of(f) == "dicom")]
    if other:
        msg = f"{folder} holds other things than DICOM files ({other[0].name}); write to another folder."
        raise FileExistsError(msg)
