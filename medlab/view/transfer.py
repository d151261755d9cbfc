"""Transfer functions: which values of a volume are seen through, and in which colour the others appear."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.view.window import sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["PRESETS", "Preset", "Ramp", "offered", "ramp"]

#: A value, the colour it has ("#rrggbb"), and how much of the light it stops, 0 to 1.
Point = tuple[float, str, float]
#: A preset's name, or points with values in the image's unit.
PresetSpec = "str | Sequence[Point] | None"

_ROBUST = (1.0, 99.8)  # percentiles that 0 and 1 of a relative preset stand for


@dataclasses.dataclass(frozen=True)
class Preset:
    """A named transfer function.

    Attributes
    ----------
    unit : str
        Unit of the values: ``"HU"``, ``"SUVbw"``, or ``""`` where 0 and 1 stand for the 1st and the 99.8th
        percentile of the image.
    points : tuple of (float, str, float)
        Value, colour and opacity, linear in between; below the first value all is clear, above the last
        nothing changes. Opacity is that of a layer as thick as the longest side of the image divided by 256.
    """

    unit: str
    points: tuple[Point, ...]


#: Opacities and colours are chosen for a first look; they measure nothing.
PRESETS: dict[str, Preset] = {
    "bone": Preset(
        "HU",
        ((180, "#8c4a30", 0), (260, "#c58b5f", 0.12), (500, "#ecdcc0", 0.5), (1500, "#ffffff", 0.95)),
    ),
    "soft tissue": Preset(
        "HU",
        (
            (-20, "#7a2f22", 0),
            (30, "#a8503c", 0.06),
            (70, "#c4664e", 0.18),
            (160, "#dd9a78", 0.3),
            (320, "#f0e0c8", 0.7),
            (1200, "#ffffff", 0.95),
        ),
    ),
    "skin": Preset(
        "HU", ((-500, "#c98f6b", 0), (-250, "#d9a07a", 0.5), (100, "#e8b896", 0.8), (400, "#f6ece0", 0.95))
    ),
    "lung": Preset(
        "HU",
        (
            (-960, "#2a5a90", 0),
            (-880, "#3f7fb5", 0.03),
            (-700, "#7fb8dc", 0.07),
            (-560, "#c8d8e0", 0.05),
            (-420, "#e0c8b8", 0),
        ),
    ),
    "vessels": Preset(
        "HU",
        ((130, "#7a0f14", 0), (190, "#b8202a", 0.15), (320, "#e8604a", 0.5), (700, "#fbe8cc", 0.85)),
    ),
    "PET hot": Preset(
        "SUVbw",
        (
            (1, "#3a0000", 0),
            (2.5, "#a01000", 0.06),
            (5, "#f07000", 0.3),
            (8, "#ffd000", 0.6),
            (12, "#ffffff", 0.9),
        ),
    ),
    "MR": Preset(
        "",
        ((0.16, "#7a5a50", 0), (0.3, "#b08c7c", 0.06), (0.55, "#dcc4b4", 0.25), (1.0, "#ffffff", 0.75)),
    ),
    "hot": Preset(
        "",
        ((0.15, "#3a0000", 0), (0.35, "#a01000", 0.06), (0.6, "#f07000", 0.3), (1.0, "#ffff80", 0.8)),
    ),
    "dense": Preset("", ((0.3, "#5a6a7a", 0), (0.5, "#9ab0c0", 0.2), (1.0, "#ffffff", 0.9))),
}


@dataclasses.dataclass(frozen=True)
class Ramp:
    """A transfer function in the unit of one image: ascending values, their colours (n, 3) and opacities."""

    name: str
    values: NDArray[np.float64]
    colours: NDArray[np.float64]
    opacities: NDArray[np.float64]

    @property
    def limits(self) -> tuple[float, float]:
        """First and last value."""
        return float(self.values[0]), float(self.values[-1])

    def table(self, levels: int = 256) -> NDArray[np.uint8]:
        """Return (levels, 4) red, green, blue and opacity of values evenly spread over the limits.

        Entry 0 is clear: it stands for all that lies below.
        """
        at = np.linspace(*self.limits, levels)
        columns = [*self.colours.T, self.opacities * 255]
        table = np.stack([np.interp(at, self.values, c) for c in columns], axis=1)
        table[0, 3] = 0
        return np.rint(table).astype(np.uint8)

    def codes(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the row of `table` for each value, those outside of the limits at its ends."""
        low, high = self.limits
        scaled = (values.astype(np.float32) - np.float32(low)) * np.float32(255 / (high - low))
        return np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)


def offered(image: Image) -> list[str]:
    """Return the names of the presets that suit an image, the default one first.

    Examples
    --------
    >>> from medlab import Image
    >>> offered(Image(np.zeros((2, 3, 4)), modality="CT", units="HU"))[:2]
    ['bone', 'soft tissue']
    """
    unit = _unit(image)
    names = [name for name, preset in PRESETS.items() if preset.unit == unit]
    relative = [name for name, preset in PRESETS.items() if not preset.unit]
    if image.modality in ("PT", "NM"):
        relative = sorted(relative, key=lambda name: name != "hot")
    elif image.modality != "MR":
        relative = sorted(relative, key=lambda name: name != "dense")
    return relative if not unit else [*names, *relative]


def ramp(image: Image, spec: Any = None) -> Ramp:
    """Return a preset in the unit of an image.

    Parameters
    ----------
    image : Image
        The image to look at.
    spec : str or sequence of (value, colour, opacity), optional
        A preset's name, or points of your own in the image's unit. Default: the first one `offered`.

    Raises
    ------
    ValueError
        If the preset is unknown or made for another unit, or the points do not make a function.

    Examples
    --------
    >>> from medlab import Image
    >>> ct = Image(np.zeros((2, 3, 4)), modality="CT", units="HU")
    >>> ramp(ct, "bone").limits
    (180.0, 1500.0)
    >>> ramp(ct, [(0, "black", 0), (100, "white", 1)]).table()[255].tolist()
    [255, 255, 255, 255]
    """
    if spec is None or isinstance(spec, str):
        return _named(image, spec or offered(image)[0])
    return _ramp("own", list(spec))


def _named(image: Image, name: str) -> Ramp:
    known = {k.lower(): k for k in PRESETS}
    names = ", ".join(repr(n) for n in offered(image))
    if name.lower() not in known:
        msg = f"Unknown preset {name!r}; pass one of {names}, or points (value, colour, opacity)."
        raise ValueError(msg)
    name = known[name.lower()]
    preset = PRESETS[name]
    if not preset.unit:
        values = sample(image)
        low, high = np.percentile(values, _ROBUST)
        if high <= low:
            low, high = values.min(), values.max()
        return _ramp(name, [(low + v * (high - low), c, a) for v, c, a in preset.points])
    if preset.unit != _unit(image):
        unit = image.units or "arbitrary units"
        msg = f"The preset {name!r} is made for {preset.unit}; this image holds {unit}. Pass one of {names}."
        raise ValueError(msg)
    return _ramp(name, list(preset.points))


def _ramp(name: str, points: Sequence[Point]) -> Ramp:
    from matplotlib.colors import to_rgb

    try:
        values = np.array([v for v, _, _ in points], np.float64)
        colours = np.array([to_rgb(c) for _, c, _ in points]) * 255
        opacities = np.array([a for _, _, a in points], np.float64)
    except (TypeError, ValueError) as error:
        msg = f"Points must be (value, colour, opacity), for example (300, '#ffeecc', 0.5): {error}"
        raise ValueError(msg) from error
    if len(values) < 2 or not (np.diff(values) > 0).all() or not ((opacities >= 0) & (opacities <= 1)).all():
        msg = (
            "A transfer function needs at least two points with ascending values and opacities from 0 to 1; "
            f"got {list(points)!r}."
        )
        raise ValueError(msg)
    return Ramp(name, values, colours, opacities)


def _unit(image: Image) -> str:
    """Return the unit whose presets suit an image."""
    if image.units == "HU" or (image.modality == "CT" and not image.units):
        return "HU"
    return image.units if image.units in {p.unit for p in PRESETS.values()} else ""
