"""A progress bar on the error stream, for what takes longer than a moment."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["with_progress"]

_PATIENCE = 2.0  # seconds of silence before a bar appears

T = TypeVar("T")


def with_progress(items: Sequence[T], what: str, patience: float = _PATIENCE) -> Iterator[T]:
    """Yield items, with a bar on the error stream once that takes longer than `patience` seconds.

    Parameters
    ----------
    items : sequence
        What to go through.
    what : str
        Words beside the bar.
    patience : float, optional
        Seconds without a bar.
    """
    start = time.monotonic()
    for done, item in enumerate(items):
        if time.monotonic() - start > patience and done < len(items):
            yield from _with_bar(items, done, what)
            return
        yield item


def _with_bar(items: Sequence[T], done: int, what: str) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task(what, total=len(items), completed=done)
        for item in items[done:]:
            yield item
            bar.advance(task)
