"""Put all files of a set into one folder, from the mirror where it holds them, else from the network."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from medlab.datasets.archives import unpack
from medlab.datasets.places import DatasetUnavailable, cache_folder, in_mirror, mirror_file
from medlab.datasets.receipt import Receipt, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from medlab.datasets.record import Archive, Files, Record

    Tell = Callable[[int], None]

__all__ = ["gather", "in_which_form"]

#: In the folder: what was downloaded, until all of it is there; kept between tries.
_INCOMING = ".incoming"
_REMEDY = "replace the file, or unset MEDLAB_DATA_MIRROR."
_CONNECTIONS = 6


def gather(record: Record, variant: str, folder: Path) -> None:
    """Fill a folder with the files of a set and their receipt.

    Parameters
    ----------
    record : Record
        The set.
    variant : str
        Its variant, ``""`` for the usual form.
    folder : Path
        Where the files go. What an earlier try downloaded into it is used again.

    Raises
    ------
    DatasetUnavailable
        If a file cannot be had or is not the published one.
    UnpackError
        If an archive holds what it must not.
    OSError
        If the folder cannot be written.
    """
    _empty(folder)
    archives = record.of_variant(variant)
    files = record.files if not variant else None
    origins, notes = set(), []
    with _progress(record, variant) as tell:
        if files is not None:
            origins.add(_bring_files(record, files, folder, tell))
        for archive in archives:
            differs = _bring_archive(record, archive, folder, tell)
            origins.add("mirror" if mirror_file(archive) else "network")
            notes += [differs] if differs else []
    shutil.rmtree(folder / _INCOMING, ignore_errors=True)
    Receipt.of(folder, record.sha256, " and ".join(sorted(origins)), tuple(notes)).write(folder)


def _empty(folder: Path) -> None:
    """Remove what a try that was killed left, but for what it downloaded."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.is_dir() and path.name != _INCOMING:
            shutil.rmtree(path)
        elif path.is_file():
            path.unlink()


def _progress(record: Record, variant: str) -> contextlib.AbstractContextManager[Tell]:
    from medlab.datasets.download import progress_bar

    if in_mirror(record, variant):
        return contextlib.nullcontext(lambda _: None)
    total = sum(a.bytes for a in record.of_variant(variant)) if variant else record.bytes
    return progress_bar(record.title, total)


def _bring_files(record: Record, files: Files, folder: Path, tell: Tell) -> str:
    source = mirror_file(record)
    if source is None:
        _download_files(record, files, folder, tell)
        return "network"
    try:
        with zipfile.ZipFile(source) as bundle:
            for path, digest in files.sha256.items():
                content = bundle.read(path)
                if hashlib.sha256(content).hexdigest() != digest:
                    msg = (
                        f"{path} in the mirror's {source} is not the published file of {record.name} "
                        f"(checksum differs): {_REMEDY}"
                    )
                    raise DatasetUnavailable(msg)
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
    except KeyError:
        msg = f"The mirror's {source} lacks {path} of {record.name}: {_REMEDY}"
        raise DatasetUnavailable(msg) from None
    except zipfile.BadZipFile as error:
        msg = f"The mirror's {source} is damaged ({error}): {_REMEDY}"
        raise DatasetUnavailable(msg) from error
    return "mirror"


def _bring_archive(record: Record, archive: Archive, folder: Path, tell: Tell) -> str:
    """Bring one whole file into the folder, unpacked if asked for; return in what a mirror's copy differs."""
    source = mirror_file(archive)
    mirrored, differs = source is not None, False
    if source is None:
        source = folder / _INCOMING / archive.file
        _download_archive(record, archive, source, tell)
    else:
        differs = _checked(source, archive, record)
    if archive.unpack:
        limit = archive.unpacked_bytes or 20 * archive.bytes + 2**30
        unpack(source, archive.unpack, folder, limit)
    else:
        target = folder / archive.file
        target.parent.mkdir(parents=True, exist_ok=True)
        if mirrored:
            shutil.copyfile(source, target)
        else:
            source.rename(target)
    return archive.mirror_note if differs else ""


def _checked(source: Path, archive: Archive, record: Record) -> bool:
    """Return whether a mirror's file is the one that the record allows to differ; refuse any other."""
    kept = in_which_form(source, archive)
    if kept is None:
        msg = f"{source} is not the file that {record.name} names (its checksum differs): {_REMEDY}"
        raise DatasetUnavailable(msg)
    return kept == "other"


def in_which_form(source: Path, archive: Archive) -> str | None:
    """Return ``"published"`` or ``"other"`` for a mirror's file, None if it is neither."""
    kind, _, digest = archive.digest.partition(":")
    if archive.url and digest_of(source, kind) == digest:
        return "published"
    return "other" if digest_of(source) in {archive.mirror_sha256, archive.sha256} else None


def _download_archive(record: Record, archive: Archive, target: Path, tell: Tell) -> None:
    from medlab.datasets.download import DownloadError, download

    if not archive.url:
        raise DatasetUnavailable(_no_address(record, " or ".join(archive.mirror)))
    _check_room(record, archive.bytes * (2 if archive.unpack else 1), target)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        download(archive.url, target, archive.digest, size=archive.bytes, tell=tell)
    except DownloadError as error:
        raise DatasetUnavailable(_not_downloaded(record, error)) from error


def _download_files(record: Record, files: Files, folder: Path, tell: Tell) -> None:
    from medlab.datasets.download import DownloadError, download, session

    wanted = [path for path in files.sha256 if path not in files.optional]
    if not wanted:
        raise DatasetUnavailable(_no_address(record, record.mirror))
    _check_room(record, files.bytes, folder)
    incoming, web = folder / _INCOMING, session()
    for parent in {(root / path).parent for path in wanted for root in (incoming, folder)}:
        parent.mkdir(parents=True, exist_ok=True)

    def one(path: str) -> None:
        download([files.url(path)], incoming / path, f"sha256:{files.sha256[path]}", tell=tell, web=web)

    pool = ThreadPoolExecutor(_CONNECTIONS)
    try:
        for _ in pool.map(one, wanted):
            pass
    except DownloadError as error:
        raise DatasetUnavailable(_not_downloaded(record, error)) from error
    finally:
        pool.shutdown(cancel_futures=True)
    for path in wanted:
        (incoming / path).rename(folder / path)


def _check_room(record: Record, wanted: int, target: Path) -> None:
    there = next(p for p in (target, *target.parents) if p.exists())
    free = shutil.disk_usage(there).free
    if wanted > free:
        msg = (
            f"{record.name} needs {wanted / 1e9:.1f} GB, and {cache_folder()} has room for "
            f"{free / 1e9:.1f} GB. Make room there, or set MEDLAB_CACHE to a folder on another disk."
        )
        raise DatasetUnavailable(msg)


def _not_downloaded(record: Record, error: Exception) -> str:
    return (
        f"{record.name} could not be downloaded: {error}. What has arrived is kept: try again with a network "
        f"(medlab data fetch {record.name}), or set MEDLAB_DATA_MIRROR to a folder that holds the data."
    )


def _no_address(record: Record, mirror: str) -> str:
    return f"{record.name} has no public address: set MEDLAB_DATA_MIRROR to a folder that holds {mirror}."
