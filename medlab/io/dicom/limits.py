"""How much memory one image may take."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from medlab.io.errors import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["DEFAULT_MAX_BYTES", "allowed_bytes", "check_size"]

DEFAULT_MAX_BYTES = 8 * 1024**3


def allowed_bytes(max_bytes: int | None = None) -> int:
    """Return the limit in bytes: the argument, or ``MEDLAB_MAX_BYTES``, or 8 GiB.

    Raises
    ------
    ValueError
        If the limit is not a positive whole number.
    """
    given = max_bytes if max_bytes is not None else os.environ.get("MEDLAB_MAX_BYTES", DEFAULT_MAX_BYTES)
    try:
        limit = int(given)
    except ValueError:
        limit = 0
    if limit <= 0:
        msg = f"max_bytes (or MEDLAB_MAX_BYTES) must be a positive number of bytes; got {given!r}."
        raise ValueError(msg)
    return limit


def check_size(wanted: int, max_bytes: int, files: Iterable[str | Path]) -> None:
    """Refuse an image that would take more memory than allowed.

    Raises
    ------
    TooLargeError
        If `wanted` is more than `max_bytes`.
    """
    if wanted > max_bytes:
        msg = (
            f"The decoded image would take {wanted / 1024**3:.2f} GiB, the limit is "
            f"{max_bytes / 1024**3:.2f} GiB. Raise max_bytes= (or the environment variable "
            "MEDLAB_MAX_BYTES) if you trust these files and have the memory:"
        )
        raise TooLargeError(msg, files)
