"""Siemens mosaics: all slices of a volume side by side in one picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.io.dicom.frames import Frame
from medlab.io.dicom.vendors import csa_header, diffusion_facts, first_number, private_number
from medlab.io.errors import CorruptFileError

if TYPE_CHECKING:
    from medlab.io.dicom.header import Header

__all__ = ["mosaic_frames", "tile_of"]


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
    csa = csa_header(dataset)
    count = first_number(csa.get("NumberOfImagesInMosaic")) or private_number(
        dataset, 0x0019, "SIEMENS MR HEADER", 0x0A
    )
    if not count:
        return None
    count = int(count)
    position = header.numbers("ImagePositionPatient", 3)
    orientation = header.numbers("ImageOrientationPatient", 6)
    spacing = header.numbers("PixelSpacing", 2)
    distance = header.number("SpacingBetweenSlices") or header.number("SliceThickness")
    if position is None or orientation is None or spacing is None or not distance:
        msg = (
            "This mosaic lacks position, orientation, pixel spacing or slice distance; it cannot be unpacked."
        )
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
    facts = diffusion_facts(dataset)
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


def _slice_normal(csa: dict[str, list[str]], row: Any, column: Any) -> Any:
    product = np.cross(row, column)
    given = csa.get("SliceNormalVector", [])
    if len(given) != 3:
        return product
    return product if float(np.dot(product, [float(v) for v in given])) > 0 else -product
