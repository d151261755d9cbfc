"""Siemens mosaics: all slices of a volume side by side in one picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.io.dicom.csa import csa_values
from medlab.io.dicom.frames import Frame
from medlab.io.dicom.header import Header
from medlab.io.errors import CorruptFileError

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["mosaic_frames"]


def mosaic_frames(header: Header) -> list[Frame] | None:
    """Return one frame for each slice in a mosaic, None if the file does not say how many there are.

    The slices lie side by side, row by row. ImagePositionPatient of a mosaic belongs to a picture as large
    as the mosaic around the first slice; the centre is right, the corner is not, so it is moved.
    The slices follow each other along SliceNormalVector of the CSA header, which may point against
    row × column.

    Raises
    ------
    CorruptFileError
        If the mosaic does not divide into its slices, or lacks its geometry.
    """
    dataset = header.dataset()
    csa = _csa(dataset)
    count = _first(csa.get("NumberOfImagesInMosaic")) or _private(dataset, 0x0019, "SIEMENS MR HEADER", 0x0A)
    if not count:
        return None
    count = int(count)
    position = header.numbers("ImagePositionPatient", 3)
    orientation = header.numbers("ImageOrientationPatient", 6)
    spacing = header.numbers("PixelSpacing", 2)
    distance = header.number("SpacingBetweenSlices") or header.number("SliceThickness")
    if position is None or orientation is None or spacing is None or not distance:
        msg = "This mosaic lacks position, orientation, pixel spacing or slice distance; it cannot be unpacked."
        raise CorruptFileError(msg, [header.path])
    rows, columns = int(header.number("Rows", 0)), int(header.number("Columns", 0))
    across = math.ceil(math.sqrt(count)) if count > 0 else 0
    if across == 0 or rows % across or columns % across:
        msg = f"A mosaic of {rows} × {columns} pixels does not divide into {count} slices."
        raise CorruptFileError(msg, [header.path])
    tile = rows // across, columns // across
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    corner = np.array(position)
    corner = corner + row * spacing[1] * (columns - tile[1]) / 2 + column * spacing[0] * (rows - tile[0]) / 2
    normal = _slice_normal(csa, row, column)
    facts = _diffusion(dataset, csa)
    return [
        Frame(
            header,
            index,
            position=tuple(corner + index * distance * normal),
            orientation=orientation,
            spacing=spacing,
            slope=header.number("RescaleSlope", 1.0),
            intercept=header.number("RescaleIntercept", 0.0),
            thickness=header.number("SliceThickness"),
            facts=facts,
            tile=tile,
        )
        for index in range(count)
    ]


def tile_of(mosaic: Any, frame: Frame) -> Any:
    """Return the part of a decoded mosaic that is one frame."""
    rows, columns = frame.tile  # type: ignore[misc]
    down, right = divmod(frame.index, mosaic.shape[1] // columns)
    return mosaic[down * rows : (down + 1) * rows, right * columns : (right + 1) * columns]


def diffusion_facts(dataset: Dataset) -> dict[str, Any]:
    """Return b-value and gradient direction of a vendor's private elements, where there are any.

    Keys are those of the standard's elements, DiffusionBValue (s/mm²) and DiffusionGradientOrientation
    (a unit vector in patient coordinates).
    """
    facts = _diffusion(dataset, _csa(dataset))
    if facts:
        return facts
    b_value = _private(dataset, 0x0043, "GEMS_PARM_01", 0x39)
    if b_value is not None:
        return {"DiffusionBValue": float(b_value) % 100000}
    b_value = _private(dataset, 0x2001, "Philips Imaging DD 001", 0x03)
    return {} if b_value is None else {"DiffusionBValue": float(b_value)}


def _csa(dataset: Dataset) -> dict[str, list[str]]:
    try:
        return csa_values(dataset.private_block(0x0029, "SIEMENS CSA HEADER")[0x10].value)
    except (KeyError, TypeError):
        return {}


def _slice_normal(csa: dict[str, list[str]], row: Any, column: Any) -> Any:
    product = np.cross(row, column)
    given = csa.get("SliceNormalVector", [])
    if len(given) != 3:
        return product
    return product if float(np.dot(product, [float(v) for v in given])) > 0 else -product


def _diffusion(dataset: Dataset, csa: dict[str, list[str]]) -> dict[str, Any]:
    b_value = _first(csa.get("B_value"))
    if b_value is None:
        b_value = _private(dataset, 0x0019, "SIEMENS MR HEADER", 0x0C)
    if b_value is None:
        return {}
    facts: dict[str, Any] = {"DiffusionBValue": float(b_value)}
    direction = csa.get("DiffusionGradientDirection", [])
    if len(direction) == 3:
        facts["DiffusionGradientOrientation"] = tuple(float(v) for v in direction)
    return facts


def _first(values: list[str] | None) -> float | None:
    try:
        return float(values[0]) if values else None
    except ValueError:
        return None


def _private(dataset: Dataset, group: int, creator: str, element: int) -> float | None:
    """Return the first number of a private element, None if it is absent or not a number."""
    try:
        value = dataset.private_block(group, creator)[element].value
        if isinstance(value, bytes):
            value = value.decode("ascii").split("\\")
        return float(value[0] if isinstance(value, list | tuple) or hasattr(value, "__getitem__") else value)
    except (KeyError, TypeError, ValueError, IndexError):
        return None
