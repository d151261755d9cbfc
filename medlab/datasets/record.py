"""One small text record per data set: what it is, whose it is, where it comes from, what is wrong with it.

A record is the file ``data/<name>.toml``. Always: ``name``, ``title``, ``kind`` (``"sample"`` ships with a
dependency, ``"public"`` is downloaded, ``"phantom"`` is simulated), ``modality`` (DICOM code), ``task``,
``n``, ``licence``, ``citation``, ``source``, ``flaws`` and ``loader = "module:function"``: a function in
``medlab.datasets.<module>`` that takes the record (and as keywords the options given to
`medlab.datasets.load`) and returns a `Dataset`. Where they apply: ``fallback`` (another record) with
``[fallback_options]`` for its loader (so that a stand-in has, for example, pictures of the same size) and
``fit = "module:function"``, which gives what was read instead the form of this set: columns, masks, axes,
``simulated`` (what in it is), ``package`` (what ships a sample, as ``pip install`` spells it) and
``file_sha256`` (of a sample's file), ``[splits]`` (part = how many images, of how many patients where that
is published), ``[labels]`` (value = name), ``[options]`` (for the loader).

The files of a public set are written in one of two ways; a set may use both.

**Many files**, each with its address and SHA-256::

    mirror = "lung/some.zip"          # below MEDLAB_DATA_MIRROR: a zip that holds the same paths

    [files]
    base_url = "https://…/"           # address of a file: base_url + its path, quoted
    bytes = 20325651                  # of all files together, as downloaded
    checksums = "some.sha256"         # a file of sha256sum beside the record …
    optional = ["notes.json"]         # paths without a public address: only the mirror holds them

    [files.sha256]                    # … or the table itself
    "image/000008.dcm" = "db1b4b…"

    [files.urls]                      # other addresses: of one path, or of all below a folder ("…/")
    "labels/" = "https://elsewhere/…/"

**Published whole**: files that are downloaded (with resumption) and, if asked for, unpacked::

    [[archive]]
    url = "https://…/Task02_Heart.tar"       # or a list: tried in order; none: only the mirror holds it
    md5 = "06ee59…"                          # and/or sha256
    bytes = 455000000
    file = "Task02_Heart.tar"                # name in the cache; default: the last part of the address
    unpack = "tar"                           # "zip", "tar" (also compressed) or left out: kept as it is
    unpacked_bytes = 500000000               # most it may unpack to; default: 20 × bytes + 1 GiB
    variant = "64"                           # belongs to fetch(record, variant="64") only
    mirror = "medmnist/x.npz"                # the same file below MEDLAB_DATA_MIRROR, or a list of such
    mirror_sha256 = "113155…"                # a file that may differ from the published one there …
    mirror_note = "the same images in another order"    # … and why it does; shown on the card

`medlab.datasets.fetch.fetch` gives a folder: ``folder / path`` for the first way, ``folder / file`` or, when
unpacked, ``folder / <member>`` for the second.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import tomllib
import urllib.parse
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Archive", "Files", "Record", "folder", "parse", "records"]

#: ``sample`` ships with a dependency, ``public`` is downloaded, ``phantom`` is simulated.
Kind = Literal["sample", "public", "phantom"]


@dataclasses.dataclass(frozen=True)
class Files:
    """The files of a public set that are published one by one.

    Attributes
    ----------
    base_url : str
        Where they are, without the file's own name.
    sha256 : mapping of str to str
        Checksum of each file by its path below `base_url`.
    optional : tuple of str
        Paths that have no public address of their own: only a mirror holds them.
    urls : mapping of str to str
        Addresses of paths (or of folders, ending in ``/``) that are not below `base_url`.
    bytes : int
        Size of all files together, 0 where unknown.
    """

    base_url: str
    sha256: Mapping[str, str]
    optional: tuple[str, ...] = ()
    urls: Mapping[str, str] = dataclasses.field(default_factory=dict)
    bytes: int = 0

    def url(self, path: str) -> str:
        """Return the address of a file; special characters of its path are quoted.

        >>> Files("https://example.org/a/", {}).url("T1 & T2/0 1.dcm")
        'https://example.org/a/T1%20%26%20T2/0%201.dcm'
        """
        if path in self.urls:
            return self.urls[path]
        folders = [f for f in self.urls if f.endswith("/") and path.startswith(f)]
        nearest = max(folders, key=len, default="")
        base = self.urls[nearest] if nearest else self.base_url
        return base + urllib.parse.quote(path.removeprefix(nearest))


@dataclasses.dataclass(frozen=True)
class Archive:
    """A file of a public set that is downloaded whole; see the module for what the fields mean."""

    url: tuple[str, ...] = ()
    md5: str = ""
    sha256: str = ""
    bytes: int = 0
    file: str = ""
    unpack: Literal["", "zip", "tar"] = ""
    unpacked_bytes: int = 0
    variant: str = ""
    mirror: tuple[str, ...] = ()
    mirror_sha256: str = ""
    mirror_note: str = ""

    @property
    def digest(self) -> str:
        """The published checksum as pooch writes it, ``"sha256:…"`` or ``"md5:…"``."""
        if self.sha256 or self.md5:
            return f"sha256:{self.sha256}" if self.sha256 else f"md5:{self.md5}"
        return f"sha256:{self.mirror_sha256}"


@dataclasses.dataclass(frozen=True)
class Record:
    """What is known about a data set; written in ``data/<name>.toml``."""

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
    fallback_options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    fit: str = ""
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    splits: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    files: Files | None = None
    archives: tuple[Archive, ...] = ()
    mirror: str = ""
    file_sha256: str = ""

    @property
    def sha256(self) -> str:
        """One checksum for all published files of a set; empty where nothing is fetched or recorded."""
        if self.kind != "public":
            return self.file_sha256
        lines = [] if self.files is None else [f"{d}  {p}" for p, d in sorted(self.files.sha256.items())]
        lines += [f"{a.digest}  {a.file}" for a in self.archives]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the other forms that a set is published in, for example larger pictures."""
        return tuple(dict.fromkeys(a.variant for a in self.archives if a.variant))

    def of_variant(self, variant: str) -> tuple[Archive, ...]:
        """Return the archives of one variant; ``""`` is the set's usual form."""
        return tuple(a for a in self.archives if a.variant == variant)

    @property
    def bytes(self) -> int:
        """Bytes to download for the set's usual form, 0 where nothing is or nobody knows."""
        sizes = [] if self.files is None else [self.files.bytes]
        sizes += [archive.bytes for archive in self.of_variant("")]
        return sum(sizes) if all(sizes) else 0


def folder() -> Path:
    """Return the folder that holds the records: ``data/`` of a clone, or what the wheel installed."""
    package = Path(__file__).parents[1]
    clone = package.parent / "data"
    return clone if any(clone.glob("*.toml")) else package / "share" / "data"


@functools.cache
def records() -> dict[str, Record]:
    """Read all records, by name in alphabetical order."""
    return {path.stem: parse(path) for path in sorted(folder().glob("*.toml"))}


@functools.cache
def parse(path: Path) -> Record:
    """Read one record.

    Parameters
    ----------
    path : Path
        The file ``<name>.toml``.

    Raises
    ------
    ValueError
        If it does not hold the record that its name says, or not in the form that this module describes.
    """
    with path.open("rb") as stream:
        values = tomllib.load(stream)
    if values.get("name") != path.stem:
        msg = f"{path.name} must hold the record of {path.stem!r}; it says name = {values.get('name')!r}."
        raise ValueError(msg)
    if "files" in values:
        values["files"] = _files(values["files"], path)
    values["archives"] = tuple(_archive(a, path) for a in values.pop("archive", ()))
    values["flaws"] = tuple(values.get("flaws", ()))
    for table in ("options", "fallback_options", "splits", "labels"):
        values[table] = MappingProxyType(values.get(table, {}))
    try:
        return Record(**values)
    except TypeError as error:
        msg = f"{path.name} is not a record: {error}. medlab/datasets/record.py lists the fields."
        raise ValueError(msg) from None


def _files(values: dict[str, Any], path: Path) -> Files:
    digests = dict(values.get("sha256", {}))
    if "checksums" in values:
        lines = (path.parent / values["checksums"]).read_text("utf-8").splitlines()
        digests |= {line[66:]: line[:64] for line in lines if line}
    for member, digest in digests.items():
        _check_path(member, path)
        _check_digest(digest, 64, path)
    return Files(
        values["base_url"],
        MappingProxyType(digests),
        tuple(values.get("optional", ())),
        MappingProxyType(values.get("urls", {})),
        values.get("bytes", 0),
    )


def _archive(values: dict[str, Any], path: Path) -> Archive:
    url = values.pop("url", ())
    urls = (url,) if isinstance(url, str) else tuple(url)
    mirror = values.pop("mirror", ())
    mirrors = (mirror,) if isinstance(mirror, str) else tuple(mirror)
    source = urllib.parse.unquote(urllib.parse.urlsplit(urls[0]).path) if urls else "".join(mirrors[:1])
    file = values.pop("file", source.rsplit("/", 1)[-1])
    archive = Archive(url=urls, file=file, mirror=mirrors, **values)
    _check_path(archive.file, path)
    _check_digest(archive.md5, 32, path)
    _check_digest(archive.sha256, 64, path)
    _check_digest(archive.mirror_sha256, 64, path)
    if not (archive.md5 or archive.sha256 or (archive.mirror_sha256 and not urls)):
        msg = f"{path.name}: the archive {file!r} needs the md5 or the sha256 that was published."
        raise ValueError(msg)
    return archive


def _check_path(member: str, path: Path) -> None:
    if not member or member.startswith("/") or ".." in member.split("/") or "\\" in member:
        msg = f"{path.name}: {member!r} is not a path inside the set's folder."
        raise ValueError(msg)


def _check_digest(digest: str, length: int, path: Path) -> None:
    if digest and (len(digest) != length or set(digest) - set("0123456789abcdef")):
        msg = f"{path.name}: {digest!r} is not a checksum of {length} hexadecimal digits."
        raise ValueError(msg)
