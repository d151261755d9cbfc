"""What a batch has finished, written down as it goes, so that nothing is computed twice."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medlab.image import Image
from medlab.radiomics.extracting import checksum, versions

if TYPE_CHECKING:
    from medlab.radiomics.parameters import Parameters

__all__ = ["Journal", "key_of", "mark"]


class Journal:
    """Finished rows by key, one line of JSON each in a file beside the table.

    Parameters
    ----------
    path : Path or None
        The file; None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[str, list[dict[str, Any]]] = {}
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            self._read(path)

    def get(self, key: str) -> list[dict[str, Any]] | None:
        """Return the rows finished under a key, None if there are none."""
        return self._known.get(key)

    def add(self, key: str, rows: list[dict[str, Any]]) -> None:
        """Write down the rows of a case, unless one of them failed: that is tried again next time."""
        if self._path is None or any(row["status"] != "ok" for row in rows):
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, "rows": rows}) + "\n")

    def _read(self, path: Path) -> None:
        """Take over every whole line; what was cut short by a crash is cut off."""
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            path.write_bytes(whole)
        for line in whole.splitlines():
            entry = json.loads(line)
            self._known[entry["key"]] = entry["rows"]


def key_of(job: dict[str, Any], parameters: Parameters) -> str:
    """Return a checksum of everything that decides the rows of a case.

    Files count with their path, size and time of change; what is in them is not read.
    """
    facts = [
        versions(),
        parameters.sha256,
        mark(job["image"]),
        mark(job["mask"]),
        job["label"],
        job["structure"],
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def mark(source: Any) -> Any:
    """Return what tells whether a file or folder has changed: path, size and time of each file."""
    if isinstance(source, Image):
        return checksum(source)
    if source is None:
        return None
    path = Path(source)
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    return [[str(p.absolute()), p.stat().st_size, p.stat().st_mtime_ns] for p in files if p.exists()]
