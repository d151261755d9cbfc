"""Chest CT of LIDC-IDRI with the contours that four radiologists drew around a nodule."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.datasets.phantoms.readers import drawn
from medlab.io import read

if TYPE_CHECKING:
    from medlab.datasets.record import Record
    from medlab.image import Image

__all__ = ["RATINGS", "fit", "load", "reader_mask"]

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


def fit(record: Record, data: Dataset) -> Dataset:  # noqa: ARG001
    """Take one simulated chest CT with a single malignant nodule, and four simulated readers of it.

    The readers draw the true outline a little too wide or too narrow, and waver; each rates the true signs
    give or take one step.
    """
    alone = (data.table["label"] == 1) & (data.table["nodules"] == 1)
    data = data.select([data.table[alone]["largest_mm"].idxmax()])

    def case(_: int) -> Case:
        made = data[0]
        truth = made.masks["nodules"].array > 0
        masks, ratings = {}, {}
        for n, shift in enumerate((-0.4, 0.0, 0.3, 0.7), 1):
            rng = np.random.default_rng([n, 3])
            masks[f"reader {n}"] = made.image.as_mask(drawn(truth, shift=shift, rng=rng), {1: "nodule"})
            ratings[f"reader {n}"] = _rated(made.facts["nodules"][0]["type"], rng)
        return Case(made.image, masks, {"ratings": ratings})

    return Dataset(data.record, data.table[["patient"]], case)


def _rated(kind: str, rng: np.random.Generator) -> dict[str, int]:
    """Rate a malignant nodule from 1 to 5, each sign within a step of what it is."""
    texture = {"solid": 5, "part-solid": 3, "ground-glass": 1}[kind]
    true = dict.fromkeys(RATINGS, 3) | {"subtlety": 4, "spiculation": 4, "texture": texture, "malignancy": 4}
    return {sign: int(np.clip(value + rng.integers(-1, 2), 1, 5)) for sign, value in true.items()}
