"""The facts of an acquisition that are kept: an allow-list, without anything about who the patient is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medlab.io.dicom.clock import seconds

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["acquisition_facts"]

#: Keywords kept as they are, of the data set itself.
_KEPT = (
    "Modality ImageType Manufacturer ManufacturerModelName PhotometricInterpretation WindowCenter WindowWidth "
    "SliceThickness SpacingBetweenSlices PatientPosition ViewPosition Laterality ImageLaterality "
    "PatientOrientation BodyPartExamined BurnedInAnnotation LossyImageCompression "
    # CT and X-ray
    "KVP XRayTubeCurrent Exposure ExposureTime ConvolutionKernel GantryDetectorTilt ReconstructionDiameter "
    "SpiralPitchFactor CTDIvol FilterType DistanceSourceToDetector DistanceSourceToPatient "
    "EstimatedRadiographicMagnificationFactor PixelSpacingCalibrationType "
    # MR
    "EchoTime RepetitionTime InversionTime FlipAngle MagneticFieldStrength ScanningSequence SequenceVariant "
    "MRAcquisitionType EchoTrainLength PixelBandwidth NumberOfAverages AcquisitionMatrix "
    "InPlanePhaseEncodingDirection "
    # PET and nuclear medicine
    "Units SUVType CountsSource DecayCorrection CorrectedImage SeriesType ReconstructionMethod "
    "ActualFrameDuration FrameReferenceTime DecayFactor "
    # ultrasound and cine
    "FrameTime CineRate HeartRate TransducerType TransducerFrequency "
    # dose
    "DoseUnits DoseType DoseSummationType RescaleType"
).split()

#: Kept of PET only, where the standardised uptake value needs them.
_BODY = ("PatientWeight", "PatientSize")

#: Keywords of the first item of RadiopharmaceuticalInformationSequence.
_TRACER = "Radiopharmaceutical RadionuclideTotalDose RadionuclideHalfLife RadionuclidePositronFraction".split()

_PHILIPS = "Philips PET Private Group"


def acquisition_facts(dataset: Dataset) -> dict[str, Any]:
    """Return what is kept of one file's header, by DICOM keyword.

    Parameters
    ----------
    dataset : pydicom.Dataset
        The header of one file.

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
        facts |= _since_injection(dataset, tracers[0])
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


def _since_injection(dataset: Dataset, tracer: Dataset) -> dict[str, float]:
    """Return seconds from the injection to the start of the series and of the acquisition."""
    date, time = str(tracer.get("RadiopharmaceuticalStartDateTime", ""))[:8], ""
    if date:
        time = str(tracer.RadiopharmaceuticalStartDateTime)[8:]
    else:
        time = str(tracer.get("RadiopharmaceuticalStartTime", "") or "")
    facts = {}
    for name, kind in (("Series", "Series"), ("Acquisition", "Acquisition")):
        day, clock = str(dataset.get(f"{kind}Date", "") or ""), str(dataset.get(f"{kind}Time", "") or "")
        start, injected = seconds(day if date else "", clock), seconds(date, time)
        if start is not None and injected is not None:
            elapsed = start - injected
            facts[f"SecondsFromInjectionTo{name}"] = elapsed if date or elapsed >= 0 else elapsed + 86400
    return facts


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
