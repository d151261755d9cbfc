"""One line that says how many cases are done, how many failed, and how long the rest may take."""

from __future__ import annotations

import time
from typing import Self

from medlab.line import Line, bar

__all__ = ["Progress"]


class Progress:
    """A `medlab.line.Line` that counts cases.

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
        self._line = Line() if show else None
        self._start, self._last = time.monotonic(), 0.0

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
        passed = time.monotonic() - self._start
        new = self._done - self._before
        parts = [f"{bar(share)} {self._done}/{self._total} cases"]
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
        if self._line is None:
            return
        self._last = time.monotonic()
        (self._line.close if last else self._line.show)(self.text())
