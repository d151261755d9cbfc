"""A view as one HTML page: the viewer's own script, its data inside, nothing fetched from elsewhere."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

from medlab.view import source
from medlab.view.reduce import reduced_together

if TYPE_CHECKING:
    from medlab.view.masks import Masks
    from medlab.view.reduce import Reduction
    from medlab.view.stack import Stack

__all__ = ["framed", "standalone"]

_AROUND = 165  # height of toolbar, sliders, legend, read-out and caption in CSS pixels

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title>
<style>
{css}
</style>
</head>
<body>
<main id="medlab-view"></main>
<footer class="medlab-caption">{caption}</footer>
<script type="application/json" id="medlab-scene">{scene}</script>
<script type="text/plain" id="medlab-data">{data}</script>
<script type="module">
{script}
</script>
</body>
</html>
"""


def standalone(
    layers: list[tuple[Stack, Masks]], scene: dict[str, Any], state: dict[str, Any], max_bytes: int
) -> str:
    """Return the page of at most `max_bytes`; what it costs in quality stands in its caption.

    Parameters
    ----------
    layers : list of (Stack, Masks)
        The image, or two images on one grid; the scene of the second is ``scene["other"]``.
    scene, state : dict
        What `medlab.view.scene.describe` says, and the state shown.
    max_bytes : int
        Largest size.
    """
    empty = _filled(scene, state, "", "x" * 400 * len(layers))
    texts, reductions = reduced_together(layers, max_bytes - len(empty.encode()) - len(layers))
    sampled = reductions[0].scene(layers[0][0], scene)
    if "other" in scene:
        sampled["other"] = reductions[1].scene(layers[1][0], scene["other"])
    state = state | {
        name: _nearest(state[name], sampled) for name in ("position", "b_position") if name in state
    }
    return _filled(sampled, state, "\n".join(texts), _caption(layers, reductions, sampled))


def _nearest(position: list[int], scene: dict[str, Any]) -> list[int]:
    """Return the position on the page's grid that is nearest to one in the image."""
    return [
        min(max(round((at - offset) / factor), 0), n - 1)
        for at, (offset, factor), n in zip(position, scene["sampling"], scene["grid"][1:], strict=True)
    ]


def _caption(layers: list[tuple[Stack, Masks]], reductions: list[Reduction], scene: dict[str, Any]) -> str:
    scenes = [scene, *([scene["other"]] if "other" in scene else [])]
    said = []
    for n, ((stack, _), reduction, one) in enumerate(zip(layers, reductions, scenes, strict=True)):
        sentences = "; ".join(reduction.sentences(stack, one["units"]))
        name = f"{scene['names'][n]}: " if len(layers) > 1 else ""
        if sentences:
            said.append(name + sentences)
    return f"Reduced for this page: {'. '.join(said)}." if said else "All values as in the image."


def framed(page: str, scene: dict[str, Any]) -> str:
    """Return a page inside an ``<iframe>`` for a report or an exported notebook."""
    title = html.escape(f"Slice viewer {scene['title']}".strip())
    return (
        f'<iframe srcdoc="{html.escape(page)}" title="{title}" sandbox="allow-scripts" '
        f'style="width: 100%; height: {scene["height"] + _AROUND}px; border: 1px solid #c8ced5; '
        'border-radius: 6px"></iframe>'
    )


def _filled(scene: dict[str, Any], state: dict[str, Any], data: str, caption: str) -> str:
    facts = json.dumps({"scene": scene, "state": state}, separators=(",", ":")).replace("<", "\\u003c")
    return _PAGE.format(
        title=html.escape(scene["title"] or "Slice viewer"),
        css=source.css() + source.page_css(),
        caption=html.escape(caption),
        scene=facts,
        data=data,
        script=source.page_script(),
    )
