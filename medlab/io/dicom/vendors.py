"""What vendors of MR scanners keep in private elements: layout of mosaics, b-values, directions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from medlab.io.dicom.csa import csa_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom import Dataset

__all__ = ["csa_header", "diffusion_facts", "numbers_of", "private_number"]


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
        return {"DiffusionBValue": b_value % 100000}
    b_value = private_number(dataset, 0x2001, "Philips Imaging DD 001", 0x03)
    return {} if b_value is None else {"DiffusionBValue": b_value}


def csa_header(dataset: Dataset) -> dict[str, list[str]]:
    """Return the image CSA header of a Siemens file, empty if there is none."""
    try:
        return csa_values(dataset.private_block(0x0029, "SIEMENS CSA HEADER")[0x10].value)
    except (KeyError, TypeError):
        return {}


def _siemens(dataset: Dataset) -> dict[str, Any]:
    csa = csa_header(dataset)
    number = numbers_of(csa.get("B_value"), 1)
    b_value = number[0] if number else private_number(dataset, 0x0019, "SIEMENS MR HEADER", 0x0C)
    if b_value is None:
        return {}
    facts: dict[str, Any] = {"DiffusionBValue": b_value}
    direction = numbers_of(csa.get("DiffusionGradientDirection"), 3)
    if direction is not None:
        facts["DiffusionGradientOrientation"] = direction
    return facts


def numbers_of(values: Sequence[Any] | None, count: int) -> tuple[float, ...] | None:
    """Return the first `count` of some texts as finite numbers, None if that is not possible."""
    try:
        numbers = tuple(float(value) for value in (values or [])[:count])
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None


def private_number(dataset: Dataset, group: int, creator: str, element: int) -> float | None:
    """Return the first number of a private element, None if it is absent or not a number."""
    try:
        value = dataset.private_block(group, creator)[element].value
    except KeyError:
        return None
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    parts = value.split("\\") if isinstance(value, str) else value if hasattr(value, "__iter__") else [value]
    numbers = numbers_of(list(parts), 1)
    return None if numbers is None else numbers[0]
