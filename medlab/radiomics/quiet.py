"""PyRadiomics' messages: collected for the result instead of printed."""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["collected"]

#: Said in every extraction of all GLCM features; it changes nothing.
_EXPECTED = ("GLCM is symmetrical, therefore",)
_LOCK = threading.Lock()
_STATE = threading.local()


class _Collector(logging.Handler):
    """Keep warnings for the thread that they came up in."""

    def emit(self, record: logging.LogRecord) -> None:
        found = getattr(_STATE, "found", None)
        text = record.getMessage().strip()
        if found is not None and text not in found and not text.startswith(_EXPECTED):
            found.append(text)


class _Silence:
    """Replaces the handlers of PyRadiomics' logger for as long as any thread collects."""

    def __init__(self) -> None:
        self._depth = 0
        self._collector = _Collector(logging.WARNING)
        self._before: tuple[list[logging.Handler], bool] = ([], True)

    def enter(self) -> None:
        logger = logging.getLogger("radiomics")
        with _LOCK:
            if self._depth == 0:
                self._before = (logger.handlers, logger.propagate)
                logger.handlers, logger.propagate = [self._collector], False
            self._depth += 1

    def leave(self) -> None:
        logger = logging.getLogger("radiomics")
        with _LOCK:
            self._depth -= 1
            if self._depth == 0:
                logger.handlers, logger.propagate = self._before


_SILENCE = _Silence()


@contextlib.contextmanager
def collected() -> Iterator[list[str]]:
    """Keep PyRadiomics quiet, and yield the list that its warnings of this thread go to."""
    import radiomics  # noqa: F401 - sets up its logger

    found: list[str] = []
    outer = getattr(_STATE, "found", None)
    _STATE.found = found
    _SILENCE.enter()
    try:
        yield found
    finally:
        _SILENCE.leave()
        _STATE.found = outer
