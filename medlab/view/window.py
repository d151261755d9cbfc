"""Which values are drawn black and which white: presets by modality, and sensible defaults."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["PRESETS", "offered", "sample", "window"]

#: A window as (low, high): low and below is black, high and above is white.
Window = tuple[float, float]
#: What a user may pass: a preset's name, (centre, width), or None for the default of the modality.
WindowSpec = str | tuple[float, float] | None

#: Centre and width in HU, after https://radiopaedia.org/articles/windowing-ct.
PRESETS: dict[str, tuple[float, float]] = {
    "soft tissue": (40, 400),
    "mediastinum": (50, 350),
    "lung": (-600, 1500),
    "bone": (400, 1800),
    "brain": (40, 80),
    "stroke": (40, 40),
    "liver": (30, 150),
    "angiography": (300, 600),
}
_SUV = {f"SUV 0–{top}": (0.0, float(top)) for top in (5, 7, 10, 20)}
_PERCENTILES = {"1–99 %": (1.0, 99.0), "0.1–99.9 %": (0.1, 99.9)}
_FULL = "full range"
_HEADER = "from the file"
_SAMPLED = 500_000
_LARGEST = 1e38  # what a float32 holds, with room for a window around it


def window(image: Image, spec: WindowSpec = None) -> Window:
    """Return the values that are drawn black and white.

    Linear between the two, as DICOM's LINEAR_EXACT (PS3.3 C.11.2.1.3.2): ``centre ± width / 2``.

    Parameters
    ----------
    image : Image
        The image to show.
    spec : str, (float, float) or None, optional
        Name of a preset (``"lung"``, ``"bone"``, ``"brain"``, ``"soft tissue"``, … in HU;
        ``"SUV 0–7"``; ``"1–99 %"``; ``"full range"``), or ``(centre, width)`` in the image's unit.
        None: soft tissue for CT in HU, 0–7 for SUV, 0–255 for colour, else the 1st to 99th percentile.

    Returns
    -------
    low, high : float
        In the image's unit, ``low < high``.

    Raises
    ------
    ValueError
        If the preset is unknown or made for another unit, or the width is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from medlab import Image
    >>> ct = Image(np.zeros((4, 8, 8), np.int16), modality="CT", units="HU")
    >>> window(ct, "lung")
    (-1350.0, 150.0)
    >>> window(ct, (50, 100))
    (0.0, 100.0)
    """
    if isinstance(spec, str):
        return _named(image, spec)
    if spec is not None:
        return _centre_width(spec)
    return next(iter((_fixed(image) or offered(image)).values()))


def offered(image: Image) -> dict[str, Window]:
    """Return the presets that suit an image, name → (low, high), the default one first."""
    if _is_colour(image):
        return _fixed(image)
    values = np.sort(sample(image))
    full = {_FULL: _percentiles(values, 0, 100)}
    if image.is_mask:
        return full
    return _fixed(image) | {name: _percentiles(values, *p) for name, p in _PERCENTILES.items()} | full


def _fixed(image: Image) -> dict[str, Window]:
    """Return the presets that do not depend on the image's values."""
    if _is_colour(image):
        return {"0–255": (0.0, 255.0)}
    if _is_hu(image):
        return {name: _centre_width(preset) for name, preset in PRESETS.items()}
    if image.units == "SUVbw":
        return {"SUV 0–7": _SUV["SUV 0–7"]} | _SUV
    return {} if image.is_mask else _from_header(image)


def sample(image: Image) -> NDArray[np.float64]:
    """Return finite values of an image, about half a million of them at most, evenly spread."""
    values = image.array
    step = max(1, int(np.ceil((values.size / _SAMPLED) ** (1 / values.ndim))))
    some = np.asarray(values[tuple(slice(None, None, step if n > 2 * step else None) for n in values.shape)])
    some = some.astype(np.float64).ravel()
    return some[np.isfinite(some)]


def _named(image: Image, name: str) -> Window:
    wanted = _key(name)
    for presets in (_fixed(image), offered(image)):
        for known, limits in presets.items():
            if _key(known) == wanted:
                return limits
    if wanted in map(_key, PRESETS):
        msg = (
            f"The window {name!r} is a preset in HU, and this image holds "
            f"{image.units or 'arbitrary units'}. "
            f"Pass (centre, width) in its unit, or one of: {', '.join(presets)}."
        )
        raise ValueError(msg)
    msg = f"Unknown window {name!r}; pass (centre, width) or one of: {', '.join(presets)}."
    raise ValueError(msg)


def _centre_width(spec: tuple[float, float]) -> Window:
    try:
        centre, width = (float(v) for v in spec)
    except (TypeError, ValueError):
        centre = width = np.nan
    if not (np.isfinite(centre) and np.isfinite(width) and width > 0):
        msg = f"A window must be a preset's name or (centre, width) with a positive width; got {spec!r}."
        raise ValueError(msg)
    return centre - width / 2, centre + width / 2


def _percentiles(ordered: NDArray[np.float64], lower: float, upper: float) -> Window:
    """Return two percentiles of values in ascending order, a little apart where they are equal."""
    if not ordered.size:
        return 0.0, 1.0
    places = np.array([lower, upper]) / 100 * (ordered.size - 1)
    before = np.floor(places).astype(np.int64)
    after = np.minimum(before + 1, ordered.size - 1)
    ends = np.clip(ordered[[before, after, np.array([0, -1])]], -_LARGEST, _LARGEST)
    low, high = (float(v) for v in ends[0] + (places - before) * (ends[1] - ends[0]))
    if high <= low:
        low, high = (float(v) for v in ends[2])
    margin = 0.5 + 1e-5 * abs(low)
    return (low, high) if high > low else (low - margin, low + margin)


def _from_header(image: Image) -> dict[str, Window]:
    """Return the window that the file itself names, where it names a usable one."""
    found = [image.meta.get(tag) for tag in ("WindowCenter", "WindowWidth")]
    first = [v[0] if isinstance(v, (list, tuple)) and v else v for v in found]
    try:
        return {_HEADER: _centre_width((first[0], first[1]))}  # type: ignore[arg-type]
    except ValueError:
        return {}


def _is_colour(image: Image) -> bool:
    return "c" in image.axes and image.size("c") in (3, 4)


def _is_hu(image: Image) -> bool:
    return image.units == "HU" or (image.modality == "CT" and not image.units)


def _key(name: str) -> str:
    return re.sub(r"[\s_–-]+", " ", name).strip().lower()
