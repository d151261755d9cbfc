"""`read`: any file or folder that holds an image becomes an `Image`."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from medlab.io.errors import CorruptFileError, EmptySeriesError, MultipleSeriesError, UnsupportedFormatError
from medlab.io.sniff import kind_of
from medlab.io.values import as_type

if TYPE_CHECKING:
    import os

    from numpy.typing import DTypeLike

    from medlab.image import Image

__all__ = ["read"]

_SEG = "1.2.840.10008.5.1.4.1.1.66.4"
_LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
_RTDOSE = "1.2.840.10008.5.1.4.1.1.481.2"
_RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"
#: Kind of file → module of this package and function in it.
_READERS = {
    "nifti": ("nifti", "read_nifti"),
    "nrrd": ("nrrd", "read_nrrd"),
    "metaimage": ("metaimage", "read_metaimage"),
    "picture": ("picture", "read_picture"),
    "tiff": ("tiff", "read_tiff"),
    "slide": ("wholeslide", "read_slide"),
    "numpy": ("arrays", "read_numpy"),
    "npz": ("arrays", "read_npz"),
    "zip": ("archive", "read_zip"),
}
#: Options of `read` that only some kinds of file understand.
_OPTIONS = {
    "dicom": {"series", "on_irregular"},
    "tiff": {"series"},
    "slide": {"level", "region"},
    "numpy": {"axes"},
    "npz": {"series", "axes"},
    "zip": {"series", "on_irregular", "axes", "level", "region"},
}


def read(
    path: str | os.PathLike[str],
    series: str | int | None = None,
    *,
    on_irregular: Literal["raise", "resample"] = "raise",
    dtype: DTypeLike | None = None,
    max_bytes: int | None = None,
    axes: str = "",
    level: int | None = None,
    region: tuple[int, int, int, int] | None = None,
) -> Image:
    """Read an image from a file or folder. The content decides what it is, not the name.

    DICOM (a file, a series, a folder tree, a DICOMDIR; also segmentations and dose), NIfTI (``.nii``,
    ``.nii.gz``, ``.hdr`` with ``.img``), NRRD, MetaImage (``.mha``, ``.mhd``), PNG, JPEG, BMP, TIFF, NumPy
    (``.npy``, ``.npz``), zip archives of these, and whole slides. What had to be decided stands in the
    result's `notes`; nothing is printed.

    Parameters
    ----------
    path : path
        The file or folder.
    series : str or int, optional
        Which image, where there are several: UID, row, number or description of a DICOM series; name of an
        array in an ``.npz``; number of a picture in a TIFF; name of a member or folder in a zip archive.
    on_irregular : {"raise", "resample"}, optional
        What to do with a DICOM series whose slices are missing or unevenly spaced.
    dtype : dtype, optional
        Type of the values. Default: integers where the file's scaling allows, else float32.
    max_bytes : int, optional
        Largest decoded size that is accepted; see `medlab.io.dicom.limits.allowed_bytes` for the default.
    axes : str, optional
        Axes of a bare NumPy array, such as ``"tyx"``.
    level : int, optional
        Level of a whole slide; 0 is the full resolution. Default: the overview.
    region : (row, column, rows, columns), optional
        Part of that level.

    Returns
    -------
    Image
        Array, geometry (LPS, mm), units, and notes on what was decided.

    Raises
    ------
    FileNotFoundError
        If nothing exists at `path`.
    LoadError
        If it cannot be loaded without being silently wrong; the message names the files and the way out.
    TypeError
        If `dtype` cannot hold the values.
    ValueError
        If an option is given that this kind of file does not understand.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> read(get_testdata_file("CT_small.dcm", download=False))
    <Image CT yx (128, 128) int16 HU; spacing 0.6615 × 0.6615 mm; orientation PL; 32 KiB>
    """
    path = Path(path).expanduser()
    if not path.exists():
        msg = f"There is no file or folder {path}."
        raise FileNotFoundError(msg)
    special = {"series": series, "on_irregular": on_irregular, "axes": axes, "level": level, "region": region}
    defaults = {"series": None, "on_irregular": "raise", "axes": "", "level": None, "region": None}
    given = {k: v for k, v in special.items() if v != defaults[k]}
    sizes = {"dtype": dtype, "max_bytes": max_bytes}
    if path.is_dir():
        return _read_folder(path, given, sizes)
    kind = kind_of(path)
    if kind == "tiff":
        from medlab.io.wholeslide import is_slide

        kind = "slide" if {"level", "region"} & given.keys() or is_slide(path) else "tiff"
    _check_options(kind, given, path)
    return _reader(kind, path)(path, **given, **sizes)


def _check_options(kind: str, given: dict[str, Any], path: Path) -> None:
    unknown = sorted(given.keys() - _OPTIONS.get(kind, set()))
    if unknown:
        msg = f"{', '.join(unknown)}= means nothing for a file of kind {kind}: {path}."
        raise ValueError(msg)


def _reader(kind: str, path: Path) -> Any:
    """Return the function that reads this kind of file; imports only what it needs."""
    if kind == "dicom":
        return _read_dicom_file
    if kind not in _READERS:
        raise _not_read(kind, path)
    module, name = _READERS[kind]
    return getattr(importlib.import_module(f"medlab.io.{module}"), name)


def _not_read(kind: str, path: Path) -> Exception:
    if kind == "empty":
        return CorruptFileError("The file is empty. Copy or download it again.", [path])
    if kind == "gzip":
        return UnsupportedFormatError("This gzip file does not hold NIfTI; unpack it first.", [path])
    msg = (
        "The content is of no kind that is read here: DICOM, NIfTI, NRRD, MetaImage, PNG, JPEG, BMP, "
        "TIFF, NumPy or zip. If another program opens it, save it from there as one of these."
    )
    return UnsupportedFormatError(msg, [path])


def _read_dicom_file(path: Path, series: str | int | None = None, **options: Any) -> Image:
    """Read one DICOM file, or what its SOP class says it is beside an image."""
    from medlab.io.dicom import read_dicom
    from medlab.io.dicom.header import read_dataset

    sop_class = read_dataset(path).get("SOPClassUID")
    if sop_class == _RTSTRUCT:
        msg = (
            "This file holds contours, not an image; read the image they were drawn on, then "
            "medlab.io.read_rtstruct(path, reference=image)."
        )
        raise UnsupportedFormatError(msg, [path])
    if series is not None or sop_class not in (_SEG, _LABEL_MAP, _RTDOSE):
        return read_dicom(path, series, **options)
    image = _read_derived(path, sop_class, options["max_bytes"])
    return image.replace(array=as_type(image.array, options["dtype"]))


def _read_derived(path: Path, sop_class: str, max_bytes: int | None) -> Image:
    """Read a segmentation or a dose distribution."""
    if sop_class == _RTDOSE:
        from medlab.io.radiotherapy import read_rtdose

        return read_rtdose(path, max_bytes=max_bytes)
    from medlab.io.segmentation import read_seg

    return read_seg(path, max_bytes=max_bytes)


def _read_folder(folder: Path, given: dict[str, Any], sizes: dict[str, Any]) -> Image:
    """Read the DICOM in a folder, or the one other image in a folder without DICOM."""
    from medlab.io.dicom import read_dicom

    try:
        return read_dicom(folder, **{k: v for k, v in given.items() if k in _OPTIONS["dicom"]}, **sizes)
    except EmptySeriesError:
        files = [f for f in sorted(folder.rglob("*")) if f.is_file() and not f.name.startswith(".")]
        kinds = {f: kind_of(f) for f in files}
        images = [f for f, kind in kinds.items() if kind not in ("unknown", "empty", "gzip")]
        if any(kind == "dicom" for kind in kinds.values()) or not images:
            raise
    headers = {f.with_suffix(".hdr") for f in images if f.suffix.lower() == ".img"}
    images = [f for f in images if f not in headers]
    if len(images) > 1:
        msg = f"The folder holds no DICOM and {len(images)} other images; read one of them:"
        raise MultipleSeriesError(msg, images)
    return read(images[0], **given, **sizes)
