"""One line that says how many cases are done, how many failed, and how long the rest may take."""

from __future__ import annotations

import sys
import time
from typing import Any, Self

__all__ = ["Progress"]

_BAR = 20


class Progress:
    """A line that is written again in place: in a notebook without a widget, on a terminal over itself.

    Anywhere else, a log file for example, only its last state is printed.

    Parameters
    ----------
    total : int
        How many cases there are.
    done : int, optional
        How many of them were finished before.
    show : bool, optional
        Whether to show anything.
    """

    def __init__(self, total: int, done: int = 0, *, show: bool = True) -> None:
        self._total, self._before, self._done, self._failed = total, done, done, 0
        self._show = show
        self._start, self._last, self._width = time.monotonic(), 0.0, 0
        self._handle: Any = None
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython else None
        self._kernel = shell is not None and hasattr(shell, "kernel")

    def __enter__(self) -> Self:
        """Show the line."""
        self._write()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave its last state."""
        self._write(last=True)

    def step(self, *, failed: bool = False) -> None:
        """Count one more case."""
        self._done += 1
        self._failed += failed
        if time.monotonic() - self._last > 0.2:
            self._write()

    def text(self) -> str:
        """Return what the line says now."""
        share = self._done / self._total if self._total else 1.0
        bar = ("█" * round(share * _BAR)).ljust(_BAR, "░")
        passed = time.monotonic() - self._start
        new = self._done - self._before
        parts = [f"{bar} {self._done}/{self._total} cases"]
        if self._before:
            parts.append(f"{self._before} from before")
        if self._failed:
            parts.append(f"{self._failed} failed")
        if new and self._done < self._total:
            parts.append(f"about {passed / new * (self._total - self._done):.0f} s left")
        elif self._done == self._total:
            parts.append(f"{passed:.1f} s")
        return " · ".join(parts)

    def _write(self, *, last: bool = False) -> None:
        if not self._show:
            return
        self._last = time.monotonic()
        text = self.text()
        if self._kernel:
            self._display(text)
        elif sys.stdout.isatty():
            sys.stdout.write("\r" + text.ljust(self._width) + ("\n" if last else ""))
            sys.stdout.flush()
            self._width = len(text)
        elif last:
            sys.stdout.write(text + "\n")

    def _display(self, text: str) -> None:
        from IPython.display import display

        bundle = {"text/plain": text}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
