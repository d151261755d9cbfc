"""One small text record per data set: what it is, whose it is, where it comes from, what is wrong with it."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Files", "Record", "folder", "records"]

#: ``sample`` ships with a dependency, ``public`` is downloaded, ``phantom`` is simulated.
Kind = Literal["sample", "public", "phantom"]


@dataclasses.dataclass(frozen=True)
class Files:
    """The files of a public set.

    Attributes
    ----------
    base_url : str
        Where they are, without the file's own name.
    sha256 : mapping of str to str
        Checksum of each file by its path below `base_url`.
    optional : tuple of str
        Paths that have no public address of their own: only a mirror holds them.
    """

    base_url: str
    sha256: Mapping[str, str]
    optional: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Record:
    """What is known about a data set; written in ``data/<name>.toml``.

    ``mirror`` is the path of a zip archive below ``MEDLAB_DATA_MIRROR`` that holds the same files.
    """

    name: str
    title: str
    kind: Kind
    modality: str
    task: str
    n: str
    licence: str
    citation: str
    source: str
    loader: str
    package: str = ""
    simulated: str = ""
    flaws: tuple[str, ...] = ()
    fallback: str = ""
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    files: Files | None = None
    mirror: str = ""

    @property
    def sha256(self) -> str:
        """One checksum for all files of a public set; empty for the other kinds."""
        if self.files is None:
            return ""
        lines = "\n".join(f"{digest}  {path}" for path, digest in sorted(self.files.sha256.items()))
        return hashlib.sha256(lines.encode()).hexdigest()


def folder() -> Path:
    """Return the folder that holds the records: ``data/`` of a clone, or what the wheel installed."""
    package = Path(__file__).parents[1]
    clone = package.parent / "data"
    return clone if any(clone.glob("*.toml")) else package / "share" / "data"


@functools.cache
def records() -> dict[str, Record]:
    """Read all records, by name in alphabetical order."""
    return {path.stem: _parse(path) for path in sorted(folder().glob("*.toml"))}


def _parse(path: Path) -> Record:
    with path.open("rb") as stream:
        values = tomllib.load(stream)
    if values["name"] != path.stem:
        msg = f"{path.name} must hold the record of {path.stem!r}; it says name = {values['name']!r}."
        raise ValueError(msg)
    if "files" in values:
        files = values["files"]
        values["files"] = Files(files["base_url"], files["sha256"], tuple(files.get("optional", ())))
    values["flaws"] = tuple(values.get("flaws", ()))
    return Record(**values)
