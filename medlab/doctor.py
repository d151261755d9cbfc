"""What works on this computer, what does not, and the way out; each line is tried, not guessed."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import medlab
from medlab import machine, notebooks
from medlab.doctor_codecs import codecs

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Check", "examine"]

_FRAMEWORK_SECONDS = 180
_FRAMEWORK = """
import json, os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
backend = keras.backend.backend()
gpus = []
if backend == "tensorflow":
    import tensorflow
    gpus = [d.name for d in tensorflow.config.list_physical_devices("GPU")]
elif backend == "jax":
    import jax
    gpus = [str(d) for d in jax.devices() if d.platform != "cpu"]
elif backend == "torch":
    import torch
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.predict_on_batch(keras.ops.convert_to_numpy(keras.ops.ones((1, 2))))
print(json.dumps({"backend": backend, "gpus": gpus}))
"""


@dataclasses.dataclass(frozen=True)
class Check:
    """One line of the report.

    Parameters
    ----------
    name : str
        What was looked at.
    state : {"good", "absent", "broken"}
        ``"absent"`` is something optional that is not there; ``"broken"`` is something required.
    found : str
        What was seen.
    remedy : str
        What to do where the state is not good.
    """

    name: str
    state: Literal["good", "absent", "broken"]
    found: str
    remedy: str = ""


def examine(tell: Callable[[Check], None] = lambda _: None) -> list[Check]:
    """Look at everything that medlab needs or can use.

    Parameters
    ----------
    tell : callable, optional
        Gets each check as soon as it is done.
    """
    done = []
    for look in (
        _medlab,
        _python,
        _packages,
        _notebooks,
        _framework,
        codecs_check,
        _radiomics,
        _chromium,
        _itkwidgets,
        _mirror,
        _cache,
        _memory,
    ):
        check = look()
        tell(check)
        done.append(check)
    return done


def _medlab() -> Check:
    clone = notebooks.clone_root()
    return Check("medlab", "good", f"{medlab.__version__}, {f'clone at {clone}' if clone else 'installed'}")


def _python() -> Check:
    found = f"{platform.python_version()} at {sys.executable}"
    requires = str(importlib.metadata.metadata("medlab").json.get("requires_python", ""))
    from packaging.specifiers import SpecifierSet

    if requires and platform.python_version() not in SpecifierSet(requires):
        return Check("Python", "broken", found, f"use a Python that fits {requires}")
    return Check("Python", "good", found)


def _packages() -> Check:
    from packaging.requirements import Requirement

    wanted = [Requirement(line) for line in importlib.metadata.requires("medlab") or []]
    wanted = [r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
    wrong = []
    for requirement in wanted:
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} {version} does not fit {requirement.specifier}")
    if wrong:
        return Check("packages", "broken", "; ".join(wrong), "uv sync, or pip install -e . in the clone")
    shown = ("jupyterlab", "numpy", "pydicom", "SimpleITK", "scikit-image", "tensorflow", "keras")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in shown)
    return Check("packages", "good", f"all {len(wanted)} required ones fit; {versions}")


def _notebooks() -> Check:
    try:
        known = notebooks.catalogue()
    except notebooks.UnknownNotebookError as error:
        return Check("notebooks", "broken", str(error), "install medlab again")
    unreadable = [n.name for n in known if not n.title or n.title.startswith("(not")]
    if unreadable or not known:
        found = f"cannot read {', '.join(unreadable)}" if unreadable else f"none in {notebooks.folder()}"
        return Check("notebooks", "broken", found, "git checkout -- notebooks, or install medlab again")
    return Check("notebooks", "good", f"{len(known)} in {notebooks.folder()}")


def _framework() -> Check:
    """Start Keras in a process of its own, run one layer, and see which devices it finds."""
    try:
        answer = subprocess.run(  # noqa: S603
            [sys.executable, "-c", _FRAMEWORK],
            capture_output=True,
            text=True,
            timeout=_FRAMEWORK_SECONDS,
            check=True,
        )
        facts = json.loads(answer.stdout.splitlines()[-1])
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or ["no message"])[-1]
        return Check("Keras", "broken", f"does not start: {reason}", "uv sync; or unset KERAS_BACKEND")
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError) as error:
        return Check("Keras", "broken", f"does not start: {error}", "uv sync; or unset KERAS_BACKEND")
    cards = machine.gpus()
    found = f"works on the {facts['backend']} backend"
    if facts["gpus"]:
        names = f" ({', '.join(cards)})" if cards else ""
        return Check("Keras", "good", f"{found}, GPU in use: {', '.join(facts['gpus'])}{names}")
    if cards:
        remedy = "uv sync --extra gpu, or pip install 'medlab[gpu]', and a driver for CUDA 12"
        return Check("Keras", "absent", f"{found} but does not use the {cards[0]}", remedy)
    return Check("Keras", "good", f"{found}, on the processor: no NVIDIA driver shows a GPU")


def codecs_check() -> Check:
    """Decode a small real file in each DICOM transfer syntax."""
    results = codecs()
    failed = [f"{name} ({why})" for name, why in results.items() if why]
    found = f"{len(results) - len(failed)} of {len(results)} DICOM transfer syntaxes decode"
    if failed:
        remedy = "uv sync, or pip install pylibjpeg pylibjpeg-openjpeg pylibjpeg-rle pyjpegls pillow"
        return Check("codecs", "broken", f"{found}; not: {'; '.join(failed)}", remedy)
    return Check("codecs", "good", f"{found}: {', '.join(results)}")


def _radiomics() -> Check:
    try:
        importlib.import_module("radiomics.featureextractor")
    except ImportError as error:
        return Check(
            "PyRadiomics", "broken", f"cannot be imported: {error}", "pip install pyradiomics-bhklab"
        )
    version = importlib.metadata.version("pyradiomics-bhklab")
    return Check("PyRadiomics", "good", f"pyradiomics-bhklab {version}, its compiled part loads")


def _chromium() -> Check:
    path = machine.chromium()
    if path is None:
        remedy = "needed for PDF reports and browser tests only; Debian: apt-get install chromium"
        return Check("Chromium", "absent", "not on PATH", remedy)
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        return Check("Chromium", "absent", f"{path} does not start: {error}", "install it again")
    return Check("Chromium", "good", f"{answer.stdout.strip()} at {path}")


def _itkwidgets() -> Check:
    try:
        version = importlib.metadata.version("itkwidgets")
    except importlib.metadata.PackageNotFoundError:
        remedy = "optional, and without a network of little use: medlab.view needs none of it"
        return Check("itkwidgets", "absent", "not installed", remedy)
    if version.startswith("0."):
        remedy = "use medlab.view, or itkwidgets>=1.0a55 with a network"
        return Check("itkwidgets", "absent", f"{version} has no extension for JupyterLab 4", remedy)
    return Check("itkwidgets", "good", f"{version}; it loads its viewer from the network")


def _mirror() -> Check:
    folder = os.environ.get("MEDLAB_DATA_MIRROR")
    if not folder:
        return Check(
            "data mirror", "good", "MEDLAB_DATA_MIRROR is not set: public data come from the network"
        )
    if not Path(folder).is_dir():
        remedy = "unset MEDLAB_DATA_MIRROR or name an existing folder"
        return Check("data mirror", "absent", f"MEDLAB_DATA_MIRROR={folder} is no folder", remedy)
    return Check("data mirror", "good", f"MEDLAB_DATA_MIRROR={folder}")


def _cache() -> Check:
    from medlab.datasets import cache_folder

    folder = cache_folder()
    nearest = next(p for p in (folder, *folder.parents) if p.exists())
    if not os.access(nearest, os.W_OK):
        remedy = "set MEDLAB_CACHE to a folder that is yours"
        return Check("cache", "broken", f"{folder} cannot be written", remedy)
    used = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else 0
    free = shutil.disk_usage(nearest).free
    return Check("cache", "good", f"{used / 1e6:.0f} MB in {folder}, {free / 1e9:.0f} GB free")


def _memory() -> Check:
    memory = machine.memory_gib()
    found = machine.processor() + (f", {memory:.1f} GiB memory" if memory else "")
    if memory and memory < 4:
        return Check("computer", "absent", found, "close other programs: notebooks that train need 4 GiB")
    return Check("computer", "good", found)
