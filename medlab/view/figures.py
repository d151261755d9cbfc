"""Static matplotlib figures with the conventions of the viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.image import Image
from medlab.view import scene
from medlab.view.drawing import Drawing
from medlab.view.stack import as_image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from medlab.view.masks import MaskLike
    from medlab.view.window import WindowSpec

__all__ = ["mosaic", "overlay", "show"]


def show(
    image: Image | NDArray[Any],
    mask: MaskLike = None,
    *,
    axis: int | str = 0,
    index: int | None = None,
    time: int = 0,
    window: WindowSpec = None,
    colormap: str | None = None,
    title: str | None = None,
    colors: Mapping[str, str] | Sequence[str] | None = None,
    opacity: float = 0.4,
    outline: bool = False,
    colorbar: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw one slice with matplotlib: scale in mm, orientation letters, colour bar with the unit.

    Parameters
    ----------
    image, mask, axis, index, time, window, colormap, colors, opacity, outline
        As for `medlab.view.slices`.
    title : str, optional
        Replaces the line that names the plane; the window stays named below it.
    colorbar : bool, optional
        Draw a colour bar.
    ax : matplotlib Axes, optional
        Where to draw; None makes a figure.

    Returns
    -------
    Axes
        The axes drawn on; ``ax.figure`` is the figure.
    """
    drawing = Drawing(
        image,
        mask,
        axis=axis,
        time=time,
        window=window,
        colormap=colormap,
        colors=colors,
        opacity=opacity,
        outline=outline,
    )
    where = scene.start(drawing.stack, drawing.masks, drawing.plane.axis, index)[drawing.plane.axis]
    own = ax is None
    if ax is None:
        import matplotlib.pyplot as plt

        tall, wide = drawing.size
        height = min(max(4.4 * tall / wide + 1.4, 2.2), 7)
        _, ax = plt.subplots(figsize=(5.6, height), layout="constrained")
    drawn = drawing.draw(ax, where)
    ax.set_title(f"{title or drawing.place(where)}\n{drawing.window_text}", fontsize=10)
    drawing.legend(ax, [where])
    if colorbar and not drawing.stack.colour:
        drawing.bar(ax, drawn, drawing.value_text, beside=own)
    return ax


def mosaic(
    image: Image | NDArray[Any],
    mask: MaskLike = None,
    *,
    axis: int | str = 0,
    slices: Sequence[int] | int | None = None,
    rows: int | None = None,
    cols: int | None = None,
    time: int = 0,
    window: WindowSpec = None,
    colormap: str | None = None,
    title: str | None = None,
    colors: Mapping[str, str] | Sequence[str] | None = None,
    opacity: float = 0.4,
    outline: bool = False,
) -> Figure:
    """Draw several slices side by side.

    Parameters
    ----------
    image, mask, axis, time, window, colormap, colors, opacity, outline
        As for `medlab.view.slices`.
    slices : sequence of int or int, optional
        Which slices, or how many, evenly spread (with a mask: over the slices that hold some of it).
        Default: as many as `rows` and `cols` hold, 12 without those.
    rows, cols : int, optional
        The layout. Default: four columns and as many rows as are needed.
    title : str, optional
        Title of the figure; the window stays named beside it.

    Returns
    -------
    Figure
    """
    drawing = Drawing(
        image,
        mask,
        axis=axis,
        time=time,
        window=window,
        colormap=colormap,
        colors=colors,
        opacity=opacity,
        outline=outline,
    )
    shown = drawing.spread(slices if slices is not None else (rows or 3) * (cols or 4))
    cols = cols or (-(-len(shown) // rows) if rows else min(4, len(shown)))
    rows = rows or -(-len(shown) // cols)
    if rows * cols < len(shown):
        msg = f"{rows} × {cols} places do not hold {len(shown)} slices; give fewer slices or more rows."
        raise ValueError(msg)
    import matplotlib.pyplot as plt

    tall, wide = drawing.size
    side = 2.4
    height = side * min(max(tall / wide, 0.4), 2.2)
    figure, grid = plt.subplots(
        rows,
        cols,
        figsize=(cols * side + 0.9, rows * (height + 0.22) + 0.6),
        squeeze=False,
        layout="constrained",
    )
    drawn = None
    for n, ax in enumerate(grid.flat):
        if n < len(shown):
            drawn = drawing.draw(ax, shown[n], letters=n == 0)
            ax.set_title(drawing.place(shown[n], short=True), fontsize=8, pad=3)
            ax.set(xticks=[], yticks=[], xlabel="", ylabel="")
        else:
            ax.axis("off")
    name = title or f"{drawing.stack.image.modality} {drawing.plane.name}".strip()
    figure.suptitle(f"{name} · {drawing.window_text}", fontsize=11)
    drawing.legend(figure, shown)
    if drawn is not None and not drawing.stack.colour:
        figure.colorbar(drawn, ax=grid, label=drawing.value_text, fraction=0.03, pad=0.01)
    return figure


def overlay(
    image: Image | NDArray[Any],
    heat: Image | NDArray[Any],
    *,
    axis: int | str = 0,
    index: int | None = None,
    window: WindowSpec = None,
    alpha: float = 0.45,
    colormap: str = "inferno",
    limits: tuple[float, float] | None = None,
    label: str = "",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a map of numbers, such as Grad-CAM or a dose, over a slice, with a colour bar of the map.

    Parameters
    ----------
    image, axis, index, window
        As for `medlab.view.slices`; without `index`, the slice with the map's largest value.
    heat : Image or ndarray
        The map, of the image's shape without channels. What is NaN stays transparent.
    alpha : float, optional
        Opacity of the map, 0 to 1.
    colormap : str, optional
        matplotlib colour map of the map.
    limits : (float, float), optional
        Values at the ends of the colour map. Default: least and largest value of the whole map.
    label : str, optional
        Of the colour bar. Default: the map's unit.
    title : str, optional
        Replaces the line that names the plane.
    ax : matplotlib Axes, optional
        Where to draw; None makes a figure.

    Raises
    ------
    ValueError
        If the map has another shape or grid than the image.
    """
    if isinstance(heat, Image) and not as_image(image).same_grid(heat):
        msg = "The map lies on another grid than the image; resample it onto the image's grid first."
        raise ValueError(msg)
    values = np.ma.masked_invalid(
        np.asarray(heat.array if isinstance(heat, Image) else heat, dtype=np.float64)
    )
    drawing = Drawing(image, axis=axis, window=window)
    shape = drawing.stack.grid[1:]
    if values.size != int(np.prod(shape)) or values.shape not in (shape, shape[1:]):
        expected = shape if shape[0] > 1 else shape[1:]
        msg = f"The map must have the image's shape {expected}; got {values.shape}. Resize it first."
        raise ValueError(msg)
    values = values.reshape(shape)
    where = drawing.plane.axis
    if index is None and values.count():
        index = int(np.unravel_index(np.ma.argmax(values), shape)[where])
    axes = show(image, axis=axis, index=index, window=window, title=title, colorbar=False, ax=ax)
    low, high = limits or ((values.min(), values.max()) if values.count() else (0, 1))
    index = scene.start(drawing.stack, drawing.masks, where, index)[where]
    plane = drawing.plane.arrange(np.ma.take(values, index, axis=where))
    drawn = axes.imshow(plane, cmap=colormap, vmin=low, vmax=high, alpha=alpha, extent=drawing.extent)
    unit = heat.units if isinstance(heat, Image) else ""
    drawing.bar(axes, drawn, label or unit, beside=ax is None)
    return axes
