"""A picture that follows sliders: drawn once for every setting, so that it moves without a kernel too."""

from __future__ import annotations

import base64
import html
import io
import itertools
import json
import math
import os
import re
from importlib.resources import files
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from medlab.view.png import encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from PIL.Image import Image as Picture

__all__ = ["Explorer", "explore"]

_MOST_PICTURES = 200
_MOST_BYTES = 8_000_000
_LEAST_FRAME = 15_000
_STILL = 120_000
_STATIC = "MEDLAB_STATIC_VIEWS"
_CONTROLS = 52  # height of one row of controls in CSS pixels


def explore(
    draw: Callable[..., Any],
    *,
    labels: Mapping[str, str] | None = None,
    start: Mapping[str, Any] | None = None,
    **parameters: Sequence[Any],
) -> Explorer:
    """Show what a drawing function makes of every combination of its parameters, under sliders.

    All pictures are drawn at once, when the function is called: moving a slider needs no kernel
    afterwards, and works the same in a report. `ipywidgets.interact` draws anew at every step instead;
    it suits settings too many to be drawn beforehand.

    Parameters
    ----------
    draw : callable
        Called as ``draw(name=value, …)``. Returns a matplotlib figure, a Pillow image, or None for
        pyplot's current figure. All pictures should be of one size.
    labels : mapping of str to str, optional
        What stands beside each slider; name the unit. Default: the parameter's name.
    start : mapping of str to value, optional
        Values to begin with. Default: the first of each.
    **parameters : sequence
        The values of each parameter: numbers in their order get a slider, strings a list.

    Returns
    -------
    Explorer
        A widget; its `values` say what is shown and may be assigned.

    Raises
    ------
    TypeError
        If `draw` returns something that is no picture, or values are neither numbers nor strings.
    ValueError
        If there are no values, more than 200 combinations, or `labels` or `start` name others.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> def decay(half_life):
    ...     figure = Figure(figsize=(3, 2))
    ...     figure.subplots().plot(range(9), [0.5 ** (t / half_life) for t in range(9)])
    ...     return figure
    >>> shown = explore(decay, labels={"half_life": "Half-life in h"}, half_life=[1, 2, 4])
    >>> shown.values
    {'half_life': 1}
    """
    return Explorer(draw, parameters, labels or {}, start or {})


class Explorer(anywidget.AnyWidget):
    """Pictures under sliders; `medlab.view.explore` makes one and says what its options mean."""

    _esm = (files("medlab.view") / "static" / "explore.js").read_text(encoding="utf-8")
    _css = (files("medlab.view") / "static" / "explore.css").read_text(encoding="utf-8")

    _knobs: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    _frames: traitlets.List[str] = traitlets.List().tag(sync=True)
    _at: traitlets.List[int] = traitlets.List().tag(sync=True)

    def __init__(
        self,
        draw: Callable[..., Any],
        parameters: Mapping[str, Sequence[Any]],
        labels: Mapping[str, str],
        start: Mapping[str, Any],
    ) -> None:
        self._values = {name: list(values) for name, values in parameters.items()}
        _check(self._values, labels, start)
        self._pictures = [self._drawn(draw, values) for values in itertools.product(*self._values.values())]
        share = max(_LEAST_FRAME, _MOST_BYTES // len(self._pictures))
        super().__init__(
            _knobs=[_knob(labels.get(name, name), values) for name, values in self._values.items()],
            _frames=[_address(encoded(picture, share)) for picture in self._pictures],
            _at=self._places({name: values[0] for name, values in self._values.items()} | dict(start)),
        )

    @property
    def values(self) -> dict[str, Any]:
        """The value of each parameter in the picture shown; some of them may be assigned."""
        return {name: values[n] for (name, values), n in zip(self._values.items(), self._at, strict=True)}

    @values.setter
    def values(self, given: Mapping[str, Any]) -> None:
        _check(self._values, {}, given)
        self._at = self._places(self.values | dict(given))

    def to_png(self, max_bytes: int = _STILL) -> bytes:
        """Return the picture shown as PNG of at most `max_bytes`, smaller than drawn if need be."""
        return encoded(self._pictures[self._number()], max_bytes)

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return all pictures and their sliders as one HTML page that needs neither kernel nor network.

        Parameters
        ----------
        path : path, optional
            Where to write it as well.
        """
        state = {"_knobs": self._knobs, "_frames": self._frames, "_at": self._at}
        filling = {
            "title": html.escape(", ".join(knob["label"] for knob in self._knobs)),
            "css": self._css,
            "state": json.dumps(state).replace("<", "\\u003c"),
            "script": self._esm.replace("export default { render };\n", ""),
        }
        text = (files("medlab.view") / "static" / "explore.html").read_text(encoding="utf-8")
        page = re.sub(r"{{(\w+)}}", lambda found: filling[found[1]], text)
        if path is not None:
            Path(path).write_text(page, encoding="utf-8")
        return page

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        picture = base64.b64encode(self.to_png()).decode()
        if os.environ.get(_STATIC) == "1":
            return {"text/html": self._framed(), "image/png": picture, "text/plain": repr(self)}, {}
        bundle = super()._repr_mimebundle_(**kwargs)
        return bundle and (bundle[0] | {"image/png": picture, "text/plain": repr(self)}, bundle[1])

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"<Explorer {shown}; {len(self._pictures)} pictures>"

    def _framed(self) -> str:
        height = max(picture.height for picture in self._pictures) + _CONTROLS * math.ceil(
            len(self._knobs) / 2
        )
        return (
            f'<iframe srcdoc="{html.escape(self.to_html())}" title="Picture with sliders" '
            f'sandbox="allow-scripts" style="width: 100%; height: {height}px; '
            'border: 1px solid #c8ced5; border-radius: 6px"></iframe>'
        )

    def _drawn(self, draw: Callable[..., Any], values: Sequence[Any]) -> Picture:
        given = dict(zip(self._values, values, strict=True))
        try:
            return _picture(draw(**given))
        except Exception as error:
            error.add_note(f"While drawing {given}.")
            raise

    def _places(self, values: Mapping[str, Any]) -> list[int]:
        return [self._values[name].index(value) for name, value in values.items()]

    def _number(self) -> int:
        number = 0
        for values, at in zip(self._values.values(), self._at, strict=True):
            number = number * len(values) + at
        return number


def _check(values: Mapping[str, list[Any]], labels: Mapping[str, str], start: Mapping[str, Any]) -> None:
    """Refuse what cannot be drawn before anything is."""
    count = math.prod(len(found) for found in values.values())
    if not values or count == 0:
        msg = "explore needs at least one parameter with values, such as te=[20, 80, 140]."
        raise ValueError(msg)
    if count > _MOST_PICTURES:
        sizes = " × ".join(str(len(found)) for found in values.values())
        msg = f"{sizes} = {count} pictures, at most {_MOST_PICTURES} are drawn: give fewer values."
        raise ValueError(msg)
    for name, found in values.items():
        if not (all(isinstance(v, Real) for v in found) or all(isinstance(v, str) for v in found)):
            msg = f"The values of {name!r} must be all numbers or all strings, got {found!r}."
            raise TypeError(msg)
    for name in (*labels, *start):
        if name not in values:
            msg = f"{name!r} is no parameter; there are {', '.join(values)}."
            raise ValueError(msg)
    for name, value in start.items():
        if value not in values[name]:
            msg = f"{name} cannot be {value!r}; it may be one of {values[name]!r}."
            raise ValueError(msg)


def _knob(label: str, values: list[Any]) -> dict[str, Any]:
    names = isinstance(values[0], str)
    return {
        "label": label,
        "texts": [v if names else f"{v:g}".replace("-", "−") for v in values],
        "names": names,
    }


def _picture(drawn: Any) -> Picture:
    """Return a figure's picture and close the figure."""
    from matplotlib import pyplot as plt
    from matplotlib.figure import Figure
    from PIL import Image as Pillow

    if isinstance(drawn, Pillow.Image):
        return drawn.convert("RGB")
    if drawn is None and plt.get_fignums():
        drawn = plt.gcf()
    if not isinstance(drawn, Figure):
        msg = f"draw must return a matplotlib figure or a Pillow image, it returned {type(drawn).__name__}."
        raise TypeError(msg)
    buffer = io.BytesIO()
    drawn.savefig(buffer, format="png", facecolor="white")
    plt.close(drawn)
    return Pillow.open(buffer).convert("RGB")


def _address(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()
