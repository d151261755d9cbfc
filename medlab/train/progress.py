"""One line of progress that stays one line: in JupyterLab, in nbconvert, in a terminal and in a log file."""

from __future__ import annotations

import sys
import time
from typing import Any

from medlab.models.backend import keras

__all__ = ["Line", "Progress"]

_BAR = 20


class Line:
    """A line of text that is written again and again; only its last state stays.

    In a notebook it is one plain-text output that is updated in place, without a widget. On a terminal it is
    rewritten after a carriage return. Anywhere else, a log file for example, only the last state is printed.
    """

    def __init__(self) -> None:
        self._handle: Any = None
        self._kernel = _in_kernel()
        self._width = 0

    def show(self, text: str) -> None:
        """Replace the line."""
        if self._kernel:
            self._display(text)
        elif sys.stdout.isatty():
            sys.stdout.write("\r" + text.ljust(self._width))
            sys.stdout.flush()
            self._width = len(text)

    def close(self, text: str) -> None:
        """Replace the line for the last time."""
        self.show(text)
        if not self._kernel:
            sys.stdout.write("\n" if sys.stdout.isatty() else text + "\n")

    def _display(self, text: str) -> None:
        from IPython.display import display

        bundle = {"text/plain": text}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


def _in_kernel() -> bool:
    """Whether this process is a Jupyter kernel, in which an output can be updated."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


class Progress(keras.callbacks.Callback):
    """Show epoch, loss and the best validation loss so far on one `Line`, at most twice a second."""

    def __init__(self, epochs: int, steps: int | None) -> None:
        super().__init__()
        self._epochs, self._steps = epochs, steps
        self._line = Line()
        self._epoch, self._last, self._note = 0, 0.0, ""
        self._start = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Note which epoch it is."""
        self._epoch = epoch
        self._show(0.0)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Move the bar."""
        self._show((batch + 1) / self._steps if self._steps else 0.0)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Keep this epoch's losses to show beside the bar."""
        self._note = " · ".join(f"{k} {v:.4g}" for k, v in (logs or {}).items() if k in {"loss", "val_loss"})
        self._show(1.0)

    def finish(self, text: str) -> None:
        """Leave this text in place of the bar."""
        self._line.close(text)

    def _show(self, within: float) -> None:
        now = time.monotonic()
        if now - self._last < 0.5:
            return
        self._last = now
        done = (self._epoch + within) / self._epochs
        bar = ("█" * round(done * _BAR)).ljust(_BAR, "░")
        left = f" · at most {(now - self._start) * (1 - done) / done:.0f} s left" if done > 0.02 else ""
        note = f" · {self._note}" if self._note else ""
        self._line.show(f"{bar} epoch {self._epoch + 1}/{self._epochs}{note}{left}")
