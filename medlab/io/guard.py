"""Whatever a parser trips over in a broken file becomes a `LoadError` that names the file."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from medlab.io.errors import CorruptFileError, LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["parsing"]


@contextlib.contextmanager
def parsing(path: Path, what: str) -> Iterator[None]:
    """Turn any exception of the block but a `LoadError` into a `CorruptFileError`.

    Libraries that parse files raise many kinds of exceptions on broken ones. Keep out of the block what the
    caller may have got wrong.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        What is parsed, for the message.
    """
    try:
        yield
    except LoadError:
        raise
    except Exception as error:
        msg = f"The {what} cannot be read ({type(error).__name__}: {error}). Copy or download it again."
        raise CorruptFileError(msg, [path]) from error
