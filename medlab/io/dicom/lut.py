"""Look-up tables and colour: modality LUT, palette, and what counts as a colour picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.io.errors import CorruptFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medlab.io.dicom.header import Header

__all__ = ["apply_lut", "is_colour", "lut_kind"]


def is_colour(header: Header) -> bool:
    """Whether the picture has three colour channels once it is decoded."""
    return header.number("SamplesPerPixel", 1) > 1 or lut_kind(header) == "palette"


def lut_kind(header: Header) -> str:
    """Return which table turns stored values into what they mean: ``"palette"``, ``"modality"`` or ``""``."""
    if header.number("SamplesPerPixel", 1) > 1:
        return ""
    if header.text("PhotometricInterpretation") == "PALETTE COLOR":
        return "palette"
    if "ModalityLUTSequence" in header.values and "RescaleSlope" not in header.values:
        return "modality"
    return ""


def apply_lut(stored: NDArray[Any], header: Header) -> NDArray[Any]:
    """Return stored values after the file's own table: RGB for a palette, values for a modality LUT.

    Raises
    ------
    CorruptFileError
        If the table is broken.
    """
    kind = lut_kind(header)
    if not kind:
        return stored
    from pydicom.pixels.processing import apply_color_lut, apply_modality_lut

    try:
        apply = apply_color_lut if kind == "palette" else apply_modality_lut
        values = apply(stored, header.dataset())
    except Exception as error:  # pydicom raises many kinds on broken tables
        msg = f"The {kind} look-up table of this file cannot be applied ({error})."
        raise CorruptFileError(msg, [header.path]) from error
    return values if values.dtype.itemsize <= 2 and values.dtype.kind == "u" else values.astype(np.uint16)
