"""A label volume of a data set as a mask on the grid of its image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.io import read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from medlab.image import Image

__all__ = ["read_mask"]


def read_mask(path: Path, image: Image, names: Mapping[int, str] | None = None) -> Image:
    """Read a label volume and lay it on an image.

    Parameters
    ----------
    path : Path
        NIfTI, NRRD or any other file that `medlab.read` knows, with whole numbers from 0 to 255.
    image : Image
        The image that the labels belong to.
    names : mapping of int to str, optional
        Names of the labels.

    Returns
    -------
    Image
        uint8 on the image's grid. Where the file's own grid is another one (rows the other way round, a
        larger field of view), each voxel takes the nearest label, and a note says so.

    Raises
    ------
    TypeError
        If the file holds other values than whole numbers from 0 to 255.
    """
    mask = read(path, dtype=np.uint8).replace(units="label")
    if mask.same_grid(image):
        return image.as_mask(mask.array, names)
    note = f"{path.name} was stored on another grid ({mask!r}); each voxel took the nearest label."
    return image.as_mask(mask.like(image, order=0).array, names).replace(notes=(note,))
