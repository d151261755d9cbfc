"""Pictures of calibration, decisions, detection and agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.evaluate.agreement import bland_altman, paired_values
from medlab.evaluate.calibrating import calibration, calibration_bins
from medlab.evaluate.classes import checked_binary, classification
from medlab.evaluate.decisions import decision_curve
from medlab.evaluate.finding import RATES, detection, froc
from medlab.evaluate.plots import axes

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

__all__ = ["bland_altman_plot", "froc_plot", "net_benefit", "precision_recall", "reliability"]


def reliability(
    y_true: ArrayLike,
    y_score: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    bins: int = 10,
    ax: Any = None,
    label: str = "model",
) -> Any:
    """Draw the share that is positive over the predicted probability, with intervals and the ECE.

    Parameters
    ----------
    y_true, y_score, groups, bins
        As in `medlab.evaluate.calibration`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.
    label : str, optional
        Name in the legend.

    Returns
    -------
    matplotlib.axes.Axes
    """
    table = calibration_bins(y_true, y_score, groups, bins=bins)
    ece = calibration(y_true, y_score, groups, bins=bins, resamples=200).loc["ECE"]
    ax = axes(ax, (4.2, 4.2))
    if not ax.get_legend_handles_labels()[1]:
        ax.plot([0, 1], [0, 1], color="0.6", linestyle=":", label="perfectly calibrated")
    error = np.abs(table[["low", "high"]].to_numpy().T - table["observed"].to_numpy())
    text = f"{label}: ECE {ece.value:.3f} (by chance {ece.baseline:.3f})"
    ax.errorbar(table["predicted"], table["observed"], error, fmt="o-", capsize=2, markersize=4, label=text)
    ax.set(
        xlabel="predicted probability",
        ylabel="share that is positive",
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
        aspect="equal",
    )
    ax.legend(frameon=False, loc="upper left", fontsize="small")
    return ax


def net_benefit(
    y_true: ArrayLike,
    y_score: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    prevalence: float | None = None,
    ax: Any = None,
    label: str = "model",
) -> Any:
    """Draw the decision curve of a model beside treating everybody and nobody.

    Parameters
    ----------
    y_true, y_score, groups, prevalence
        As in `medlab.evaluate.decision_curve`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.
    label : str, optional
        Name in the legend.

    Returns
    -------
    matplotlib.axes.Axes
    """
    thresholds = np.linspace(0.01, 0.99, 50)
    curve = decision_curve(
        y_true, y_score, groups, thresholds=thresholds, prevalence=prevalence, resamples=200
    )
    ax = axes(ax, (5.2, 3.6))
    if not ax.get_legend_handles_labels()[1]:
        ax.axhline(0, color="0.4", linestyle=":", label="treat nobody")
        ax.plot(curve.index, curve["treat all"], color="0.4", linestyle="--", label="treat everybody")
    line = ax.plot(curve.index, curve["model"], label=label)[0]
    ax.fill_between(curve.index, curve["low"], curve["high"], color=line.get_color(), alpha=0.2, linewidth=0)
    top = curve[["model", "high", "treat all"]].max().max()
    ax.set(
        xlabel="threshold probability from which one acts",
        ylabel="net benefit per person",
        xlim=(0, 1),
        ylim=(-0.25 * top, 1.1 * top),
    )
    ax.legend(frameon=False, fontsize="small")
    return ax


def precision_recall(
    y_true: ArrayLike,
    y_score: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    ax: Any = None,
    label: str = "model",
) -> Any:
    """Draw precision (PPV) over recall (sensitivity) with the average precision and its interval.

    Parameters
    ----------
    y_true, y_score, groups
        As in `medlab.evaluate.classification`, for two classes.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.
    label : str, optional
        Name in the legend.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from sklearn import metrics

    true, score = checked_binary(y_true, y_score)
    precision, recall, _ = metrics.precision_recall_curve(true, score)
    row = classification(true, score, groups).loc["average precision"]
    ax = axes(ax, (4.2, 4.2))
    if not ax.get_legend_handles_labels()[1]:
        ax.axhline(true.mean(), color="0.6", linestyle=":", label=f"chance: prevalence {true.mean():.2f}")
    interval = f" ({row.low:.2f}–{row.high:.2f})" if np.isfinite(row.low) else ""
    ax.step(recall, precision, where="post", label=f"{label}: AP {row.value:.2f}{interval}")
    ax.set(
        xlabel="recall = sensitivity",
        ylabel="precision = PPV",
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
        aspect="equal",
    )
    ax.legend(frameon=False, loc="lower left", fontsize="small")
    return ax


def froc_plot(
    true: pd.DataFrame,
    found: pd.DataFrame,
    images: int,
    groups: ArrayLike | None = None,
    *,
    ax: Any = None,
    label: str = "model",
    **criterion: Any,
) -> Any:
    """Draw sensitivity over false positives per image, with intervals at the usual rates and the CPM.

    Parameters
    ----------
    true, found, images, groups
        As in `medlab.evaluate.detection`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.
    label : str, optional
        Name in the legend.
    **criterion
        ``hit`` and ``overlap`` of `medlab.evaluate.froc`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    curve = froc(true, found, images, **criterion)
    table = detection(true, found, images, groups, **criterion)
    cpm, points = table.loc["CPM"], table.iloc[:-1]
    ax = axes(ax, (5.0, 3.8))
    interval = f" ({cpm.low:.2f}–{cpm.high:.2f})" if np.isfinite(cpm.low) else ""
    alarms = np.maximum(np.r_[RATES[0] / 2, curve["false positives per image"]], RATES[0] / 2)
    sensitivity = np.r_[0, curve["sensitivity"]]
    line = ax.step(alarms, sensitivity, where="post", label=f"{label}: CPM {cpm.value:.2f}{interval}")[0]
    if np.isfinite(points["low"]).any():
        error = np.abs(points[["low", "high"]].to_numpy().T - points["value"].to_numpy())
        ax.errorbar(RATES, points["value"], error, fmt="o", color=line.get_color(), markersize=4, capsize=2)
    ax.set_xscale("log", base=2)
    ax.set_xticks(RATES, ["1/8", "1/4", "1/2", "1", "2", "4", "8"])
    ax.set(
        xlabel="false positives per image",
        ylabel="sensitivity",
        xlim=(RATES[0] / 1.3, RATES[-1] * 1.3),
        ylim=(-0.02, 1.02),
    )
    ax.legend(frameon=False, loc="lower right")
    return ax


def bland_altman_plot(
    a: ArrayLike, b: ArrayLike, *, relative: bool = False, unit: str = "", ax: Any = None
) -> Any:
    """Draw the difference over the mean of two measurements, with the bias and the limits of agreement.

    Parameters
    ----------
    a, b, relative
        As in `medlab.evaluate.bland_altman`.
    unit : str, optional
        Unit of the measurement, for the axes.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    first, second = paired_values(a, b)
    table = bland_altman(first, second, relative=relative)
    mean, change = (first + second) / 2, first - second
    ax = axes(ax, (5.2, 3.6))
    ax.plot(mean, 100 * change / mean if relative else change, "o", markersize=4, alpha=0.7)
    for name, style in (("bias", "-"), ("lower limit", "--"), ("upper limit", "--")):
        row = table.loc[name]
        ax.axhline(row.value, color="C1", linestyle=style)
        ax.axhspan(row.low, row.high, color="C1", alpha=0.12, linewidth=0)
        ax.annotate(
            f"{name} {row.value:.3g}",
            (1, row.value),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize="small",
        )
    of = f" ({unit})" if unit else ""
    ax.set(
        xlabel=f"mean of both{of}",
        ylabel="difference a − b (% of mean)" if relative else f"difference a − b{of}",
    )
    return ax
