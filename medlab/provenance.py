"""What went into a result: each room notes what it used, and the report prints it.

A notebook's kernel keeps one list. `medlab.datasets` and `medlab.train` add to it by themselves.
"""

from __future__ import annotations

from typing import Any

__all__ = ["clear", "record", "records"]

_RECORDS: list[dict[str, Any]] = []


def record(kind: str, **facts: Any) -> None:
    """Note something that the result depends on; noting the same thing twice changes nothing.

    Parameters
    ----------
    kind : {"data", "seed", "model", "parameter"}
        What is noted.
    **facts
        JSON-serialisable facts, for data: ``name``, ``sha256``, ``source``, ``licence`` and ``simulated``.
    """
    entry = {"kind": kind, **facts}
    if entry not in _RECORDS:
        _RECORDS.append(entry)


def records(kind: str | None = None) -> list[dict[str, Any]]:
    """Return what has been noted so far, in order, all of it or of one kind."""
    return [dict(r) for r in _RECORDS if kind in (None, r["kind"])]


def clear() -> None:
    """Forget everything noted so far."""
    _RECORDS.clear()
