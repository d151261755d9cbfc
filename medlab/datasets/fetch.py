"""Files of a public data set: from the cache, from a local mirror, or from where they are published."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from medlab.datasets.record import Files, Record

__all__ = ["DataError", "cache_folder", "fetch", "mirror_file"]

_COMPLETE = ".complete"
_REMEDY = "replace the archive, or unset MEDLAB_DATA_MIRROR."


class DataError(RuntimeError):
    """A data set cannot be had here; the message says why and what to do."""


def cache_folder() -> Path:
    """Return the folder that holds what was fetched: ``MEDLAB_CACHE``, or the system's place for caches."""
    import pooch

    return Path(os.environ.get("MEDLAB_CACHE") or pooch.os_cache("medlab"))


def fetch(record: Record) -> Path:
    """Return a folder with all files of a public data set, checked against their checksums.

    The cache is looked at first, then the folder that ``MEDLAB_DATA_MIRROR`` names, then the network.

    Parameters
    ----------
    record : Record
        A record with files.

    Returns
    -------
    Path
        A folder in the cache. It is complete, or it does not exist.

    Raises
    ------
    DataError
        If a file cannot be had, or is not the file that was published.
    """
    if record.files is None:
        msg = f"{record.name} is a {record.kind} set: it has no files to fetch."
        raise DataError(msg)
    target = cache_folder() / record.name
    if _complete(target, record):
        return target
    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix=f".{record.name}-") as scratch:
        partial = Path(scratch) / record.name
        archive = mirror_file(record)
        if archive is not None:
            _unpack(archive, record, partial)
        else:
            _download(record.name, record.files, partial)
        (partial / _COMPLETE).write_text(record.sha256)
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
    return target


def _complete(target: Path, record: Record) -> bool:
    marker = target / _COMPLETE
    if not marker.is_file() or marker.read_text() != record.sha256:
        return False
    files = record.files
    assert files is not None  # noqa: S101
    wanted = files.sha256.keys() if mirror_file(record) else files.sha256.keys() - set(files.optional)
    return all((target / path).is_file() for path in wanted)


def mirror_file(record: Record) -> Path | None:
    """Return the archive below ``MEDLAB_DATA_MIRROR`` that holds a data set, None where there is none."""
    folder = os.environ.get("MEDLAB_DATA_MIRROR")
    if not record.mirror or not folder:
        return None
    path = Path(folder) / record.mirror
    return path if path.is_file() else None


def _unpack(archive: Path, record: Record, target: Path) -> None:
    assert record.files is not None  # noqa: S101
    with zipfile.ZipFile(archive) as bundle:
        for path, digest in record.files.sha256.items():
            try:
                content = bundle.read(path)
            except KeyError:
                msg = f"The mirror's {archive} lacks {path} of {record.name}: {_REMEDY}"
                raise DataError(msg) from None
            if hashlib.sha256(content).hexdigest() != digest:
                msg = (
                    f"{path} in the mirror's {archive} is not the published file of {record.name} "
                    f"(checksum differs): {_REMEDY}"
                )
                raise DataError(msg)
            destination = target / path
            destination.parent.mkdir(parents=True, exist_ok=True)
            destination.write_bytes(content)


def _download(name: str, files: Files, target: Path) -> None:
    import pooch

    registry = {path: digest for path, digest in files.sha256.items() if path not in files.optional}
    store = pooch.create(path=target, base_url=files.base_url, registry=registry, retry_if_failed=2)
    pooch.get_logger().setLevel("ERROR")
    try:
        for path in registry:
            store.fetch(path)
    except (OSError, ValueError) as error:
        msg = (
            f"{name} could not be downloaded: {error}. Expected {len(registry)} files below "
            f"{files.base_url}. Try again with a network, or set MEDLAB_DATA_MIRROR to a folder "
            "that holds the data."
        )
        raise DataError(msg) from error
