"""A simulated chest in Hounsfield units, made of simple shapes, each patient another one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.phantoms.lung_anatomy import vessel_tree
from medlab.datasets.phantoms.shapes import axes_mm, blur_edge, tubes
from medlab.datasets.phantoms.texture import smooth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["EXTENT", "LABELS", "Body", "thorax"]

#: Size in mm of what `thorax` shows: head to foot, front to back, right to left.
EXTENT = (340.0, 400.0, 400.0)

#: What the voxels of a `thorax` can be.
LABELS = {
    1: "soft tissue",
    2: "fat",
    3: "right lung",
    4: "left lung",
    5: "heart",
    6: "bone",
    7: "liver",
    8: "aorta",
    9: "airways",
    10: "spleen",
    11: "nodule",
}


@dataclasses.dataclass
class Body:
    """A body on a grid.

    Attributes
    ----------
    hu : (z, y, x) ndarray
        Hounsfield units at 70 keV, float32; edges are shared between voxels.
    labels : (z, y, x) ndarray
        What the centre of each voxel is, a key of `names`; 0 is air around the body.
    names : mapping of int to str
        Names of the labels.
    spacing : tuple of float
        (dz, dy, dx) in mm.
    facts : dict
        What the patient was made with.
    """

    hu: NDArray[np.float32]
    labels: NDArray[np.uint8]
    names: Mapping[int, str]
    spacing: tuple[float, ...]
    facts: dict[str, Any]

    def where(self, *names: str) -> NDArray[np.bool_]:
        """Return which voxels carry one of these names."""
        return np.isin(self.labels, [value for value, name in self.names.items() if name in names])


class _Canvas:
    """Painting of shapes over each other, each given by its depth in mm."""

    def __init__(self, size: Sequence[int], spacing: Sequence[float]) -> None:
        self.size, self.spacing = tuple(size), tuple(spacing)
        self.hu = np.full(self.size, -1000, np.float32)
        self.labels = np.zeros(self.size, np.uint8)
        self.z, self.y, self.x = axes_mm(size, spacing)
        self.edge = float(np.mean(spacing))

    def paint(
        self,
        depth: NDArray[Any],
        hu: ArrayLike,
        label: int,
        box: tuple[slice, ...] = (slice(None),) * 3,
        within: NDArray[np.bool_] | None = None,
    ) -> None:
        weight = blur_edge(depth, self.edge).astype(np.float32, copy=False)
        inside = depth > 0
        if within is not None:
            weight, inside = weight * within, inside & within
        region = self.hu[box]
        region += weight * (np.asarray(hu, np.float32) - region)
        self.labels[box][np.broadcast_to(inside, region.shape)] = label

    def box(self, centre: Sequence[float], reach: Sequence[float]) -> tuple[slice, ...]:
        """Return the part of the grid within `reach` mm of a point, and an edge more."""
        return tuple(
            slice(*np.searchsorted(axis.reshape(-1), [c - r - self.edge, c + r + self.edge]))
            for axis, c, r in zip((self.z, self.y, self.x), centre, reach, strict=True)
        )

    def ellipsoid(
        self, centre: Sequence[float], radii: Sequence[float], hu: float, label: int, tilt: float = 0.0
    ) -> None:
        """Paint an ellipsoid: `centre`, `radii` in mm as (z, y, x), `tilt` in degrees as seen in front."""
        box = self.box(centre, [max(radii)] * 3)
        z, y, x = self.z[box[0]] - centre[0], self.y[:, box[1]] - centre[1], self.x[:, :, box[2]] - centre[2]
        cos, sin = np.cos(np.deg2rad(tilt)), np.sin(np.deg2rad(tilt))
        along, across = z * cos - x * sin, z * sin + x * cos
        q = np.sqrt((along / radii[0]) ** 2 + (y / radii[1]) ** 2 + (across / radii[2]) ** 2)
        self.paint((1 - q) * float(np.mean(radii)), hu, label, box)

    def pipes(self, lines: Sequence[Any], radii: Sequence[float], **kind: Any) -> NDArray[np.float32]:
        """Paint round tubes along polylines of (z, y, x) points; return their depth."""
        segments: list[NDArray[Any]] = []
        widths: list[float] = []
        for line, radius in zip(lines, radii, strict=True):
            points = np.asarray(line, np.float32)
            segments.extend(np.stack([points[:-1], points[1:]], axis=1))
            widths.extend([radius] * (len(points) - 1))
        depth = tubes(self.size, self.spacing, segments, widths, self.edge)
        self.paint(depth, **kind)
        return depth


def thorax(
    size: Sequence[int],
    *,
    nodules: Sequence[float] = (),
    spacing: Sequence[float] | None = None,
    rng: np.random.Generator | None = None,
) -> Body:
    """Build the chest of a simulated patient from shoulders to upper abdomen.

    Body, rib cage, domes of the diaphragm, heart, vessels and bones are simple shapes whose sizes vary from
    patient to patient by about as much as they do between adults. The numbers are plain guesses at an adult's
    anatomy, not a measurement of one.

    Parameters
    ----------
    size : sequence of int
        Slices, rows and columns.
    nodules : sequence of float, optional
        Diameter in mm of each solid lung nodule.
    spacing : sequence of float, optional
        (dz, dy, dx) in mm; default: what `EXTENT` and `size` give.
    rng : numpy.random.Generator, optional
        Source of the patient.

    Returns
    -------
    Body
        Slices to the head, rows to the back, columns to the left; the middle of the grid is the origin.

    Examples
    --------
    >>> body = thorax((40, 48, 48), rng=np.random.default_rng(0))
    >>> bool(np.median(body.hu[body.where("right lung", "left lung")]) < -600)
    True
    """
    rng = np.random.default_rng() if rng is None else rng
    steps = tuple(spacing or (e / n for e, n in zip(EXTENT, size, strict=True)))
    who = _patient(rng)
    canvas = _Canvas(size, steps)
    depth = _trunk(canvas, who, rng)
    _mediastinum(canvas, who)
    depth = np.where(np.isin(canvas.labels, (3, 4)), depth, np.float32(-1))
    _vessels(canvas, depth, rng)
    _bones(canvas, who)
    placed = _nodules(canvas, depth > 0, nodules, rng)
    return Body(canvas.hu, canvas.labels, LABELS, steps, {**who, "nodules": placed})


def _patient(rng: np.random.Generator) -> dict[str, float]:
    """Draw what one patient differs in from another."""
    return {
        "width": float(rng.normal(1, 0.06)),
        "depth": float(rng.normal(1, 0.07)),
        "fat": float(np.clip(rng.gamma(4, 4), 4, 36)),
        "heart": float(rng.normal(1, 0.09)),
        "diaphragm": float(rng.normal(0, 9)),
        "lung": float(rng.normal(-840, 25)),
    }


def _cage(z: NDArray[Any], who: Mapping[str, float]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Half axes of the inside of the rib cage (across, front to back) at a height."""
    heights = [-170, -80, 0, 60, 100, 125, 142, 150]
    across = np.interp(z, heights, [130, 134, 130, 118, 96, 70, 38, 2])
    deep = np.interp(z, heights, [90, 94, 92, 82, 66, 48, 26, 2])
    return np.asarray(across * who["width"], np.float32), np.asarray(deep * who["depth"], np.float32)


def _trunk(canvas: _Canvas, who: Mapping[str, float], rng: np.random.Generator) -> NDArray[np.float32]:
    """Paint body wall, abdomen and lungs; return the depth below the surface of the lungs."""
    x, y, z = canvas.x, canvas.y, canvas.z
    heights = [-170, 0, 90, 115, 135, 150, 165]
    a = np.interp(z, heights, [142, 144, 150, 168, 172, 118, 66]).astype(np.float32) * np.float32(
        who["width"]
    )
    b = np.interp(z, heights, [102, 105, 98, 86, 74, 64, 58]).astype(np.float32) * np.float32(who["depth"])
    q = (np.abs(x / a) ** 2.4 + np.abs(y / b) ** 2.4) ** (1 / 2.4)
    grain = smooth(canvas.size, [8 / s for s in canvas.spacing], rng)
    skin = (1 - q) * np.minimum(a, b) + who["fat"]
    canvas.paint(skin, -100, 2)
    canvas.paint(skin - who["fat"], 45 + 8 * grain, 1)

    across, deep = _cage(z, who)
    r = np.sqrt((x / across) ** 2 + ((y - 4) / deep) ** 2)
    cage = (1 - r) * np.minimum(across, deep)
    dome = np.where(x < 0, np.float32(-42), np.float32(-56)) + np.float32(who["diaphragm"])
    floor = dome - 48 * ((np.abs(x) - 58) / 82) ** 2 - 44 * np.clip((y + 25) / 90, -0.4, 1.2) ** 2
    gap = 15 + 17 * np.exp(-(((y - 16) / 32) ** 2)) + 8 * np.clip(z / 120, 0, 1) + 1.5 * grain
    lung = np.minimum(np.minimum(cage, (z - floor) * 0.8), np.abs(x) - gap)
    value = who["lung"] + 35 * y / 90 + 22 * grain
    belly = np.minimum(cage - 8, (floor - 4 - z) * 0.8)
    canvas.paint(belly, np.where(grain > 0.3, np.float32(-90), np.float32(35)), 1)
    canvas.paint(np.minimum(belly, 32 - x - 0.25 * (z - dome) - 0.4 * y), 60, 7)
    canvas.ellipsoid((-82 + who["diaphragm"], 40, 92 * who["width"]), (44, 36, 24), 55, 10)
    canvas.paint(lung, value, 3, within=np.broadcast_to(x < 0, canvas.size))
    canvas.paint(lung, value, 4, within=np.broadcast_to(x >= 0, canvas.size))
    return lung.astype(np.float32, copy=False)


def _mediastinum(canvas: _Canvas, who: Mapping[str, float]) -> None:
    """Paint heart, aorta and airways."""
    h = who["heart"]
    canvas.ellipsoid((-38 + who["diaphragm"], -26, 26), (62 * h, 46 * h, 50 * h), 45, 5, tilt=-38)
    canvas.ellipsoid((-22 + who["diaphragm"], -18, -12), (52 * h, 38 * h, 34 * h), 45, 5)
    arch = [
        (-20, -22, -8),
        (40, -22, -16),
        (66, -8, -6),
        (72, 14, 14),
        (60, 36, 24),
        (40, 44, 24),
        (-170, 50, 16),
    ]
    canvas.pipes([arch], [13 * (1 + h) / 2], hu=45, label=8)
    canvas.pipes([[(28, 6, -42), (24, 0, 0), (30, 8, 44)]], [11], hu=45, label=5)
    tubes_of_air = [[(170, 6, 0), (46, 14, 0)], [(46, 14, 0), (16, 18, -38)], [(46, 14, 0), (10, 20, 44)]]
    canvas.pipes(tubes_of_air, [9, 6.5, 6], hu=-990, label=9)


def _vessels(canvas: _Canvas, depth: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Paint a tree of vessels into each lung, given the depth below the lungs' surface."""
    for side in (-1, 1):
        segments, radii = vessel_tree(depth, canvas.x * side > 0, side, canvas.spacing, 280, rng)
        tree = tubes(canvas.size, canvas.spacing, segments, 1.7 * radii, canvas.edge)
        weight = blur_edge(tree, canvas.edge) * np.clip(depth / 2, 0, 1)
        canvas.hu += weight * (40 - canvas.hu)


def _bones(canvas: _Canvas, who: Mapping[str, float]) -> None:
    """Paint spine, ribs, sternum, collarbones and shoulders."""
    y0 = 66 * who["depth"]
    box = canvas.box((0, y0, 0), (np.inf, 20, 22))
    z, y, x = canvas.z, canvas.y[:, box[1]], canvas.x[:, :, box[2]]
    body = 17 * (1 - np.hypot(x / 19, (y - y0) / 16)) + 0 * z
    disc = np.abs(z % 27 - 13.5) > 10.5
    canvas.paint(body, np.where(disc, 80, np.where(body < 2.5, 520, 220)), 6, box)
    spines = [[(z + 4, y0 + 22, 0), (z - 14, y0 + 44, 0)] for z in np.arange(-160, 160, 27)]
    wings = [[(z, y0 + 18, -34), (z, y0 + 14, 0), (z, y0 + 18, 34)] for z in np.arange(-160, 160, 27)]
    canvas.pipes(spines + wings, [5] * len(spines) + [5.5] * len(wings), hu=420, label=6)
    ribs = [_rib(k, side, who) for k in range(11) for side in (-1, 1)]
    depth = canvas.pipes(ribs, [5.6] * len(ribs), hu=560, label=6)
    canvas.paint(depth - 2.2, 180, 6)
    front = -(_cage(np.array(0.0), who)[1] + 4)
    canvas.pipes([[(-70, front, 0), (70, front + 14, 0)]], [11], hu=250, label=6)
    for side in (-1, 1):
        w = side * who["width"]
        collarbone = [(84, front + 18, 16 * w), (100, front + 22, 60 * w), (122, -16, 140 * w)]
        canvas.pipes([collarbone], [6.5], hu=560, label=6)
        canvas.ellipsoid((112, 8, 160 * w), (24, 22, 22), 320, 6)


def _rib(k: int, side: int, who: Mapping[str, float]) -> NDArray[np.float64]:
    """Centre line of a rib: from the spine around the cage and down to the front."""
    top = 132 - 27.0 * k
    t = np.linspace(0.06, 0.80 if k < 8 else 0.62, 22)
    turn = np.pi * t
    z = top - (34 + 3.0 * k) * np.sin(turn / 2) ** 2 - 10 * t
    across, deep = _cage(np.minimum(z + 8, 128), who)
    return np.stack([z, 4 + (deep + 5) * np.cos(turn), side * (across + 5) * np.sin(turn)], axis=-1)


def _nodules(
    canvas: _Canvas, air: NDArray[np.bool_], diameters: Sequence[float], rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Paint round solid nodules well inside the lungs; return where they are."""
    from scipy.ndimage import distance_transform_edt

    if not len(diameters):
        return []
    coarse = tuple(slice(None, None, max(1, round(4 / step))) for step in canvas.spacing)
    grid = (canvas.z[coarse[0]], canvas.y[:, coarse[1]], canvas.x[:, :, coarse[2]])
    steps = [step * c.step for step, c in zip(canvas.spacing, coarse, strict=True)]
    room = distance_transform_edt(air[coarse], steps)
    placed = []
    for diameter in diameters:
        wanted = min(diameter / 2 + 2, 0.9 * float(room.max()))
        spots = np.argwhere(room >= wanted)
        index = spots[rng.integers(len(spots))]
        z, y, x = (float(axis.reshape(-1)[i]) for axis, i in zip(grid, index, strict=True))
        stretch = np.exp(rng.normal(scale=0.08, size=3))
        radii = diameter / 2 * stretch / stretch.prod() ** (1 / 3)
        canvas.ellipsoid((z, y, x), tuple(radii), 30, 11)
        far = np.sqrt(sum((axis - c) ** 2 for axis, c in zip(grid, (z, y, x), strict=True)))
        room = np.minimum(room, far - diameter)
        placed.append({"x": x, "y": y, "z": z, "diameter_mm": float(diameter)})
    return placed
