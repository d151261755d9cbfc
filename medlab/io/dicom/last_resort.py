"""Compressions that pydicom has no free decoder for (lossless and 12-bit JPEG), through SimpleITK."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medlab.io.dicom.silence import no_c_messages

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medlab.io.dicom.header import Header

__all__ = ["decode_with_itk"]

_LOCK = threading.Lock()
#: What libjpeg says when it makes up pixels for damaged data.
_COMPLAINTS = ("Corrupt JPEG data", "Premature end")
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
    import SimpleITK as sitk  # noqa: N813  # its users know it by this name

    with tempfile.TemporaryDirectory(prefix="medlab-") as folder:
        path = Path(folder, "frame.dcm")
        _write(path, encoded, header)
        with _LOCK, no_c_messages() as heard:
            try:
                array = sitk.GetArrayFromImage(sitk.ReadImage(str(path), imageIO="GDCMImageIO"))
            except RuntimeError:
                return None
        if any(complaint in heard() for complaint in _COMPLAINTS):
            return None
    array = array[0] if array.ndim == (4 if int(header.number("SamplesPerPixel", 1)) > 1 else 3) else array
    expected = (int(header.number("Rows")), int(header.number("Columns")))
    return array if array.shape[:2] == expected else None


def _write(path: Path, encoded: bytes, header: Header) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, SecondaryCaptureImageStorage, generate_uid

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
    dataset.file_meta.TransferSyntaxUID = UID(header.transfer_syntax)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path, enforce_file_format=True)
