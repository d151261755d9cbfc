"""Nuclei, or any objects numbered one by one: size, shape, intensity, count and density."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.measure.region import check_length, inside, some_inside

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["nuclear_density", "nuclei"]

#: Pixels count as square if their sides differ by no more than this share.
_SQUARE = 1e-3


def nuclei(mask: Image, image: Image | None = None) -> pd.DataFrame:
    """Measure each nucleus of a picture.

    Parameters
    ----------
    mask : Image
        Axes ``"yx"``: 0 is background, each nucleus has a number of its own. Square pixels.
    image : Image, optional
        The picture, ``"yx"`` or ``"yxc"``, for the mean intensity.

    Returns
    -------
    DataFrame
        A row per nucleus: ``label``, ``row`` and ``column`` (centroid, in pixels), ``area_um2`` and
        ``perimeter_um`` (``area_px`` and ``perimeter_px`` where no size is known), ``circularity``
        (4 π area / perimeter², 1 for a disc; pixels make it scatter around that for small ones),
        ``eccentricity``, ``solidity``, ``at_border`` (cut off by the picture), and ``intensity`` or
        ``intensity_0``, ``intensity_1``, … for each channel.

    Raises
    ------
    TypeError, ValueError
        If it is no flat mask with square pixels, or the image has another size.

    Notes
    -----
    Nuclei cut off by the border are in the table, for counting; leave them out of size and shape:
    ``table[~table.at_border]``. The perimeter is Crofton's in four directions, less biased than counting
    steps.

    References
    ----------
    `skimage.measure.regionprops_table`. Cox, A method of assigning numerical and percentage values to the
    degree of roundness of sand grains, Journal of Paleontology 1927 (circularity).

    Examples
    --------
    >>> from medlab import Image
    >>> labels = np.zeros((20, 20), np.uint8)
    >>> labels[2:6, 3:8], labels[10:20, 10:15] = 1, 2
    >>> nuclei(Image(labels, units="label").with_spacing(0.0005))[["label", "area_um2", "at_border"]]
       label  area_um2  at_border
    0      1       5.0      False
    1      2      12.5       True
    """
    import pandas as pd
    from skimage.measure import regionprops_table

    size, unit = _pixel(mask)
    properties = ["label", "centroid", "area", "perimeter_crofton", "eccentricity", "solidity"]
    values = None if image is None else _values(image, mask)
    if values is not None:
        properties.append("intensity_mean")
    table = pd.DataFrame(regionprops_table(mask.array.astype(np.int32), values, properties=properties))
    table = table.rename(
        columns=lambda c: c.replace("intensity_mean-", "intensity_").replace("intensity_mean", "intensity")
    )
    table = table.rename(columns={"centroid-0": "row", "centroid-1": "column"})
    circularity = (
        4 * np.pi * table["area"] / table["perimeter_crofton"].where(table["perimeter_crofton"] > 0) ** 2
    )
    table.insert(5, "circularity", circularity)
    table.insert(3, f"area_{unit}{'2' if unit == 'um' else ''}", table.pop("area") * size**2)
    table.insert(4, f"perimeter_{unit}", table.pop("perimeter_crofton") * size)
    edge = np.concatenate([mask.array[[0, -1]].ravel(), mask.array[:, [0, -1]].ravel()])
    table["at_border"] = table["label"].isin(np.unique(edge))
    return table


def _pixel(mask: Image) -> tuple[float, str]:
    """Return the size of a pixel and its unit, µm or pixels."""
    inside(mask)
    if mask.axes != "yx" or abs(mask.spacing[0] / mask.spacing[1] - 1) > _SQUARE:
        msg = f"Nuclei are measured in a flat mask, axes 'yx', with square pixels; got {mask!r}."
        raise ValueError(msg)
    return (1.0, "px") if mask.space == "pixel" else (1000 * mask.spacing[0], "um")


def _values(image: Image, mask: Image) -> NDArray[np.float64]:
    if image.axes not in ("yx", "yxc") or image.shape[:2] != mask.shape:
        msg = f"The picture must be 'yx' or 'yxc' of the mask's size {mask.shape}; got {image!r}."
        raise ValueError(msg)
    return image.array.astype(np.float64)


def nuclear_density(mask: Image, tissue: Image | None = None) -> pd.Series:
    """Count nuclei and return how many there are per mm².

    A nucleus cut off by the border counts half, which is right on average for a field cut out of more tissue.

    Parameters
    ----------
    mask : Image
        Axes ``"yx"``, nuclei numbered one by one, a known pixel size.
    tissue : Image, optional
        Mask of the same size: what counts as area. Default: the whole picture. Nuclei outside of it (by the
        majority of their pixels) are left out.

    Returns
    -------
    Series
        ``count``, ``at_border`` (how many of these are cut off), ``area_mm2``, ``per_mm2``, ``share``
        (of the area that is nucleus).

    Raises
    ------
    TypeError, ValueError
        If it is no flat mask with a known pixel size and square pixels, or the tissue is empty or of another
        size.

    Examples
    --------
    >>> from medlab import Image
    >>> labels = np.zeros((100, 100), np.uint8)
    >>> labels[20:24, 20:24], labels[0:3, 50:53] = 1, 2
    >>> nuclear_density(Image(labels, units="label").with_spacing(0.001))[["count", "per_mm2"]].to_dict()
    {'count': 2.0, 'per_mm2': 150.0}
    """
    import pandas as pd

    check_length(mask, "A density")
    size = _pixel(mask)[0] / 1000
    field = np.ones(mask.shape, bool) if tissue is None else some_inside(tissue)
    if field.shape != mask.shape:
        msg = f"tissue must have the mask's size {mask.shape}; got {field.shape}."
        raise ValueError(msg)
    numbers, pixels = np.unique(mask.array[mask.array > 0], return_counts=True)
    within, found = np.unique(mask.array[(mask.array > 0) & field], return_counts=True)
    kept = within[found * 2 > pixels[np.isin(numbers, within)]]
    edge = np.concatenate([mask.array[[0, -1]].ravel(), mask.array[:, [0, -1]].ravel()])
    cut = int(np.isin(kept, edge).sum())
    square = float(field.sum() * size**2)
    return pd.Series(
        {
            "count": len(kept),
            "at_border": cut,
            "area_mm2": square,
            "per_mm2": (len(kept) - cut / 2) / square,
            "share": float(((mask.array > 0) & field).sum() / field.sum()),
        }
    )
