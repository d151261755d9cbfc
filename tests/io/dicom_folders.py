"""Small synthetic DICOM folders whose every voxel and position is known."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    PositronEmissionTomographyImageStorage,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

ROWS, COLUMNS = 6, 8
SPACING = (0.8, 0.5)  # dy, dx
ORIGIN = np.array([-20.0, -30.0, 40.0])
AXIAL = (1, 0, 0, 0, 1, 0)
CORONAL = (1, 0, 0, 0, 0, -1)

_CLASSES = {
    "CT": CTImageStorage,
    "MR": MRImageStorage,
    "PT": PositronEmissionTomographyImageStorage,
}


def uid(*numbers: int) -> str:
    """Return a UID that depends on the numbers only."""
    return ".".join(["1.2.826.0.1.3680043.8.498.1", *(str(n) for n in numbers)])


def stored_values(slices: int, rows: int = ROWS, columns: int = COLUMNS) -> np.ndarray:
    """Return stored values that are different in every voxel, (slices, rows, columns) uint16."""
    return np.arange(slices * rows * columns, dtype=np.uint16).reshape(slices, rows, columns)


def file_dataset(sop_class: str = CTImageStorage, instance: str = "", **elements: Any) -> FileDataset:
    """Return an empty file of a class with its meta information."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = instance or uid(9, 9)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def set_pixels(ds: Dataset, values: np.ndarray, bits_stored: int | None = None) -> None:
    """Put greyscale pixels, (rows, columns) or (frames, rows, columns), into a data set."""
    ds.Rows, ds.Columns = values.shape[-2:]
    if values.ndim == 3:
        ds.NumberOfFrames = len(values)
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = getattr(ds, "PhotometricInterpretation", "MONOCHROME2")
    ds.BitsAllocated = 8 * values.dtype.itemsize
    ds.BitsStored = bits_stored or ds.BitsAllocated
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(values.dtype.kind == "i")
    ds.PixelData = values.tobytes() + b"\0" * (values.nbytes % 2)
    ds["PixelData"].VR = "OB" if values.dtype.itemsize == 1 else "OW"


def normal_of(orientation: Sequence[float]) -> np.ndarray:
    """Return row × column."""
    return np.cross(orientation[:3], orientation[3:])


def affine_of(
    orientation: Sequence[float],
    step: Sequence[float],
    origin: Sequence[float] = ORIGIN,
    spacing: Sequence[float] = SPACING,
) -> np.ndarray:
    """Return the true affine from (slice, row, column) to mm."""
    matrix = np.eye(4)
    matrix[:3, 0] = step
    matrix[:3, 1] = np.multiply(orientation[3:], spacing[0])
    matrix[:3, 2] = np.multiply(orientation[:3], spacing[1])
    matrix[:3, 3] = origin
    return matrix


def slice_dataset(
    values: np.ndarray,
    position: Sequence[float],
    number: int,
    *,
    modality: str = "CT",
    series: int = 1,
    orientation: Sequence[float] = AXIAL,
    **elements: Any,
) -> FileDataset:
    """Return one slice."""
    ds = file_dataset(_CLASSES[modality], uid(series, number))
    ds.Modality = modality
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SeriesInstanceUID, ds.StudyInstanceUID, ds.FrameOfReferenceUID = uid(series), uid(0), uid(7)
    ds.SeriesNumber, ds.InstanceNumber = series, number
    ds.SliceThickness = 2.5
    ds.PixelSpacing = list(SPACING)
    ds.ImagePositionPatient = [round(float(v), 6) for v in position]
    ds.ImageOrientationPatient = [round(float(v), 6) for v in orientation]
    set_pixels(ds, values)
    if modality == "CT":
        ds.RescaleSlope, ds.RescaleIntercept = 1, -1024
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def write_slices(
    folder: Path,
    offsets: Sequence[float] = tuple(2.5 * np.arange(5)),
    *,
    orientation: Sequence[float] = AXIAL,
    direction: Sequence[float] | None = None,
    change: Callable[[int, FileDataset], None] | None = None,
    values: np.ndarray | None = None,
    seed: int = 3,
    prefix: str = "",
    **options: Any,
) -> np.ndarray:
    """Write a series of slices at offsets (mm) along a direction, under shuffled names.

    Returns the stored values, (slices, rows, columns), in the order of `offsets`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stored = stored_values(len(offsets)) if values is None else values
    along = normal_of(orientation) if direction is None else np.asarray(direction, float)
    names = np.random.default_rng(seed).permutation(len(offsets))
    for place, offset in enumerate(offsets):
        position = ORIGIN + offset * along
        ds = slice_dataset(stored[place], position, place + 1, orientation=orientation, **options)
        if change is not None:
            change(place, ds)
        ds.save_as(folder / f"{prefix}{names[place]:04d}.dcm", enforce_file_format=True)
    return stored


def item(**elements: Any) -> Dataset:
    """Return a data set with these elements, for a sequence."""
    ds = Dataset()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def groups(**sequences: Dataset) -> Dataset:
    """Return functional groups, each of one item."""
    ds = Dataset()
    for name, content in sequences.items():
        setattr(ds, f"{name}Sequence", Items([content]))
    return ds


def csa(**elements):
    """Return a CSA header (version 2) of text elements."""
    body = struct.pack("<4s4sII", b"SV10", b"\4\3\2\1", len(elements), 77)
    for name, values in elements.items():
        body += struct.pack("<64si4s3i", name.encode(), len(values), b"FD", 4, len(values), 77)
        for value in values:
            text = str(value).encode() + b"\0"
            body += struct.pack("<4i", len(text), len(text), 77, len(text)) + text + b"\0" * (-len(text) % 4)
    return body


def write_mosaic(path, volume, normal_sign, b_value, number):
    """Write slices (5, 6, 8) side by side as 3 × 3 tiles."""
    mosaic = np.zeros((3 * 6, 3 * 8), np.uint16)
    for k, plane in enumerate(volume):
        down, right = divmod(k, 3)
        mosaic[6 * down : 6 * down + 6, 8 * right : 8 * right + 8] = plane
    corner = ORIGIN - np.array(AXIAL[:3]) * SPACING[1] * 8 - np.array(AXIAL[3:]) * SPACING[0] * 6
    ds = file_dataset(
        "1.2.840.10008.5.1.4.1.1.4",
        uid(1, number),
        Modality="MR",
        ImageType=["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE", "MOSAIC"],
        SeriesInstanceUID=uid(1),
        InstanceNumber=number,
        AcquisitionTime=f"1200{number:02d}",
        ImagePositionPatient=[float(v) for v in corner],
        ImageOrientationPatient=list(AXIAL),
        PixelSpacing=list(SPACING),
        SliceThickness=2.0,
        SpacingBetweenSlices=2.6,
    )
    set_pixels(ds, mosaic)
    header = csa(
        NumberOfImagesInMosaic=[5],
        SliceNormalVector=[0.0, 0.0, float(normal_sign)],
        B_value=[b_value],
        DiffusionGradientDirection=[0.6, 0.8, 0.0] if b_value else [],
    )
    ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", header)
    ds.save_as(path, enforce_file_format=True)


def nuclear(path, frames, **elements):
    """Write a nuclear medicine file of some frames."""
    kind = "1.2.840.10008.5.1.4.1.1.20"
    ds = file_dataset(kind, uid(1, 1), Modality="NM", SeriesInstanceUID=uid(1), **elements)
    ds.PixelSpacing = list(SPACING)
    set_pixels(ds, stored_values(frames))
    ds.save_as(path, enforce_file_format=True)


def detector(orientation):
    return Items(
        [item(ImagePositionPatient=[float(v) for v in ORIGIN], ImageOrientationPatient=list(orientation))]
    )


def spect(path):
    """Write a reconstructed nuclear medicine volume of four slices."""
    nuclear(
        path,
        4,
        SliceVector=[1, 2, 3, 4],
        SpacingBetweenSlices=3.0,
        DetectorInformationSequence=detector(AXIAL),
    )
