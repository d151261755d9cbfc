"""Nothing that a library says about an odd file reaches the screen; `Image.notes` says what matters."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["no_c_messages", "quiet"]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings and log messages of pydicom and the decoders from the screen."""
    loggers = [logging.getLogger(name) for name in ("pydicom", "PIL", "pylibjpeg")]
    before = [logger.disabled for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.disabled = True
        try:
            yield
        finally:
            for logger, disabled in zip(loggers, before, strict=True):
                logger.disabled = disabled


@contextlib.contextmanager
def no_c_messages() -> Iterator[Callable[[], str]]:
    """Keep what compiled libraries write to the error stream from the screen.

    Yields
    ------
    callable
        Returns what they wrote.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as heard:
        os.dup2(heard.fileno(), 2)
        texts: list[str] = []
        try:
            yield lambda: "".join(texts)
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            heard.seek(0)
            texts.append(heard.read().decode("utf-8", "replace"))
