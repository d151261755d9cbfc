"""Where slices lie: order along the normal, regular distance, and the affine (PS3.3 C.7.6.2)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from medlab.io.dicom.pictures import is_length
from medlab.io.errors import CorruptFileError, GantryTiltError, IrregularSpacingError, MissingSliceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from medlab.io.dicom.frames import Frame

__all__ = ["Grid", "depths", "grid", "normal", "places", "spacing_of"]

#: Slices may lie off a regular grid by this fraction of their distance (rounded positions do) …
_TOLERANCE = 0.05
#: … or by this many mm, if that is at most twice the fraction.
_ROUNDING = 0.06
_NOTED = 0.01


@dataclasses.dataclass(slots=True)
class Grid:
    """The geometry of a stack of slices."""

    affine: NDArray[np.float64]
    notes: list[str]
    sample: NDArray[np.float64] | None = None  # fractional slice index of each new slice, when resampled


def normal(frame: Frame) -> NDArray[np.float64]:
    """Return the unit normal row × column of a frame, along which slices are ordered.

    Raises
    ------
    CorruptFileError
        If the directions are not two unit vectors at a right angle.
    """
    assert frame.orientation is not None  # noqa: S101  # frames without place do not come here
    row, column = np.array(frame.orientation[:3]), np.array(frame.orientation[3:])
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if not all(abs(length - 1) < 0.01 for length in lengths) or abs(row @ column) > 0.01:
        msg = (
            "ImageOrientationPatient must hold two unit vectors at a right angle; "
            f"this file has {frame.orientation}."
        )
        raise CorruptFileError(msg, [frame.header.path])
    product = np.cross(row, column)
    return product / np.linalg.norm(product)


def depths(frames: Sequence[Frame]) -> NDArray[np.float64]:
    """Return the position of each frame along the normal of the first, in mm.

    Raises
    ------
    CorruptFileError
        If a position is not finite.
    """
    along = np.array([frame.position for frame in frames], dtype=np.float64) @ normal(frames[0])
    if not np.isfinite(along).all():
        bad = [f.header.path for f, finite in zip(frames, np.isfinite(along), strict=True) if not finite]
        msg = "ImagePositionPatient must be finite."
        raise CorruptFileError(msg, bad)
    return along


def places(along: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    """Group frame indices by place, in increasing order along the normal.

    Frames closer than 1 % of the typical distance between places (and never farther than 0.01 mm
    for a single place) count as one place.
    """
    order = np.argsort(along, kind="stable")
    gaps = np.diff(along[order])
    distances = gaps[gaps > 1e-3]
    limit = max(1e-3, 0.01 * float(np.median(distances))) if distances.size else 1e-3
    return np.split(order, np.flatnonzero(gaps > limit) + 1)


def grid(frames: Sequence[Frame], on_irregular: str) -> Grid:
    """Return the geometry of frames, one for each place, in order along the normal.

    The slice axis runs along row × column, so that the axes (slice, row, column) are right-handed:
    an ordinary axial scan runs from foot to head.

    Parameters
    ----------
    frames : sequence of Frame
        Sorted.
    on_irregular : {"raise", "resample"}
        What to do about a gap or about varying distances.

    Raises
    ------
    MissingSliceError, IrregularSpacingError
        If the distances vary, and nobody asked for resampling.
    GantryTiltError
        If the slices do not lie on one straight line.
    """
    first = frames[0]
    positions = np.array([frame.position for frame in frames], dtype=np.float64)
    notes: list[str] = []
    sample = None
    if len(frames) == 1:
        step = normal(first) * _single_distance(first, notes)
    else:
        along = positions @ normal(first)
        _check_line(frames, positions, along)
        step = (positions[-1] - positions[0]) / (len(frames) - 1)
        problem = _irregular(frames, along)
        if problem is not None:
            if on_irregular != "resample":
                raise problem
            distance = float(np.median(np.diff(along)))
            count = int(np.floor((along[-1] - along[0]) / distance + 1e-6)) + 1
            step = (positions[-1] - positions[0]) / (along[-1] - along[0]) * distance
            sample = np.interp(along[0] + distance * np.arange(count), along, np.arange(len(along)))
            notes.append(
                f"The slices lie at irregular distances ({np.diff(along).min():.4g} to "
                f"{np.diff(along).max():.4g} mm); {count} slices {distance:.4g} mm apart were "
                f"interpolated linearly from {len(frames)}.",
            )
        else:
            _note_jitter(along, notes)
        _note_tilt(step, first, notes)
    return Grid(affine(step, first, positions[0]), notes, sample)


def spacing_of(matrix: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return (dz, dy, dx) in mm of an affine, as `Image.spacing` gives it."""
    dz, dy, dx = (round(float(length), 9) for length in np.linalg.norm(matrix[:3, :3], axis=0))
    return dz, dy, dx


def affine(step: NDArray[np.float64], frame: Frame, origin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix from (slice, row, column) to patient coordinates.

    Raises
    ------
    CorruptFileError
        If the frame has no usable pixel spacing.
    """
    spacing = frame.spacing
    if spacing is None or len(spacing) != 2 or not all(is_length(s) for s in spacing):
        msg = f"PixelSpacing must hold two positive numbers in mm; this file has {spacing}."
        raise CorruptFileError(msg, [frame.header.path])
    assert frame.orientation is not None  # noqa: S101
    matrix = np.eye(4)
    matrix[:3, 0] = step
    matrix[:3, 1] = np.array(frame.orientation[3:]) * spacing[0]
    matrix[:3, 2] = np.array(frame.orientation[:3]) * spacing[1]
    matrix[:3, 3] = origin
    return matrix


def _single_distance(frame: Frame, notes: list[str]) -> float:
    for value in (frame.header.values.get("SpacingBetweenSlices"), (frame.thickness,)):
        if value and value[0] and is_length(value[0]):
            return float(value[0])
    notes.append("The file gives no slice thickness; 1 mm was taken.")
    return 1.0


def _check_line(frames: Sequence[Frame], positions: NDArray[np.float64], along: NDArray[np.float64]) -> None:
    """Refuse slices that are shifted sideways against each other by a varying amount."""
    share = (along - along[0]) / (along[-1] - along[0])
    sideways = positions - positions[0] - share[:, None] * (positions[-1] - positions[0])
    off = np.linalg.norm(sideways, axis=1)
    limit = max(0.05, 0.1 * min(frames[0].spacing or (1.0,)))
    if off.max() > limit:
        worst = int(off.argmax())
        msg = (
            f"The slices do not lie on one straight line: one is {off[worst]:.3g} mm beside it, so no "
            "single affine can place them. Read its files separately, or resample with another tool."
        )
        raise GantryTiltError(msg, [frames[worst].header.path])


def _irregular(
    frames: Sequence[Frame], along: NDArray[np.float64]
) -> MissingSliceError | IrregularSpacingError | None:
    gaps = np.diff(along)
    typical = float(np.median(gaps))
    limit = max(_TOLERANCE * typical, min(_ROUNDING, 2 * _TOLERANCE * typical))
    place = np.arange(len(along))
    regular = np.polynomial.Polynomial.fit(place, along, 1)(place)
    if np.abs(along - regular).max() <= limit and np.abs(gaps - gaps.mean()).max() <= 2 * limit:
        return None
    wide = np.flatnonzero(np.abs(gaps - typical) > 2 * limit)
    multiples = np.round(gaps / typical)
    whole = np.abs(gaps - multiples * typical) <= 2 * limit
    if wide.size and whole.all() and (multiples[wide] >= 2).all() and wide.size <= len(gaps) / 4:
        at = int(wide[0])
        count = int((multiples - 1).sum())
        msg = (
            f"{count} slice{'s are' if count > 1 else ' is'} missing: between {along[at]:.2f} mm and "
            f"{along[at + 1]:.2f} mm the gap is {gaps[at]:.4g} mm where the others are {typical:.4g} mm "
            f"({wide.size} such gap{'s' if wide.size > 1 else ''}). Copy the series again, or pass "
            "on_irregular='resample' to fill gaps by linear interpolation. The gap lies between:"
        )
        return MissingSliceError(msg, [frames[at].header.path, frames[at + 1].header.path])
    at = int(np.abs(gaps - typical).argmax())
    msg = (
        f"The distance between slices varies from {gaps.min():.4g} to {gaps.max():.4g} mm "
        f"(typically {typical:.4g}); it is {gaps[at]:.4g} mm between {along[at]:.2f} and "
        f"{along[at + 1]:.2f} mm. Pass on_irregular='resample' to interpolate to regular slices. "
        "It is between:"
    )
    return IrregularSpacingError(msg, [frames[at].header.path, frames[at + 1].header.path])


def _note_jitter(along: NDArray[np.float64], notes: list[str]) -> None:
    off = np.abs(along - np.linspace(along[0], along[-1], len(along))).max()
    distance = (along[-1] - along[0]) / (len(along) - 1)
    if off > _NOTED * distance:
        notes.append(
            f"Slice positions deviate by up to {off:.2g} mm from regular slices {distance:.4g} mm apart.",
        )


def _note_tilt(step: NDArray[np.float64], frame: Frame, notes: list[str]) -> None:
    cosine = float(abs(step @ normal(frame)) / np.linalg.norm(step))
    angle = float(np.degrees(np.arccos(min(cosine, 1.0))))
    if angle > 0.06:
        notes.append(
            f"The slices are stacked at {angle:.1f}° to their normal (tilted gantry); the affine holds the "
            "shear. Resample to a regular grid before using tools that cannot hold it.",
        )
