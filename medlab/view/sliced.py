"""A slice of an image as a mesh with grey levels, to stand between surfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.view.coarse import solid
from medlab.view.paint import rgb
from medlab.view.window import window
from medlab.view.zbuffer import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["slice_between"]

_MOST = 160  # vertices along an axis


def slice_between(parts: Sequence[Part], image: Image, mask: Image) -> Part:
    """Return the slice of an image that passes through the middle of some surfaces.

    Parameters
    ----------
    parts : sequence of Part
        The surfaces.
    image : Image
        A volume on any grid, in the space of the mask.
    mask : Image
        Where the surfaces come from.

    Raises
    ------
    TypeError, ValueError
        If the image is no volume, or lies in another space than the mask.
    """
    if image.space != mask.space:
        msg = f"image must share the mask's space {mask.space!r}; it lies in {image.space!r}."
        raise ValueError(msg)
    volume = solid(image)
    points = np.concatenate([p.vertices for p in parts])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    index = int(np.clip(round(float(volume.position_to_index(middle)[0])), 0, len(volume.array) - 1))
    rows, cols = (np.rint(np.linspace(0, n - 1, min(n, _MOST))).astype(int) for n in volume.shape[1:])
    j, i = np.meshgrid(rows, cols, indexing="ij")
    where = volume.index_to_position(np.stack([np.full(j.size, index), j.ravel(), i.ravel()], axis=1))
    colours = rgb(volume.array[index][np.ix_(rows, cols)], window(image)).reshape(-1, 3)
    faces = _grid_faces(len(rows), len(cols))
    return Part(f"slice {index} of the image", where.astype(np.float32), faces, colours, shaded=False)


def _grid_faces(rows: int, cols: int) -> NDArray[np.int32]:
    """Return two triangles for each cell of a grid of vertices."""
    corner = np.arange(rows * cols).reshape(rows, cols)
    a, b, c, d = (
        part.ravel() for part in (corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:])
    )
    return np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)]).astype(np.int32)
