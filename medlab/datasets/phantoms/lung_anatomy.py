"""Lungs in detail, for nodules among vessels: a chest in HU with the depth below the pleura everywhere.

`bodies` builds a whole trunk with organs, for projection and emission; it takes its vessels from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.phantoms.shapes import axes_mm, blur_edge, tubes
from medlab.datasets.phantoms.texture import power_law, smooth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["STRUCTURES", "chest", "vessel_tree"]

STRUCTURES = {1: "lung right", 2: "lung left", 3: "trachea", 4: "heart", 5: "bone", 6: "vessels"}


def chest(
    size: Sequence[int], spacing: Sequence[float], difficulty: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    """Return a chest in HU without noise, its structures (`STRUCTURES`), and the depth in the lungs in mm."""
    z, y, x = (a / s for a, s in zip(axes_mm(size, spacing), rng.normal(1, 0.03, 3), strict=True))
    wobble = 3 * smooth(size, [18 / s for s in spacing], rng)
    body = 1 - np.hypot(x / 168, y / 118)
    trunk = body * 110 + 0.5 * wobble
    lungs = {v: _lung(x * side, y, z, side) + wobble for v, side in ((1, -1), (2, 1))}
    heart = 1 - np.sqrt(((x - 14) / 60) ** 2 + ((y + 28) / 46) ** 2 + ((z + 38) / 52) ** 2)
    heart = 42 * heart + 0.4 * wobble
    mediastinum = 24 - np.hypot(x * 0.9, (y - 6) * 0.5) + 0.3 * wobble
    trachea = np.where(z > 18, 8.5 - np.hypot(x, y - 4), -20.0)
    depth = np.maximum(lungs[1], lungs[2])
    depth = np.minimum(depth, np.minimum(trunk - 18, np.minimum(-heart, -mediastinum)))
    values = np.where(trunk > 0, -95, -1000) + np.zeros(size)
    values = np.where(trunk > 9 + 0.4 * wobble, 48 + 5 * wobble, values)
    bone = _bones(x, y, z, trunk)
    values = np.where(bone > 0, np.where(bone > 2.2, 210, 650), values)
    values = np.where((heart > 0) | (mediastinum > 0), 42, values)
    inside = depth > 0
    gravity = 60 * np.clip(y / 90, -1, 1)
    values += blur_edge(depth, max(spacing)) * (-865 + gravity + 14 * power_law(size, 2.0, rng) - values)
    values = np.where(trachea > 0, -990, values).astype(np.float32)
    tree = np.full(size, -2.0, np.float32)
    for side in (-1, 1):
        segments, radii = vessel_tree(depth, x * side > 0, side, spacing, int(140 + 160 * difficulty), rng)
        np.maximum(tree, tubes(size, spacing, segments, radii, reach=2.0), out=tree)
    weight = blur_edge(tree, float(np.mean(spacing))) * np.clip(depth / 2, 0, 1)
    values += weight * (40 - values)
    structures = np.zeros(size, np.uint8)
    for value, mask in ((5, bone > 0), (4, heart > 0), (1, inside & (x < 0)), (2, inside & (x > 0))):
        structures[np.broadcast_to(mask, size)] = value
    structures[np.broadcast_to(trachea > 0, size)] = 3
    structures[inside & (tree > 0)] = 6
    return values, structures, np.asarray(depth, np.float32)


def vessel_tree(
    depth: NDArray[Any],
    side_mask: NDArray[np.bool_],
    side: int,
    spacing: Sequence[float],
    tips: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Grow vessels from the hilum of a lung to random places in it.

    Nearest places are reached first; each is joined where the way back to the hilum is shortest, a detour
    counting double. The radius of a branch follows from the tips behind it by Murray's law.

    Returns
    -------
    segments : (n, 2, 3) ndarray
        Both ends in mm from the middle of the grid, in array order.
    radii : (n,) ndarray
        In mm.
    """
    room = np.argwhere((depth > 4) & side_mask)
    root = np.array([-8.0, 0.0, 32.0 * side])
    if len(room) < tips:
        return np.zeros((0, 2, 3), np.float32), np.zeros(0, np.float32)
    middle = (np.array(depth.shape) - 1) / 2
    points = (room[rng.choice(len(room), tips, replace=False)] - middle) * spacing
    points = points[np.argsort(np.linalg.norm(points - root, axis=1))]
    nodes, parent, way = [root], [-1], [0.0]
    for point in points:
        gaps = np.linalg.norm(np.array(nodes) - point, axis=1)
        best = int(np.argmin(gaps + 0.45 * np.array(way)))
        half = (nodes[best] + point) / 2 + rng.normal(0, 0.08 * gaps[best], 3)
        for place in (half, point):
            parent.append(best if place is half else len(nodes) - 1)
            way.append(way[parent[-1]] + float(np.linalg.norm(place - nodes[parent[-1]])))
            nodes.append(place)
    behind = np.zeros(len(nodes))
    for i in range(len(nodes) - 1, 0, -1):
        behind[i] = max(behind[i], 1)
        behind[parent[i]] += behind[i]
    at = np.array(nodes)
    segments = np.stack([at[parent[1:]], at[1:]], 1).astype(np.float32)
    return segments, (0.62 * behind[1:] ** (1 / 3)).clip(0.6, 5.5).astype(np.float32)


def _lung(x: NDArray[Any], y: NDArray[Any], z: NDArray[Any], side: int) -> NDArray[Any]:
    """Depth below the pleura of a lung at positive x: dome at the top, hollow at the diaphragm."""
    top = np.sqrt(np.clip(1 - (np.clip(z + 20, 0, None) / 135) ** 2, 0.01, 1))
    outline = 1 - np.sqrt(((x - 62) / (62 * top)) ** 2 + ((y - 4) / (92 * top)) ** 2)
    floor = z - (-78 + 40 * np.exp(-((x - 62) ** 2 + (y + 10) ** 2) / 3600) + (8 if side < 0 else 0))
    return np.minimum(62 * outline, floor)


def _bones(x: NDArray[Any], y: NDArray[Any], z: NDArray[Any], trunk: NDArray[Any]) -> NDArray[Any]:
    """Depth in spine, sternum and ribs; each rib runs down from back to front."""
    spine = np.maximum(19 - np.hypot(x * 0.85, y - 78), np.minimum(7 - np.abs(x), 26 - np.abs(y - 98)) * 0.6)
    canal = 9 - np.hypot(x, y - 97)
    sternum = np.minimum(20 - np.abs(x), 6 - np.abs(y + 97))
    tilt = z + 0.38 * y
    rib = np.minimum(4.5 - np.abs(trunk - 15), 6.5 - np.abs((tilt + 11) % 23 - 11.5))
    rib = np.where((np.abs(x) > 22), rib, -5)
    return np.where(canal > 0, -1, np.maximum(np.maximum(spine, sternum), rib))
