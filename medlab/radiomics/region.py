"""The region that is measured: which voxels, which label, where; and what can be wrong with it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["Region", "RegionError", "find_region"]

Box = tuple[tuple[int, int], ...]


class RegionError(ValueError):
    """An image and a mask that features cannot be computed from without being silently wrong.

    Parameters
    ----------
    problem : str
        What is wrong in one word, to count and to filter by: ``"axes"``, ``"geometry"``, ``"mask"``,
        ``"empty"``, ``"label"``, ``"size"``, ``"not finite"``, ``"flat"``, ``"bins"``, ``"parameters"`` or
        ``"pyradiomics"`` (refused there).
    message : str
        What was expected, what came, and the way out.
    """

    def __init__(self, problem: str, message: str) -> None:
        super().__init__(problem, message)
        self.problem = problem

    def __str__(self) -> str:
        """Return the message."""
        return str(self.args[1])


@dataclasses.dataclass(frozen=True)
class Region:
    """What `validate` found: the voxels that will be measured, and what to think of before trusting them.

    Attributes
    ----------
    label : int
        The value of the mask that is measured.
    name : str
        Its name, where the mask gives one.
    voxels : int
        How many voxels (pixels) carry it.
    box : tuple of (start, stop)
        The smallest box around them, for each spatial axis in array order.
    levels : int or None
        Grey levels that the intensities will be sorted into; None where no intensity feature of the
        unfiltered image is asked for.
    warnings : tuple of str
        What is allowed but makes some features doubtful.
    """

    label: int
    name: str
    voxels: int
    box: Box
    levels: int | None = None
    warnings: tuple[str, ...] = ()


def find_region(mask: Image, label: int | str | None) -> Region:
    """Return the region of one label of a mask.

    Parameters
    ----------
    mask : Image
        Booleans, integers, or floating-point numbers that are all whole.
    label : int, str or None
        Value or name; None stands for the only one there is.

    Raises
    ------
    RegionError
        If the mask is empty, holds fractions or negative values, or does not say which label is meant.
    """
    values = mask.array
    _check_values(values)
    number = _number(mask, label)
    inside = values == number
    count = int(np.count_nonzero(inside))
    if count == 0:
        there = _present(mask)
        if not there:
            msg = "The mask is empty: no voxel is marked. Check that it is the mask of this image."
            raise RegionError("empty", msg)
        raise RegionError("label", _not_there(f"Label {number}", there))
    name = (mask.labels or {}).get(number, "")
    return Region(number, name, count, _box(inside))


def _check_values(values: NDArray[Any]) -> None:
    if values.dtype.kind in "bu":
        return
    if values.dtype.kind == "f" and not np.array_equal(values, np.rint(values)):
        msg = (
            f"A mask must hold whole numbers, 0 for the background; this one holds fractions or NaN "
            f"(from {np.nanmin(values):.4g} to {np.nanmax(values):.4g}). For probabilities choose a "
            "threshold: image.as_mask(probability.array > 0.5)."
        )
        raise RegionError("mask", msg)
    if values.dtype.kind not in "if" or (values.size and values.min() < 0):
        msg = f"A mask must hold whole numbers, 0 or above; got {values.dtype} from {values.min()}."
        raise RegionError("mask", msg)


def _number(mask: Image, label: int | str | None) -> int:
    if isinstance(label, str):
        names = {name: value for value, name in (mask.labels or {}).items()}
        if label not in names:
            raise RegionError("label", _not_there(f"Label {label!r}", _present(mask)))
        return names[label]
    if label is not None:
        if int(label) != label or label < 1:
            msg = f"label must be a whole number above 0, the background; got {label!r}."
            raise RegionError("label", msg)
        return int(label)
    values = mask.array
    largest = int(values.max()) if values.size else 0
    if largest and not ((values == 0) | (values == largest)).all():
        msg = (
            f"The mask holds several labels and nobody said which to measure. Pass label=…, one of "
            f"{_listed(_present(mask))}."
        )
        raise RegionError("label", msg)
    return largest or 1


def _present(mask: Image) -> dict[int, str]:
    """Return the labels that occur, with their names."""
    names = mask.labels or {}
    return {int(v): names.get(int(v), "") for v in np.unique(mask.array) if v}


def _not_there(what: str, there: dict[int, str]) -> str:
    hint = " The mask marks its region with 255 instead of 1: leave label out." if [*there] == [255] else ""
    return f"{what} is not in the mask. Its labels are {_listed(there) or 'none'}.{hint}"


def _listed(labels: dict[int, str]) -> str:
    shown = [f"{value} ({name})" if name else str(value) for value, name in labels.items()]
    return ", ".join(shown[:12]) + (f" and {len(shown) - 12} more" if len(shown) > 12 else "")


def _box(inside: NDArray[np.bool_]) -> Box:
    limits = []
    for axis in range(inside.ndim):
        others = tuple(a for a in range(inside.ndim) if a != axis)
        found = np.flatnonzero(inside.any(axis=others))
        limits.append((int(found[0]), int(found[-1]) + 1))
    return tuple(limits)
