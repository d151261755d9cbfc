"""What colours mean, as HTML below a picture in three dimensions."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from medlab.view.transfer import Ramp

__all__ = ["named_colours", "ramp_bar"]

_DARK = "#111418"


def ramp_bar(function: Ramp, unit: str) -> str:
    """Return a bar with the colours and opacities of a transfer function, and its limits."""
    low, high = function.limits
    stops = ", ".join(
        f"rgba({r:.0f},{g:.0f},{b:.0f},{a:.3f}) {100 * (v - low) / (high - low):.1f}%"
        for v, (r, g, b), a in zip(function.values, function.colours, function.opacities, strict=True)
    )
    ends = "".join(f"<b style='font-weight:normal'>{v:.4g} {html.escape(unit)}</b>" for v in (low, high))
    return (
        '<div style="width:260px"><div style="height:10px;border-radius:2px;'
        f'background:linear-gradient(to right, {stops}), {_DARK}"></div>'
        f'<div style="display:flex;justify-content:space-between">{ends}</div></div>'
    )


def named_colours(pairs: Iterable[tuple[str, str]]) -> str:
    """Return names behind squares of their colours, from pairs (name, CSS colour)."""
    return "".join(
        f'<span><i style="display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:5px;'
        f'background:{colour}"></i>{html.escape(name)}</span>'
        for name, colour in pairs
    )
