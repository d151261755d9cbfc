"""The lines of the box in which a report says how it was made."""

from __future__ import annotations

from typing import Any

__all__ = ["rows"]


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


def _graphics(made: dict[str, Any]) -> str:
    if made["devices"]:
        return f"used through {', '.join(made['devices'])}; {', '.join(made['graphics'])}".rstrip("; ")
    if made["graphics"]:
        return f"none used; present: {', '.join(made['graphics'])}"
    return "none"


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


def _noted(made: dict[str, Any], kind: str) -> str:
    entries = ({k: v for k, v in r.items() if k != "kind"} for r in made["records"] if r["kind"] == kind)
    return "; ".join(_pairs(entry) for entry in entries)
