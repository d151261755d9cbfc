"""Unpacking what was downloaded: nothing outside of the folder, no links, no more than was announced."""

from __future__ import annotations

import shutil
import stat
import tarfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["UnpackError", "unpack"]

_MOST_MEMBERS = 500_000


class UnpackError(ValueError):
    """An archive that is damaged, or holds what no data set needs."""


def unpack(archive: Path, kind: str, folder: Path, limit: int) -> None:
    """Unpack a zip or tar archive into a folder.

    Parameters
    ----------
    archive : Path
        The file.
    kind : {"zip", "tar"}
        Its format; a tar may be compressed.
    folder : Path
        Where its members go; made if needed.
    limit : int
        Most bytes that they may take together.

    Raises
    ------
    UnpackError
        If a member is a link or would lie outside of the folder, if there is more than `limit` allows, or if
        the archive is damaged. What was unpacked until then stays; the caller removes it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    members = _zip(archive, folder) if kind == "zip" else _tar(archive, folder)
    total = 0
    try:
        for count, (name, size) in enumerate(members, 1):
            total += size
            if total > limit or count > _MOST_MEMBERS:
                msg = (
                    f"{archive.name} unpacks to more than the {limit / 2**20:,.0f} MiB that its record "
                    f"allows (at {name!r}); it is not the file that was published."
                )
                raise UnpackError(msg)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, NotImplementedError) as error:
        msg = f"{archive.name} is damaged, or no {kind} archive that can be read: {error}."
        raise UnpackError(msg) from error


def _zip(archive: Path, folder: Path) -> Iterator[tuple[str, int]]:
    """Yield each member's name and size, and unpack it when the next one is asked for."""
    with zipfile.ZipFile(archive) as bundle:
        for member in bundle.infolist():
            if stat.S_ISLNK(member.external_attr >> 16):
                raise UnpackError(_refused(archive, member.filename))
            target = _inside(folder, member.filename, archive)
            yield member.filename, member.file_size
            if member.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with bundle.open(member) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)


def _tar(archive: Path, folder: Path) -> Iterator[tuple[str, int]]:
    with tarfile.open(archive, "r:*") as bundle:
        for member in bundle:
            if not (member.isfile() or member.isdir()):
                raise UnpackError(_refused(archive, member.name))
            _inside(folder, member.name, archive)
            yield member.name, member.size
            bundle.extract(member, folder, filter="data")


def _inside(folder: Path, name: str, archive: Path) -> Path:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name or "\0" in name:
        raise UnpackError(_refused(archive, name))
    return folder / path


def _refused(archive: Path, name: str) -> str:
    return f"{archive.name} holds {name!r}, which is a link or leads out of its folder: it is not unpacked."
