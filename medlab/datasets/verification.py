"""Look again whether what lies in the cache and in the mirror is still what was published."""

from __future__ import annotations

import dataclasses
import hashlib
import zipfile
from typing import TYPE_CHECKING, Literal

from medlab.datasets.gather import in_which_form
from medlab.datasets.places import DatasetUnavailable, cached, mirror_file, receipt
from medlab.datasets.receipt import digest_of
from medlab.datasets.record import records
from medlab.datasets.samples import sample_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from medlab.datasets.record import Files, Record

__all__ = ["Finding", "verify"]


@dataclasses.dataclass(frozen=True)
class Finding:
    """What was found about one set in one place.

    Attributes
    ----------
    name : str
        The set; with ``-variant`` where it is another form of it.
    place : {"package", "mirror", "cache", "nowhere"}
        Where it was looked at.
    state : {"ok", "missing", "wrong"}
        ``"missing"``: not here, which is no fault. ``"wrong"``: here, but not what was published.
    detail : str
        How many files were hashed, or what is wrong with which.
    """

    name: str
    place: Literal["package", "mirror", "cache", "nowhere"]
    state: Literal["ok", "missing", "wrong"]
    detail: str


def verify(names: Iterable[str] = ()) -> list[Finding]:
    """Hash again all that lies in the cache, in the mirror and in the packages that ship samples.

    Nothing is downloaded or changed.

    Parameters
    ----------
    names : iterable of str, optional
        Sets to look at. Default: all.

    Returns
    -------
    list of Finding
        At least one for each set that has files.

    Raises
    ------
    UnknownDatasetError
        If there is no such set.
    """
    from medlab.datasets.catalogue import record

    chosen = [record(name) for name in names] or [*records().values()]
    return [finding for r in chosen for finding in _findings(r)]


def _findings(record: Record) -> Iterator[Finding]:
    if record.kind == "sample":
        yield _sample(record)
    elif record.kind == "public":
        found = [*_mirrored(record)]
        for variant in ("", *record.variants):
            found += _cached(record, variant)
        yield from found or [Finding(record.name, "nowhere", "missing", f"medlab data fetch {record.name}")]


def _sample(record: Record) -> Finding:
    if "file" not in record.options:
        return Finding(record.name, "package", "ok", f"made by {record.package}, no file of its own")
    try:
        path = sample_file(record)
    except DatasetUnavailable as error:
        return Finding(record.name, "package", "missing", str(error))
    if record.file_sha256 and digest_of(path) != record.file_sha256:
        detail = f"{path.name} of the installed {record.package} is not the recorded file"
        return Finding(record.name, "package", "wrong", detail)
    return Finding(record.name, "package", "ok", "1 file" if record.file_sha256 else "1 file, no checksum")


def _mirrored(record: Record) -> Iterator[Finding]:
    source = mirror_file(record)
    if record.files is not None and source is not None:
        yield _told(record.name, "mirror", len(record.files.sha256), _wrong_members(source, record.files))
    for archive in record.archives:
        source = mirror_file(archive)
        if source is not None:
            name = f"{record.name}-{archive.variant}" if archive.variant else record.name
            form = in_which_form(source, archive)
            finding = _told(name, "mirror", 1, [] if form else [f"{source.name} differs"])
            if form == "other" and archive.mirror_note:
                finding = dataclasses.replace(finding, detail=f"1 file; {archive.mirror_note}")
            yield finding


def _wrong_members(source: Path, files: Files) -> list[str]:
    wrong = []
    try:
        with zipfile.ZipFile(source) as bundle:
            held = set(bundle.namelist())
            for path, digest in files.sha256.items():
                if path not in held:
                    wrong.append(f"{path} is missing")
                elif hashlib.sha256(bundle.read(path)).hexdigest() != digest:
                    wrong.append(f"{path} differs")
    except zipfile.BadZipFile as error:
        wrong.append(f"{source.name} is damaged: {error}")
    return wrong


def _cached(record: Record, variant: str) -> Iterator[Finding]:
    held = receipt(record, variant)
    if held is None:
        return
    folder = cached(record, variant)
    wrong = ["the record has changed since it was fetched"] if held.record != record.sha256 else []
    for path, digest in held.files.items():
        if not (folder / path).is_file():
            wrong.append(f"{path} is missing")
        elif digest_of(folder / path) != digest:
            wrong.append(f"{path} differs")
    yield _told(folder.name, "cache", len(held.files), wrong)


def _told(name: str, place: Literal["mirror", "cache"], count: int, wrong: list[str]) -> Finding:
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        return Finding(name, place, "wrong", "; ".join(wrong[:3]) + more)
    return Finding(name, place, "ok", "1 file" if count == 1 else f"{count} files")
