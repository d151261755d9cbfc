"""The surface of a region as a triangle mesh in millimetres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.view.stack import as_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["enclosed_volume", "mesh", "regions", "simplified", "smoothed"]

# Taubin's filter: shrink, then grow a little more, so that the volume stays.
_SHRINK, _GROW = 0.5, -0.53
_TRIES = 12


def mesh(
    mask: Image | NDArray[Any],
    label: int | str | None = None,
    *,
    smooth: int = 0,
    step: int = 1,
    max_faces: int | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return the surface of a region by marching cubes.

    Parameters
    ----------
    mask : Image or ndarray
        Booleans or integer labels, a volume. Oblique and sheared grids are fine.
    label : int or str, optional
        The label's value or its name in ``mask.labels``. Default: all that is not 0.
    smooth : int, optional
        Iterations of Taubin's filter, which removes the voxels' steps and keeps the volume; 0: none.
    step : int, optional
        Look at every so many voxels: fewer faces, and thin parts may be lost.
    max_faces : int, optional
        Merge vertices until the mesh has no more faces than this.

    Returns
    -------
    vertices : (n, 3) ndarray of float32
        Positions (x, y, z) in LPS mm; in pixels where the mask's spacing is unknown.
    faces : (m, 3) ndarray of int32
        Indices of vertices, anticlockwise seen from outside, so that normals point outwards. The surface
        is closed, also where the region touches the border of the image.

    Raises
    ------
    TypeError, ValueError
        If it is no mask with slices, or the label is not in it.

    References
    ----------
    T. Lewiner et al., Efficient implementation of marching cubes' cases with topological guarantees,
    Journal of Graphics Tools 8(2), 2003 (`skimage.measure.marching_cubes`).
    G. Taubin, A signal processing approach to fair surface design, SIGGRAPH 1995.
    J. Rossignac, P. Borrel, Multi-resolution 3D approximations for rendering complex scenes, 1993
    (`max_faces`).

    Examples
    --------
    >>> from medlab import Image
    >>> box = np.zeros((12, 12, 12), np.uint8)
    >>> box[2:10, 2:10, 2:10] = 1
    >>> vertices, faces = mesh(Image(box, units="label"))
    >>> round(enclosed_volume(vertices, faces), -1)
    500.0
    """
    mask, found = regions(mask, label)
    inside = np.isin(mask.array, list(found)) if found else mask.array
    return _surface(mask, inside, smooth, step, max_faces)


def regions(
    mask: Image | NDArray[Any], label: int | str | list[int | str] | None = None
) -> tuple[Image, dict[int, str]]:
    """Return a mask as an Image, and the labels asked for with their names.

    Parameters
    ----------
    mask : Image or ndarray
        Booleans or integer labels, a volume.
    label : int, str, or a list of these, optional
        Values or names. Default: every label in the mask.

    Raises
    ------
    TypeError, ValueError
        If it is no mask with slices, is empty, or lacks a label.
    """
    mask = as_image(mask)
    if mask.dtype.kind not in "bui":
        msg = f"A surface needs booleans or integer labels; got {mask.dtype}. Compare first: array > 0.5."
        raise ValueError(msg)
    if mask.axes != "zyx":
        msg = f"A surface needs a mask with slices, axes 'zyx'; got {mask!r}."
        raise ValueError(msg)
    present = [int(v) for v in np.unique(mask.array) if v]
    names = {v: (mask.labels or {}).get(v, "mask" if len(present) == 1 else f"label {v}") for v in present}
    if not present:
        msg = "The mask is empty: there is no surface to draw."
        raise ValueError(msg)
    if label is None:
        return mask, names
    wanted = label if isinstance(label, (list, tuple)) else [label]
    return mask, {value: names[value] for value in (_value(one, names) for one in wanted)}


def _value(label: int | str, names: dict[int, str]) -> int:
    for value, name in names.items():
        if label in (value, name):
            return value
    known = ", ".join(f"{value}: {name}" for value, name in list(names.items())[:20])
    msg = f"The mask holds no label {label!r}; it holds {known}."
    raise ValueError(msg)


def _surface(
    mask: Image, inside: NDArray[Any], smooth: int, step: int, max_faces: int | None
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    from skimage.measure import marching_cubes

    corner = [int(np.flatnonzero(inside.any(axis=axes))[0]) for axes in ((1, 2), (0, 2), (0, 1))]
    ends = [int(np.flatnonzero(inside.any(axis=axes))[-1]) + 1 for axes in ((1, 2), (0, 2), (0, 1))]
    part = inside[tuple(slice(a, b) for a, b in zip(corner, ends, strict=True))] != 0
    padded = np.pad(part, step + 1).astype(np.float32)
    indices, faces, _, _ = marching_cubes(padded, 0.5, step_size=step, allow_degenerate=False)
    vertices = mask.index_to_position(indices + np.array(corner) - (step + 1))
    if smooth:
        vertices = smoothed(vertices, faces, smooth)
    if max_faces is not None and len(faces) > max_faces:
        vertices, faces = simplified(vertices, faces, max_faces)
    if enclosed_volume(vertices, faces) < 0:
        faces = faces[:, ::-1]
    return vertices.astype(np.float32), np.ascontiguousarray(faces, np.int32)


def enclosed_volume(vertices: NDArray[Any], faces: NDArray[Any]) -> float:
    """Return the volume in a closed mesh (IBSI RNU0); negative if its faces look inwards."""
    a, b, c = np.moveaxis((vertices - vertices.mean(axis=0, dtype=np.float64))[faces], 1, 0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def smoothed(vertices: NDArray[Any], faces: NDArray[Any], iterations: int) -> NDArray[np.float64]:
    """Return the vertices after Taubin's filter: bumps of the size of an edge go, the volume stays."""
    from scipy import sparse

    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    pairs = np.concatenate([pairs, pairs[:, ::-1]])
    count = len(vertices)
    links = sparse.csr_matrix((np.ones(len(pairs)), pairs.T), shape=(count, count))
    links.data[:] = 1
    mean = sparse.diags(1 / np.maximum(np.asarray(links.sum(axis=1)).ravel(), 1)) @ links
    moved = vertices.astype(np.float64)
    for _ in range(iterations):
        for share in (_SHRINK, _GROW):
            moved = moved + share * (mean @ moved - moved)
    return moved


def simplified(
    vertices: NDArray[Any], faces: NDArray[Any], max_faces: int
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return a mesh of at most `max_faces`: vertices that share a cell of a grid become their mean.

    The cell is the smallest, within a few per cent, that suffices.
    """
    edges = vertices[faces[:, 0]] - vertices[faces[:, 1]]
    low = high = float(np.median(np.linalg.norm(edges, axis=1)))
    merged = _merged(vertices, faces, high)
    while len(merged[1]) > max_faces:
        low, high = high, high * 1.5
        merged = _merged(vertices, faces, high)
    for _ in range(_TRIES if high > low else 0):
        cell = (low + high) / 2
        attempt = _merged(vertices, faces, cell)
        if len(attempt[1]) > max_faces:
            low = cell
        else:
            high, merged = cell, attempt
        if len(merged[1]) > 0.95 * max_faces:
            break
    return merged


def _merged(
    vertices: NDArray[Any], faces: NDArray[Any], cell: float
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    places = np.floor((vertices - vertices.min(axis=0)) / cell).astype(np.int64)
    widths = places.max(axis=0) + 1
    _, group = np.unique(places @ [widths[1] * widths[2], widths[2], 1], return_inverse=True)
    counts = np.bincount(group)
    means = np.stack([np.bincount(group, axis) / counts for axis in vertices.T.astype(np.float64)], axis=1)
    kept = group[faces]
    a, b, c = kept.T
    kept = kept[(a != b) & (b != c) & (a != c)]
    _, first = np.unique(np.sort(kept, axis=1), axis=0, return_index=True)
    return means, kept[np.sort(first)]
