"""The facts of an acquisition that are kept: an allow-list, without anything about who the patient is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medlab.io.dicom.clock import seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom import Dataset

    from medlab.io.dicom.header import Header

__all__ = ["acquisition_facts"]

#: Keywords kept as they are, of the data set itself.
_KEPT = (
    "Modality",
    "ImageType",
    "Manufacturer",
    "ManufacturerModelName",
    "PhotometricInterpretation",
    "WindowCenter",
    "WindowWidth",
    "SliceThickness",
    "SpacingBetweenSlices",
    "PatientPosition",
    "ViewPosition",
    "Laterality",
    "ImageLaterality",
    "PatientOrientation",
    "BodyPartExamined",
    "BurnedInAnnotation",
    "LossyImageCompression",
    # CT and X-ray
    "KVP",
    "XRayTubeCurrent",
    "Exposure",
    "ExposureTime",
    "ConvolutionKernel",
    "GantryDetectorTilt",
    "ReconstructionDiameter",
    "SpiralPitchFactor",
    "CTDIvol",
    "FilterType",
    "DistanceSourceToDetector",
    "DistanceSourceToPatient",
    "EstimatedRadiographicMagnificationFactor",
    "PixelSpacingCalibrationType",
    # MR
    "EchoTime",
    "RepetitionTime",
    "InversionTime",
    "FlipAngle",
    "MagneticFieldStrength",
    "ScanningSequence",
    "SequenceVariant",
    "MRAcquisitionType",
    "EchoTrainLength",
    "PixelBandwidth",
    "NumberOfAverages",
    "AcquisitionMatrix",
    "InPlanePhaseEncodingDirection",
    # PET and nuclear medicine
    "Units",
    "SUVType",
    "CountsSource",
    "DecayCorrection",
    "CorrectedImage",
    "SeriesType",
    "ReconstructionMethod",
    "ActualFrameDuration",
    "FrameReferenceTime",
    "DecayFactor",
    # ultrasound and cine
    "FrameTime",
    "CineRate",
    "HeartRate",
    "TransducerType",
    "TransducerFrequency",
    # dose
    "DoseUnits",
    "DoseType",
    "DoseSummationType",
    "RescaleType",
)

#: Kept of PET only, where the standardised uptake value needs them.
_BODY = ("PatientWeight", "PatientSize")

#: Keywords of the first item of RadiopharmaceuticalInformationSequence.
_TRACER = (
    "Radiopharmaceutical",
    "RadionuclideTotalDose",
    "RadionuclideHalfLife",
    "RadionuclidePositronFraction",
)

_DAY = 86400.0
_PHILIPS = "Philips PET Private Group"


def acquisition_facts(dataset: Dataset, headers: Sequence[Header]) -> dict[str, Any]:
    """Return what is kept of a header, by DICOM keyword.

    Parameters
    ----------
    dataset : pydicom.Dataset
        The header of one file.
    headers : sequence of Header
        All files of the image; the earliest of them is when the acquisition began.

    Returns
    -------
    dict
        Numbers and short texts. Dates and times are not kept; what decay correction needs of them is,
        as ``SecondsFromInjectionToSeries`` and ``SecondsFromInjectionToAcquisition``.
    """
    facts = {keyword: _plain(dataset.get(keyword)) for keyword in _KEPT}
    if dataset.get("Modality") == "PT":
        facts |= {keyword: _plain(dataset.get(keyword)) for keyword in _BODY}
    tracers = dataset.get("RadiopharmaceuticalInformationSequence") or []
    if len(tracers):
        facts |= {keyword: _plain(tracers[0].get(keyword)) for keyword in _TRACER}
        facts |= _since_injection(dataset, tracers[0], headers)
    facts |= _philips_factors(dataset)
    return {keyword: value for keyword, value in facts.items() if value not in (None, "", ())}


def _plain(value: Any) -> Any:
    """Return a pydicom value as numbers, text or tuples of them."""
    if value is None or isinstance(value, bytes):
        return None
    if isinstance(value, str):
        return str(value).strip()
    if hasattr(value, "__iter__"):
        return tuple(_plain(part) for part in value)
    if isinstance(value, int):
        return int(value)
    return float(value)


def _since_injection(dataset: Dataset, tracer: Dataset, headers: Sequence[Header]) -> dict[str, float]:
    """Return seconds from the injection to the start of the series and of the acquisition."""
    stamp = str(tracer.get("RadiopharmaceuticalStartDateTime", "") or "")
    date, time = stamp[:8], stamp[8:] or str(tracer.get("RadiopharmaceuticalStartTime", "") or "")
    injected = seconds(date, time)
    if injected is None:
        return {}
    series = _moment(date, dataset.get("SeriesDate"), dataset.get("SeriesTime"))
    beds = [_moment(date, h.text("AcquisitionDate"), h.text("AcquisitionTime")) for h in headers]
    begun = min((bed for bed in beds if bed is not None), default=None)
    facts = {}
    for name, start in (("Series", series), ("Acquisition", begun)):
        if start is not None:
            elapsed = start - injected
            facts[f"SecondsFromInjectionTo{name}"] = elapsed if date or elapsed >= 0 else elapsed + _DAY
    return facts


def _moment(injection_date: str, date: Any, time: Any) -> float | None:
    """Return a moment in seconds, without its day where the day of the injection is unknown."""
    return seconds(str(date or "") if injection_date else "", str(time or ""))


def _philips_factors(dataset: Dataset) -> dict[str, float]:
    """Return Philips' factors from stored values to SUV and to Bq/ml, where the file has them."""
    factors = {}
    try:
        block = dataset.private_block(0x7053, _PHILIPS)
    except KeyError:
        return {}
    for element, name in ((0x00, "PhilipsSUVScaleFactor"), (0x09, "PhilipsActivityConcentrationScaleFactor")):
        if element in block:
            value = block[element].value
            text = value.decode("ascii", "ignore") if isinstance(value, bytes) else value
            factors[name] = float(str(text).strip(" \0") or "nan")
    return factors
