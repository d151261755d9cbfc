"""Where data lies: the cache, and the mirror that is read before the network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from medlab.datasets.receipt import Receipt

if TYPE_CHECKING:
    from medlab.datasets.record import Archive, Record

__all__ = ["PARTIAL", "DatasetUnavailable", "cache_folder", "cached", "in_mirror", "mirror_file", "receipt"]

#: Below the cache: what is under way, kept between tries; never taken for data.
PARTIAL = ".partial"


class DatasetUnavailable(RuntimeError):  # noqa: N818
    """A data set cannot be had here; the message says why and what to do."""


def cache_folder() -> Path:
    """Return the folder that holds what was fetched: ``MEDLAB_CACHE``, or the system's place for caches."""
    import pooch

    return Path(os.environ.get("MEDLAB_CACHE") or pooch.os_cache("medlab"))


def cached(record: Record, variant: str = "") -> Path:
    """Return the folder of a set in the cache; it need not exist."""
    return cache_folder() / (f"{record.name}-{variant}" if variant else record.name)


def receipt(record: Record, variant: str = "") -> Receipt | None:
    """Return what the cache holds of a set, None where it holds nothing complete."""
    return Receipt.read(cached(record, variant))


def mirror_file(part: Record | Archive) -> Path | None:
    """Return the file below ``MEDLAB_DATA_MIRROR`` that holds a set or a part of one, None without one."""
    folder = os.environ.get("MEDLAB_DATA_MIRROR")
    if not folder:
        return None
    names = (part.mirror,) if isinstance(part.mirror, str) else part.mirror
    paths = (Path(folder) / name for name in names if name)
    return next((path for path in paths if path.is_file()), None)


def in_mirror(record: Record, variant: str = "") -> bool:
    """Tell whether the mirror holds all of a set, so that no network is needed."""
    parts: list[Record | Archive] = [*record.of_variant(variant)]
    if record.files is not None and not variant:
        parts.append(record)
    return bool(parts) and all(mirror_file(part) for part in parts)
