"""One line of progress that stays one line: in JupyterLab, in nbconvert, in a terminal and in a log file."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["Line", "bar"]


def bar(share: float, width: int = 20) -> str:
    """Return a bar of this share.

    >>> bar(0.25, 8)
    '██░░░░░░'
    """
    return ("█" * round(share * width)).ljust(width, "░")


class Line:
    """A line of text that is written again and again; only its last state stays.

    In a notebook it is one plain-text output that is updated in place, without a widget. On a terminal it is
    rewritten after a carriage return. Anywhere else, a log file for example, only the last state is printed.
    """

    def __init__(self) -> None:
        self._handle: Any = None
        self._kernel = _in_kernel()
        self._width = 0

    def show(self, text: str) -> None:
        """Replace the line."""
        if self._kernel:
            self._display(text)
        elif sys.stdout.isatty():
            sys.stdout.write("\r" + text.ljust(self._width))
            sys.stdout.flush()
            self._width = len(text)

    def close(self, text: str) -> None:
        """Replace the line for the last time."""
        self.show(text)
        if not self._kernel:
            sys.stdout.write("\n" if sys.stdout.isatty() else text + "\n")

    def _display(self, text: str) -> None:
        from IPython.display import display

        bundle = {"text/plain": text}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


def _in_kernel() -> bool:
    """Whether this process is a Jupyter kernel, in which an output can be updated."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
