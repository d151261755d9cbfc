"""An image as a page in the browser, straight from the command line."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from medlab.report.draft import replaced_when_done

if TYPE_CHECKING:
    from medlab.view import SliceViewer

__all__ = ["NotViewableError", "open_page", "write_page"]

#: Largest page: a browser opens it at once, and most scans fit unreduced.
_MOST_BYTES = 40_000_000


class NotViewableError(ValueError):
    """The image was read but cannot be shown as asked."""


def write_page(path: Path, output: Path, *, series: str | None = None, window: str | None = None) -> Path:
    """Read an image and write it as a page whose slices scroll without a kernel or a network.

    Parameters
    ----------
    path : Path
        What `medlab.read` reads.
    output : Path
        An HTML file; written completely or not at all.
    series : str, optional
        Passed to `medlab.read`.
    window : str, optional
        A preset such as ``"lung"``, or ``"CENTRE,WIDTH"``.

    Raises
    ------
    FileNotFoundError, LoadError
        If there is nothing there that can be read.
    NotViewableError
        If the image cannot be drawn or has no such window.
    OutputError
        If the page cannot be written there.
    """
    with replaced_when_done(output, ".html") as draft:
        _viewer(path, series, window).to_html(draft, max_bytes=_MOST_BYTES)
    return output


def open_page(path: Path, *, series: str | None = None, window: str | None = None) -> Path:
    """Write the page into a new folder that only this user can read, and open it in the default browser.

    Takes and raises what `write_page` does. The file stays until the system clears its temporary
    folder: the browser reads it after this function has returned.
    """
    viewer = _viewer(path, series, window)
    page = Path(tempfile.mkdtemp(prefix="medlab-view-")) / "view.html"
    viewer.to_html(page, max_bytes=_MOST_BYTES)
    webbrowser.open(page.as_uri())
    return page


def _viewer(path: Path, series: str | None, window: str | None) -> SliceViewer:
    import medlab

    image = medlab.read(path, series)
    try:
        return medlab.view.slices(image, window=_window(window), title=path.name)
    except (ValueError, TypeError) as error:
        raise NotViewableError(str(error)) from error


def _window(text: str | None) -> str | tuple[float, float] | None:
    """Read ``"40,400"`` as numbers and leave a preset's name alone."""
    centre, comma, width = (text or "").partition(",")
    try:
        return (float(centre), float(width)) if comma else text
    except ValueError:
        return text
