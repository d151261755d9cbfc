"""What happened during training."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["History"]


@dataclasses.dataclass(frozen=True, repr=False)
class History:
    """The course of one training.

    Parameters
    ----------
    table : DataFrame
        One row per epoch, counted from 1; columns under Keras' names: ``loss``, ``val_loss``, the metrics.
    best_epoch : int
        The epoch whose weights the model has now: the lowest ``val_loss``.
    planned : int
        Epochs asked for; fewer rows in the table mean that training stopped early.
    seconds : float
        Wall-clock time of the training.
    loss : str
        Name of the loss.
    """

    table: pd.DataFrame
    best_epoch: int
    planned: int
    seconds: float
    loss: str

    @property
    def best(self) -> pd.Series:
        """Row of the best epoch."""
        return self.table.loc[self.best_epoch]

    def plot(self) -> Any:
        """Draw one panel per score: training and validation over epochs, the best epoch marked.

        Returns
        -------
        ndarray of matplotlib.axes.Axes
            One for each panel.
        """
        import matplotlib.pyplot as plt

        names = sorted((c for c in self.table if f"val_{c}" in self.table), key=lambda c: (c != "loss", c))
        _, panels = plt.subplots(
            1, len(names), figsize=(4.2 * len(names), 3.2), squeeze=False, layout="constrained"
        )
        for ax, name in zip(panels[0], names, strict=True):
            marker = "o" if len(self.table) < 25 else None
            for column, label in ((name, "training"), (f"val_{name}", "validation")):
                ax.plot(self.table.index, self.table[column], marker=marker, markersize=3, label=label)
            ax.axvline(
                self.best_epoch,
                color="0.4",
                linestyle="--",
                linewidth=1,
                label=f"best: epoch {self.best_epoch}",
            )
            ax.set_xlabel("epoch")
            ax.set_ylabel(f"{name} ({self.loss})" if name == "loss" else name)
            ax.xaxis.get_major_locator().set_params(integer=True)
            ax.legend(frameon=False)
        return panels[0]

    def __repr__(self) -> str:
        scores = ", ".join(f"{name} {value:.4g}" for name, value in self.best.items())
        early = " (stopped early)" if len(self.table) < self.planned else ""
        return (
            f"<History of {len(self.table)}/{self.planned} epochs{early} in {self.seconds:.0f} s; "
            f"weights of epoch {self.best_epoch}: {scores}>"
        )
