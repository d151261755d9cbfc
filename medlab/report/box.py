"""The lines of the box in which a report says how it was made."""

from __future__ import annotations

from typing import Any

__all__ = ["data_sets", "rows"]


def rows(made: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (name, value) lines from the provenance of a report, data sets left out.

    Parameters
    ----------
    made : dict
        Provenance, as `medlab.report.build` collects it.
    """
    revision = f" (git {made['revision']})" if made["revision"] else ""
    memory = f"; {made['memory_gib']:g} GiB memory" if made["memory_gib"] else ""
    lines = [
        ("Command", made["command"]),
        ("Notebook", f"{made['notebook']}, sha256 {made['notebook_sha256']}"),
        ("Date and time taken", f"{made['date']}; {made['seconds']:g} s"),
        ("Parameters", _pairs(made["parameters"]) or "none"),
        ("Seeds", _noted(made, "seed") or "none noted"),
        ("Models", _noted(made, "model")),
        ("Noted parameters", _noted(made, "parameter")),
        ("medlab", made["medlab"] + revision),
        ("Python", f"{made['python']}; {made['system']}"),
        ("Packages in use", ", ".join(f"{name} {version}" for name, version in made["packages"].items())),
        ("Keras backend", made["backend"] or "Keras was not used"),
        ("Processor", made["processor"] + memory),
        ("Graphics", _graphics(made)),
    ]
    return [(name, value) for name, value in lines if value]


def data_sets(made: dict[str, Any]) -> list[dict[str, str]]:
    """Return a row for each data set that was noted; ``kind`` says what of it is real.

    Parameters
    ----------
    made : dict
        Provenance, as `medlab.report.build` collects it.
    """
    table = []
    for record in (r for r in made["records"] if r["kind"] == "data"):
        simulated = record.get("simulated")
        what = f": {simulated}" if isinstance(simulated, str) else ""
        stand_in = record.get("stands_in_for")
        kind = f"simulated{what}" if simulated else "real"
        kind += f"; stands in for {stand_in}" if stand_in else ""
        facts = {name: str(record.get(name) or "–") for name in ("name", "source", "licence", "sha256")}
        table.append({**facts, "kind": kind})
    return table


def _graphics(made: dict[str, Any]) -> str:
    if made["devices"]:
        return f"used through {', '.join(made['devices'])}; {', '.join(made['graphics'])}".rstrip("; ")
    if made["graphics"]:
        return f"none used; present: {', '.join(made['graphics'])}"
    return "none"


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


def _noted(made: dict[str, Any], kind: str) -> str:
    entries = [dict(r) for r in made["records"] if r["kind"] == kind]
    lines = []
    for entry in entries:
        del entry["kind"]
        where = f" in {entry.pop('where')}" if "where" in entry else ""
        lines.append(_pairs(entry) + where)
    return "; ".join(lines)
