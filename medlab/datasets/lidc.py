"""Chest CT of LIDC-IDRI with the contours that four radiologists drew around a nodule."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.io import read

if TYPE_CHECKING:
    from medlab.datasets.record import Record
    from medlab.image import Image

RATINGS = ("subtlety", "sphericity", "margin", "lobulation", "spiculation", "texture", "malignancy")


def load(record: Record) -> Dataset:
    """Read the series, and one mask and one set of ratings per reader where the contours are at hand."""
    import pandas as pd

    folder = fetch(record)
    contours = folder / "annotations.json"
    readers = json.loads(contours.read_text())["annotations"] if contours.is_file() else []

    def case(_: int) -> Case:
        image = read(folder / "image")
        masks = {f"reader {n}": reader_mask(image, r["contours"]) for n, r in enumerate(readers, 1)}
        ratings = {f"reader {n}": {k: r[k] for k in RATINGS} for n, r in enumerate(readers, 1)}
        return Case(image, masks, {"ratings": ratings})

    return Dataset(record, pd.DataFrame({"patient": [record.options["patient"]]}), case)


def reader_mask(image: Image, contours: list[dict[str, Any]]) -> Image:
    """Fill a reader's contours.

    LIDC's rule: the outline runs through the first voxels *outside* the nodule, so these do not belong to it;
    an outline with ``inclusion`` false encloses what is not nodule.

    Parameters
    ----------
    image : Image
        The CT they were drawn on.
    contours : list of dict
        ``z`` in mm, ``inclusion``, and ``xy``: a list of (column, row) indices.
    """
    from skimage.draw import polygon, polygon_perimeter

    mask = np.zeros(image.grid, bool)
    for contour in contours:
        columns, rows = np.array(contour["xy"]).T
        x, y, _ = image.origin
        k = round(float(image.position_to_index((x, y, contour["z"]))[0]))
        inside = np.zeros(image.grid[1:], bool)
        inside[polygon(rows, columns, inside.shape)] = True
        inside[polygon_perimeter(rows, columns, inside.shape, clip=True)] = False
        mask[k] = mask[k] | inside if contour["inclusion"] else mask[k] & ~inside
    return image.as_mask(mask, {1: "nodule"})
