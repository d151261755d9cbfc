"""A file that is there in full or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from medlab.report.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["replaced_when_done"]


@contextmanager
def replaced_when_done(target: Path, suffix: str) -> Iterator[Path]:
    """Give a draft beside the target that takes its place at the end, or vanishes on any error.

    Raises
    ------
    OutputError
        If nothing can be written there; known before the work begins.
    """
    if target.suffix.lower() != suffix:
        msg = f"The output must be a file that ends in {suffix}; got {str(target)!r}."
        raise OutputError(msg)
    if target.is_dir():
        msg = f"The output {str(target)!r} is a folder; name a file in it."
        raise OutputError(msg)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=suffix, dir=target.parent)
    except OSError as error:
        msg = f"Cannot write to {str(target)!r}: {error.strerror}. Name a folder that exists and is yours."
        raise OutputError(msg) from None
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        draft.chmod(0o666 & ~_umask())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
