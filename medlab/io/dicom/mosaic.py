"""Siemens mosaics: all slices of a volume side by side in one picture."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.io.dicom.frames import Frame, single_frame
from medlab.io.dicom.vendors import csa_header, diffusion_facts, numbers_of, private_number
from medlab.io.errors import CorruptFileError

if TYPE_CHECKING:
    from pydicom import Dataset

    from medlab.io.dicom.header import Header

__all__ = ["mosaic_frames", "tile_of"]


def mosaic_frames(header: Header) -> list[Frame]:
    """Return one frame for each slice in a mosaic.

    The slices lie side by side, row by row. ImagePositionPatient of a mosaic belongs to a picture as large
    as the mosaic around the first slice; the centre is right, the corner is not, so it is moved.
    The slices follow each other along SliceNormalVector of the CSA header, which may point against
    row × column.

    Raises
    ------
    CorruptFileError
        If the file does not say how many slices there are, or the mosaic does not divide into them,
        or its geometry is missing.
    """
    dataset = header.dataset()
    csa = csa_header(dataset)
    tile, count = _layout(header, dataset, csa)
    base = single_frame(header)
    distance = header.number("SpacingBetweenSlices") or header.number("SliceThickness")
    if not base.placed or base.spacing is None or len(base.spacing) != 2 or not distance:
        msg = "This mosaic lacks position, orientation, pixel spacing or slice distance."
        raise CorruptFileError(msg, [header.path])
    row, column = np.array(base.orientation[:3]), np.array(base.orientation[3:])  # type: ignore[index]
    height, width = header.number("Rows") - tile[0], header.number("Columns") - tile[1]
    corner = np.array(base.position) + (row * base.spacing[1] * width + column * base.spacing[0] * height) / 2
    step = distance * _slice_normal(csa, row, column)
    facts = diffusion_facts(dataset)
    return [
        dataclasses.replace(base, index=index, position=tuple(corner + index * step), facts=facts, tile=tile)
        for index in range(count)
    ]


def _layout(header: Header, dataset: Dataset, csa: dict[str, list[str]]) -> tuple[tuple[int, int], int]:
    """Return the size (rows, columns) of a slice in the mosaic, and how many slices there are."""
    number = numbers_of(csa.get("NumberOfImagesInMosaic"), 1)
    count = number[0] if number else private_number(dataset, 0x0019, "SIEMENS MR HEADER", 0x0A)
    if count is None:
        msg = (
            "This mosaic does not say how many slices it holds: its private elements (0029,1010) and "
            "(0019,100A) were removed. Ask for the files with these elements."
        )
        raise CorruptFileError(msg, [header.path])
    rows, columns = int(header.number("Rows")), int(header.number("Columns"))
    across = math.ceil(math.sqrt(count)) if 0 < count < rows * columns else 0
    if across == 0 or rows % across or columns % across:
        msg = f"A mosaic of {rows} × {columns} pixels does not divide into {count:g} slices."
        raise CorruptFileError(msg, [header.path])
    return (rows // across, columns // across), int(count)


def tile_of(mosaic: Any, frame: Frame) -> Any:
    """Return the part of a decoded mosaic that is one frame."""
    rows, columns = frame.tile  # type: ignore[misc]
    down, right = divmod(frame.index, mosaic.shape[1] // columns)
    return mosaic[down * rows : (down + 1) * rows, right * columns : (right + 1) * columns]


def _slice_normal(csa: dict[str, list[str]], row: Any, column: Any) -> Any:
    """Return the direction in which slices follow each other: row × column, or against it."""
    product = np.cross(row, column)
    given = numbers_of(csa.get("SliceNormalVector"), 3)
    return -product if given is not None and float(product @ np.array(given)) < 0 else product
