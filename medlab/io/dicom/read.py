"""Reading DICOM: files → frames → parts → one image."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from medlab.io.dicom.assemble import assemble
from medlab.io.dicom.choose import choose
from medlab.io.dicom.find import find
from medlab.io.dicom.frames import check_pixels, describes_image, frames_of
from medlab.io.dicom.header import read_header
from medlab.io.dicom.limits import allowed_bytes
from medlab.io.dicom.parts import split
from medlab.io.dicom.progress import with_progress
from medlab.io.dicom.silence import quiet
from medlab.io.errors import CorruptFileError, EmptySeriesError, LoadError
from medlab.io.values import as_type

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import DTypeLike

    from medlab.image import Image
    from medlab.io.dicom.find import Found
    from medlab.io.dicom.frames import Frame
    from medlab.io.dicom.header import Header
    from medlab.io.dicom.parts import Part

__all__ = ["Contents", "gather", "read_dicom"]


def read_dicom(
    path: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    series: str | int | None = None,
    *,
    on_irregular: str = "raise",
    dtype: DTypeLike | None = None,
    max_bytes: int | None = None,
) -> Image:
    """Read one DICOM image: a file, the files of a series, a folder tree or a DICOMDIR.

    Parameters
    ----------
    path : path or iterable of paths
        A file, a folder with its subfolders, a DICOMDIR, or several files.
    series : str or int, optional
        Which one, where there are several: a row (int) of the table that `medlab.io.series` returns, or a
        text that is the series UID, series number or series description.
    on_irregular : {"raise", "resample"}, optional
        What to do about missing slices and varying distances: refuse, or interpolate linearly to regular
        slices and say so in the notes.
    dtype : dtype, optional
        Type of the result, where the default (int16 if it holds the values, float32 otherwise, the
        stored type for unsigned 8-bit and colour) is not wanted.
    max_bytes : int, optional
        Largest size of the decoded image. Default: the environment variable ``MEDLAB_MAX_BYTES``, or 8 GiB.

    Returns
    -------
    Image
        ``axes`` are those of ``"tzyxc"`` that are longer than 1 (and always ``"yx"``). Slices follow the
        normal row × column, so an ordinary axial scan runs from foot to head.

    Raises
    ------
    LoadError
        Of the kind that fits: nothing here holds an image, several series, slices missing, doubled or
        irregular, files inconsistent, truncated, corrupt, too large, or without a decoder.
    FileNotFoundError
        If there is no such file or folder.

    Notes
    -----
    Geometry follows PS3.3 C.7.6.2 and C.7.6.16, rescaling C.11.1.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> read_dicom(get_testdata_file("CT_small.dcm", download=False))
    <Image CT yx (128, 128) int16 HU; spacing 0.6615 × 0.6615 mm; orientation PL; 32 KiB>
    """
    if on_irregular not in {"raise", "resample"}:
        msg = f"on_irregular must be 'raise' or 'resample'; got {on_irregular!r}."
        raise ValueError(msg)
    limit = allowed_bytes(max_bytes)
    with quiet():
        found = find(path)
        contents = gather(found, limit)
        if not contents.frames and not contents.unreadable:
            raise _empty(contents, found, path)
        part = _chosen(contents, series)
        if part.first.text("Modality") == "SEG" and len(part.headers) == 1:
            image = _segmentation(part.first.path, contents.notes)
        else:
            image = assemble(part, on_irregular, limit, contents.notes + part.notes)
    return image if dtype is None else image.replace(array=as_type(image.array, dtype))


@dataclasses.dataclass(slots=True)
class Contents:
    """What a path holds: frames, other DICOM objects, files that cannot be read (with their series)."""

    frames: list[Frame] = dataclasses.field(default_factory=list)
    without_pixels: list[Header] = dataclasses.field(default_factory=list)
    unreadable: list[tuple[str, LoadError]] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)


def gather(found: Found, max_bytes: int) -> Contents:
    """Read the headers of all files, with a progress bar where that takes long.

    Parameters
    ----------
    found : Found
        The files.
    max_bytes : int
        Largest size of a deflated file's content.
    """
    contents = Contents()
    for path in with_progress(found.files, "Reading DICOM headers"):
        series = ""
        try:
            header = read_header(path, max_bytes)
            series = header.text("SeriesInstanceUID")
            if describes_image(header):
                check_pixels(header)
                contents.frames += frames_of(header)
            else:
                contents.without_pixels.append(header)
        except LoadError as error:
            contents.unreadable.append((series, error))
    rest = [header.path for header in contents.without_pixels]
    for files, what in ((found.others, "that are not DICOM"), (rest, "of DICOM without pixels")):
        if files:
            number = "1 file" if len(files) == 1 else f"{len(files)} files"
            contents.notes.append(f"{number} {what} left out: {_named(files)}.")
    return contents


def _chosen(contents: Contents, series: str | int | None) -> Part:
    """Return the part asked for; refuse it if one of its files may be among the unreadable ones."""
    if not contents.frames:
        raise contents.unreadable[0][1]
    part = choose(split(contents.frames), series)
    for uid, error in contents.unreadable:
        if series is None or uid in {"", part.uid}:
            raise error
    if contents.unreadable:
        files = [file for _, error in contents.unreadable for file in error.files]
        part.notes.append(f"Files of other series cannot be read: {_named(files)}.")
    return part


def _segmentation(path: Path, notes: list[str]) -> Image:
    from medlab.io.segmentation import read_seg

    try:
        image = read_seg(path)
    except LoadError:
        raise
    except Exception as error:  # a broken segmentation breaks in many ways
        msg = f"This segmentation contradicts itself ({type(error).__name__}: {error})."
        raise CorruptFileError(msg, [path]) from error
    return image.replace(notes=(*notes, *image.notes))


def _empty(contents: Contents, found: Found, path: object) -> EmptySeriesError:
    if not contents.without_pixels:
        msg = f"No DICOM file in {path} (files of other kinds: {len(found.others)})."
        return EmptySeriesError(msg, found.others)
    kinds = ", ".join(sorted({header.text("Modality") or "unknown" for header in contents.without_pixels}))
    msg = (
        f"No image in {path}, but DICOM files without pixels ({kinds}): {len(contents.without_pixels)}. "
        "Contours have a reader of their own, medlab.io.read_rtstruct."
    )
    return EmptySeriesError(msg, [header.path for header in contents.without_pixels])


def _named(files: Sequence[Path]) -> str:
    return ", ".join(file.name for file in files[:3]) + (" …" if len(files) > 3 else "")
