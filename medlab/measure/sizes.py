"""How large a region is: volume, area, surface, sphericity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.measure.region import box_of, check_length, inside, some_inside
from medlab.view.meshes import enclosed_volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["area", "sphericity", "surface_area", "surface_mesh", "volume"]


def volume(mask: Image, label: int | str | None = None) -> float:
    """Return the volume of a region in ml (1 ml = 1000 mm³).

    Number of voxels × volume of a voxel. The voxel's volume is the determinant of the affine, so oblique and
    tilted stacks are right, and gaps between slices count.

    Parameters
    ----------
    mask : Image
        Axes ``"zyx"``: booleans, integer labels, or fractions 0 … 1 of each voxel that belong to the region
        (partial volume).
    label : int or str, optional
        Value or name; default: all that is not 0.

    Returns
    -------
    float
        0.0 where no voxel carries the label.

    Raises
    ------
    TypeError, ValueError
        If it is no mask with slices and a known spacing.

    Notes
    -----
    A voxel of a binary mask counts in full or not at all. Where a mask takes the voxels whose centre lies
    inside, what is counted too much and too little at the edge nearly cancels; one that takes all voxels that
    are touched is too large by about half the surface × the voxel size.

    References
    ----------
    Image Biomarker Standardisation Initiative, reference manual, "Approximate volume (voxel counting)", YEKZ.

    Examples
    --------
    >>> from medlab import Image
    >>> ct = Image(np.zeros((10, 10, 10)), affine=np.diag([0.5, 0.5, 2.0, 1])[:, [2, 1, 0, 3]])
    >>> volume(ct.as_mask(np.ones((10, 10, 10), bool)))
    0.5
    """
    if getattr(getattr(mask, "dtype", None), "kind", "") == "f" and label is None:
        shares = mask.array
        if not (np.isfinite(shares).all() and shares.min() >= 0 and shares.max() <= 1):
            msg = f"Fractions of voxels must lie between 0 and 1; got {shares.min():g} to {shares.max():g}."
            raise ValueError(msg)
        count = float(shares.sum(dtype=np.float64))
    else:
        count = float(np.count_nonzero(inside(mask, label)))
    if mask.axes != "zyx":
        msg = f"A volume needs a mask with slices, axes 'zyx'; got {mask!r}. See medlab.measure.area."
        raise ValueError(msg)
    return count * mask.voxel_volume / 1000


def area(mask: Image, label: int | str | None = None) -> float:
    """Return the area of a region of a picture in mm²: number of pixels × area of a pixel.

    Parameters
    ----------
    mask : Image
        Axes ``"yx"``.
    label : int or str, optional
        Value or name; default: all that is not 0.

    Raises
    ------
    TypeError, ValueError
        If it is no flat mask with a known pixel size.

    Examples
    --------
    >>> from medlab import Image
    >>> picture = Image(np.zeros((4, 4))).with_spacing(0.5)
    >>> area(picture.as_mask(np.eye(4, dtype=bool)))
    1.0
    """
    found = inside(mask, label)
    if mask.axes != "yx":
        msg = f"An area needs a flat mask, axes 'yx'; got {mask!r}. See medlab.measure.volume."
        raise ValueError(msg)
    check_length(mask, "An area")
    return float(np.count_nonzero(found) * np.linalg.norm(np.cross(mask.affine[:3, 1], mask.affine[:3, 2])))


def surface_mesh(
    mask: Image, label: int | str | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Return the closed surface of a region: marching cubes at half-way between inside and outside.

    Parameters
    ----------
    mask : Image
        Axes ``"zyx"``.
    label : int or str, optional
        Value or name; default: all that is not 0.

    Returns
    -------
    vertices : (n, 3) ndarray
        Positions (x, y, z) in LPS mm.
    faces : (m, 3) ndarray of int
        Indices of vertices, anticlockwise seen from outside. The surface is closed at the image's border too.

    Raises
    ------
    TypeError, ValueError
        If it is no mask with slices and a known spacing, or no voxel carries the label.

    References
    ----------
    Lewiner et al., Efficient implementation of marching cubes' cases with topological guarantees, Journal of
    Graphics Tools 2003 (`skimage.measure.marching_cubes`).
    """
    from skimage.measure import marching_cubes

    found = some_inside(mask, label)
    if mask.axes != "zyx":
        msg = f"A surface needs a mask with slices, axes 'zyx'; got {mask!r}."
        raise ValueError(msg)
    check_length(mask, "A surface")
    box = box_of(found)
    padded = np.pad(found[box], 1).astype(np.float32)
    indices, faces, _, _ = marching_cubes(padded, 0.5, allow_degenerate=False)
    vertices = mask.index_to_position(indices + [s.start - 1 for s in box])
    if enclosed_volume(vertices, faces) < 0:
        faces = faces[:, ::-1]
    return vertices, faces


def surface_area(mask: Image, label: int | str | None = None) -> float:
    """Return the area in mm² of the surface around a region: the sum over the triangles of its mesh.

    Parameters
    ----------
    mask, label
        See `surface_mesh`.

    Raises
    ------
    TypeError, ValueError
        See `surface_mesh`.

    Notes
    -----
    The mesh of a binary mask keeps the voxels' steps: that of a well resolved ball comes out 8 to 9 % too
    large, whatever the resolution. Compare only what was measured the same way.

    References
    ----------
    Image Biomarker Standardisation Initiative, reference manual, "Surface area (mesh)", C0JK.

    Examples
    --------
    >>> from medlab import Image
    >>> cube = Image(np.ones((20, 20, 20), np.uint8), affine=np.eye(4)[:, [2, 1, 0, 3]], units="label")
    >>> abs(surface_area(cube) / (6 * 20**2) - 1) < 0.03
    True
    """
    return _triangles(*surface_mesh(mask, label))


def _triangles(vertices: NDArray[Any], faces: NDArray[Any]) -> float:
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def sphericity(mask: Image, label: int | str | None = None) -> float:
    """Return how close a region comes to a ball: (36 π V²)^⅓ / A, 1 for a ball and less for all else.

    V and A are volume and area of the mesh; see `surface_area` for how the voxels' steps lower it.

    Parameters
    ----------
    mask, label
        See `surface_mesh`.

    Raises
    ------
    TypeError, ValueError
        See `surface_mesh`.

    References
    ----------
    Image Biomarker Standardisation Initiative, reference manual, "Sphericity", QCFX.
    """
    vertices, faces = surface_mesh(mask, label)
    return float(np.cbrt(36 * np.pi * enclosed_volume(vertices, faces) ** 2) / _triangles(vertices, faces))
