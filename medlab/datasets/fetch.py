"""Files of a public data set: from the cache, from a local mirror, or from where they are published."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from medlab.datasets.archives import UnpackError
from medlab.datasets.gather import gather
from medlab.datasets.locking import exclusive
from medlab.datasets.places import PARTIAL, DatasetUnavailable, cache_folder, cached, mirror_file
from medlab.datasets.receipt import Receipt

if TYPE_CHECKING:
    from pathlib import Path

    from medlab.datasets.record import Record

__all__ = ["DatasetUnavailable", "cache_folder", "fetch"]


def fetch(record: Record | str, variant: str = "", *, refresh: bool = False) -> Path:
    """Return a folder with all files of a public data set, checked against their checksums.

    The cache is looked at first, then the folder that ``MEDLAB_DATA_MIRROR`` names, then the network. A
    download that was cut goes on where it stopped when `fetch` is called again. A second process that asks
    for the same set waits for the first.

    Parameters
    ----------
    record : Record or str
        A public set, or its name.
    variant : str, optional
        Another form of the set, one of ``record.variants``.
    refresh : bool, optional
        Fetch again what the cache holds already.

    Returns
    -------
    Path
        A folder in the cache. It is complete, or it does not exist.

    Raises
    ------
    DatasetUnavailable
        If a file cannot be had, or is not the file that was published.
    UnknownDatasetError
        If there is no such set.
    """
    if isinstance(record, str):
        from medlab.datasets.catalogue import record as named

        record = named(record)
    if record.files is None and not record.archives:
        msg = f"{record.name} is a {record.kind} set: it has no files to fetch."
        raise DatasetUnavailable(msg)
    if variant and variant not in record.variants:
        known = ", ".join(record.variants) or "(none)"
        msg = f"{record.name} comes in the variants {known}; got {variant!r}."
        raise ValueError(msg)
    target = cached(record, variant)
    if refresh or not _complete(target, record):
        _bring(record, variant, target, refresh=refresh)
    return target


def _bring(record: Record, variant: str, target: Path, *, refresh: bool) -> None:
    """Fetch a set beside its place and move it there when it is complete, one process at a time."""
    partial = target.parent / PARTIAL / target.name
    try:
        with exclusive(partial.with_name(f"{target.name}.lock")):
            if refresh or not _complete(target, record):
                gather(record, variant, partial)
                shutil.rmtree(target, ignore_errors=True)
                partial.rename(target)
    except UnpackError as error:
        shutil.rmtree(partial, ignore_errors=True)
        msg = f"{record.name} cannot be used: {error}"
        raise DatasetUnavailable(msg) from error
    except OSError as error:
        msg = (
            f"{record.name} cannot be kept in {cache_folder()}: {error}. Make that folder writable, or set "
            "MEDLAB_CACHE to another one."
        )
        raise DatasetUnavailable(msg) from error


def _complete(target: Path, record: Record) -> bool:
    held = Receipt.read(target)
    if held is None or held.record != record.sha256:
        return False
    wanted = set(held.files)
    if record.files is not None and mirror_file(record):
        wanted |= record.files.sha256.keys()
    return all((target / path).is_file() for path in wanted)
