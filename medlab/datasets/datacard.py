"""The data card: whose a set is, what it may be used for, and what is wrong with it."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medlab.datasets.record import Archive, Record

__all__ = ["DataCard"]

_SHOWN = 3
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;)]|doi:(10\.[^\s<>\"]+[^\s<>\".,;)])")
_STYLE = "text-align:left;vertical-align:top;padding:.25em .8em .25em 0"


class DataCard:
    """Origin, licence, citation and known flaws of a data set, for people.

    Shown by a notebook as a table; `print` gives the same as text.
    """

    def __init__(self, record: Record, where: str = "") -> None:
        self.record = record
        self.where = where

    def rows(self) -> dict[str, str | list[str]]:
        """Return what the card says, by heading; headings without anything to say are left out."""
        r = self.record
        rows: dict[str, str | list[str]] = {
            "Name": r.name,
            "Modality": r.modality,
            "Task": r.task,
            "Size": r.n + (f"; also in {', '.join(r.variants)}" if r.variants else ""),
            "Parts": [f"{part}: {size}" for part, size in r.splits.items()],
            "Labels": [f"{value}: {name}" for value, name in r.labels.items()],
            "Real or simulated": f"simulated: {r.simulated}" if r.simulated else "real",
            "Licence": r.licence,
            "Citation": r.citation,
            "Source": r.source,
            "Download": _download(r),
            "Checksums": _checksums(r),
            "Here now": self.where,
            "Mirror": [a.mirror_note for a in r.archives if a.mirror_note],
            "Known flaws": [*r.flaws] or "none known",
            "Stand-in": f"{r.fallback}, where this set cannot be had" if r.fallback else "",
            "Use": "Teaching and research. Not for clinical use.",
        }
        return {heading: text for heading, text in rows.items() if text}

    def __repr__(self) -> str:
        lines = [self.record.title]
        for heading, text in self.rows().items():
            if isinstance(text, str):
                lines.append(f"{heading}: {text}")
            else:
                lines += [f"{heading}:", *(f"  - {line}" for line in text)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        cells = "".join(
            f'<tr><th scope="row" style="{_STYLE};white-space:nowrap">{heading}</th>'
            f'<td style="{_STYLE};overflow-wrap:anywhere">{_cell(text)}</td></tr>'
            for heading, text in self.rows().items()
        )
        caption = (
            f"<caption style='text-align:left;font-weight:bold'>{html.escape(self.record.title)}</caption>"
        )
        return f'<table style="max-width:60em">{caption}{cells}</table>'


def _cell(text: str | Sequence[str]) -> str:
    if isinstance(text, str):
        return _linked(text)
    items = "".join(f"<li>{_linked(line)}</li>" for line in text)
    return f'<ul style="margin:0;padding-left:1.2em">{items}</ul>'


def _linked(text: str) -> str:
    """Escape a text and make its addresses and DOIs links."""
    parts, end = [], 0
    for found in _LINK.finditer(text):
        address = f"https://doi.org/{found[1]}" if found[1] else found[0]
        parts += [
            html.escape(text[end : found.start()]),
            f'<a href="{html.escape(address)}">{html.escape(found[0])}</a>',
        ]
        end = found.end()
    return "".join(parts) + html.escape(text[end:])


def _download(record: Record) -> list[str]:
    lines = []
    if record.files is not None:
        count = len(record.files.sha256) - len(record.files.optional)
        size = f" ({record.files.bytes / 1e6:.3g} MB)" if record.files.bytes else ""
        if count:
            lines.append(f"{count} files below {record.files.base_url}{size}")
        lines += [f"{path}: only with the mirror" for path in record.files.optional]
    lines += [_archive_line(archive) for archive in record.archives]
    return lines


def _archive_line(archive: Archive) -> str:
    where = " or ".join(archive.url) or f"{archive.file}: only with the mirror"
    size = f" ({archive.bytes / 1e6:.3g} MB)" if archive.bytes else ""
    return f"{archive.variant}: {where}{size}" if archive.variant else f"{where}{size}"


def _checksums(record: Record) -> str | list[str]:
    if record.kind == "phantom":
        return "made from the seed: the same seed gives the same bytes"
    if record.kind == "sample":
        return f"sha256 {record.file_sha256}" if record.file_sha256 else f"ships with {record.package}"
    lines = []
    if record.files is not None:
        digests = sorted(record.files.sha256.items())
        lines += [f"{path}: sha256 {digest}" for path, digest in digests[:_SHOWN]]
        lines += [f"… and {len(digests) - _SHOWN} more in the record"] if len(digests) > _SHOWN else []
    for archive in record.archives:
        kind, _, digest = archive.digest.partition(":")
        lines.append(f"{archive.file}: {kind} {digest}")
    return lines
