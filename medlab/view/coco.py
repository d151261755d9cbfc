"""Masks and boxes as COCO JSON, the format that object detection uses.

One COCO image for each slice that holds something; its ``id`` is the slice's index plus 1. Each label on a
slice is an annotation with a run-length coded ``segmentation`` (``counts`` in column order, starting with the
number of zeros, ``iscrowd`` 1); each box one without. What COCO has no place for (ellipses, points, lengths,
the grid) lies under the key ``"medlab"``. Polygons are read as well: a voxel counts if its centre is inside.

The format: https://cocodataset.org/#format-data
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from medlab.view.shapes import Shape

__all__ = ["counts", "decoded", "from_coco", "to_coco"]


def counts(region: NDArray[np.bool_]) -> list[int]:
    """Return COCO's run lengths of a mask: column by column, zeros first.

    Examples
    --------
    >>> counts(np.array([[0, 1], [0, 1], [1, 0]], bool))
    [2, 3, 1]
    """
    flat = np.concatenate([[False], region.ravel(order="F")])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    return [int(n) for n in np.diff(np.concatenate([[0], edges, [region.size]]))]


def decoded(segmentation: Any, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the mask of a COCO segmentation: run lengths, or a list of polygons.

    Raises
    ------
    ValueError
        If the run lengths are compressed, or do not fit the picture.
    """
    if isinstance(segmentation, list):
        return _polygons(segmentation, shape)
    runs = segmentation.get("counts")
    if not isinstance(runs, list) or sum(runs) != shape[0] * shape[1]:
        msg = (
            f"Expected run lengths that add up to {shape[0]} × {shape[1]} voxels, as a list of numbers; "
            "decode compressed ones with pycocotools first."
        )
        raise ValueError(msg)
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape(shape, order="F")


def to_coco(
    mask: NDArray[np.uint8], shapes: Sequence[Shape], labels: Sequence[str], grid: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a (slices, rows, columns) mask and shapes as a COCO dictionary.

    Parameters
    ----------
    mask : (K, J, I) ndarray of uint8
        Label numbers.
    shapes : sequence of Shape
        Boxes and the rest.
    labels : sequence of str
        Names of labels 1, 2, …
    grid : mapping
        What ``"medlab"`` says about the grid, JSON-serialisable.
    """
    _, rows, cols = mask.shape
    used = sorted({s.slice for s in shapes} | {int(k) for k in np.flatnonzero(mask.any(axis=(1, 2)))})
    annotations = [a for k in used for a in _regions(mask[k], k)]
    annotations += [_box(s) for s in shapes if s.kind == "box"]
    return {
        "info": {"description": "Drawn with medlab"},
        "images": [{"id": k + 1, "file_name": f"slice-{k:04d}", "height": rows, "width": cols} for k in used],
        "categories": [{"id": n, "name": name} for n, name in enumerate(labels, start=1)],
        "annotations": [{"id": n, **a} for n, a in enumerate(annotations, start=1)],
        "medlab": {**grid, "shapes": [s.plain() for s in shapes if s.kind != "box"]},
    }


def from_coco(
    coco: Mapping[str, Any], labels: Sequence[str], grid: tuple[int, int, int]
) -> tuple[NDArray[np.uint8], list[dict[str, Any]]]:
    """Return mask and plain shapes of a COCO dictionary; categories are matched to labels by name.

    Raises
    ------
    ValueError
        If it names another size or other labels.
    """
    sizes = {(int(i["height"]), int(i["width"])) for i in coco["images"]} - {grid[1:]}
    names = {int(c["id"]): str(c["name"]) for c in coco["categories"]}
    numbers = [a["category_id"] for a in coco["annotations"]]
    numbers += [s["label"] for s in coco.get("medlab", {}).get("shapes", [])]
    used = {names.get(int(n), f"category {n}") for n in numbers}
    slices = {int(i["id"]) - 1 for i in coco["images"]}
    if sizes or used - set(labels) or not slices <= set(range(grid[0])):
        msg = (
            f"Expected at most {grid[0]} slices of {grid[1]} × {grid[2]} voxels and labels from "
            f"{list(labels)}; got slices {min(slices, default=0)} to {max(slices, default=0)}, "
            f"sizes {sorted(sizes) or [grid[1:]]} and labels {sorted(used)}."
        )
        raise ValueError(msg)
    mask, shapes = np.zeros(grid, np.uint8), []
    for annotation in coco["annotations"]:
        k, label = int(annotation["image_id"]) - 1, labels.index(names[int(annotation["category_id"])]) + 1
        if annotation.get("segmentation"):
            mask[k][decoded(annotation["segmentation"], grid[1:])] = label
        else:
            left, top, wide, tall = annotation["bbox"]
            shapes.append(
                {
                    "kind": "box",
                    "label": label,
                    "slice": k,
                    "points": [[top, left], [top + tall, left + wide]],
                }
            )
    others = coco.get("medlab", {}).get("shapes", [])
    shapes += [s | {"label": labels.index(names[int(s["label"])]) + 1} for s in others]
    return mask, shapes


def _regions(plane: NDArray[np.uint8], k: int) -> list[dict[str, Any]]:
    found = []
    for label in np.unique(plane[plane > 0]):
        region = plane == label
        j, i = np.nonzero(region)
        top, left = int(j.min()), int(i.min())
        found.append(
            {
                "image_id": k + 1,
                "category_id": int(label),
                "segmentation": {"counts": counts(region), "size": list(region.shape)},
                "bbox": [left, top, int(i.max()) + 1 - left, int(j.max()) + 1 - top],
                "area": len(j),
                "iscrowd": 1,
            }
        )
    return found


def _box(shape: Shape) -> dict[str, Any]:
    (top, left), (bottom, right) = shape.points
    return {
        "image_id": shape.slice + 1,
        "category_id": shape.label,
        "segmentation": [],
        "bbox": [left, top, right - left, bottom - top],
        "area": (right - left) * (bottom - top),
        "iscrowd": 0,
    }


def _polygons(polygons: list[list[float]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    from matplotlib.path import Path

    i, j = np.meshgrid(np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5)
    centres = np.stack([i.ravel(), j.ravel()], axis=-1)
    inside = np.zeros(shape, bool)
    for polygon in polygons:
        corners = np.asarray(polygon, np.float64).reshape(-1, 2)
        inside |= Path(corners).contains_points(centres).reshape(shape)
    return inside
