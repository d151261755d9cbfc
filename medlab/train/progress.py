"""How far a training is, on one line."""

from __future__ import annotations

import time
from typing import Any

from medlab.line import Line, bar
from medlab.models.backend import keras

__all__ = ["Progress"]


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
        left = f" · at most {(now - self._start) * (1 - done) / done:.0f} s left" if done > 0.02 else ""
        note = f" · {self._note}" if self._note else ""
        self._line.show(f"{bar(done)} epoch {self._epoch + 1}/{self._epochs}{note}{left}")
