"""What vendors of MR scanners keep in private elements: layout of mosaics, b-values, directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medlab.io.dicom.csa import csa_values

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["csa_header", "diffusion_facts", "first_number", "private_number"]


def diffusion_facts(dataset: Dataset) -> dict[str, Any]:
    """Return b-value and gradient direction of a vendor's private elements, where there are any.

    Keys are those of the standard's elements, DiffusionBValue (s/mm²) and DiffusionGradientOrientation
    (a unit vector in patient coordinates).
    """
    facts = _siemens(dataset)
    if facts:
        return facts
    b_value = private_number(dataset, 0x0043, "GEMS_PARM_01", 0x39)
    if b_value is not None:
        return {"DiffusionBValue": float(b_value) % 100000}
    b_value = private_number(dataset, 0x2001, "Philips Imaging DD 001", 0x03)
    return {} if b_value is None else {"DiffusionBValue": float(b_value)}


def csa_header(dataset: Dataset) -> dict[str, list[str]]:
    """Return the image CSA header of a Siemens file, empty if there is none."""
    try:
        return csa_values(dataset.private_block(0x0029, "SIEMENS CSA HEADER")[0x10].value)
    except (KeyError, TypeError):
        return {}


def _siemens(dataset: Dataset) -> dict[str, Any]:
    csa = csa_header(dataset)
    b_value = first_number(csa.get("B_value"))
    if b_value is None:
        b_value = private_number(dataset, 0x0019, "SIEMENS MR HEADER", 0x0C)
    if b_value is None:
        return {}
    facts: dict[str, Any] = {"DiffusionBValue": float(b_value)}
    direction = csa.get("DiffusionGradientDirection", [])
    if len(direction) == 3:
        facts["DiffusionGradientOrientation"] = tuple(float(v) for v in direction)
    return facts


def first_number(values: list[str] | None) -> float | None:
    """Return the first of some texts as a number, None if that is not possible."""
    try:
        return float(values[0]) if values else None
    except ValueError:
        return None


def private_number(dataset: Dataset, group: int, creator: str, element: int) -> float | None:
    """Return the first number of a private element, None if it is absent or not a number."""
    try:
        value = dataset.private_block(group, creator)[element].value
        if isinstance(value, bytes):
            value = value.decode("ascii").split("\\")
        return float(value[0] if isinstance(value, list | tuple) or hasattr(value, "__getitem__") else value)
    except (KeyError, TypeError, ValueError, IndexError):
        return None
