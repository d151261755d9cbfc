"""MetaImage files (MHA, MHD) to `Image` and back, through SimpleITK."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING

from medlab.io.errors import CorruptFileError, TruncatedFileError, UnsupportedFormatError
from medlab.io.dicom.limits import allowed_bytes, check_size
from medlab.io.nrrd import beside
from medlab.io.values import as_type

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import DTypeLike

    from medlab.image import Image

__all__ = ["read_metaimage", "write_metaimage"]

_BYTES = {"CHAR": 1, "UCHAR": 1, "SHORT": 2, "USHORT": 2, "INT": 4, "UINT": 4, "LONG": 4, "ULONG": 4}
_BYTES |= {"LONG_LONG": 8, "ULONG_LONG": 8, "FLOAT": 4, "DOUBLE": 8}
_PLACED = {"TransformMatrix", "Rotation", "Orientation", "Offset", "Position", "Origin"}
_HEADER_LIMIT = 1 << 16


def read_metaimage(path: Path, *, dtype: DTypeLike | None = None, max_bytes: int | None = None) -> Image:
    """Read a MetaImage file (``.mha``, or ``.mhd`` with its data file beside it).

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
        If the file is shorter than its header says, contradicts itself, spreads over several data files, or is
        larger than allowed.
    """
    import SimpleITK as sitk  # noqa: N813

    from medlab.convert import from_sitk

    header, end = _header(path)
    _check_length(header, end, path, max_bytes)
    try:
        with _no_warnings():
            itk = sitk.ReadImage(str(path), imageIO="MetaImageIO")
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise CorruptFileError(f"The file cannot be read as MetaImage: {reason}", [path]) from error
    image = from_sitk(itk)
    image = image.replace(array=as_type(image.array, dtype))
    if "z" in image.axes and not _PLACED & header.keys():
        note = "The MetaImage header does not say how the voxels lie in the patient."
        image = image.replace(space="plane", notes=(note,))
    return image


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


@contextlib.contextmanager
def _no_warnings() -> Iterator[None]:
    """Keep ITK's warnings off the screen."""
    import SimpleITK as sitk  # noqa: N813

    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)


def _header(path: Path) -> tuple[dict[str, str], int]:
    """Return the fields of the header and where it ends."""
    fields: dict[str, str] = {}
    with path.open("rb") as file:
        while "ElementDataFile" not in fields:
            line = file.readline(_HEADER_LIMIT)
            key, separator, value = line.decode("utf-8", "replace").partition("=")
            if not separator:
                msg = "The MetaImage header ends without an ElementDataFile."
                raise CorruptFileError(msg, [path])
            fields[key.strip()] = value.strip()
        return fields, file.tell()


def _check_length(header: dict[str, str], end: int, path: Path, max_bytes: int | None) -> None:
    """Refuse what is larger than allowed, and uncompressed voxels that are not all there."""
    try:
        sizes = [int(n) for n in header["DimSize"].split()]
        channels = int(header.get("ElementNumberOfChannels", "1"))
        each = _BYTES[header["ElementType"].removeprefix("MET_").removesuffix("_ARRAY")]
        skip = int(header.get("HeaderSize", "0"))
    except (KeyError, ValueError) as error:
        raise CorruptFileError(f"The MetaImage header lacks a valid {error}.", [path]) from error
    if min(sizes, default=0) < 1 or channels < 1 or len(sizes) != int(header.get("NDims", len(sizes))):
        raise CorruptFileError(f"The MetaImage header claims the size {sizes} × {channels}.", [path])
    if len(sizes) not in (2, 3, 4):
        raise UnsupportedFormatError(f"An image of {len(sizes)} dimensions is more than space and time.", [path])
    nbytes = math.prod(sizes) * channels * each
    check_size(nbytes, allowed_bytes(max_bytes), [path])
    local = header["ElementDataFile"].upper() == "LOCAL"
    data, start = (path, end) if local else (beside(path, header["ElementDataFile"]), max(skip, 0))
    there = data.stat().st_size - start
    if header.get("CompressedData", "False").lower() != "true" and there < nbytes:
        msg = f"The file holds {there:,} of {nbytes:,} bytes of voxels. Copy or download it again."
        raise TruncatedFileError(msg, [data])
