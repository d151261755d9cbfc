"""Pictures of scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.evaluate.classes import checked_binary, checked_scores, classification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

__all__ = ["axes", "confusion", "roc"]


def roc(
    y_true: ArrayLike,
    y_score: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    threshold: float | None = 0.5,
    ax: Any = None,
    **options: Any,
) -> Any:
    """Draw the ROC curve with the AUC, its interval, the chance line and the operating point.

    Parameters
    ----------
    y_true, y_score, groups
        As in `medlab.evaluate.classification`, for two classes.
    threshold : float or None, optional
        Operating point to mark; ``None`` marks none.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.
    **options
        Passed to `medlab.evaluate.classification`, e.g. ``confidence=0.9``.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If there are not exactly two classes in `y_true`.
    """
    from sklearn import metrics

    true, score = checked_binary(y_true, y_score)
    ax = axes(ax, (4.2, 4.2))
    wrong, right, _ = metrics.roc_curve(true, score)
    table = classification(true, score, groups, 0.5 if threshold is None else threshold, **options)
    auc = table.loc["AUC"]
    ax.plot([0, 1], [0, 1], color="0.6", linestyle=":", label="chance")
    ax.plot(wrong, right, label=f"AUC {auc.value:.2f} ({auc.low:.2f}–{auc.high:.2f})")
    if threshold is not None:
        point = 1 - table.loc["specificity"].value, table.loc["sensitivity"].value
        ax.plot(*point, "o", color="C1", label=f"threshold {threshold:g}")
    ax.set(
        xlabel="1 − specificity", ylabel="sensitivity", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal"
    )
    ax.legend(frameon=False, loc="lower right")
    return ax


def confusion(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    threshold: float = 0.5,
    names: Sequence[str] | None = None,
    ax: Any = None,
) -> Any:
    """Draw how many images of each class were called what, with the share of the row.

    Parameters
    ----------
    y_true, y_score
        As in `medlab.evaluate.classification`.
    threshold : float, optional
        A probability of at least this much counts as positive; with k classes the most probable one counts.
    names : sequence of str, optional
        Name of each class.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from sklearn import metrics

    true, score = checked_scores(y_true, y_score)
    called = (score >= threshold).astype(int) if score.ndim == 1 else score.argmax(axis=1)
    classes = np.arange(2 if score.ndim == 1 else score.shape[1])
    counts = metrics.confusion_matrix(true, called, labels=classes)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax = axes(ax, (1.2 + 1.1 * len(classes), 1.0 + 1.0 * len(classes)))
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 0.6 else "black"
        text = f"{count}\n{shares[row, column]:.0%}"
        ax.text(column, row, text, ha="center", va="center", color=colour)
    ticks = [str(c) for c in classes] if names is None else list(names)
    ax.set_xticks(classes, ticks)
    ax.set_yticks(classes, ticks)
    ax.set(xlabel="predicted class", ylabel="true class")
    return ax


def axes(ax: Any, size: tuple[float, float]) -> Any:
    """Return `ax`, or where it is None the axes of a new figure of this size in inches."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]
