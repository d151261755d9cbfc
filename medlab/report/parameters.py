"""The parameters of a notebook: a cell tagged ``parameters`` that assigns plain values to names."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from medlab.report.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbformat import NotebookNode

__all__ = ["apply", "defaults", "parse"]

_WORDS = {"true": True, "false": False, "none": None, "null": None}


def parse(setting: str) -> tuple[str, Any]:
    """Split ``"name=value"``; the value is read as a Python literal, else as text.

    Examples
    --------
    >>> parse("epochs=5"), parse("window=lung"), parse("fast=true")
    (('epochs', 5), ('window', 'lung'), ('fast', True))
    """
    name, sign, text = setting.partition("=")
    if not sign or not name.strip().isidentifier():
        msg = f"A parameter is given as name=value, for example epochs=5; got {setting!r}."
        raise ParameterError(msg)
    return name.strip(), _value(text.strip())


def defaults(notebook: NotebookNode) -> dict[str, Any]:
    """Return the parameters of a notebook and their values; an expression stands as its source text."""
    index = _position(notebook)
    if index is None:
        return {}
    found: dict[str, Any] = {}
    for node in ast.parse(notebook.cells[index].source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                found[target.id] = _value(ast.unparse(value))
    return found


def apply(notebook: NotebookNode, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set parameters by a cell behind the one tagged ``parameters``; return all of them as they now are.

    Raises
    ------
    ParameterError
        If the notebook has no such parameter, or a number or truth value is given as something else.
    """
    known = defaults(notebook)
    for name, value in values.items():
        if name not in known:
            listed = ", ".join(f"{k}={v!r}" for k, v in known.items()) or "none"
            msg = f"The notebook has no parameter {name!r}. It has: {listed}."
            raise ParameterError(msg)
        _check_kind(name, value, known[name])
    if values:
        from nbformat.v4 import new_code_cell

        source = "\n".join(f"{name} = {value!r}" for name, value in values.items())
        cell = new_code_cell(source, metadata={"tags": ["injected-parameters"]})
        notebook.cells.insert((_position(notebook) or 0) + 1, cell)
    return {**known, **values}


def _position(notebook: NotebookNode) -> int | None:
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", []):
            return index
    return None


def _value(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _check_kind(name: str, value: Any, default: Any) -> None:
    """Refuse a value that is no number, no whole number or no truth value where the default is one."""
    kinds = {
        bool: ("True or False", (bool,)),
        int: ("a whole number", (int,)),
        float: ("a number", (int, float)),
    }
    kind = kinds.get(type(default))
    if kind is None or (type(value) in kind[1]):
        return
    msg = f"The parameter {name} must be {kind[0]} (default: {default!r}); got {value!r}."
    raise ParameterError(msg)
