"""DICOM for radiotherapy: contours (RTSTRUCT) to masks, dose (RTDOSE) to an image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from medlab.image import Image
from medlab.io.contours import voxels_inside
from medlab.io.dataset import dataset_with
from medlab.io.dicom.limits import allowed_bytes, check_size
from medlab.io.dicom.silence import quiet
from medlab.io.errors import CorruptFileError, IrregularSpacingError, LoadError
from medlab.io.guard import parsing

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pydicom import Dataset

__all__ = ["read_rtdose", "read_rtstruct"]

_CLOSED = {"CLOSED_PLANAR", "CLOSEDPLANAR_XOR"}


@overload
def read_rtstruct(path: str | os.PathLike[str], reference: Image, rois: str) -> Image: ...  # type: ignore[overload-overlap]
@overload
def read_rtstruct(
    path: str | os.PathLike[str], reference: Image, rois: Sequence[str] | None = None
) -> dict[str, Image]: ...
def read_rtstruct(
    path: str | os.PathLike[str], reference: Image, rois: str | Sequence[str] | None = None
) -> Image | dict[str, Image]:
    """Read the contours of an RT structure set as masks on the grid of an image.

    A voxel is inside if its centre is inside an odd number of the closed contours of its plane, so that inner
    contours are holes; see `medlab.io.contours`. Structures may overlap, so each has a mask of its own.

    Parameters
    ----------
    path : path
        The RTSTRUCT file.
    reference : Image
        The image the contours were drawn on, or another with slices, rows or columns parallel to them.
    rois : str or sequence of str, optional
        Name of one structure, or names of several; default: all that have closed contours.

    Returns
    -------
    Image or dict of str to Image
        One mask for one name; else the masks by name.

    Raises
    ------
    LoadError
        If a name is not there, a structure has no closed contours, or the contours lie oblique to the
        reference or outside of it.

    References
    ----------
    DICOM PS3.3 C.8.8.5, C.8.8.6.
    """
    path = Path(path).expanduser()
    if reference.space != "patient":
        msg = f"Contours need a reference in patient coordinates; got {reference!r}."
        raise ValueError(msg)
    dataset = dataset_with(path, ("StructureSetROISequence",), "an RT structure set")
    with parsing(path, "structure set"), quiet():
        contours, skipped = _contours(dataset, path)
    wanted = [rois] if isinstance(rois, str) else list(contours if rois is None else rois)
    for name in wanted:
        if name not in contours:
            there = f"it has {', '.join(skipped[name])} only" if name in skipped else "it is not in this file"
            msg = (
                f"There are no closed contours of {name!r}: {there}. Structures: "
                f"{', '.join(contours) or 'none'}."
            )
            raise LoadError(msg, [path])
    left_out = [f"{n} has no closed contours and was left out." for n in skipped] if rois is None else []
    masks = {}
    for name in wanted:
        inside, notes = voxels_inside(contours[name], reference, name)
        values = inside.reshape([reference.size(a) for a in reference.axes if a in "zyx"])
        masks[name] = reference.as_mask(values, {1: name}).replace(notes=(*notes, *left_out))
    return masks[rois] if isinstance(rois, str) else masks


def _contours(
    dataset: Dataset, path: Path
) -> tuple[dict[str, list[NDArray[np.float64]]], dict[str, list[str]]]:
    """Return closed contours by structure, and for those without any the kinds of contour they have."""
    names: dict[int, str] = {}
    for roi in dataset.StructureSetROISequence:
        name, number = str(roi.get("ROIName", "")).strip() or f"ROI {roi.ROINumber}", int(roi.ROINumber)
        names[number] = f"{name} ({number})" if name in names.values() else name
    closed: dict[str, list[NDArray[np.float64]]] = {}
    kinds: dict[str, list[str]] = {name: ["nothing"] for name in names.values()}
    for roi in dataset.get("ROIContourSequence") or []:
        name = names.get(int(roi.ReferencedROINumber), f"ROI {roi.ReferencedROINumber}")
        items = list(roi.get("ContourSequence") or [])
        kinds[name] = sorted({str(i.get("ContourGeometricType")) for i in items}) or ["nothing"]
        polygons = [_points(i, name, path) for i in items if i.get("ContourGeometricType") in _CLOSED]
        if polygons:
            closed[name] = polygons
    return closed, {name: kind for name, kind in kinds.items() if name not in closed}


def _points(item: Dataset, name: str, path: Path) -> NDArray[np.float64]:
    values = np.array(item.get("ContourData") or [], np.float64)
    if len(values) < 9 or len(values) % 3 or not np.isfinite(values).all():
        msg = (
            f"A contour of {name!r} has {len(values)} coordinates; at least three points of three are needed."
        )
        raise CorruptFileError(msg, [path])
    return values.reshape(-1, 3)


def read_rtdose(path: str | os.PathLike[str], *, max_bytes: int | None = None) -> Image:
    """Read a dose distribution.

    Parameters
    ----------
    path : path
        The RTDOSE file.
    max_bytes : int, optional
        Largest decoded size that is accepted.

    Returns
    -------
    Image
        Axes ``"zyx"``, float32, units ``"Gy"`` (``""`` for relative dose).

    Raises
    ------
    LoadError
        If the planes are unevenly spaced, or the grid is not told.

    References
    ----------
    DICOM PS3.3 C.8.8.3, in C.8.8.3.2 the two meanings of Grid Frame Offset Vector.
    """
    path = Path(path).expanduser()
    dataset = dataset_with(path, ("DoseGridScaling", "Rows", "Columns"), "an RT dose")
    with parsing(path, "dose"), quiet():
        return _dose(dataset, path, max_bytes)


def _dose(dataset: Dataset, path: Path, max_bytes: int | None) -> Image:
    frames = int(dataset.get("NumberOfFrames") or 1)
    shape = (frames, int(dataset.Rows), int(dataset.Columns))
    check_size(np.prod(shape, dtype=object) * 4, allowed_bytes(max_bytes), [path])
    affine = _dose_affine(dataset, frames, path)
    array = (dataset.pixel_array.reshape(shape) * float(dataset.DoseGridScaling)).astype(np.float32)
    kept = ("DoseUnits", "DoseType", "DoseSummationType")
    meta: dict[str, Any] = {k: str(dataset.get(k)) for k in kept if dataset.get(k)}
    units = "Gy" if meta.get("DoseUnits") == "GY" else ""
    return Image(array, axes="zyx", affine=affine, modality="RTDOSE", units=units, meta=meta)


def _dose_affine(dataset: Dataset, frames: int, path: Path) -> NDArray[np.float64]:
    first = np.array(dataset.ImagePositionPatient, np.float64)
    along = np.array(dataset.ImageOrientationPatient, np.float64)
    dy, dx = (float(v) for v in dataset.PixelSpacing)
    row, column = along[:3], along[3:]
    normal = np.cross(row, column)
    step = float(dataset.get("SliceThickness") or 1.0)
    if frames > 1:
        step = _plane_distance(dataset, frames, path) * _sense(dataset, first, normal, path)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2], affine[:3, 3] = normal * step, column * dy, row * dx, first
    return affine


def _plane_distance(dataset: Dataset, frames: int, path: Path) -> float:
    offsets = np.array(dataset.get("GridFrameOffsetVector") or [], np.float64)
    if len(offsets) != frames:
        msg = f"The dose has {frames} planes and {len(offsets)} offsets (GridFrameOffsetVector)."
        raise CorruptFileError(msg, [path])
    steps = np.diff(offsets)
    if np.abs(steps - steps[0]).max() > 1e-2 * abs(steps[0]) or steps[0] == 0:
        msg = f"The planes of the dose are unevenly spaced: {steps.min():g} to {steps.max():g} mm."
        raise IrregularSpacingError(msg, [path])
    return float(steps.mean())


def _sense(dataset: Dataset, first: NDArray[np.float64], normal: NDArray[np.float64], path: Path) -> float:
    """Return which way offsets count along the normal: relative ones with it, absolute ones are patient z."""
    start = float(dataset.GridFrameOffsetVector[0])
    if start == 0:
        return 1.0
    if abs(start - first[2]) > 1e-2 or abs(abs(normal[2]) - 1) > 1e-3:
        msg = (
            f"GridFrameOffsetVector starts at {start:g}, which is neither 0 nor the z of the first "
            f"plane, {first[2]:g}."
        )
        raise CorruptFileError(msg, [path])
    return float(np.sign(normal[2]))
