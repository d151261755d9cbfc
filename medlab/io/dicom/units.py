"""The unit of the values of a DICOM image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset

    from medlab.io.dicom.header import Header

__all__ = ["units_of"]

#: PET Units (PS3.3 C.8.9.1.1.3) → what `Image.units` says.
_PET = {
    "BQML": "Bq/ml",
    "CNTS": "counts",
    "PROPCNTS": "counts",
    "CPS": "counts/s",
    "PROPCPS": "counts/s",
    "MLG": "ml/g",
    "MLMINML": "ml/min/ml",
    "MLMING": "ml/min/g",
    "MLML": "ml/ml",
    "UMOLML": "µmol/ml",
    "MGMINML": "mg/min/ml",
    "UMOLMINML": "µmol/min/ml",
    "PCNT": "%",
    "1CM": "1/cm",
    "STDDEV": "SD",
}
_SUV = {"": "SUVbw", "BW": "SUVbw", "LBM": "SUVlbm", "LBMJAMES128": "SUVlbm", "LBMJANMA": "SUVlbm"}
_SUV |= {"BSA": "SUVbsa", "IBW": "SUVibw"}


def units_of(header: Header, dataset: Dataset) -> str:
    """Return the unit of a file's rescaled values, ``""`` where it is arbitrary or unknown.

    Parameters
    ----------
    header : Header
        The file.
    dataset : pydicom.Dataset
        Its whole header.
    """
    modality = header.text("Modality")
    if modality == "CT":
        return "HU" if _is_hounsfield(header, dataset) else ""
    if modality == "PT":
        unit = str(dataset.get("Units", ""))
        return (
            _SUV.get(str(dataset.get("SUVType", "") or ""), "SUVbw") if unit == "GML" else _PET.get(unit, "")
        )
    if modality == "NM":
        return "counts"
    if modality == "RTDOSE":
        return "Gy" if dataset.get("DoseUnits") == "GY" else ""
    return _mapped_unit(dataset)


def _is_hounsfield(header: Header, dataset: Dataset) -> bool:
    """Whether a CT holds HU: an enhanced one must say so, an ordinary one unless it says otherwise."""
    if "PerFrameFunctionalGroupsSequence" in header.values:
        item = _group(dataset, "PixelValueTransformationSequence") or {}
        return str(item.get("RescaleType", "")) == "HU"
    other = {"LOCALIZER", "PERFUSION"} & set(header.texts("ImageType"))
    return str(dataset.get("RescaleType", "") or "") in {"", "HU", "US"} and not other


def _mapped_unit(dataset: Dataset) -> str:
    """Return the unit code of a parametric map's real-world values."""
    mapping = _group(dataset, "RealWorldValueMappingSequence")
    codes = (mapping or {}).get("MeasurementUnitsCodeSequence") or [{}]
    unit = str(codes[0].get("CodeValue", ""))
    return "" if unit in {"1", "{no units}"} else unit


def _group(dataset: Dataset, name: str) -> Any:
    """Return the first item of a functional group, shared or of the first frame."""
    for kind in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        groups = dataset.get(kind)
        if groups and groups[0].get(name):
            return groups[0].get(name)[0]
    return None
