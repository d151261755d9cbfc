"""A drawn mask: from the browser, from files, and to files."""

from __future__ import annotations

import json
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.image import Image
from medlab.view import coco, packet
from medlab.view.masks import grid_message

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from medlab.view.shapes import Shape
    from medlab.view.stack import Stack

__all__ = ["load", "mask", "save", "take", "voxels"]


def voxels(stack: Stack, given: Image | NDArray[Any] | None, labels: Sequence[str]) -> NDArray[np.uint8]:
    """Return a mask as new (K, J, I) label numbers of a stack.

    Raises
    ------
    ValueError
        If it lies on another grid, has another shape, or holds other values than the labels'.
    """
    grid = stack.grid[1:]
    if given is None:
        return np.zeros(grid, np.uint8)
    if isinstance(given, Image) and not stack.image.same_grid(given):
        raise ValueError(grid_message("", stack.image, given))
    values = np.asarray(given.array if isinstance(given, Image) else given)
    if values.shape not in (grid, grid[1:] if grid[0] == 1 else grid) or values.dtype.kind not in "bui":
        msg = f"A mask holds booleans or integers of shape {grid}; got {values.dtype} of {values.shape}."
        raise ValueError(msg)
    names = given.labels if isinstance(given, Image) else None
    return _renumbered(values.reshape(grid), names, labels)


def mask(stack: Stack, values: NDArray[np.uint8], labels: Sequence[str]) -> Image:
    """Return label numbers as a mask image on the grid of a stack."""
    image = stack.image
    axes = image.axes.replace("c", "")
    return Image(
        values.reshape([image.size(a) for a in axes]),
        axes=axes,
        affine=image.affine,
        space=image.space,
        modality="SEG",
        units="label",
        labels=dict(enumerate(labels, start=1)),
    )


def take(values: NDArray[np.uint8], content: Mapping[str, Any], buffers: Sequence[Any], labels: int) -> None:
    """Write a piece of a slice that the browser sent into (K, J, I) label numbers.

    Raises
    ------
    ValueError
        If it does not fit.
    """
    index, start, size = (int(content[name]) for name in ("index", "start", "size"))
    plane = values[index].reshape(-1)
    codes = packet.decode_runs(bytes(buffers[0]), str(content["coding"]), size)
    if not 0 <= index < len(values) or start < 0 or codes.size != size or start + size > plane.size:
        msg = f"Expected voxels within slice {index}; got {codes.size} from {start}."
        raise ValueError(msg)
    if codes.size and codes.max() > labels:
        msg = f"Expected labels up to {labels}; got {codes.max()}."
        raise ValueError(msg)
    plane[start : start + size] = codes


def save(
    image: Image,
    values: NDArray[np.uint8],
    shapes: Sequence[Shape],
    path: Path,
    source: str | os.PathLike[str] | None,
    *,
    overwrite: bool,
) -> Path:
    """Write a drawing, as `medlab.view.annotation.Annotator.save` says."""
    from medlab.io.write import atomically, write

    suffix = path.suffix.lower()
    if suffix == ".json":
        grid = {
            "axes": image.axes,
            "shape": list(image.shape),
            "affine": image.affine.tolist(),
            "space": image.space,
        }
        content = coco.to_coco(values, shapes, list((image.labels or {}).values()), grid)
        return atomically(path, partial(_write_json, content), overwrite=overwrite)
    if shapes:
        msg = f"{suffix or 'This format'} holds the mask only; save the {len(shapes)} shapes as .json, too."
        warnings.warn(msg, stacklevel=3)
    if suffix != ".dcm":
        return write(image, path, overwrite)
    if source is None:
        msg = "A DICOM segmentation refers to its series: pass source=, the folder the image was read from."
        raise ValueError(msg)
    from medlab.io import write_seg

    return write_seg(image, source, path, overwrite=overwrite)


def load(
    path: Path, stack: Stack, labels: Sequence[str]
) -> tuple[NDArray[np.uint8], list[dict[str, Any]] | None]:
    """Return label numbers on a stack's grid, and plain shapes where the format holds them."""
    if path.suffix.lower() == ".json":
        return coco.from_coco(json.loads(path.read_text(encoding="utf-8")), labels, stack.grid[1:])
    if path.suffix.lower() == ".dcm":
        from medlab.io import read_seg

        return voxels(stack, read_seg(path, stack.image), labels), None
    from medlab.io import read

    return voxels(stack, read(path), labels), None


def _write_json(content: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")


def _renumbered(
    values: NDArray[Any], names: Mapping[int, str] | None, labels: Sequence[str]
) -> NDArray[np.uint8]:
    """Return label numbers: by name where the mask has names, else the values as they are."""
    present = [int(v) for v in np.unique(values) if v]
    numbers = {v: v for v in present}
    if names and any(names.get(v) for v in present):
        numbers = {v: labels.index(names[v]) + 1 if names.get(v) in labels else 0 for v in present}
    unknown = [v for v, n in numbers.items() if not 1 <= n <= len(labels)]
    if unknown:
        called = [f"{v} ({names[v]})" if names and v in names else str(v) for v in unknown]
        msg = f"The mask holds labels that are not among {list(labels)}: {', '.join(called)}."
        raise ValueError(msg)
    result = np.zeros(values.shape, np.uint8)
    for value, number in numbers.items():
        result[values == value] = number
    return result
