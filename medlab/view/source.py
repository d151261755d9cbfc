"""The browser side of the viewer, as one module: the files in ``static/``, joined without a build step."""

from __future__ import annotations

import functools
import re
from importlib.resources import files

__all__ = ["css", "page_css", "page_script", "widget_module"]

#: In the order in which they build on each other.
MODULES = (
    "packet",
    "store",
    "geometry",
    "paint",
    "pane",
    "gestures",
    "controls",
    "viewer",
    "compare",
    "shapes",
    "keep",
    "annotate",
    "hosts",
)
_IMPORT = re.compile(r"^import .*?;\n", re.MULTILINE | re.DOTALL)
_EXPORT = re.compile(r"^export (?=const|function|class|async)", re.MULTILINE)


def widget_module() -> str:
    """Return the ES module that anywidget loads."""
    return f"{_joined()}\nexport default widget;\n"


def page_script() -> str:
    """Return the module script of a standalone page, safe inside a ``<script>`` element."""
    return f"{_joined()}\nopenPage(document);\n".replace("</", "<\\/").replace("<!--", "<\\!--")


@functools.cache
def css() -> str:
    """Return the style sheet."""
    return _read("viewer.css")


@functools.cache
def page_css() -> str:
    """Return what a standalone page adds to it."""
    return _read("page.css")


@functools.cache
def _joined() -> str:
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", _read(f"{name}.js"))) for name in MODULES)


def _read(name: str) -> str:
    return (files("medlab.view") / "static" / name).read_text(encoding="utf-8")
