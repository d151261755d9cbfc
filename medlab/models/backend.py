"""Keras, imported once and quietly; every module here that needs Keras takes it from this one.

TensorFlow is the default backend. Set ``KERAS_BACKEND`` to ``"jax"`` or ``"torch"`` before the first
import to use another.
"""

from __future__ import annotations

import logging
import os

from medlab.models.quiet import quiet_stderr

__all__ = ["import_messages", "jit_compile", "keras", "name", "on_gpu"]

_MESSAGES: list[str] = []


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # warnings of the C++ code; its errors stay
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # leave room on the GPU for another notebook
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # the same for JAX

# Every new model is traced once; TensorFlow takes a handful of small models for a programming error.
logging.getLogger("tensorflow").addFilter(
    lambda entry: "triggered tf.function retracing" not in entry.getMessage()
)

with quiet_stderr(_MESSAGES.append):
    import keras

    keras.ops.zeros(1)  # the first tensor makes the backend look for devices, and talk about it


def import_messages() -> str:
    """Return what the backend wrote to stderr while it was imported, for looking into a missing GPU."""
    return "".join(_MESSAGES)


def name() -> str:
    """Return ``"tensorflow"``, ``"jax"`` or ``"torch"``.

    >>> name() in {"tensorflow", "jax", "torch"}
    True
    """
    return str(keras.backend.backend())


def on_gpu() -> bool:
    """Whether the backend sees a GPU."""
    if name() == "torch":
        return _torch_on_gpu()
    return any(device.lower().startswith(("gpu", "cuda")) for device in keras.distribution.list_devices())


def jit_compile() -> str | bool:
    """Return what ``Model.compile`` should get as ``jit_compile``.

    XLA pays on a GPU and is how JAX works; on TensorFlow with a CPU compiling takes longer than it saves.
    """
    return "auto" if on_gpu() or name() != "tensorflow" else False


def _torch_on_gpu() -> bool:
    import torch

    return bool(torch.cuda.is_available())
