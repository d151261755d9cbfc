"""`Image` to DICOM: a derived series of one file for each slice, with the references a viewer needs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.io.dicom.silence import quiet
from medlab.io.errors import EmptySeriesError, UnsupportedFormatError

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray
    from pydicom import Dataset

    from medlab.image import Image

__all__ = ["sources_of", "write_dicom"]

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_SOP_CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "PT": "1.2.840.10008.5.1.4.1.1.128",
}
_PET_UNITS = {"Bq/ml": "BQML", "SUVbw": "GML", "counts": "CNTS"}
#: What a derived image shares with its source (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2, C.7.4.1).
_SHARED = [
    "SpecificCharacterSet",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "StudyDescription",
    "AccessionNumber",
    "ReferringPhysicianName",
    "FrameOfReferenceUID",
    "PositionReferenceIndicator",
    "PatientPosition",
    "BodyPartExamined",
    "Laterality",
    "SeriesDate",
    "SeriesTime",
    "RadiopharmaceuticalInformationSequence",
    "DecayCorrection",
    "CorrectedImage",
    "SeriesType",
    "ReconstructionMethod",
]
#: What each slice shares with the source slice at its place.
_SHARED_BY_SLICE = ["AcquisitionDate", "AcquisitionTime", "FrameReferenceTime", "ActualFrameDuration"]
#: Present but empty where nothing is known (type 2).
_EMPTY = [
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
    "PositionReferenceIndicator",
    "AcquisitionNumber",
]
_NOT_COPIED = {
    "ImageType",
    "PhotometricInterpretation",
    "Units",
    "Modality",
    "RescaleType",
    "SliceThickness",
    "Manufacturer",
}
_MR_DEFAULTS: dict[str, Any] = {
    "ScanningSequence": "RM",
    "SequenceVariant": "NONE",
    "ScanOptions": "",
    "MRAcquisitionType": "",
}
_MR_DEFAULTS |= {"RepetitionTime": None, "EchoTime": None, "EchoTrainLength": None}
_PET_DEFAULTS: dict[str, Any] = {
    "DecayCorrection": "NONE",
    "CorrectedImage": "",
    "SeriesType": ["STATIC", "IMAGE"],
    "FrameReferenceTime": 0,
}


def write_dicom(
    image: Image,
    path: Path,
    *,
    source: str | os.PathLike[str] | None = None,
    description: str = "",
) -> None:
    """Write a volume as a folder of DICOM files, or one slice as one file.

    Whole numbers that fit 16 bits are stored as they are. Others are scaled over the 65,536 steps that 16
    bits have; the size of a step is written into the Derivation Description. All UIDs are new but those of
    study and frame of reference, which come from `source` if there is one.

    Parameters
    ----------
    image : Image
        A greyscale volume or slice, or 8-bit RGB. CT, MR and PT become images of that kind, anything else
        Secondary Capture.
    path : Path
        ``….dcm`` for one slice, else a folder to make.
    source : path, optional
        File or folder of the series the image was made from.
    description : str, optional
        How it was made, for Derivation Description and Series Description.

    Raises
    ------
    UnsupportedFormatError
        If DICOM slices cannot hold the image: time points, masks, rows that do not stand at right angles on
        columns, values that are not finite, or integers of more than 16 bits.
    EmptySeriesError
        If `source` holds no DICOM image.

    References
    ----------
    DICOM PS3.3 C.7.6.1.1.2 (Image Type), C.12.4.1.1 (derived images), C.11.1 (rescale).
    """
    with quiet():
        _write(image, path, source, description)


def _write(image: Image, path: Path, source: str | os.PathLike[str] | None, description: str) -> None:
    _check(image, path)
    sources = sources_of(Path(source)) if source is not None else []
    stored, slope, intercept, loss = _stored(image, path)
    text = "; ".join(t for t in (description or "Written by medlab", loss) if t)
    common = _common(image, sources, text, description)
    pixels = stored if "z" in image.axes else stored[np.newaxis]
    if path.suffix.lower() != ".dcm":
        path.mkdir()
    for k, plane in enumerate(pixels):
        dataset = _slice(image, common, k, plane, sources)
        if "c" not in image.axes:
            dataset.RescaleSlope, dataset.RescaleIntercept = slope, intercept
            dataset.RescaleType = "HU" if image.units == "HU" else "US"
        file = path if path.suffix.lower() == ".dcm" else path / f"{k + 1:05d}.dcm"
        dataset.save_as(file, enforce_file_format=True)


def _check(image: Image, path: Path) -> None:
    rgb = "c" not in image.axes or (image.size("c") == 3 and image.dtype == np.uint8)
    right = abs(float(image.direction[:, 1] @ image.direction[:, 2])) < 1e-4
    problems = {
        "it has time points; write them one by one": "t" in image.axes,
        "it is a mask; use medlab.io.write_seg": image.is_mask,
        "its channels are not 8-bit RGB": not rgb,
        "its rows and columns are not at right angles; use image.resample first": not right,
        "some values are not finite; replace them first": not bool(np.isfinite(image.array).all()),
        "a .dcm file holds one slice; give a path without suffix for a folder": (
            path.suffix.lower() == ".dcm" and image.size("z") > 1
        ),
    }
    for problem, there in problems.items():
        if there:
            msg = f"DICOM slices cannot hold {image!r}: {problem}."
            raise UnsupportedFormatError(msg, [path])


def _stored(image: Image, path: Path) -> tuple[NDArray[Any], str, str, str]:
    """Return stored integers, slope and intercept as decimal strings, and a sentence about what was lost."""
    from pydicom.valuerep import format_number_as_ds

    values = image.array
    if "c" in image.axes:
        return values, "1", "0", ""
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    whole = values.dtype.kind in "iu" or bool((values == np.rint(values)).all())
    for kind in (np.int16, np.uint16):
        if whole and np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return values.astype(kind), "1", "0", ""
    if values.dtype.kind in "iu":
        msg = (
            f"DICOM slices hold 16 bits and the values go from {low:.0f} to {high:.0f}: cast to "
            "float32 to have them scaled, or write NIfTI or NRRD."
        )
        raise UnsupportedFormatError(msg, [path])
    slope = format_number_as_ds((high - low) / 65535 * (1 + 1e-9) or 1.0)
    intercept = format_number_as_ds(low)
    steps = np.rint((values.astype(np.float64) - float(intercept)) / float(slope))
    return np.clip(steps, 0, 65535).astype(np.uint16), slope, intercept, f"values rounded to steps of {slope}"


def sources_of(path: Path) -> list[Dataset]:
    """Return the headers of the images that the image was made from; of the largest series there."""
    import pydicom

    from medlab.io.dicom.find import find

    by_series: dict[str, list[Dataset]] = {}
    for file in find(path).files:
        dataset = pydicom.dcmread(file, stop_before_pixels=True)
        if "Rows" in dataset and "SOPInstanceUID" in dataset:
            by_series.setdefault(str(dataset.get("SeriesInstanceUID")), []).append(dataset)
    if not by_series:
        msg = f"source= holds no DICOM image: {path}."
        raise EmptySeriesError(msg, [path])
    return max(by_series.values(), key=len)


def _common(image: Image, sources: list[Dataset], text: str, description: str) -> Dataset:
    """Return what all slices share."""
    from pydicom import Dataset
    from pydicom.datadict import keyword_dict
    from pydicom.uid import generate_uid

    common = Dataset()
    for keyword in _EMPTY:
        setattr(common, keyword, None)
    for keyword, value in image.meta.items():
        if keyword in keyword_dict and keyword not in _NOT_COPIED:
            setattr(common, keyword, list(value) if isinstance(value, tuple) else value)
    for keyword in _SHARED:
        if sources and keyword in sources[0]:
            common[keyword] = sources[0][keyword]
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID"):
        if keyword not in common and (keyword.startswith("Study") or image.space == "patient"):
            setattr(common, keyword, generate_uid(prefix=None))
    now = dt.datetime.now(tz=dt.UTC)
    common.InstanceCreationDate, common.InstanceCreationTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    common.SeriesInstanceUID = generate_uid(prefix=None)
    common.SeriesNumber = int(sources[0].get("SeriesNumber") or 0) + 1000 if sources else 1
    common.SeriesDescription = (description or "medlab")[:64]
    common.DerivationDescription = text[:1024]
    common.Modality = image.modality or "OT"
    common.SOPClassUID = _sop_class(image)
    common.Manufacturer = "medlab"
    _fill_module(common, image)
    return common


def _sop_class(image: Image) -> str:
    is_pet_without_unit = image.modality == "PT" and image.units not in _PET_UNITS
    if "c" in image.axes or image.space != "patient" or is_pet_without_unit:
        return _SECONDARY_CAPTURE
    return _SOP_CLASSES.get(image.modality, _SECONDARY_CAPTURE)


def _fill_module(common: Dataset, image: Image) -> None:
    """Add what the kind of image requires, where the source did not tell."""
    defaults: dict[str, Any] = {"SliceThickness": f"{np.linalg.norm(image.affine[:3, 0]):.6g}"}
    common.ImageType = ["DERIVED", "SECONDARY"]
    if common.SOPClassUID == _SECONDARY_CAPTURE:
        defaults = {"ConversionType": "WSD"}
    elif image.modality == "CT":
        defaults |= {"KVP": None}
        common.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    elif image.modality == "MR":
        defaults |= _MR_DEFAULTS
        common.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
    else:
        defaults |= _PET_DEFAULTS
        common.Units, common.NumberOfSlices = _PET_UNITS[image.units], image.size("z")
        if image.units == "SUVbw":
            common.SUVType = "BW"
    for keyword, value in defaults.items():
        if keyword not in common:
            setattr(common, keyword, value)


def _slice(image: Image, common: Dataset, k: int, plane: NDArray[Any], sources: list[Dataset]) -> Dataset:
    """Return one file's data set."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid
    from pydicom.valuerep import format_number_as_ds

    dataset = common.copy()
    dataset.SOPInstanceUID, dataset.InstanceNumber = generate_uid(prefix=None), k + 1
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.Rows, dataset.Columns = plane.shape[:2]
    if image.space != "pixel":
        dy, dx = image.spacing[-2:]
        dataset.PixelSpacing = [format_number_as_ds(dy), format_number_as_ds(dx)]
    position = image.index_to_position([k, 0, 0])
    if image.space == "patient":
        dataset.ImagePositionPatient = [format_number_as_ds(float(v)) for v in position]
        directions = [*image.direction[:, 2], *image.direction[:, 1]]
        dataset.ImageOrientationPatient = [format_number_as_ds(float(v) + 0.0) for v in directions]
    if near := _near(image, position, sources):
        dataset.SourceImageSequence = [_reference(source) for source in near]
        for keyword in _SHARED_BY_SLICE:
            if keyword in near[0]:
                dataset[keyword] = near[0][keyword]
    bits = plane.dtype.itemsize * 8
    dataset.SamplesPerPixel = plane.shape[2] if plane.ndim == 3 else 1
    dataset.PhotometricInterpretation = "RGB" if plane.ndim == 3 else "MONOCHROME2"
    if plane.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = int(plane.dtype.kind == "i")
    data = np.ascontiguousarray(plane.astype(plane.dtype.newbyteorder("<"))).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OW" if bits > 8 else "OB"
    return dataset


def _near(image: Image, position: NDArray[np.float64], sources: list[Dataset]) -> list[Dataset]:
    """Return the source slices within half a slice of this one, nearest first; all where there is none."""
    if image.space != "patient":
        return sources
    normal = np.cross(image.direction[:, 2], image.direction[:, 1])
    reach = np.linalg.norm(image.affine[:3, 0]) / 2 + 1e-3
    placed = [s for s in sources if s.get("ImagePositionPatient")]
    apart = [abs(normal @ (np.array(s.ImagePositionPatient, float) - position)) for s in placed]
    near = [placed[n] for n in np.argsort(apart, kind="stable") if apart[n] <= reach]
    return near or sources


def _reference(source: Dataset) -> Dataset:
    from pydicom import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
    return item
