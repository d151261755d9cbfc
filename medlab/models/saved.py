"""Models from files, without running what somebody else put into them."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py

from medlab.models import diffusing, fully_convolutional, layers, warping  # noqa: F401 they register layers
from medlab.models.backend import keras
from medlab.models.cards import CARD

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["UnsafeModelError", "load", "load_backbone_weights"]

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ARCHIVE = {"config.json", "metadata.json", "model.weights.h5"}

_REFUSED = {
    ".h5": "a whole model in an HDF5 file (Keras' old format) can hold code",
    ".hdf5": "a whole model in an HDF5 file (Keras' old format) can hold code",
    ".pkl": "a pickle runs code when it is opened",
    ".pickle": "a pickle runs code when it is opened",
    ".joblib": "a joblib file is a pickle, which runs code when it is opened",
    ".pt": "a PyTorch file is a pickle, which runs code when it is opened",
    ".pth": "a PyTorch file is a pickle, which runs code when it is opened",
    ".ckpt": "a checkpoint may be a pickle, which runs code when it is opened",
    ".npy": "a NumPy file can hold a pickle and says nothing about layers",
    ".npz": "a NumPy file can hold a pickle and says nothing about layers",
    ".pb": "a TensorFlow graph can read and write files",
}
_WAY_OUT = (
    "Ask for a '.keras' file without Lambda layers, or for a '.weights.h5' file and the code that builds the "
    "model: medlab.models.load(path, model)."
)


class UnsafeModelError(ValueError):
    """A model file that is refused: it can run code, or it is not what its name says."""


def load(path: str | Path, model: keras.Model | None = None) -> keras.Model:
    """Load a model, or weights into a model, from a file that cannot run code.

    Parameters
    ----------
    path : path
        A ``.keras`` file (layers and weights), or a ``.weights.h5`` file (weights only).
    model : keras.Model, optional
        For weights: the model to load them into, built as the one they were saved from.

    Returns
    -------
    keras.Model
        Uncompiled; for weights, `model` itself.

    Raises
    ------
    UnsafeModelError
        For any other kind of file, for a ``.keras`` file with a Lambda layer or a class that neither Keras
        nor anybody who registered it knows, and for a file that is not what its name says.
    ValueError
        If weights come without a model or do not fit it.
    FileNotFoundError
        If there is no such file.

    Notes
    -----
    Safe mode is always on and cannot be switched off here. See *Security* in Keras' documentation,
    https://keras.io/api/models/model_saving_apis/.

    Examples
    --------
    >>> import medlab, tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "small.keras"
    ...     medlab.models.classifier((8, 8, 1), filters=(4,), name="small").save(file)
    ...     medlab.models.load(file).name
    'small'
    """
    file = Path(path)
    kind = _kind(file)
    if not file.exists():
        msg = f"There is no file {file}."
        raise FileNotFoundError(msg)
    if kind == "weights":
        return _load_weights(file, model)
    if model is not None:
        msg = f"{file.name} holds a whole model: leave `model` out, or pass a '.weights.h5' file."
        raise ValueError(msg)
    _check_archive(file)
    try:
        return keras.saving.load_model(file, compile=False, safe_mode=True)
    except (TypeError, ValueError) as error:
        msg = f"{file.name} was refused by Keras' safe mode: {_first_line(error)}\n{_WAY_OUT}"
        raise UnsafeModelError(msg) from error


def _kind(file: Path) -> str:
    """Return ``"model"`` or ``"weights"``, or raise with the reason why this kind of file is refused."""
    if file.suffix == ".keras" and not file.is_dir():
        return "model"
    if file.name.endswith(".weights.h5") and not file.is_dir():
        return "weights"
    if file.is_dir():
        reason = "a folder (TensorFlow's SavedModel) holds a graph that can read and write files"
    else:
        reason = _REFUSED.get(
            file.suffix.lower(), f"'{file.suffix}' is no model format that is known to be safe"
        )
    msg = f"{file.name} was refused: {reason}. {_WAY_OUT}"
    raise UnsafeModelError(msg)


def _load_weights(file: Path, model: keras.Model | None) -> keras.Model:
    if model is None:
        msg = f"{file.name} holds weights only: build the model they belong to and call load(path, model)."
        raise ValueError(msg)
    _check_hdf5(file)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # Keras warns where it leaves a layer without weights
        try:
            model.load_weights(file)
        except UserWarning as warning:
            msg = f"The weights in {file.name} do not fit model {model.name!r}: {_first_line(warning)}"
            raise ValueError(msg) from warning
    return model


def load_backbone_weights(file: Path, backbone: keras.Model) -> keras.Model:
    """Load weights into a backbone, also from the HDF5 files that Keras distributes for its applications.

    Those hold arrays under the names of layers and nothing else; a whole model is refused.

    Parameters
    ----------
    file : Path
        A ``.weights.h5`` file, or a ``.h5`` file with weights only.
    backbone : keras.Model
        Built as the one the weights come from.

    Returns
    -------
    keras.Model
        `backbone` itself.
    """
    if not file.exists():
        msg = f"There is no file {file}."
        raise FileNotFoundError(msg)
    if file.suffix != ".h5" or file.name.endswith(".weights.h5") or file.is_dir():
        return load(file, backbone)
    _check_hdf5(file)
    with h5py.File(file, "r") as archive:
        whole = "model_config" in archive.attrs
    if whole:
        msg = f"{file.name} was refused: {_REFUSED['.h5']}. {_WAY_OUT}"
        raise UnsafeModelError(msg)
    backbone.load_weights(file)
    return backbone


def _check_hdf5(file: Path) -> None:
    """Raise if a file is no HDF5 file, or holds links to other places."""
    with file.open("rb") as stream:
        if stream.read(len(_HDF5)) != _HDF5:
            msg = f"{file.name} was refused: it is no HDF5 file, whatever its name says. {_WAY_OUT}"
            raise UnsafeModelError(msg)
    with h5py.File(file, "r") as archive:
        outside = next(_links_outside(archive), None)
    if outside:
        msg = f"{file.name} was refused: {outside!r} points to another place or file. {_WAY_OUT}"
        raise UnsafeModelError(msg)


def _links_outside(group: h5py.Group) -> Iterator[str]:
    """Yield the names of links and of data that lie elsewhere; weights need neither."""
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            yield f"{group.name}/{name}"
        elif isinstance(group[name], h5py.Group):
            yield from _links_outside(group[name])
        elif group[name].external or group[name].is_virtual:
            yield group[name].name


def _check_archive(file: Path) -> None:
    """Raise if a .keras file is no archive of the known files, or if it holds Lambda layers."""
    if not zipfile.is_zipfile(file):
        msg = f"{file.name} was refused: it is no Keras archive, whatever its name says. {_WAY_OUT}"
        raise UnsafeModelError(msg)
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        if names - {CARD} != _ARCHIVE:
            msg = (
                f"{file.name} was refused: a Keras archive holds {sorted(_ARCHIVE)} and maybe {CARD}; "
                f"this one holds {sorted(names)[:6]}. {_WAY_OUT}"
            )
            raise UnsafeModelError(msg)
        objects = list(_objects(json.loads(archive.read("config.json"))["config"]))
    code = sorted(
        c["config"].get("name", "?") for c in objects if c["class_name"] in {"Lambda", "__lambda__"}
    )
    if code:
        msg = f"{file.name} was refused: {code} hold Python code that would run here. {_WAY_OUT}"
        raise UnsafeModelError(msg)
    unknown = sorted({c["class_name"] for c in objects if not _is_known(c)})
    if unknown:
        msg = (
            f"{file.name} was refused: nobody registered {unknown} here. If you trust their code, import it "
            "first, with @keras.saving.register_keras_serializable() above each class."
        )
        raise UnsafeModelError(msg)


def _objects(part: Any) -> Iterator[dict[str, Any]]:
    """Yield every layer and every other serialised object in a configuration."""
    if isinstance(part, dict):
        if isinstance(part.get("config"), dict) and "class_name" in part:
            yield part
        part = list(part.values())
    for value in part if isinstance(part, list) else []:
        yield from _objects(value)


def _is_known(entry: dict[str, Any]) -> bool:
    """Whether a class is one of Keras' own, or has been registered."""
    if "module" not in entry or str(entry["module"]).split(".")[0] in {"keras", "builtins"}:
        return True  # without a module: Keras' notation for tensors, tuples and arrays
    name = entry.get("registered_name") or entry["class_name"]
    return keras.saving.get_registered_object(name) is not None


def _first_line(error: Warning | Exception) -> str:
    return str(error).strip().splitlines()[0][:300]
