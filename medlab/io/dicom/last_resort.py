"""Compressions that pydicom has no free decoder for (lossless and 12-bit JPEG), through SimpleITK."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medlab.io.dicom.header import Header

__all__ = ["decode_with_itk"]

_LOCK = threading.Lock()
_MEANINGS = {"MONOCHROME1": "MONOCHROME2", "PALETTE COLOR": "MONOCHROME2"}


def decode_with_itk(encoded: bytes, header: Header) -> NDArray[Any] | None:
    """Return one frame as GDCM, within SimpleITK, decodes it; None if it cannot.

    A file with nothing but these pixels is written for it, so that it neither rescales nor inverts.

    Parameters
    ----------
    encoded : bytes
        Encapsulated pixel data of one frame.
    header : Header
        The file it is from.
    """
    import SimpleITK as sitk

    with tempfile.TemporaryDirectory(prefix="medlab-") as folder:
        path = Path(folder, "frame.dcm")
        _write(path, encoded, header)
        with _LOCK, _no_c_messages():
            try:
                array = sitk.GetArrayFromImage(sitk.ReadImage(str(path), imageIO="GDCMImageIO"))
            except RuntimeError:
                return None
    array = array[0] if array.ndim == (4 if int(header.number("SamplesPerPixel", 1)) > 1 else 3) else array
    expected = (int(header.number("Rows")), int(header.number("Columns")))
    return array if array.shape[:2] == expected else None


@contextlib.contextmanager
def _no_c_messages() -> Iterator[None]:
    """Send what C libraries write to the error stream nowhere: they complain on every codec they try."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _write(path: Path, encoded: bytes, header: Header) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import SecondaryCaptureImageStorage, generate_uid

    dataset = Dataset()
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.SOPInstanceUID = generate_uid()
    dataset.Modality = "OT"
    for keyword in ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit"):
        setattr(dataset, keyword, int(header.number(keyword, header.number("BitsStored", 8) - 1)))
    dataset.SamplesPerPixel = int(header.number("SamplesPerPixel", 1))
    dataset.PixelRepresentation = int(header.number("PixelRepresentation", 0))
    if dataset.SamplesPerPixel > 1:
        dataset.PlanarConfiguration = int(header.number("PlanarConfiguration", 0))
    meaning = header.text("PhotometricInterpretation")
    dataset.PhotometricInterpretation = _MEANINGS.get(meaning, meaning)
    dataset.PixelData = encoded
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = header.transfer_syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path, enforce_file_format=True)
