"""`Image` to and from xarray: named axes with coordinates in millimetres."""

from __future__ import annotations

from typing import Any

import numpy as np

from medlab import facts
from medlab.image import Image

__all__ = ["from_xarray", "to_xarray"]

_COLUMN = {"z": 0, "y": 1, "x": 2}


def to_xarray(image: Image) -> Any:
    """Return the image as an `xarray.DataArray` with the axes as dimensions.

    The coordinates of ``z``, ``y`` and ``x`` are distances in mm (or pixels) along the axis from the first
    voxel, which are valid for any orientation; those of ``t`` are the times. ``attrs`` hold the affine of the
    first voxel, modality, units and labels, and come back with `from_xarray`, also after slicing.

    Parameters
    ----------
    image : Image
        Any image. The array is shared, not copied.

    Examples
    --------
    >>> cube = to_xarray(Image(np.zeros((4, 5, 6)), affine=np.diag([3, 2, 1, 1])[[2, 1, 0, 3]]))
    >>> cube.sel(z=6).shape, cube.z.values.tolist()
    ((5, 6), [0.0, 3.0, 6.0, 9.0])
    """
    import xarray as xr

    steps = dict(zip("zyx"[-len(image.spacing) :], image.spacing, strict=True))
    coords: dict[str, Any] = {
        a: (a, np.arange(image.size(a)) * steps[a], {"units": image.unit_of_length}) for a in steps
    }
    if image.times is not None:
        coords["t"] = ("t", image.times, {"units": str(image.meta.get("time_unit", ""))})
    attrs = {"affine": image.affine.tolist(), "units": image.units, facts.KEY: facts.of(image)}
    if image.labels is not None:
        attrs["labels"] = dict(image.labels)
    return xr.DataArray(
        image.array, dims=list(image.axes), coords=coords, attrs=attrs, name=image.modality or None
    )


def from_xarray(data: Any) -> Image:
    """Return a `DataArray` made by `to_xarray` as an `Image`, also after slicing or thinning it.

    Where coordinates were cut, the affine follows them. Dimensions may have been dropped or reordered.

    Parameters
    ----------
    data : xarray.DataArray
        Dimensions among t, z, y, x, c, with ``attrs["affine"]``.

    Raises
    ------
    ValueError
        If the affine is missing, a dimension has another name, or coordinates are not evenly spaced.
    """
    axes = "".join(a for a in "tzyxc" if a in data.dims)
    if set(axes) != set(data.dims) or "affine" not in data.attrs:
        msg = (
            "Expected dimensions among t, z, y, x, c and attrs['affine'] (4×4), as medlab.convert.to_xarray "
            f"writes them; got dimensions {data.dims} and attrs {sorted(data.attrs)}."
        )
        raise ValueError(msg)
    data = data.transpose(*axes)
    affine = np.array(data.attrs["affine"], np.float64)
    for axis, column in _COLUMN.items():
        if axis in data.coords:
            length = float(np.linalg.norm(affine[:3, column]))
            first, step = _line(np.atleast_1d(data.coords[axis].values), axis, length)
            affine[:3, 3] += affine[:3, column] * (first / length)
            affine[:3, column] *= step / length
    fields: dict[str, Any] = {
        "labels": data.attrs.get("labels"),
        "units": str(data.attrs.get("units", "")),
        "modality": str(data.name or ""),
    }
    if "t" in axes and "t" in data.coords:
        fields["times"] = data.coords["t"].values
        fields["meta"] = {"time_unit": data.coords["t"].attrs.get("units", "")}
    fields |= facts.restored(data.attrs.get(facts.KEY), data.values, axes)
    return Image(data.values, axes=axes, affine=affine, **fields)


def _line(values: Any, axis: str, default: float) -> tuple[float, float]:
    """Return first coordinate and step."""
    steps = np.diff(values)
    if len(steps) and (not np.allclose(steps, steps[0]) or steps[0] == 0):
        msg = (
            f"Coordinates along {axis} must be evenly spaced; the steps go from {steps.min()} to "
            f"{steps.max()}."
        )
        raise ValueError(msg)
    return float(values[0]), float(steps[0]) if len(steps) else default
