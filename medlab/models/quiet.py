"""Keep native code from writing to stderr, without hiding why something failed."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["quiet_stderr"]


@contextmanager
def quiet_stderr(keep: Callable[[str], None]) -> Iterator[None]:
    """Send what native code writes to file descriptor 2 to `keep`, and to stderr after all on an error.

    TensorFlow's C++ logs and not Python's ``sys.stderr`` are meant: ``TF_CPP_MIN_LOG_LEVEL`` does not
    silence what is logged before TensorFlow has set up its log. Python warnings stay visible where
    ``sys.stderr`` is not the descriptor, as in Jupyter.

    Parameters
    ----------
    keep : callable
        Called once with the text.
    """
    try:
        original = os.dup(2)
    except OSError:  # a process without a stderr has nothing to keep quiet
        yield
        return
    failed = True
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
            failed = False
        finally:
            os.dup2(original, 2)
            os.close(original)
            caught.seek(0)
            text = caught.read().decode(errors="replace")
            keep(text)
            if failed and text:
                sys.stderr.write(text)
