"""Keras, imported once and quietly; every module here that needs Keras takes it from this one.

TensorFlow is the default backend. Set ``KERAS_BACKEND`` to ``"jax"`` or ``"torch"`` before the first
import to use another.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["import_messages", "keras", "name", "on_gpu"]

_MESSAGES: list[str] = []


@contextmanager
def quiet_stderr(keep: Callable[[str], None]) -> Iterator[None]:
    """Send what native code writes to file descriptor 2 to `keep`, and to stderr after all on an error.

    TensorFlow's C++ logs and not Python's ``sys.stderr`` are meant: ``TF_CPP_MIN_LOG_LEVEL`` does not
    silence what is logged before TensorFlow has set up its log. Python warnings stay visible where
    ``sys.stderr`` is not the descriptor, as in Jupyter.

    Parameters
    ----------
    keep : callable
        Called once with the text.
    """
    try:
        original = os.dup(2)
    except OSError:  # a process without a stderr has nothing to keep quiet
        yield
        return
    failed = True
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
            failed = False
        finally:
            os.dup2(original, 2)
            os.close(original)
            caught.seek(0)
            text = caught.read().decode(errors="replace")
            keep(text)
            if failed and text:
                sys.stderr.write(text)


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
    return bool(keras.distribution.list_devices("gpu")) if name() != "torch" else _torch_on_gpu()


def _torch_on_gpu() -> bool:
    import torch  # noqa: PLC0415

    return bool(torch.cuda.is_available())
