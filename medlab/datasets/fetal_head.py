"""Ultrasound of fetal heads with the outline that a sonographer drew (HC18)."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.datasets.phantoms.fetal import pixel_size
from medlab.io import read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from medlab.datasets.record import Record

__all__ = ["fit", "inside", "load"]

_TABLE = "training_set_pixel_size_and_HC.csv"


def load(record: Record) -> Dataset:
    """Read the annotated images, in mm by their pixel size.

    The table has the columns ``patient`` (one number for each examination), ``file``, ``pixel_mm`` and
    ``circumference_mm`` (the published measurement). Masks: ``head`` and the ``outline`` as drawn.
    """
    import pandas as pd

    folder = fetch(record)
    measured = record.options.get("measured") or _published(folder / _TABLE)
    table = pd.DataFrame(
        [
            {
                "patient": name[:3],
                "file": f"training_set/{name}.png",
                "pixel_mm": pixel,
                "circumference_mm": hc,
            }
            for name, (pixel, hc) in sorted(measured.items())
        ]
    )

    def case(index: int) -> Case:
        row = table.iloc[index]
        path = folder / row["file"]
        image = read(path).with_spacing(row["pixel_mm"]).replace(modality="US")
        outline = read(path.with_name(f"{path.stem}_Annotation.png")).array > 0
        masks = {
            "head": image.as_mask(inside(outline), {1: "fetal head"}),
            "outline": image.as_mask(outline, {1: "outline"}),
        }
        return Case(image, masks, row[["pixel_mm", "circumference_mm"]].to_dict())

    return Dataset(record, table, case)


def fit(record: Record, data: Dataset, *, size: Sequence[int]) -> Dataset:  # noqa: ARG001
    """Give simulated fetal heads of a picture size the form of this set, with the exact ellipse as outline.

    Only good frames are taken: HC18 holds planes that a sonographer chose to measure in.
    """
    from scipy.ndimage import binary_erosion

    data = data.select(data.table["fault"] == "")
    table = data.table[["patient", "weeks", "circumference_mm"]].copy()
    who = data.table[["seed", "weeks", "z"]].to_dict("records")
    table["pixel_mm"] = [pixel_size((size[0], size[1]), **row) for row in who]

    def case(index: int) -> Case:
        made = data[index]
        head = made.masks["head"].array > 0
        line = made.image.as_mask(head & ~binary_erosion(head, border_value=1), {1: "outline"})
        facts = table.iloc[index][["weeks", "pixel_mm", "circumference_mm"]].to_dict()
        return Case(made.image, {"head": made.masks["head"], "outline": line}, facts)

    return Dataset(data.record, table, case)


def inside(outline: NDArray[Any]) -> NDArray[Any]:
    """Fill an ellipse that is drawn as a line; it may run out of the picture at one side.

    Parameters
    ----------
    outline : (Y, X) ndarray of bool
        The pixels of the line.

    Returns
    -------
    (Y, X) ndarray of bool
        The line and what it encloses.

    Examples
    --------
    >>> import numpy as np
    >>> from skimage.draw import ellipse_perimeter
    >>> line = np.zeros((40, 40), bool)
    >>> line[ellipse_perimeter(20, 20, 12, 8)] = True
    >>> abs(int(inside(line).sum()) / (np.pi * 12 * 8) - 1) < 0.1
    True
    """
    from scipy.ndimage import binary_fill_holes
    from skimage.morphology import convex_hull_image

    if outline[[0, -1]].any() or outline[:, [0, -1]].any():
        return convex_hull_image(outline, offset_coordinates=False)
    return binary_fill_holes(outline)


def _published(path: Path) -> dict[str, tuple[float, float]]:
    """Return pixel size and circumference in mm by the picture's name without ending."""
    with path.open(encoding="ascii", newline="") as stream:
        _, *rows = csv.reader(stream)
    return {name.removesuffix(".png"): (float(pixel), float(hc)) for name, pixel, hc in rows}
