"""Tissue stained with haematoxylin and eosin: glands and stroma, or tumour, with every nucleus known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms.shapes import axes_mm, on_grid
from medlab.datasets.phantoms.texture import power_law, smooth, streams, to_uint8

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["STAINS", "draw", "histology_tile"]

#: Optical density of red, green and blue light per unit of stain (unit vectors).
STAINS = {"haematoxylin": (0.650, 0.704, 0.286), "eosin": (0.072, 0.990, 0.105)}


def histology_tile(
    *,
    seed: int = 0,
    view: int = 0,
    size: int = 256,
    difficulty: float = 0.5,
    tissue: Literal["normal", "tumour"] = "normal",
    density: float = 1.0,
    haematoxylin: float = 1.0,
    eosin: float = 1.0,
    hue: float = 0.0,
) -> Case:
    """Simulate a tile of tissue in haematoxylin and eosin at 0.5 µm per pixel.

    Normal tissue has glands (a ring of regular nuclei around a lumen) in a stroma of spindle-shaped nuclei;
    tumour has crowded nuclei, larger, uneven in size, shape and darkness, in no order.

    Parameters
    ----------
    seed, view : int, optional
        The patient (tissue), and the section (another field of it, other noise).
    size : int, optional
        Rows and columns.
    difficulty : float, optional
        0 … 1: how far normal (inflamed, reactive) and tumour nuclei overlap; blur and noise.
    tissue : {"normal", "tumour"}, optional
        Which it is.
    density : float, optional
        Number of nuclei relative to what is usual.
    haematoxylin, eosin : float, optional
        Strength of each stain: laboratories differ.
    hue : float, optional
        Degrees by which the stain vectors turn towards each other (positive) or apart: dye lots differ.

    Returns
    -------
    Case
        ``image``: colour, axes ``"yxc"``, pixel size 0.0005 mm. ``masks["nuclei"]``: label i is the i-th
        nucleus (where two overlap, the upper one); ``masks["kind"]``: 1 epithelial, 2 stromal, 3 tumour
        nucleus. ``facts``: ``tissue``, ``tumour``, ``nuclei`` (labels seen in the tile), ``kinds`` (by
        kind), ``stain_vectors`` (of this tile), ``mean_area_um2``.

    Notes
    -----
    Stains absorb light by Beer–Lambert's law: transmitted light is 10^(−density), and the densities of both
    stains add up: Ruifrok A. C., Johnston D. A. Anal Quant Cytol Histol 23, 291–299 (2001).

    Examples
    --------
    >>> case = histology_tile(tissue="tumour", size=128)
    >>> case.facts["nuclei"] == int(case.masks["nuclei"].array.max())
    True
    """
    if tissue not in {"normal", "tumour"}:
        msg = f"tissue must be 'normal' or 'tumour'; got {tissue!r}."
        raise ValueError(msg)
    anatomy, acquisition = np.random.default_rng([seed, 0]), streams(seed, view)[1]
    grade = float(np.clip((tissue == "tumour") + 1.3 * difficulty * anatomy.normal(0, 0.5), -0.2, 1.3))
    field = np.random.default_rng([seed, 2, view])
    cover = float(np.clip(1 - 1.5 * difficulty * anatomy.random(), 0.15, 1))
    nuclei, lumen = _plan(size * 0.5, tissue, grade, density, cover, field)
    stain_h, labels, kind = _nuclei(size, nuclei, field)
    stain_e = _cytoplasm(size, lumen, anatomy.uniform(1.1, 1.9), field)
    inside = labels > 0
    stain_e = np.where(inside, 0.35 * stain_e, stain_e)
    stain_h = stain_h + anatomy.uniform(0.06, 0.2) * (stain_e > 0.15) * ~inside
    vectors = _vectors(hue)
    optical = (haematoxylin * stain_h)[..., None] * vectors[0] + (eosin * stain_e)[..., None] * vectors[1]
    colour = _photographed(10 ** (-optical), difficulty, acquisition)
    numbers = _renumbered(labels)
    image = on_grid(
        colour, (0.0005, 0.0005), axes="yxc", space="plane", modality="SM", notes=("Simulated H&E tile.",)
    )
    masks = {
        "nuclei": image.as_mask(numbers),
        "kind": image.as_mask(kind, {1: "epithelial", 2: "stromal", 3: "tumour"}),
    }
    count = int(numbers.max())
    kinds = _kinds(numbers, kind)
    facts = {
        "tissue": tissue,
        "tumour": tissue == "tumour",
        "nuclei": count,
        "kinds": {"epithelial": int(kinds[1]), "stromal": int(kinds[2]), "tumour": int(kinds[3])},
        "stain_vectors": vectors.round(4).tolist(),
        "mean_area_um2": float(inside.sum() * 0.25 / max(count, 1)),
    }
    return Case(image, masks, facts)


def draw(rng: np.random.Generator, label: int, images: int) -> list[dict[str, Any]]:
    """Draw the truth of a patient: 1 has a tumour, 0 has none."""
    density = round(float(np.clip(rng.normal(1.0, 0.18), 0.6, 1.5)), 2)
    stain = {
        "haematoxylin": round(float(np.clip(rng.normal(1, 0.15), 0.6, 1.5)), 2),
        "eosin": round(float(np.clip(rng.normal(1, 0.18), 0.5, 1.6)), 2),
        "hue": round(float(np.clip(rng.normal(0, 2.5), -7, 7)), 1),
    }
    return [{"tissue": "tumour" if label else "normal", "density": density} | stain] * images


def _vectors(hue: float) -> NDArray[np.float64]:
    """Stain vectors, each turned by `hue` degrees towards the other."""
    h, e = (np.array(v) / np.linalg.norm(v) for v in STAINS.values())
    turned = []
    for own, other in ((h, e), (e, h)):
        across = other - (other @ own) * own
        across /= np.linalg.norm(across)
        angle = np.deg2rad(hue)
        turned.append(np.clip(np.cos(angle) * own + np.sin(angle) * across, 0.01, None))
    return np.array([t / np.linalg.norm(t) for t in turned])


def _plan(
    width: float, tissue: str, grade: float, density: float, cover: float, rng: np.random.Generator
) -> tuple[list[tuple[float, ...]], list[tuple[float, float, float, float]]]:
    """Place nuclei: (y, x, long, short, angle, darkness, kind) in µm; and lumina: (y, x, radius, cell).

    Tumour covers `cover` of the tile; in normal tissue, inflammation (small round nuclei) covers the rest.
    """
    nuclei: list[tuple[float, ...]] = []
    lumina: list[tuple[float, float, float, float]] = []
    glands = 0 if tissue == "tumour" and cover > 0.6 else max(1, round((width / 72) ** 2 * 0.8))
    for _ in range(glands):
        radius, cell = rng.uniform(9, 20), rng.uniform(11, 15)
        for _ in range(30):
            y, x = rng.uniform(-0.1 * width, 1.1 * width, 2)
            if all(np.hypot(y - b, x - a) > radius + cell + r + c + 4 for b, a, r, c in lumina):
                lumina.append((y, x, radius, cell))
                _gland(nuclei, y, x, radius + 0.72 * cell, grade, density, rng)
                break
    tumour = tissue == "tumour"
    crowd = _crowd(width, cover if tumour else 1 - cover, rng)
    gap = (12.2 - 1.6 * grade if tumour else 8.2) / np.sqrt(density)
    for y, x in _outside(_scattered(width, gap, rng), lumina):
        if crowd(y, x):
            wide = (
                (3.7 + 1.2 * grade, 1.25, 0.12 + 0.2 * grade)
                if tumour
                else (2.75 + 0.6 * max(grade, 0), 1.12, 0.12)
            )
            dark = _dark(grade if tumour else 0.8, rng)
            nuclei.append((y, x, *_size(*wide, rng), dark, 3 if tumour else 2))
    for y, x in _outside(_scattered(width, 15.5 / np.sqrt(density), rng), lumina):
        if not crowd(y, x):
            length, short, _ = _size(3.9, 2.3, 0.15, rng)
            drift = 0.6 * np.sin(y / 19) + rng.normal(0, 0.35)
            nuclei.append((y, x, length, short, drift, _dark(0.3, rng), 2))
    return nuclei, lumina


def _crowd(width: float, share: float, rng: np.random.Generator) -> Callable[[float, float], bool]:
    """Return whether a place lies in the part of the tile, a `share` of it, that is crowded."""
    field = smooth((32, 32), 5.0, rng)
    level = np.quantile(field, 1 - np.clip(share, 0, 1)) if share < 1 else -np.inf

    def crowded(y: float, x: float) -> bool:
        row, column = (int(np.clip(v / width * 32, 0, 31)) for v in (y, x))
        return bool(share > 0 and field[row, column] >= level)

    return crowded


def _outside(
    places: NDArray[np.float64], lumina: list[tuple[float, float, float, float]]
) -> NDArray[np.float64]:
    """Return the places that lie in no gland."""
    for y, x, radius, cell in lumina:
        places = places[np.hypot(places[:, 0] - y, places[:, 1] - x) > radius + cell + 2]
    return places


def _gland(
    nuclei: list[tuple[float, ...]],
    y: float,
    x: float,
    radius: float,
    grade: float,
    density: float,
    rng: np.random.Generator,
) -> None:
    number = int(2 * np.pi * radius / 6.4 * np.sqrt(density))
    for i in range(number):
        angle = 2 * np.pi * (i + rng.normal(0, 0.12)) / number
        r = radius + rng.normal(0, 0.7 + 2 * max(grade, 0))
        long, short, _ = _size(3.6 + 0.5 * grade, 1.45, 0.08 + 0.15 * max(grade, 0), rng)
        place = (y + r * np.sin(angle), x + r * np.cos(angle))
        nuclei.append((*place, long, short, angle, _dark(grade, rng), 1))


def _size(radius: float, ratio: float, spread: float, rng: np.random.Generator) -> tuple[float, float, float]:
    """Half axes in µm and angle of a nucleus."""
    mean = radius * np.exp(rng.normal(0, max(spread, 0.05)))
    stretch = np.sqrt(ratio * np.exp(rng.normal(0, 0.12)))
    return mean * stretch, mean / stretch, rng.uniform(0, np.pi)


def _dark(grade: float, rng: np.random.Generator) -> float:
    return float(np.clip(rng.normal(0.78 + 0.1 * grade, 0.08 + 0.1 * max(grade, 0)), 0.35, 1.4))


def _scattered(width: float, gap: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Random places at least about `gap` apart: a shaken hexagonal lattice."""
    rows = np.arange(-gap, width + gap, gap * 0.87)
    places = [
        (r, c + (i % 2) * gap / 2) for i, r in enumerate(rows) for c in np.arange(-gap, width + gap, gap)
    ]
    return np.array(places) + rng.normal(0, 0.23 * gap, (len(places), 2))


def _nuclei(
    size: int, nuclei: list[tuple[float, ...]], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.uint8]]:
    """Draw nuclei one over the other: haematoxylin, number and kind at each pixel."""
    stain = np.zeros((size, size), np.float32)
    labels, kind = np.zeros((size, size), np.int32), np.zeros((size, size), np.uint8)
    chromatin = 1 + 0.28 * smooth((size, size), 1.3, rng)
    for number, (cy, cx, long, short, angle, dark, which) in enumerate(nuclei, start=1):
        reach = int(np.ceil(long * 2.6)) + 1
        row, column = int(cy * 2), int(cx * 2)
        rows = slice(max(row - reach, 0), max(min(row + reach + 1, size), 0))
        columns = slice(max(column - reach, 0), max(min(column + reach + 1, size), 0))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            continue
        y = np.arange(rows.start, rows.stop)[:, None] / 2 - cy
        x = np.arange(columns.start, columns.stop)[None] / 2 - cx
        u = x * np.cos(angle) + y * np.sin(angle)
        v = y * np.cos(angle) - x * np.sin(angle)
        bump = 0.07 * np.cos(3 * np.arctan2(v, u) + 6 * dark) * (2 if which == 3 else 1)
        ring = np.hypot(u / long, v / short) - bump
        inside = ring < 1
        rim = 0.75 + 0.4 * np.clip((ring - 0.6) / 0.3, 0, 1)
        box = (rows, columns)
        stain[box][inside] = (dark * rim * chromatin[box])[inside]
        labels[box][inside] = number
        kind[box][inside] = which
    return stain, labels, kind


def _cytoplasm(
    size: int,
    lumina: list[tuple[float, float, float, float]],
    loose: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Eosin: fibres and gaps of the stroma, cytoplasm of glands, white lumina."""
    y, x = axes_mm((size, size), (0.5, 0.5))
    y, x = y + size / 4, x + size / 4
    wave = y + 5 * smooth((size, size), size / 12, rng) + 8 * np.sin(x / 26)
    fibres = 0.42 + 0.16 * np.sin(wave / 1.6) + 0.12 * power_law((size, size), 1.6, rng)
    gaps = power_law((size, size), 2.6, rng)
    out = np.where(gaps > loose, 0.03, fibres)
    for cy, cx, radius, cell in lumina:
        away = np.hypot(y - cy, x - cx) + 1.6 * gaps
        out = np.where(away < radius + cell, 0.33 + 0.05 * gaps, out)
        out = np.where(away < radius, 0.02, out)
    return np.clip(out, 0, 1.5).astype(np.float32)


def _photographed(colour: NDArray[Any], difficulty: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    from scipy.ndimage import gaussian_filter

    blur = 0.45 + 0.5 * difficulty
    seen = 0.96 * gaussian_filter(colour, (blur, blur, 0))
    return to_uint8(seen + (0.006 + 0.02 * difficulty) * rng.standard_normal(seen.shape, dtype=np.float32))


def _renumbered(labels: NDArray[np.int32]) -> NDArray[np.uint16]:
    """Return labels in which the nuclei that are seen have the numbers 1, 2, 3 and so on."""
    seen = np.unique(labels[labels > 0])
    dense = np.zeros(int(labels.max()) + 1, np.uint16)
    dense[seen] = np.arange(1, seen.size + 1)
    return dense[labels]


def _kinds(numbers: NDArray[np.uint16], kind: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Count the nuclei of each kind."""
    _, where = np.unique(numbers, return_index=True)
    found = kind.ravel()[where]
    return np.bincount(found[found > 0], minlength=4)
