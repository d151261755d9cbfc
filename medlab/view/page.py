"""A view as one HTML page: the viewer's own script, its data inside, nothing fetched from elsewhere."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

from medlab.view import source
from medlab.view.reduce import reduced

if TYPE_CHECKING:
    from medlab.view.masks import Masks
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
    stack: Stack, masks: Masks, scene: dict[str, Any], state: dict[str, Any], max_bytes: int
) -> str:
    """Return the page of at most `max_bytes`; what it costs in quality stands in its caption."""
    empty = _filled(scene, state, "", "x" * 400)
    data, reduction = reduced(stack, masks, max_bytes - len(empty.encode()))
    sampling = reduction.scene(stack, scene)
    grid = sampling["grid"][1:]
    position = [
        min(max(round((at - offset) / factor), 0), n - 1)
        for at, (offset, factor), n in zip(state["position"], sampling["sampling"], grid, strict=True)
    ]
    said = reduction.sentences(stack, scene["units"])
    caption = f"Reduced for this page: {'; '.join(said)}." if said else "All values as in the image."
    return _filled(sampling, state | {"position": position}, data, caption)


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
