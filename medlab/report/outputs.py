"""What a cell put out becomes HTML that needs no kernel and no network."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbformat import NotebookNode

__all__ = ["Captions", "last_states", "outputs_html", "without_noise"]

# TensorFlow's start-up lines and progress bars say nothing about a result.
_NOISE = re.compile(
    r"oneDNN|cuda|cuDNN|cuBLAS|cuFFT|TF-TRT|absl::|computation_placer|cpu_feature_guard|rebuild TensorFlow|"
    r"^[WIE]0000 |gpu_device|XLA service|StreamExecutor|it/s\]|s/it\]|\?it/s",
    re.IGNORECASE,
)
_CAPTION = re.compile(r"^#\|\s*(fig-cap|tbl-cap):\s*[\"']?(.*?)[\"']?\s*$", re.MULTILINE)
_NEEDS_KERNEL = (
    "application/vnd.jupyter.widget-view+json",
    "application/javascript",
    "application/vnd.bokehjs_exec.v0+json",
)
_STATIC = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/latex")


class Captions:
    """Numbers the figures and tables of one report and reads their captions.

    A cell names its caption in its first lines, as Quarto does: ``#| fig-cap: The lungs`` or
    ``#| tbl-cap: Volumes``.
    """

    def __init__(self) -> None:
        self._last = {"fig-cap": 0, "tbl-cap": 0}

    def take(self, source: str) -> tuple[str, dict[str, str]]:
        """Return the source without its caption lines, and the numbered captions by kind."""
        found: dict[str, str] = {}
        for kind, text in _CAPTION.findall(source):
            self._last[kind] += 1
            found[kind] = f"{'Figure' if kind == 'fig-cap' else 'Table'} {self._last[kind]}. {text}"
        return _CAPTION.sub("", source).lstrip("\n") if found else source, found


def outputs_html(
    cell: NotebookNode, captions: dict[str, str], alternative: str, markdown: Callable[[str], str]
) -> list[str]:
    """Return one piece of HTML for each output of a cell that has something to show.

    Parameters
    ----------
    cell : NotebookNode
        An executed code cell.
    captions : dict
        From `Captions.take`; set below the first figure and above the first table.
    alternative : str
        Text that stands for pictures without a caption where they cannot be seen.
    markdown : callable
        Turns Markdown into HTML.
    """
    left = dict(captions)
    return [piece for output in cell.outputs for piece in _output(output, left, alternative, markdown)]


def _output(
    output: NotebookNode, captions: dict[str, str], alternative: str, markdown: Callable[[str], str]
) -> Iterator[str]:
    if output.output_type == "stream":
        yield from _stream(output)
    elif output.output_type in ("display_data", "execute_result"):
        yield from _rich(output.data, output.metadata, captions, alternative, markdown)


def _stream(output: NotebookNode) -> Iterator[str]:
    from nbconvert.filters import ansi2html

    text = last_states(output.text)
    if output.name == "stderr":
        text = without_noise(text)
    if not text.strip():
        return
    block = f'<pre class="text">{ansi2html(text)}</pre>'
    yield f"<details><summary>Messages</summary>{block}</details>" if output.name == "stderr" else block


def last_states(text: str) -> str:
    """Return printed text as a terminal shows it in the end: of a line written over, the last state."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in lines).strip("\n")


def without_noise(text: str) -> str:
    """Return text from stderr without the start-up lines of TensorFlow and without progress bars."""
    return "\n".join(line for line in text.split("\n") if not _NOISE.search(line)).strip("\n")


def _rich(
    data: dict[str, Any],
    metadata: dict[str, Any],
    captions: dict[str, str],
    alternative: str,
    markdown: Callable[[str], str],
) -> Iterator[str]:
    from nbconvert.filters import ansi2html

    kind = next((k for k in _STATIC if k in data), "")
    if kind == "text/html":
        yield _captioned(f'<div class="html">{data[kind]}</div>', captions, data[kind])
    elif kind.startswith("image/"):
        yield _picture(kind, data[kind], metadata.get(kind, {}), captions.pop("fig-cap", ""), alternative)
    elif kind:
        yield markdown(data[kind])
    elif any(k in data for k in _NEEDS_KERNEL):
        yield '<p class="note">Here the notebook shows a control that needs a running kernel.</p>'
    elif "text/plain" in data:
        yield f'<pre class="text">{ansi2html(data["text/plain"])}</pre>'


def _captioned(block: str, captions: dict[str, str], content: str) -> str:
    kind = "tbl-cap" if "<table" in content and "tbl-cap" in captions else "fig-cap"
    if kind not in captions:
        return block
    caption = f"<figcaption>{html.escape(captions.pop(kind))}</figcaption>"
    parts = (caption, block) if kind == "tbl-cap" else (block, caption)
    return f"<figure>{''.join(parts)}</figure>"


def _picture(kind: str, data: str, size: dict[str, Any], caption: str, alternative: str) -> str:
    import base64

    if kind == "image/svg+xml":
        data = base64.b64encode(data.encode()).decode()
    width = f' width="{int(size["width"])}"' if "width" in size else ""
    below = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    text = html.escape(size.get("alt") or caption or alternative, quote=True)
    source = f"data:{kind};base64,{''.join(data.split())}"
    return f'<figure><img src="{source}" alt="{text}"{width}>{below}</figure>'
