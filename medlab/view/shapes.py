"""What was drawn besides the mask: boxes, ellipses, points and lengths, as tables with units."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

    from medlab.view.planes import Plane
    from medlab.view.stack import Stack

__all__ = ["KINDS", "Shape", "boxes", "draw", "measurements"]

KINDS = ("box", "ellipse", "point", "length")
_POINTS = {"box": 2, "ellipse": 2, "point": 1, "length": 2}


@dataclasses.dataclass(frozen=True)
class Shape:
    """One shape on one slice.

    Attributes
    ----------
    kind : {"box", "ellipse", "point", "length"}
        What it is.
    label : int
        Number of its label, 1 for the first.
    slice : int
        Index of the slice.
    points : tuple of (float, float)
        (row, column), counted from the outer edge of the first voxel: voxel n reaches from n to n + 1.
        Upper left and lower right corner of a box or of the box around an ellipse, the end points of a
        length, or the point.
    """

    kind: str
    label: int
    slice: int
    points: tuple[tuple[float, float], ...]

    @classmethod
    def checked(cls, facts: Mapping[str, Any], stack: Stack, labels: int) -> Shape:
        """Return the shape that plain facts describe.

        Raises
        ------
        ValueError
            If they describe none on this image.
        """
        try:
            kind, label, slice_ = str(facts["kind"]), int(facts["label"]), int(facts["slice"])
            points = tuple((float(j), float(i)) for j, i in facts["points"])
        except (KeyError, TypeError, ValueError):
            kind, label, slice_, points = "", 0, -1, ()
        _, count, rows, cols = stack.grid
        inside = all(0 <= j <= rows and 0 <= i <= cols for j, i in points)
        known = kind in KINDS and len(points) == _POINTS[kind] and 1 <= label <= labels
        if not (known and inside and 0 <= slice_ < count):
            msg = (
                "Expected a box, ellipse, point or length inside the image, with a known label; "
                f"got {dict(facts)!r}."
            )
            raise ValueError(msg)
        return cls(kind, label, slice_, points)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return dataclasses.asdict(self) | {"points": [list(p) for p in self.points]}

    def inside(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return the voxels of a slice whose centres a box or an ellipse holds."""
        (top, left), (bottom, right) = self.points
        j, i = np.ogrid[: shape[0], : shape[1]]
        y = (2 * (j + 0.5) - top - bottom) / (bottom - top)
        x = (2 * (i + 0.5) - left - right) / (right - left)
        return (np.abs(y) <= 1) & (np.abs(x) <= 1) if self.kind == "box" else y**2 + x**2 <= 1


def boxes(shapes: Sequence[Shape], labels: Sequence[str]) -> pd.DataFrame:
    """Return the boxes, half-open like slices: ``array[slice, row_start:row_stop, col_start:col_stop]``."""
    import pandas as pd

    rows = [
        [
            labels[s.label - 1],
            s.slice,
            *(round(v) for v in (s.points[0][0], s.points[1][0], s.points[0][1], s.points[1][1])),
        ]
        for s in shapes
        if s.kind == "box"
    ]
    return pd.DataFrame(rows, columns=["label", "slice", "row_start", "row_stop", "col_start", "col_stop"])


def measurements(shapes: Sequence[Shape], labels: Sequence[str], stack: Stack) -> pd.DataFrame:
    """Return one row for each shape: where it is, how long or large it is, and the values within it.

    Columns: ``kind``, ``label``, ``slice``; ``row``, ``col`` (index of the point, of the centre of a box or
    ellipse, of the first end of a length); ``x``, ``y``, ``z`` of it in mm where the patient is known;
    ``length`` and ``area`` in the unit of length (mm or px); ``mean``, ``sd``, ``minimum``, ``maximum`` of
    the voxels whose centres lie inside, in the image's unit; of a point the value of its voxel.
    """
    import pandas as pd

    columns = ["kind", "label", "slice", "row", "col", "x", "y", "z", "length", "area"]
    columns += ["mean", "sd", "minimum", "maximum"]
    rows = [_measured(s, labels[s.label - 1], stack) for s in shapes]
    return pd.DataFrame(rows, columns=columns)


def draw(
    picture: Picture, shapes: Sequence[Shape], plane: Plane, size: tuple[int, int], colours: Sequence[str]
) -> None:
    """Draw shapes of one slice, of `size` rows and columns, on its picture."""
    from PIL import ImageDraw

    pen = ImageDraw.Draw(picture)
    for shape in shapes:
        places = []
        for point in shape.points:
            at = dict(zip((1, 2), point, strict=True))
            length = dict(zip((1, 2), size, strict=True))
            row = length[plane.down] - at[plane.down] if plane.flip_down else at[plane.down]
            col = length[plane.across] - at[plane.across] if plane.flip_across else at[plane.across]
            places.append(
                (col / length[plane.across] * picture.width, row / length[plane.down] * picture.height)
            )
        (x0, y0), (x1, y1) = places[0], places[-1]
        corners = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        colour = colours[shape.label - 1]
        if shape.kind == "box":
            pen.rectangle(corners, outline=colour, width=2)
        elif shape.kind == "ellipse":
            pen.ellipse(corners, outline=colour, width=2)
        elif shape.kind == "point":
            pen.ellipse((x0 - 3, y0 - 3, x0 + 3, y0 + 3), outline=colour, width=2)
        else:
            pen.line((x0, y0, x1, y1), fill=colour, width=2)


def _measured(shape: Shape, label: str, stack: Stack) -> dict[str, Any]:
    image = stack.image
    corners = np.array(shape.points) - 0.5
    row, col = corners[0] if shape.kind in ("point", "length") else corners.mean(axis=0)
    facts: dict[str, Any] = {"kind": shape.kind, "label": label, "slice": shape.slice, "row": row, "col": col}
    depth = shape.slice if stack.fast == "slice" else 0
    if image.space == "patient":
        facts |= dict(zip("xyz", image.index_to_position([depth, row, col]), strict=True))
    if shape.kind == "length":
        ends = image.index_to_position([[depth, *c] for c in corners])
        facts["length"] = float(np.linalg.norm(ends[1] - ends[0]))
    if shape.kind in ("box", "ellipse"):
        tall, wide = corners[1] - corners[0]
        pixel = np.linalg.norm(np.cross(image.affine[:3, 1], image.affine[:3, 2]))
        facts["area"] = float(tall * wide * pixel * (np.pi / 4 if shape.kind == "ellipse" else 1))
    return facts if stack.colour else facts | _values(shape, stack)


def _values(shape: Shape, stack: Stack) -> dict[str, float]:
    plane = stack.plane(0, shape.slice)
    if shape.kind == "length":
        return {}
    if shape.kind == "point":
        j, i = (min(int(v), n - 1) for v, n in zip(shape.points[0], plane.shape, strict=True))
        values = plane[j : j + 1, i].astype(np.float64)
    else:
        values = plane[shape.inside(plane.shape)].astype(np.float64)
    if not values.size:
        return {}
    return {"mean": values.mean(), "sd": values.std(), "minimum": values.min(), "maximum": values.max()}
