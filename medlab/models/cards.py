"""Models that carry what one must know about them: data, seed, scores, versions, intended use."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.metadata
import json
import platform
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medlab import provenance
from medlab.models import backend

if TYPE_CHECKING:
    from collections.abc import Mapping

    import keras

__all__ = ["CARD", "card", "save"]

#: Name of the card within a ``.keras`` archive.
CARD = "card.json"

_INTENDED_USE = "Teaching and research. Not a medical device; not for decisions about patients."
_WEIGHTS = "model.weights.h5"
_LARGEST = 2**20
_PACKAGES = ("medlab", "keras", "tensorflow", "jax", "torch", "numpy")


def save(model: keras.Model, path: str | Path, card: Mapping[str, Any] | None = None) -> Path:
    """Save a model as a ``.keras`` file with a card in it.

    Parameters
    ----------
    model : keras.Model
        The model.
    path : path
        A file that ends in ``.keras``; one that is there is replaced. Keras' own functions open it too.
    card : mapping, optional
        What only you know, as JSON can hold it: ``scores`` (with their intervals), ``intended_use``,
        ``limits``, ``classes``, … It goes before what is filled in: ``name``, ``intended_use``, ``inputs``
        and ``outputs``, ``parameters``, ``created``, ``data``, ``seeds`` and ``training`` as
        `medlab.provenance` noted them since Python started, ``versions``, and ``weights_sha256``, which
        always belongs to the file.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If the path does not end in ``.keras`` or the card cannot be written as JSON.

    Notes
    -----
    ``data`` lists every data set that was read since Python started, also those that this model has not seen.

    References
    ----------
    Mitchell et al., *Model cards for model reporting*, FAT* 2019, https://arxiv.org/abs/1810.03993.

    Examples
    --------
    >>> import medlab, tempfile
    >>> model = medlab.models.classifier((8, 8, 1), filters=(4,), name="small")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = medlab.models.save(model, f"{folder}/small.keras", {"scores": {"auc": 0.5}})
    ...     medlab.models.card(file)["scores"]
    {'auc': 0.5}
    """
    file = Path(path)
    if file.suffix != ".keras":
        msg = f"path must end in '.keras'; got {file.name!r}. For weights alone: model.save_weights(path)."
        raise ValueError(msg)
    facts = {**_facts(model), **(card or {})}
    _written(facts)
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        draft = Path(folder) / file.name
        model.save(draft)
        with zipfile.ZipFile(draft, "a", zipfile.ZIP_DEFLATED) as archive:
            facts["weights_sha256"] = hashlib.sha256(archive.read(_WEIGHTS)).hexdigest()
            archive.writestr(CARD, _written(facts))
        draft.replace(file)
    return file


def card(path: str | Path) -> dict[str, Any]:
    """Read the card of a model saved with `save`, without loading the model.

    Parameters
    ----------
    path : path
        A ``.keras`` file.

    Returns
    -------
    dict
        The card; see `save`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file carries no card, or one that was written for other weights.
    """
    file = Path(path)
    if not file.exists():
        msg = f"There is no file {file}."
        raise FileNotFoundError(msg)
    if not zipfile.is_zipfile(file):
        msg = f"{file.name} is no Keras archive: only '.keras' files carry a card."
        raise ValueError(msg)
    with zipfile.ZipFile(file) as archive:
        if not {CARD, _WEIGHTS} <= set(archive.namelist()):
            msg = f"{file.name} carries no card: it was not saved with medlab.models.save."
            raise ValueError(msg)
        if archive.getinfo(CARD).file_size > _LARGEST:
            msg = f"{file.name} was refused: its card is larger than {_LARGEST} bytes."
            raise ValueError(msg)
        facts = json.loads(archive.read(CARD))
        with archive.open(_WEIGHTS) as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    if not isinstance(facts, dict) or facts.get("weights_sha256") != found:
        msg = f"The card in {file.name} was written for other weights: do not rely on what it says."
        raise ValueError(msg)
    return facts


def _facts(model: keras.Model) -> dict[str, Any]:
    """Return what can be known without being told."""
    return {
        "name": model.name,
        "intended_use": _INTENDED_USE,
        "inputs": {t.name: list(t.shape[1:]) for t in model.inputs},
        "outputs": [list(t.shape[1:]) for t in model.outputs],
        "parameters": int(model.count_params()),
        "created": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "data": _noted("data"),
        "seeds": _noted("seed"),
        "training": [r for r in _noted("model") if r.get("name") == model.name],
        "versions": _versions(),
    }


def _noted(kind: str) -> list[dict[str, Any]]:
    return [{k: v for k, v in r.items() if k != "kind"} for r in provenance.records(kind)]


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "backend": backend.name()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _written(facts: Mapping[str, Any]) -> str:
    try:
        return json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False, default=_plain)
    except (TypeError, ValueError) as error:
        msg = f"The card must hold only what JSON can: text, finite numbers, lists, dictionaries. {error}"
        raise ValueError(msg) from error


def _plain(value: Any) -> Any:
    """Turn NumPy's numbers and arrays, and tables, into plain ones."""
    for method in ("tolist", "to_dict"):
        if hasattr(value, method):
            return getattr(value, method)()
    msg = f"Not JSON: {type(value).__name__}."
    raise TypeError(msg)
