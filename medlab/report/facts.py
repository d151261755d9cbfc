"""What a report says about its own making: collected in the kernel and around it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import medlab
from medlab import machine, provenance
from medlab.notebooks import clone_root

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["KERNEL_CELL", "MIME", "from_kernel", "from_outside", "show_from_kernel"]

MIME = "application/vnd.medlab.provenance+json"

#: Source of the cell that runs last in the kernel of a report; the page does not show it.
KERNEL_CELL = "from medlab.report.facts import show_from_kernel\nshow_from_kernel()"

_DISTRIBUTIONS = {
    "numpy": "numpy",
    "scipy": "scipy",
    "pandas": "pandas",
    "matplotlib": "matplotlib",
    "pydicom": "pydicom",
    "highdicom": "highdicom",
    "SimpleITK": "SimpleITK",
    "nibabel": "nibabel",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "tensorflow": "tensorflow",
    "jax": "jax",
    "torch": "torch",
    "keras": "keras",
    "radiomics": "pyradiomics-bhklab",
    "lime": "lime",
    "anywidget": "anywidget",
}


def from_kernel() -> dict[str, Any]:
    """Collect what only the kernel knows: noted records, packages in use, the backend and its devices."""
    keras = sys.modules.get("keras")
    backend = keras.backend.backend() if keras else ""
    return {
        "records": provenance.records(),
        "packages": _versions(),
        "backend": backend,
        "devices": _devices(),
    }


def show_from_kernel() -> None:
    """Put out `from_kernel` as a display of the MIME type `MIME`."""
    from IPython.display import display

    display({MIME: from_kernel(), "text/plain": ""}, raw=True)


def from_outside(notebook: Path) -> dict[str, Any]:
    """Collect what does not depend on the run: medlab, Python, the machine, the notebook's checksum."""
    memory = machine.memory_gib()
    return {
        "medlab": medlab.__version__,
        "revision": _revision(),
        "python": platform.python_version(),
        "system": machine.system(),
        "processor": machine.processor(),
        "memory_gib": None if memory is None else round(memory, 1),
        "graphics": machine.gpus(),
        "notebook_sha256": hashlib.sha256(notebook.read_bytes()).hexdigest(),
        "data_mirror": bool(os.environ.get("MEDLAB_DATA_MIRROR")),
    }


def _versions() -> dict[str, str]:
    versions = {}
    for module, distribution in _DISTRIBUTIONS.items():
        if module in sys.modules:
            try:
                versions[distribution] = importlib.metadata.version(distribution)
            except importlib.metadata.PackageNotFoundError:
                versions[distribution] = str(getattr(sys.modules[module], "__version__", "unknown"))
    return versions


def _devices() -> list[str]:
    """Name the GPUs that the frameworks in use see; importing none of them."""
    found = []
    if tensorflow := sys.modules.get("tensorflow"):
        found += [f"TensorFlow {d.name}" for d in tensorflow.config.list_physical_devices("GPU")]
    if jax := sys.modules.get("jax"):
        found += [f"JAX {d}" for d in jax.devices() if d.platform != "cpu"]
    if (torch := sys.modules.get("torch")) and torch.cuda.is_available():
        found += [f"torch {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count())]
    return found


def _revision() -> str:
    """Return the clone's git revision, with ``-dirty`` where tracked files differ; ``""`` for a wheel."""
    root = clone_root()
    if root is None or not (root / ".git").exists():
        return ""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()
