"""The anatomy of simulated heads: an average of 152 real brains, deformed for each patient."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.phantoms.shapes import axes_mm
from medlab.datasets.phantoms.texture import smooth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["TISSUES", "Head", "head", "tissue_labels"]

TISSUES = {1: "cerebrospinal fluid", 2: "grey matter", 3: "white matter"}
#: Position of the first voxel of the template in mm, right-anterior-superior.
_ORIGIN = np.array([-98.0, -134.0, -72.0])
#: Centre of the brain in the template, in mm.
CENTRE = np.array([0.0, -18.0, 6.0])


@dataclasses.dataclass
class Head:
    """Maps of one patient's head on a grid.

    Attributes
    ----------
    grey, white : ndarray
        Fraction of each voxel, 0 … 1.
    hull : ndarray
        Depth in mm below the inner surface of the skull: positive inside, negative in bone, scalp and air.
    ventricle : ndarray
        Depth in mm below the surface of the lateral and third ventricles, positive inside.
    x, y, z : ndarray
        Where each voxel lies in the template: mm to the right, to the front, to the head.
    """

    grey: NDArray[np.float32]
    white: NDArray[np.float32]
    hull: NDArray[np.float32]
    ventricle: NDArray[np.float32]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    z: NDArray[np.float32]

    @property
    def fluid(self) -> NDArray[np.float32]:
        """Fraction of each voxel inside the skull that is neither grey nor white matter."""
        return np.where(self.hull > 0, np.clip(1 - self.grey - self.white, 0, 1), 0).astype(np.float32)


def head(
    size: Sequence[int],
    spacing: Sequence[float],
    rng: np.random.Generator,
    *,
    push: tuple[Sequence[float], float] | None = None,
) -> Head:
    """Return the anatomy of a simulated patient.

    The maps are those of the ICBM 152 2009a symmetric template (Fonov V. et al. NeuroImage 54, 313–327
    (2011). doi:10.1016/j.neuroimage.2010.07.033) as nilearn ships them: averages of real brains. Each
    patient's are stretched by a few per cent along each axis and bent by a smooth random field.

    Parameters
    ----------
    size, spacing : (3,) sequence
        Slices, rows, columns, and their distance in mm. Slices run to the head, rows to the back, columns
        to the left.
    rng : numpy.random.Generator
        Source of the patient's own shape.
    push : (centre, mm), optional
        Tissue around a point (x, y, z) of the template is pushed away from it by so many mm: mass effect.
    """
    z, y, x = axes_mm(size, spacing)
    scale = rng.normal(1, 0.03, 3)
    bend = [2.2 * smooth(size, [22 / s for s in spacing], rng) for _ in range(3)]
    place = [-x * scale[0] + CENTRE[0], -y * scale[1] + CENTRE[1], z * scale[2] + CENTRE[2]]
    place = [(p + b).astype(np.float32) for p, b in zip(place, bend, strict=True)]
    if push is not None:
        place = _pushed(place, *push)
    step = 1 if min(spacing) < 1.6 else 2
    maps = _template(step)
    at = np.stack([(p - o) / step - (step - 1) / 2 / step for p, o in zip(place, _ORIGIN, strict=True)])
    grey, white = (_sampled(maps[name], at) / 255 for name in ("grey", "white"))
    coarse = at if step == 2 else (at - 0.5) / 2
    hull, ventricle = (_sampled(_template(2)[name], coarse, outside=-99) for name in ("hull", "ventricle"))
    inside = hull > 0
    return Head(np.where(inside, grey, 0), np.where(inside, white, 0), hull, ventricle, *place)


def tissue_labels(anatomy: Head) -> NDArray[np.uint8]:
    """Return the tissue that fills most of each voxel: 1 fluid, 2 grey, 3 white matter, 0 outside."""
    fractions = np.stack([anatomy.fluid, anatomy.grey, anatomy.white])
    return np.where(anatomy.hull > 0, fractions.argmax(0) + 1, 0).astype(np.uint8)


def _pushed(place: list[NDArray[Any]], centre: Sequence[float], distance: float) -> list[NDArray[Any]]:
    offset = [p - c for p, c in zip(place, centre, strict=True)]
    radius = np.sqrt(sum(o**2 for o in offset)) + 1e-6
    shrink = np.clip(1 - distance * np.exp(-radius / (4 * distance + 1e-6)) / radius, 0.05, 1)
    return [(c + o * shrink).astype(np.float32) for c, o in zip(centre, offset, strict=True)]


def _sampled(volume: NDArray[Any], at: NDArray[Any], outside: float = 0.0) -> NDArray[np.float32]:
    from scipy.ndimage import map_coordinates

    return map_coordinates(volume, at, output=np.float32, order=1, mode="constant", cval=outside)


@functools.cache
def _template(step: int) -> Mapping[str, NDArray[Any]]:
    """Tissue maps in (x, y, z) order at `step` mm; at 2 mm also the distances to skull and ventricles."""
    import importlib.util
    from pathlib import Path

    import nibabel

    spec = importlib.util.find_spec("nilearn")
    folder = Path(str(spec.origin)).parent / "datasets" / "data"  # type: ignore[union-attr]
    maps = {}
    for name, short in (("grey", "gm"), ("white", "wm")):
        image = nibabel.load(folder / f"mni_icbm152_{short}_tal_nlin_sym_09a_converted.nii.gz")
        maps[name] = np.asarray(image.dataobj)  # type: ignore[attr-defined]
    if step == 1:
        return maps
    coarse: dict[str, NDArray[Any]] = {name: _halved(volume) for name, volume in maps.items()}
    return coarse | _distances(coarse["grey"].astype(np.float32) + coarse["white"])


def _halved(volume: NDArray[Any]) -> NDArray[np.uint8]:
    even = volume[tuple(slice(0, n - n % 2) for n in volume.shape)].astype(np.float32)
    blocks = even.reshape([v for n in even.shape for v in (n // 2, 2)])
    return np.round(blocks.mean((1, 3, 5))).astype(np.uint8)


def _distances(tissue: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
    """Depth below the inner skull and below the surface of the ventricles, in mm, from a 2 mm map."""
    from scipy import ndimage

    brain = np.pad(tissue > 127, 14)
    outward = ndimage.distance_transform_edt(~brain)
    inward = ndimage.distance_transform_edt(outward < 8)
    closed = ndimage.binary_fill_holes(inward > 6.5)[14:-14, 14:-14, 14:-14]
    hull = 2 * _signed(closed)
    x, y, z = (np.arange(n) * 2 + o for n, o in zip(tissue.shape, _ORIGIN, strict=True))
    central = (np.abs(x)[:, None, None] < 42) & ((y > -62) & (y < 42))[:, None] & ((z > -14) & (z < 36))
    pools, _ = ndimage.label((tissue < 110) & central & (hull > 22))
    middle = pools[np.ix_(np.abs(x) < 14, (y > -20) & (y < 22), (z > 4) & (z < 24))]
    keep = np.bincount(middle[middle > 0]).argmax()
    return {"hull": hull, "ventricle": 2 * _signed(pools == keep)}


def _signed(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)
    return np.asarray(depth - 0.5 * np.sign(depth), np.float32)
