"""What other file formats and types have no place for: carried beside the voxels as a line of JSON."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["KEY", "axes", "of", "restored", "without_added_slice"]

#: Name under which files and foreign types carry the facts.
KEY = "medlab"


def of(image: Image) -> str:
    """Return modality, units, space, labels, times and unit of time as JSON; the rest of `meta` stays behind.

    A checksum of the values goes with them, so that nobody takes the unit of these values for that of others.
    """
    facts: dict[str, Any] = {
        "axes": image.axes,
        "space": image.space,
        "modality": image.modality,
        "units": image.units,
    }
    if image.labels is not None:
        facts["labels"] = {str(value): name for value, name in image.labels.items()}
    if "t" in image.axes:
        facts["times"] = None if image.times is None else image.times.tolist()
    if "time_unit" in image.meta:
        facts["time_unit"] = str(image.meta["time_unit"])
    return json.dumps(facts | {"crc32": _checksum(image.array)})


def restored(text: str | bytes | None, array: NDArray[Any], axes: str) -> dict[str, Any]:
    """Return keyword arguments for `Image` from what `of` wrote; empty for anything else.

    Modality, units and labels come back only if the values are those that were written.

    Parameters
    ----------
    text : str, bytes or None
        The JSON.
    array : ndarray
        The values as they came back.
    axes : str
        Their axes.
    """
    facts = _parsed(text)
    if not facts:
        return {}
    fields: dict[str, Any] = {"space": facts["space"]}
    times = facts.get("times", ())
    if "t" in axes and (times is None or len(times) == array.shape[axes.index("t")]):
        fields["times"] = times
        fields["meta"] = {"time_unit": facts["time_unit"]} if "time_unit" in facts else {}
    if facts.get("crc32") == _checksum(array):
        fields |= {"modality": facts.get("modality", ""), "units": facts.get("units", "")}
        if "labels" in facts:
            fields["labels"] = {int(value): str(name) for value, name in facts["labels"].items()}
    return fields


def axes(text: str | bytes | None) -> str:
    """Return the axes that were written, or nothing."""
    return str(_parsed(text).get("axes", ""))


def without_added_slice(text: str | bytes | None, array: NDArray[Any], axes: str) -> tuple[NDArray[Any], str]:
    """Return array and axes without the ``z`` of length 1 that a format of three dimensions had to add."""
    flat = axes.replace("z", "")
    if _parsed(text).get("axes") != flat or "z" not in axes or array.shape[axes.index("z")] != 1:
        return array, axes
    return array.squeeze(axes.index("z")), flat


def _parsed(text: str | bytes | None) -> dict[str, Any]:
    """Return the facts, or nothing if somebody else wrote the text."""
    try:
        facts = json.loads(text or "{}")
    except ValueError:
        return {}
    known = isinstance(facts, dict) and facts.get("space") in ("patient", "plane", "pixel")
    return facts if known else {}


def _checksum(array: NDArray[Any]) -> int:
    same_order = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    return zlib.crc32(same_order.reshape(-1).view(np.uint8).data)
