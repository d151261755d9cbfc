"""What a library would print while it reads becomes notes."""

from __future__ import annotations

import contextlib
import logging
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["listening"]


class _Listener(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__()
        self.heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.heard.append(record.getMessage())


@contextlib.contextmanager
def listening(logger_name: str) -> Iterator[list[str]]:
    """Collect what a library logs or warns about instead of letting it reach the screen.

    Parameters
    ----------
    logger_name : str
        Name of the library's logger.

    Yields
    ------
    list of str
        The messages, filled while the block runs.
    """
    heard: list[str] = []
    logger = logging.getLogger(logger_name)
    handlers, propagate = logger.handlers[:], logger.propagate
    logger.handlers, logger.propagate = [_Listener(heard)], False
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield heard
        heard.extend(str(w.message) for w in caught)
    finally:
        logger.handlers, logger.propagate = handlers, propagate
