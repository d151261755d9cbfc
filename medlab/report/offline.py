"""Proof that a page stands alone: what in it would be fetched from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

__all__ = ["external_addresses"]

# Attributes that make a browser fetch something; an <a href> in the text is only followed by the reader.
_FETCHED = {
    "audio": ("src",),
    "base": ("href",),
    "embed": ("src",),
    "feimage": ("href", "xlink:href"),
    "frame": ("src",),
    "iframe": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src", "srcset"),
    "input": ("src",),
    "link": ("href", "imagesrcset"),
    "object": ("data",),
    "script": ("src", "href", "xlink:href"),
    "source": ("src", "srcset"),
    "track": ("src",),
    "use": ("href", "xlink:href"),
    "video": ("src", "poster"),
}
_WEB = re.compile(r"(?:^|[\s,])((?:https?:|ftp:)?//[^\s,]+)", re.IGNORECASE)
_STYLE = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])((?:https?:|ftp:)?//[^"')\s]+)""", re.IGNORECASE)
_SCRIPT = re.compile(
    r"""(?:\bimport\s*\(?\s*|\bfrom\s*|\bimportScripts\s*\(\s*|\bfetch\s*\(\s*|\.src\s*=\s*)"""
    r"""["'`]((?:https?:|wss?:)?//[^"'`\s]+)"""
)
_REFRESH = re.compile(r"url\s*=\s*['\"]?((?:https?:)?//\S+)", re.IGNORECASE)


def external_addresses(html: str) -> list[str]:
    """List what a page would fetch from elsewhere, as ``"tag attribute: address"``.

    Looks at scripts, styles, pictures, fonts, frames and media, at imports inside scripts and styles,
    and into pages inside the page (``srcdoc``). Links that a reader may follow do not count.

    Examples
    --------
    >>> external_addresses('<a href="https://example.org">read on</a> <img src="data:image/png;base64,AA">')
    []
    >>> external_addresses('<script src="//example.org/x.js"></script>')
    ['script src: //example.org/x.js']
    """
    scan = _Scan()
    scan.feed(html)
    scan.close()
    return scan.found


class _Scan(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        for name in _FETCHED.get(tag, ()):
            self._add(f"{tag} {name}", _WEB.findall(values.get(name, "")))
        self._add(f"{tag} style", _STYLE.findall(values.get("style", "")))
        if tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
            self._add("meta refresh", _REFRESH.findall(values.get("content", "")))
        if "srcdoc" in values:
            self.found += [f"inside {tag}: {entry}" for entry in external_addresses(values["srcdoc"])]
        is_data = tag == "script" and "json" in values.get("type", "")
        self._inside = "" if is_data else tag

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self._add("style", _STYLE.findall(data))
        elif self._inside == "script":
            self._add("script", _SCRIPT.findall(data))

    def _add(self, where: str, addresses: list[str]) -> None:
        self.found += [f"{where}: {address}" for address in addresses]
