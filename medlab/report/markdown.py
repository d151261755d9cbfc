"""Text cells become HTML: headings with anchors for the contents, maths as MathML, no dead links."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Heading", "Writer"]

_TAG = re.compile(r"<[^>]+>")


class Heading(NamedTuple):
    """One line of the contents."""

    level: int
    anchor: str
    text: str


class Writer:
    """Turns the text cells of one notebook into HTML and collects their headings.

    Parameters
    ----------
    folder : Path
        Where pictures that the text shows lie; they are embedded.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.headings: list[Heading] = []

    def __call__(self, source: str, attachments: dict[str, Any] | None = None) -> str:
        """Return the HTML of one cell."""
        renderer = _Renderer(
            self.headings,
            escape=False,
            embed_images=True,
            exclude_anchor_links=True,
            path=str(self.folder),
            attachments=attachments or {},
        )
        return MarkdownWithMath(renderer=renderer).render(source)


class _Renderer(IPythonRenderer):
    def __init__(self, headings: list[Heading], **options: Any) -> None:
        super().__init__(**options)
        self.headings = headings

    def heading(self, text: str, level: int, **_: Any) -> str:
        plain = html.unescape(_TAG.sub("", text))
        anchor = base = re.sub(r"[^\w]+", "-", plain.lower()).strip("-") or "section"
        taken = {heading.anchor for heading in self.headings}
        number = 1
        while anchor in taken:
            number += 1
            anchor = f"{base}-{number}"
        self.headings.append(Heading(level, anchor, plain))
        return f'<h{level} id="{anchor}">{text}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """Keep links that lead somewhere from a single file; show the others as text."""
        if url.startswith(("#", "http://", "https://", "mailto:", "doi:")):
            return str(super().link(text, url, title))
        return f'<span class="local-link">{text}</span>'

    def inline_math(self, body: str) -> str:
        return math(body)

    def block_math(self, body: str) -> str:
        return math(body, block=True)

    def latex_environment(self, name: str, body: str) -> str:
        return math(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True)


def math(latex: str, *, block: bool = False) -> str:
    """Return a formula as MathML; as readable LaTeX where the converter does not know a command.

    Examples
    --------
    >>> math("a^2")
    '<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline"><mrow><msup><mi>a</mi>...'
    """
    from latex2mathml.converter import convert

    source = re.sub(r"\\begin\{(equation|align)\*?\}|\\end\{(equation|align)\*?\}", "", latex).strip()
    if "align" in latex:
        source = rf"\begin{{aligned}}{source}\end{{aligned}}"
    try:
        return str(convert(source, display="block" if block else "inline"))
    except Exception:  # noqa: BLE001  the converter raises many kinds for what it cannot read
        tag = "div" if block else "span"
        return f'<{tag} class="latex">{html.escape(latex)}</{tag}>'
