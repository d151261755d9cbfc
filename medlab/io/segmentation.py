"""DICOM segmentations (SEG) to masks and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.image import Image
from medlab.io.dataset import dataset_with
from medlab.io.dicom.limits import allowed_bytes, check_size
from medlab.io.dicom.silence import quiet
from medlab.io.errors import (
    CorruptFileError,
    InconsistentSeriesError,
    IrregularSpacingError,
    LoadError,
    UnsupportedFormatError,
)
from medlab.io.guard import parsing

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from pydicom import Dataset

__all__ = ["read_seg", "write_seg"]

_CODE = tuple[str, str, str]
_ANATOMY: _CODE = ("123037004", "SCT", "Anatomical Structure")
_TISSUE: _CODE = ("85756007", "SCT", "Tissue")
_ON_GRID = 0.02


def read_seg(
    path: str | os.PathLike[str],
    reference: Image | None = None,
    segments: Sequence[int | str] | None = None,
    *,
    max_bytes: int | None = None,
) -> Image:
    """Read a DICOM segmentation as a mask whose labels are the segment numbers.

    Slices that hold no segment are often left out of such files; they come back empty.

    Parameters
    ----------
    path : path
        The SEG file: binary, fractional (at least half counts as inside) or label map.
    reference : Image, optional
        Put the mask on the grid of this image; default: the smallest grid that holds the stored slices.
    segments : sequence of int or str, optional
        Numbers or names of the segments to read; default: all.
    max_bytes : int, optional
        Largest decoded size that is accepted.

    Returns
    -------
    Image
        Axes ``"zyx"``, units ``"label"``, `labels` with the names of the segments.

    Raises
    ------
    LoadError
        If segments overlap and so do not fit one mask, slices are unevenly spaced or tiled, or the file is
        not a segmentation.

    References
    ----------
    DICOM PS3.3 A.51, C.8.20.
    """
    path = Path(path).expanduser()
    with parsing(path, "segmentation"), quiet():
        image = _stored(path, segments, max_bytes)
    return image if reference is None else _on(image, reference)


def _stored(path: Path, segments: Sequence[int | str] | None, max_bytes: int | None) -> Image:
    """Return the mask on the grid of its own slices."""
    dataset = dataset_with(path, ("SegmentSequence", "Rows", "Columns"), "a DICOM segmentation")
    if "TotalPixelMatrixRows" in dataset:
        raise UnsupportedFormatError("Segmentations of whole slides (tiled frames) are not read.", [path])
    numbers = _wanted(dataset, segments, path)
    described = _frames(dataset)
    held, told = int(dataset.get("NumberOfFrames", 1)), len(described)
    if held != told:
        described = [_in_common(described, held, path)]
    frames = [(n, f) for n, f in enumerate(described) if _is_label_map(dataset) or f["segment"] in numbers]
    if not frames:
        raise CorruptFileError("None of the segments asked for has a frame in this file.", [path])
    affine, slices, depth = _grid([f for _, f in frames], path)
    shape = (depth, int(dataset.Rows), int(dataset.Columns))
    check_size(np.prod(shape, dtype=object), allowed_bytes(max_bytes), [path])
    pixels = _pixels(dataset)
    mask = np.zeros(shape, np.uint8 if max(numbers) < 256 else np.uint16)
    for (n, frame), k in zip(frames, slices, strict=True):
        if _is_label_map(dataset):
            np.copyto(mask[k], pixels[n].astype(mask.dtype), where=np.isin(pixels[n], list(numbers)))
        else:
            _add(mask[k], pixels[n], frame["segment"], numbers, path)
    names = {number: numbers[number] for number in sorted(numbers)}
    notes = ["Fractions of at least one half count as inside."] if _is_fractional(dataset) else []
    if held != told:
        notes.append(f"The file holds one frame but describes {told}: where it lies is not known.")
    return Image(
        mask, axes="zyx", affine=affine, modality="SEG", units="label", labels=names, notes=tuple(notes)
    )


def _is_label_map(dataset: Dataset) -> bool:
    return str(dataset.get("SegmentationType")) == "LABELMAP"


def _is_fractional(dataset: Dataset) -> bool:
    return str(dataset.get("SegmentationType")) == "FRACTIONAL"


def _wanted(dataset: Dataset, segments: Sequence[int | str] | None, path: Path) -> dict[int, str]:
    """Return number and name of the segments to read."""
    names = {int(s.SegmentNumber): str(s.get("SegmentLabel", "")) for s in dataset.SegmentSequence}
    names.pop(0, None)
    if segments is None:
        return names
    wanted = {n: name for n, name in names.items() if n in segments or name in segments}
    missing = [s for s in segments if s not in names and s not in names.values()]
    if missing or not wanted:
        raise UnsupportedFormatError(f"There is no segment {missing}; the file holds {names}.", [path])
    return wanted


def _frames(dataset: Dataset) -> list[dict[str, Any]]:
    """Return segment number, position, orientation and spacing of each frame; None where not told."""
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [None])[0]
    own = dataset.get("PerFrameFunctionalGroupsSequence") or [None] * int(dataset.get("NumberOfFrames", 1))
    looked_up = {
        "segment": ("SegmentIdentificationSequence", "ReferencedSegmentNumber"),
        "position": ("PlanePositionSequence", "ImagePositionPatient"),
        "orientation": ("PlaneOrientationSequence", "ImageOrientationPatient"),
        "spacing": ("PixelMeasuresSequence", "PixelSpacing"),
        "between": ("PixelMeasuresSequence", "SpacingBetweenSlices"),
        "thickness": ("PixelMeasuresSequence", "SliceThickness"),
    }
    return [{n: _looked_up(where, (group, shared)) for n, where in looked_up.items()} for group in own]


def _in_common(described: list[dict[str, Any]], held: int, path: Path) -> dict[str, Any]:
    """Return what all descriptions agree on, for a file that holds a single frame."""
    if held != 1:
        msg = f"This segmentation holds {held} frames but describes {len(described)}."
        raise CorruptFileError(msg, [path])
    first = described[0]
    return {name: v if all(d[name] == v for d in described) else None for name, v in first.items()}


def _looked_up(where: tuple[str, str], groups: tuple[Dataset | None, ...]) -> Any:
    for group in groups:
        macro = group.get(where[0]) if group is not None else None
        if macro and macro[0].get(where[1]) is not None:
            return macro[0].get(where[1])
    return None


def _grid(frames: list[dict[str, Any]], path: Path) -> tuple[Any, list[int], int]:
    """Return affine (None where not told), the slice of each frame and the number of slices."""
    if any(f["position"] is None or f["orientation"] is None or f["spacing"] is None for f in frames):
        if len({f["segment"] for f in frames}) == len(frames) or len(frames) == 1:
            return None, [0] * len(frames), 1
        raise UnsupportedFormatError("The frames of this segmentation do not say where they lie.", [path])
    orientations = np.array([f["orientation"] for f in frames], np.float64)
    positions = np.array([f["position"] for f in frames], np.float64)
    if np.abs(orientations - orientations[0]).max() > 1e-3:
        raise InconsistentSeriesError("The frames of this segmentation differ in orientation.", [path])
    row, column = orientations[0, :3], orientations[0, 3:]
    normal = np.cross(row, column)
    depths = positions @ normal
    step = _step(depths, frames[0])
    slices = np.rint((depths - depths.min()) / step)
    off = np.abs((depths - depths.min()) / step - slices).max()
    if off > _ON_GRID:
        msg = f"The slices of this segmentation are unevenly spaced: some lie {off:.2f} of {step:.4g} mm off."
        raise IrregularSpacingError(msg, [path])
    dy, dx = (float(v) for v in frames[0]["spacing"])
    affine = np.eye(4)
    first, last = int(np.argmin(depths)), int(np.argmax(depths))
    count = int(slices.max())
    affine[:3, 0] = (positions[last] - positions[first]) / count if count else normal * step
    affine[:3, 1], affine[:3, 2], affine[:3, 3] = column * dy, row * dx, positions[first]
    return affine, [int(s) for s in slices], count + 1


def _step(depths: NDArray[np.float64], frame: dict[str, Any]) -> float:
    """Return the distance between slices: the smallest there is, or what the file says of a single one."""
    apart = np.diff(np.unique(np.round(depths, 4)))
    if len(apart):
        return float(np.median(apart[apart < 1.5 * apart.min()]))
    return float(frame["between"] or frame["thickness"] or 1.0) or 1.0


def _pixels(dataset: Dataset) -> NDArray[Any]:
    pixels = dataset.pixel_array
    if pixels.ndim == 2:
        pixels = pixels[np.newaxis]
    if _is_fractional(dataset):
        return 2 * pixels.astype(np.uint32) >= int(dataset.get("MaximumFractionalValue", 255))
    return pixels


def _add(plane: NDArray[Any], frame: NDArray[Any], number: int, names: dict[int, str], path: Path) -> None:
    inside = frame != 0
    taken = plane[inside & (plane != 0) & (plane != number)]
    if len(taken):
        msg = (
            f"Segments {names[int(taken[0])]!r} and {names[number]!r} overlap, which one mask cannot "
            f"hold; read them one at a time, e.g. segments=[{number}]."
        )
        raise LoadError(msg, [path])
    plane[inside] = number


def _on(mask: Image, reference: Image) -> Image:
    """Return the mask on the grid of the reference, with a note about what lies outside of it."""
    if reference.space != "patient" or mask.space != "patient":
        if mask.grid != reference.grid:
            msg = (
                f"The segmentation ({mask.grid}) does not fit the reference ({reference.grid}), which lies "
                "nowhere."
            )
            raise InconsistentSeriesError(msg)
        values = mask.array.reshape([reference.size(a) for a in reference.axes if a in "zyx"])
        return reference.as_mask(values, mask.labels).replace(notes=mask.notes)
    result = mask.like(reference)
    before = np.count_nonzero(mask.array) * mask.voxel_volume
    corners = reference.position_to_index(mask.index_to_position(np.argwhere(mask.array)))
    outside = ((corners < -0.5) | (corners > np.array(reference.grid) - 0.5)).any(axis=-1)
    if before and outside.any():
        note = f"{outside.mean():.1%} of the segmented volume lies outside of the reference."
        result = result.replace(notes=(*result.notes, note))
    return result


def write_seg(
    mask: Image,
    source: str | os.PathLike[str],
    path: str | os.PathLike[str],
    labels: Mapping[int, str] | None = None,
    overwrite: bool = False,
    *,
    types: Mapping[int, _CODE] | None = None,
    algorithm: str = "",
    description: str = "Segmentation",
) -> Path:
    """Write a mask as a DICOM segmentation that refers to the series it was made on, with highdicom.

    Segments are numbered 1, 2, … in the order of the labels, as the standard wants it.

    Parameters
    ----------
    mask : Image
        The mask, in patient coordinates; each value but 0 becomes a segment.
    source : path
        Folder (or file) of the DICOM series the mask belongs to. Patient, study and frame of reference come
        from there.
    path : path
        The file to write, ``….dcm``.
    labels : mapping of int to str, optional
        Names of the values; default: those of the mask, else "label 1", …
    overwrite : bool, optional
        Whether to replace a file.
    types : mapping of int to (value, scheme, meaning), optional
        Code of what each label is, for example ``{1: ("10200004", "SCT", "Liver")}``; default: tissue.
    algorithm : str, optional
        Name of the program that made the mask; default: made by hand.
    description : str, optional
        Series description.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    ValueError
        If the mask is empty, holds no integers, or does not lie in the patient.
    EmptySeriesError
        If `source` holds no DICOM image.
    FileExistsError
        If the path exists and `overwrite` is not set.
    """
    from medlab.io.write import atomically

    if mask.space != "patient" or mask.axes != "zyx" or mask.dtype.kind not in "iub" or not mask.array.any():
        msg = f"Expected a mask (axes 'zyx', integers, not empty) in patient coordinates; got {mask!r}."
        raise ValueError(msg)
    if mask.sheared:
        msg = "A DICOM segmentation cannot be written on a sheared grid; resample image and mask first."
        raise ValueError(msg)
    names = {
        int(v): (labels or mask.labels or {}).get(int(v), f"label {v}") for v in np.unique(mask.array) if v
    }
    dataset = _segmentation(mask, Path(source).expanduser(), names, types or {}, algorithm, description)
    return atomically(Path(path).expanduser(), dataset.save_as, overwrite=overwrite)


def _segmentation(
    mask: Image,
    source: Path,
    names: dict[int, str],
    types: Mapping[int, _CODE],
    algorithm: str,
    description: str,
) -> Any:
    """Return highdicom's data set."""
    import highdicom as hd
    from pydicom.uid import generate_uid

    from medlab import __version__
    from medlab.io.derived import sources_of

    images = _one_for_each_place(sources_of(source))
    values = np.zeros(mask.shape, np.uint8 if len(names) < 256 else np.uint16)
    for number, value in enumerate(names, start=1):
        values[mask.array == value] = number
    descriptions = [
        _described(number, names[value], types.get(value, _TISSUE), algorithm)
        for number, value in enumerate(names, start=1)
    ]
    volume = hd.Volume(
        values,
        mask.affine,
        coordinate_system="PATIENT",
        frame_of_reference_uid=images[0].FrameOfReferenceUID,
    )
    return hd.seg.Segmentation(
        source_images=images,
        pixel_array=volume,
        segmentation_type="BINARY",
        segment_descriptions=descriptions,
        series_instance_uid=generate_uid(prefix=None),
        series_number=int(images[0].get("SeriesNumber") or 0) + 2000,
        sop_instance_uid=generate_uid(prefix=None),
        instance_number=1,
        manufacturer="medlab",
        manufacturer_model_name="medlab",
        software_versions=__version__,
        device_serial_number="0",
        series_description=description[:64],
        content_label="SEGMENTATION",
    )


def _one_for_each_place(images: list[Dataset]) -> list[Dataset]:
    """Return one image for each position, so that time points do not count as slices."""
    places = {tuple(np.round(np.array(i.ImagePositionPatient, float), 3)): i for i in reversed(images)}
    return [places[p] for p in sorted(places)]


def _described(number: int, name: str, code: _CODE, algorithm: str) -> Any:
    import highdicom as hd

    from medlab import __version__

    identification = None
    if algorithm:
        family = hd.sr.CodedConcept("123110", "DCM", "Artificial Intelligence")
        identification = hd.AlgorithmIdentificationSequence(algorithm[:64], family, __version__)
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=name[:64],
        segmented_property_category=hd.sr.CodedConcept(*_ANATOMY),
        segmented_property_type=hd.sr.CodedConcept(*code),
        algorithm_type="AUTOMATIC" if algorithm else "MANUAL",
        algorithm_identification=identification,
    )
