"""What lies in a folder of the cache: noted when it is complete, so that it can be checked later."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Receipt", "digest_of"]

_NAME = ".complete"


@dataclasses.dataclass(frozen=True)
class Receipt:
    """A note in a folder that is complete; a folder without one is not.

    Attributes
    ----------
    record : str
        The checksum of the record that it was fetched for.
    origin : str
        ``"network"``, ``"mirror"`` or ``"mirror and network"``.
    files : mapping of str to str
        SHA-256 of every file by its path in the folder.
    notes : tuple of str
        Where the files differ from the published ones, and why.
    """

    record: str
    origin: str
    files: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """The file's own checksum where there is one file, else that of the list ``sha256sum`` prints."""
        if len(self.files) == 1:
            return next(iter(self.files.values()))
        lines = "\n".join(f"{digest}  {path}" for path, digest in sorted(self.files.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    @classmethod
    def of(cls, folder: Path, record: str, origin: str, notes: tuple[str, ...] = ()) -> Self:
        """Hash what lies in a folder."""
        paths = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != _NAME)
        files = {p.relative_to(folder).as_posix(): digest_of(p) for p in paths}
        return cls(record, origin, files, notes)

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return the receipt of a folder, None where there is none that can be read."""
        try:
            values = json.loads((folder / _NAME).read_text("utf-8"))
            return cls(values["record"], values["origin"], dict(values["files"]), tuple(values["notes"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, folder: Path) -> None:
        """Put the receipt into a folder."""
        (folder / _NAME).write_text(json.dumps(dataclasses.asdict(self)), "utf-8")


def digest_of(path: Path, kind: str = "sha256") -> str:
    """Return a checksum of a file as hexadecimal digits; `kind` is ``"sha256"`` or ``"md5"``."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()
