"""A fundus photograph with vessels, disc and macula, and the lesions of diabetic retinopathy by grade."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms.shapes import axes_mm, blob, blur_edge, on_grid, tubes
from medlab.datasets.phantoms.texture import power_law, smooth, streams, to_uint8

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["GRADES", "LESIONS", "draw", "fundus_photograph"]

GRADES = ("none", "mild", "moderate", "severe", "proliferative")
LESIONS = {1: "microaneurysm", 2: "haemorrhage", 3: "hard exudate", 4: "cotton wool", 5: "neovascularisation"}
#: Lowest and highest number of lesions by grade, in the order of `LESIONS`.
_COUNTS = (
    ((0, 0), (0, 0), (0, 0), (0, 0), (0, 0)),
    ((2, 7), (0, 0), (0, 0), (0, 0), (0, 0)),
    ((5, 18), (3, 12), (0, 10), (0, 3), (0, 0)),
    ((14, 30), (21, 40), (0, 22), (2, 7), (0, 0)),
    ((8, 25), (8, 30), (0, 18), (0, 4), (1, 3)),
)
#: How strongly blood weakens red, green and blue light; why vessels are best seen in green.
_BLOOD = np.array([0.32, 1.15, 0.95], np.float32)
#: Width of the picture in mm on the retina: 45° of view.
_FIELD = 13.6
#: Radius in mm of what is seen; black around it.
_RADIUS = 0.485 * _FIELD


def fundus_photograph(
    *,
    seed: int = 0,
    view: int = 0,
    size: int = 128,
    difficulty: float = 0.5,
    grade: int = 0,
    oedema: bool | None = None,
    tint: float = 0.0,
) -> Case:
    """Simulate a fundus photograph of 45° around the macula.

    Lesions by grade of the international scale: 1 microaneurysms only; 2 more, with some haemorrhages,
    exudates and cotton wool spots; 3 more than 20 haemorrhages; 4 new vessels. Macular oedema is exudate
    within one disc diameter of the fovea.

    Parameters
    ----------
    seed, view : int, optional
        The eye (vessels, pigment, lesions), and the picture (aim, light, noise).
    size : int, optional
        Rows and columns.
    difficulty : float, optional
        0 … 1: fainter lesions, more noise and blur, and pigment spots, drusen and reflexes that are no
        retinopathy.
    grade : int, optional
        0 … 4.
    oedema : bool, optional
        Macular oedema; drawn by default, more often at high grades, never below 2.
    tint : float, optional
        −1 … 1: lighter or darker pigment of the eye; 0 leaves it to chance.

    Returns
    -------
    Case
        ``image``: colour, axes ``"yxc"``, 0 … 255. ``masks``: ``vessels``, ``disc``, ``macula`` and
        ``lesions`` with labels 1 … 5 as in `LESIONS`. ``facts``: ``grade``, ``referable`` (grade 2 or more),
        ``oedema``, ``counts`` by lesion, ``eye`` (``"left"`` or ``"right"``).

    Notes
    -----
    Grades after Wilkinson C. P. et al. Ophthalmology 110, 1677–1682 (2003).
    doi:10.1016/S0161-6420(03)00475-5; fields of view and calibres from common textbook values. Blood weakens
    the light of each colour by Beer–Lambert's law.

    Examples
    --------
    >>> case = fundus_photograph(grade=3)
    >>> case.facts["counts"]["haemorrhage"] > 20, case.facts["referable"]
    (True, True)
    """
    if grade not in range(5):
        msg = f"grade must be 0, 1, 2, 3 or 4; got {grade!r}."
        raise ValueError(msg)
    anatomy, acquisition = streams(seed, view)
    eye = "left" if anatomy.random() < 0.5 else "right"
    spacing = (_FIELD / size,) * 2
    y, x = axes_mm((size, size), spacing)
    aim = acquisition.normal(0, 0.25, 2)
    # The picture is built as a right eye, the disc on the right, and mirrored for a left one.
    place = {
        "fovea": np.array([0.3, -1.6]) + aim,
        "disc": np.array([-0.1, 2.9]) + aim + anatomy.normal(0, 0.15, 2),
    }
    vessels, veins = _vessels(size, spacing, place, anatomy)
    if oedema is None:
        oedema = bool(grade >= 2 and anatomy.random() < (0.25, 0.4, 0.4)[grade - 2])
    lesions, counts, layers = _lesions(y, x, place, grade, oedema, vessels, anatomy)
    colour = _background(y, x, place, difficulty, tint, anatomy)
    colour = _painted(colour, vessels, veins, layers, difficulty, anatomy)
    picture = _photographed(colour, y, x, difficulty, acquisition)
    disc = blob(y - place["disc"][0], x - place["disc"][1], 0.85, anatomy, irregularity=0.02) > 0
    macula = np.hypot(y - place["fovea"][0], x - place["fovea"][1]) < 0.85
    field = np.hypot(y, x) < _RADIUS
    maps = {"vessels": (vessels > 0) & field, "disc": disc, "macula": macula, "lesions": lesions * field}
    if eye == "left":
        picture = picture[:, ::-1]
        maps = {k: v[:, ::-1] for k, v in maps.items()}
    image = on_grid(
        np.ascontiguousarray(picture),
        spacing,
        axes="yxc",
        space="plane",
        modality="OP",
        notes=("Simulated fundus photograph.",),
    )
    names = {"vessels": {1: "vessel"}, "disc": {1: "optic disc"}, "macula": {1: "macula"}, "lesions": LESIONS}
    masks = {k: image.as_mask(np.ascontiguousarray(v), names[k]) for k, v in maps.items()}
    facts = {"grade": grade, "referable": grade >= 2, "oedema": oedema, "counts": counts, "eye": eye}
    return Case(image, masks, facts)


def draw(rng: np.random.Generator, label: int, images: int) -> list[dict[str, Any]]:
    """Draw the truth of a patient: 1 is referable (grade 2 to 4), 0 is not; both eyes have the same grade."""
    grade = rng.choice([2, 3, 4], p=(0.66, 0.2, 0.14)) if label else rng.choice([0, 1], p=(0.72, 0.28))
    oedema = bool(label and rng.random() < (0.25, 0.4, 0.4)[grade - 2])
    return [{"grade": int(grade), "oedema": oedema}] * images


def _vessels(
    size: int, spacing: tuple[float, float], place: dict[str, NDArray[Any]], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Depth in vessels, and in veins only: arcades around the macula and vessels to the nasal side."""
    depths = []
    for vein in (False, True):
        segments: list[Any] = []
        radii: list[float] = []
        width = (0.062 if vein else 0.048) * rng.uniform(0.9, 1.1)
        for up in (-1, 1):
            bow = 1.45 + 0.28 * vein + rng.normal(0, 0.12)
            _grow(segments, radii, place, rng, (up, -1), width, bow)
            _grow(segments, radii, place, rng, (up, 1), width * 0.75, 1.9 + rng.normal(0, 0.3))
        depths.append(tubes((size, size), spacing, np.array(segments), np.array(radii), reach=0.25))
    return np.maximum(*depths), depths[1]


def _grow(
    segments: list[Any],
    radii: list[float],
    place: dict[str, NDArray[Any]],
    rng: np.random.Generator,
    towards: tuple[int, int],
    width: float,
    bow: float,
) -> None:
    """Grow one main vessel from the disc (up or down, temporal −1 or nasal 1) with its branches."""
    along = np.linspace(0, 1, 26) ** 1.3 * (9.0 if towards[1] < 0 else 5.0)
    wave = np.cumsum(rng.normal(0, 0.045, along.size))
    path = np.stack(
        [
            place["disc"][0] + towards[0] * bow * np.sqrt(along) + wave,
            place["disc"][1] + towards[1] * along + 0.35 * rng.normal() * (along > 0),
        ],
        1,
    )
    taper = width * np.sqrt(np.linspace(1, 0.25, along.size))
    segments.extend(np.stack([path[:-1], path[1:]], 1))
    radii.extend(taper[:-1])
    for i in range(5, along.size - 2, 2):
        heading = np.arctan2(*(path[i + 1] - path[i]))
        turn = (1 if rng.random() < 0.5 else -1) * rng.uniform(0.5, 1.1)
        _branch(segments, radii, path[i], heading + turn, taper[i] * 0.68, place["fovea"], rng, 2)


def _branch(
    segments: list[Any],
    radii: list[float],
    start: Sequence[float],
    heading: float,
    width: float,
    fovea: NDArray[Any],
    rng: np.random.Generator,
    left: int,
) -> None:
    y, x = float(start[0]), float(start[1])
    bend, count = rng.normal(0, 0.06), int(rng.integers(5, 13))
    for i, jitter in enumerate(rng.normal(0, 0.13, count)):
        heading += bend + jitter
        v, u = y + 0.26 * math.sin(heading), x + 0.26 * math.cos(heading)
        if math.hypot(v - fovea[0], u - fovea[1]) < 0.75 or max(abs(v), abs(u)) > 7:
            return
        segments.append(((y, x), (v, u)))
        radii.append(width)
        y, x, width = v, u, width * 0.95
        if left and i in (3, 7):
            side = (1 if rng.random() < 0.5 else -1) * rng.uniform(0.4, 0.9)
            _branch(segments, radii, (y, x), heading + side, width * 0.72, fovea, rng, left - 1)


def _lesions(
    y: NDArray[Any],
    x: NDArray[Any],
    place: dict[str, NDArray[Any]],
    grade: int,
    oedema: bool,
    vessels: NDArray[Any],
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], dict[str, int], dict[str, NDArray[np.float32]]]:
    """Return labels, counts, and the strength of each kind of lesion at each pixel."""
    ranges = zip(LESIONS.values(), _COUNTS[grade], strict=True)
    counts = {name: int(rng.integers(low, high + 1)) for name, (low, high) in ranges}
    if oedema:
        counts["hard exudate"] = max(counts["hard exudate"], 4)
    labels = np.zeros(vessels.shape, np.uint8)
    layers = {name: np.zeros(vessels.shape, np.float32) for name in LESIONS.values()}
    edge = float(_FIELD / len(vessels))
    ring = rng.normal(0, 1.6, 2)
    for value, name in sorted(LESIONS.items(), key=lambda item: -_SPREAD[item[1]][1]):
        for i in range(counts[name]):
            where = _spot(place, name, ring, oedema and i < 4, rng)
            if name == "neovascularisation":
                box: tuple[slice, slice] = (slice(None), slice(None))
                depth = _tangle(len(vessels), edge, where, rng)
            else:
                small, large, rough = _SPREAD[name]
                box = _window(where, 2 * large + edge, len(vessels))
                offset = (y[box[0]] - where[0], x[:, box[1]] - where[1])
                depth = blob(*offset, rng.uniform(small, large), rng, irregularity=rough, modes=6)
            soft = blur_edge(depth, 0.35 if name == "cotton wool" else edge)
            layers[name][box] = np.maximum(layers[name][box], soft)
            _label(labels[box], depth, value)
    return labels, counts, layers


#: Smallest and largest radius in mm and roughness of each lesion.
_SPREAD = {
    "microaneurysm": (0.05, 0.07, 0.0),
    "haemorrhage": (0.08, 0.24, 0.25),
    "hard exudate": (0.06, 0.16, 0.2),
    "cotton wool": (0.22, 0.42, 0.2),
    "neovascularisation": (0.5, 1.0, 0.0),
}


def _window(where: NDArray[Any], reach: float, size: int) -> tuple[slice, slice]:
    """Rows and columns within `reach` mm of a place."""
    step, middle = _FIELD / size, (size - 1) / 2
    low = np.clip(np.floor((where - reach) / step + middle), 0, size - 1).astype(int)
    high = np.clip(np.ceil((where + reach) / step + middle) + 1, low + 1, size).astype(int)
    return slice(low[0], high[0]), slice(low[1], high[1])


def _label(labels: NDArray[np.uint8], depth: NDArray[Any], value: int) -> None:
    """Mark a lesion; one smaller than a pixel marks the pixel it lies in."""
    inside = depth > 0
    if not inside.any():
        inside = depth == depth.max()
    labels[inside] = value


def _spot(
    place: dict[str, NDArray[Any]],
    name: str,
    ring: NDArray[Any],
    central: bool,
    rng: np.random.Generator,
) -> NDArray[Any]:
    """Choose where a lesion lies: within the picture, off the disc; exudates flock together."""
    if central:
        angle, radius = rng.uniform(0, 2 * np.pi), rng.uniform(0.35, 1.3)
        return place["fovea"] + radius * np.array([np.sin(angle), np.cos(angle)])
    while True:
        where = rng.uniform(-5.6, 5.6, 2)
        if name == "hard exudate":
            where = place["fovea"] + ring + rng.normal(0, 0.7, 2)
            ring = ring + rng.normal(0, 0.15, 2)
            if np.linalg.norm(where - place["fovea"]) < 1.75:
                ring = ring * 1.2 + 0.05
                continue
        if np.hypot(*where) < 5.8 and np.linalg.norm(where - place["disc"]) > 1.2:
            return where


def _tangle(size: int, edge: float, where: NDArray[Any], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the depth in a net of fine new vessels around a point."""
    steps = np.cumsum(rng.normal(0, 0.22, (9, 12, 2)), axis=1)
    path = where + np.clip(steps, -0.9, 0.9)
    segments = np.stack([path[:, :-1], path[:, 1:]], 2).reshape(-1, 2, 2)
    return tubes((size, size), (edge, edge), segments, np.full(len(segments), 0.03), reach=0.25)


def _background(
    y: NDArray[Any],
    x: NDArray[Any],
    place: dict[str, NDArray[Any]],
    difficulty: float,
    tint: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Pigment and choroid, fovea, disc, and what only looks like disease."""
    shape = np.broadcast_shapes(y.shape, x.shape)
    pigment = np.clip(tint or rng.normal(0, 0.4), -1, 1)
    base = np.array([0.78, 0.40, 0.19]) * (1 - pigment * np.array([0.12, 0.25, 0.3]))
    choroid = 1 + 0.05 * power_law(shape, 2.6, rng) + 0.035 * np.abs(smooth(shape, shape[0] / 40, rng))
    fovea = np.exp(-(((y - place["fovea"][0]) ** 2 + (x - place["fovea"][1]) ** 2) / (2 * 0.75**2)))
    colour = base * choroid[..., None] * (1 - fovea[..., None] * np.array([0.22, 0.36, 0.4]))
    away = np.hypot((y - place["disc"][0]) / 1.04, x - place["disc"][1])
    disc, cup = blur_edge(0.85 - away, 0.14)[..., None], np.exp(-((away / 0.42) ** 2))[..., None]
    bright = np.array([0.93, 0.72, 0.47]) + cup * np.array([0.07, 0.16, 0.25])
    colour = colour * (1 - disc) + bright * disc
    spots = rng.poisson(14 * difficulty)
    for _ in range(spots):
        where, radius = rng.uniform(-5, 5, 2), rng.uniform(0.05, 0.18)
        weight = np.exp(-((y - where[0]) ** 2 + (x - where[1]) ** 2) / (2 * radius**2))[..., None]
        if rng.random() < 0.6:
            colour = colour * (1 - weight * rng.uniform(0.1, 0.5) * np.array([0.7, 0.9, 0.8]))
        else:
            colour = colour + weight * rng.uniform(0.06, 0.25) * np.array([0.5, 0.8, 0.4])
    return colour.astype(np.float32)


def _painted(
    colour: NDArray[np.float32],
    vessels: NDArray[Any],
    veins: NDArray[Any],
    layers: dict[str, NDArray[np.float32]],
    difficulty: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Lay blood, exudate and cotton wool over the background."""
    edge = _FIELD / len(vessels)
    path = np.clip(0.5 + vessels / edge, 0, 1) * 0.42 + np.clip(0.5 + veins / edge, 0, 1) * 0.16
    strength = rng.uniform(0.75, 1.1) - 0.5 * difficulty
    path = path + 0.62 * strength * layers["haemorrhage"] + 0.6 * strength * layers["microaneurysm"]
    path = path + 0.85 * strength * layers["neovascularisation"]
    colour = colour * np.exp(-path[..., None] * _BLOOD)
    for name, tone, cover in (
        ("cotton wool", (0.95, 0.84, 0.6), 0.5),
        ("hard exudate", (0.97, 0.87, 0.45), 0.95),
    ):
        weight = layers[name][..., None] * cover * strength
        colour = colour * (1 - weight) + np.array(tone, np.float32) * weight
    return colour


def _photographed(
    colour: NDArray[np.float32],
    y: NDArray[Any],
    x: NDArray[Any],
    difficulty: float,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Uneven light, the blur of the optics, noise, and the round stop of the camera."""
    from scipy.ndimage import gaussian_filter

    tilt = rng.normal(0, 0.012 + 0.02 * difficulty, 2)
    radius = np.hypot(y, x)
    light = (1.04 - 0.008 * radius**2) * (1 + tilt[0] * y + tilt[1] * x) * rng.normal(1, 0.05)
    blur = (0.25 + 0.55 * difficulty * rng.uniform(0.5, 1.3)) * len(colour) / 128
    seen = gaussian_filter(colour, (blur, blur, 0)) * light[..., None]
    seen += (0.008 + 0.025 * difficulty) * rng.standard_normal(seen.shape, dtype=np.float32)
    return to_uint8(seen * blur_edge(_RADIUS - radius, 0.12)[..., None])
