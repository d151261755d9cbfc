"""Zip archives of what medlab reads, unpacked with suspicion into a folder that is removed again."""

from __future__ import annotations

import contextlib
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from medlab.io.dicom.limits import allowed_bytes
from medlab.io.errors import CorruptFileError, LoadError, TooLargeError, UnsupportedFormatError
from medlab.io.guard import parsing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from medlab.image import Image

__all__ = ["read_zip", "unpacked"]

_MOST_MEMBERS = 100_000
#: An image that unpacks to more than this many times its size is a bomb; zeros reach 1,030.
_LARGEST_RATIO = 500
_RATIO_COUNTS_FROM = 64 * 2**20
_CHUNK = 1 << 20


def read_zip(
    path: Path, series: str | int | None = None, *, max_bytes: int | None = None, **options: Any
) -> Image:
    """Read the image in a zip archive: DICOM files in any folders, or one file of another format.

    Parameters
    ----------
    path : Path
        The archive.
    series : str, optional
        Where there are several images: the name of a member, of a folder in the archive, or the UID or number
        of a DICOM series.
    max_bytes : int, optional
        Largest decoded size, and largest size of the unpacked members, that is accepted.
    **options
        As for `medlab.read`.

    Raises
    ------
    CorruptFileError
        If the archive is damaged, or a member would be written outside of its folder.
    TooLargeError
        If it unpacks to more than allowed, or to much more than an image can.
    UnsupportedFormatError
        If it needs a password.
    """
    from medlab.io.read import read

    with _opened(path) as archive:
        names = [m.filename for m in archive.infolist()]
    inside = isinstance(series, str) and any(
        n == series or n.startswith(series.rstrip("/") + "/") for n in names
    )
    with unpacked(path, str(series) if inside else "", max_bytes) as folder:
        target = folder / str(series) if inside else folder
        try:
            return read(target, None if inside else series, max_bytes=max_bytes, **options)
        except LoadError as error:
            raise _told_by_member(error, folder, path) from error


@contextlib.contextmanager
def unpacked(path: Path, only: str = "", max_bytes: int | None = None) -> Iterator[Path]:
    """Unpack an archive, or one member or folder of it, into a temporary folder that is removed at the end.

    Parameters
    ----------
    path : Path
        The archive.
    only : str, optional
        Name of one member or folder in it.
    max_bytes : int, optional
        Largest size of the unpacked members.

    Yields
    ------
    Path
        The folder.

    Raises
    ------
    CorruptFileError, TooLargeError, UnsupportedFormatError
        As for `read_zip`.
    """
    with tempfile.TemporaryDirectory(prefix="medlab-") as name:
        folder = Path(name)
        with _opened(path) as archive:
            chosen = [m for m in archive.infolist() if _is_wanted(m, only)]
            _check(chosen, path, allowed_bytes(max_bytes))
            for member in chosen:
                _write(archive, member, folder, path)
        yield folder


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    with parsing(path, "zip archive"), zipfile.ZipFile(path) as archive:
        yield archive


def _is_wanted(member: zipfile.ZipInfo, only: str) -> bool:
    name = member.filename
    junk = "__MACOSX/" in name or name.rsplit("/", 1)[-1] in {".DS_Store", "Thumbs.db"}
    within = not only or name == only or name.startswith(only.rstrip("/") + "/")
    return within and not junk and not member.is_dir()


def _check(members: list[zipfile.ZipInfo], path: Path, limit: int) -> None:
    """Refuse an archive before anything is written."""
    total = sum(m.file_size for m in members)
    if total > limit or len(members) > _MOST_MEMBERS:
        msg = (
            f"The archive unpacks to {total / 2**20:,.1f} MiB in {len(members):,} files; allowed are "
            f"{limit / 2**20:,.1f} MiB (raise max_bytes=) in {_MOST_MEMBERS:,} files."
        )
        raise TooLargeError(msg, [path])
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        outside = (
            name.is_absolute() or ".." in name.parts or ":" in member.filename or "\0" in member.filename
        )
        if outside or stat.S_ISLNK(member.external_attr >> 16):
            msg = (
                f"The member {member.filename!r} is a link or leads out of the archive's folder; nothing "
                "was unpacked."
            )
            raise CorruptFileError(msg, [path])
        if member.flag_bits & 1:
            raise UnsupportedFormatError("The archive needs a password; unpack it first.", [path])
        packed = max(member.compress_size, 1)
        if member.file_size > _RATIO_COUNTS_FROM and member.file_size / packed > _LARGEST_RATIO:
            msg = (
                f"The member {member.filename!r} unpacks to {member.file_size / packed:,.0f} times its "
                f"size, more than an image does ({_LARGEST_RATIO}); if you trust it, unpack it "
                "yourself and read the folder."
            )
            raise TooLargeError(msg, [path])


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, path: Path) -> None:
    """Unpack one member; never more than its entry says."""
    target = folder / member.filename
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, _CHUNK)
    except NotImplementedError as error:
        raise UnsupportedFormatError(
            f"The archive uses a compression that is not read: {error}.", [path]
        ) from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise CorruptFileError(f"Two members claim the name {member.filename!r}.", [path]) from error


def _told_by_member(error: LoadError, folder: Path, path: Path) -> LoadError:
    """Return the error with members of the archive named instead of temporary files."""
    members = [f"{path}/{f.relative_to(folder)}" if f.is_relative_to(folder) else f for f in error.files]
    named = {f"  {f}" for f in error.files} | {f"  … and {len(error.files) - n} more" for n in range(10)}
    message = "\n".join(line for line in str(error).split("\n") if not error.files or line not in named)
    return type(error)(message.replace(str(folder), str(path)), members)
