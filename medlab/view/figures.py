"""Static matplotlib figures with the conventions of the viewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.image import Image
from medlab.view import scene
from medlab.view.masks import MaskLike, Masks, layered
from medlab.view.planes import Plane, axis_number, planes
from medlab.view.stack import Stack, as_image, stacked
from medlab.view.window import PRESETS, WindowSpec, offered, window

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["mosaic", "overlay", "show"]

_window = window


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
    drawing = _Drawing(image, mask, axis, time, window, colormap, colors, opacity, outline=outline)
    where = scene.start(drawing.stack, drawing.masks, drawing.plane.axis, index)[drawing.plane.axis]
    if ax is None:
        import matplotlib.pyplot as plt  # noqa: PLC0415  slow to import

        _, ax = plt.subplots(figsize=(5.6, 4.6), layout="constrained")
    drawn = drawing.draw(ax, where)
    ax.set_title(f"{title or drawing.place(where)}\n{drawing.window_text}", fontsize=10)
    drawing.legend(ax)
    if colorbar and not drawing.stack.colour:
        ax.figure.colorbar(drawn, ax=ax, label=drawing.value_text, fraction=0.046, pad=0.03)
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
    drawing = _Drawing(image, mask, axis, time, window, colormap, colors, opacity, outline=outline)
    shown = drawing.spread(slices if slices is not None else (rows or 3) * (cols or 4))
    cols = cols or (-(-len(shown) // rows) if rows else min(4, len(shown)))
    rows = rows or -(-len(shown) // cols)
    if rows * cols < len(shown):
        msg = f"{rows} × {cols} places do not hold {len(shown)} slices; give fewer slices, or only rows or cols."
        raise ValueError(msg)
    import matplotlib.pyplot as plt  # noqa: PLC0415  slow to import

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
    drawing.legend(grid.flat[0])
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
    values = np.ma.masked_invalid(np.asarray(heat.array if isinstance(heat, Image) else heat, dtype=np.float64))
    drawing = _Drawing(image, None, axis, 0, window, None, None, 0, outline=False)
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
    axes.figure.colorbar(drawn, ax=axes, label=label or unit, fraction=0.046, pad=0.03)
    return axes


class _Drawing:
    """What the figures of this module share: one image, its masks, one plane and one window."""

    def __init__(
        self,
        image: Image | NDArray[Any],
        mask: MaskLike,
        axis: int | str,
        time: int,
        spec: WindowSpec,
        colormap: str | None,
        colors: Mapping[str, str] | Sequence[str] | None,
        opacity: float,
        *,
        outline: bool,
    ) -> None:
        image = as_image(image)
        self.stack: Stack = stacked(image)
        self.masks: Masks = layered(self.stack, mask, colors)
        self.plane: Plane = planes(image)[axis_number(image, axis)]
        self.time = scene.checked_time(self.stack, time)
        self.limits = _window(image, spec)
        self.window_text = _window_text(image, self.limits)
        reverse = scene.inverted(image, colormap)
        scene.colour_table(image, colormap)
        self.cmap = colormap or ("gray_r" if reverse else "gray")
        self.opacity, self.outline = opacity, outline

    @property
    def size(self) -> tuple[float, float]:
        """Height and width of the plane as drawn, in the unit of length."""
        spacing = np.linalg.norm(self.stack.image.affine[:3, :3], axis=0)
        tall, wide = (self.stack.grid[1 + a] * spacing[a] for a in (self.plane.down, self.plane.across))
        return float(tall), float(wide)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom, top for matplotlib, from the picture's upper left corner."""
        tall, wide = self.size
        return 0, wide, tall, 0

    @property
    def value_text(self) -> str:
        """Label of the colour bar."""
        return scene.units_text(self.stack.image) or "value"

    def place(self, index: int, *, short: bool = False) -> str:
        """Name the plane, its number and, where it is known, its place in the patient."""
        image, plane = self.stack.image, self.plane
        what = {"slice": "slice", "frame": "frame", "channel": "channel"}[self.stack.fast]
        count = self.stack.grid[1 + plane.axis]
        if count == 1:
            return image.modality or "image"
        number = f"{what} {index} of {count}"
        at = ""
        if image.space == "patient" and self.stack.fast == "slice":
            x_y_z = {"sagittal": 0, "coronal": 1, "axial": 2}[plane.name]
            middle = [(n - 1) / 2 for n in self.stack.grid[1:]]
            middle[plane.axis] = index
            at = f"{'xyz'[x_y_z]} = {image.index_to_position(middle)[x_y_z]:.1f} mm"
        if short:
            return ", ".join(t for t in (f"{index}", at) if t)
        name = plane.name if image.space == "patient" else f"{plane.name}," if self.stack.resliceable else ""
        return " ".join(t for t in (image.modality, name, number + (f", {at}" if at else "")) if t)

    def draw(self, ax: Axes, index: int, *, letters: bool = True) -> Any:
        """Draw the plane, its masks and letters; return what a colour bar needs."""
        values = self.stack.plane(self.plane.axis, index, self.time)
        if self.stack.colour:
            low, high = self.limits
            values = np.clip((values.astype(np.float64) - low) / (high - low), 0, 1)
        drawn = ax.imshow(
            self.plane.arrange(values),
            cmap=self.cmap,
            vmin=self.limits[0],
            vmax=self.limits[1],
            extent=self.extent,
            interpolation="antialiased",
        )
        self._draw_masks(ax, index)
        ax.set_aspect("equal")
        ax.set_facecolor("black")
        unit = self.stack.image.unit_of_length
        ax.set_xlabel(unit)
        ax.set_ylabel(unit)
        ax.tick_params(labelsize=8)
        if letters:
            self._letters(ax)
        return drawn

    def legend(self, ax: Axes) -> None:
        """Name the regions; without a mask there is nothing to name."""
        if not self.masks.entries:
            return
        from matplotlib.patches import Patch  # noqa: PLC0415  slow to import

        patches = [Patch(color=e.colour, label=e.name) for e in self.masks.entries[:10]]
        ax.legend(
            handles=patches, loc="lower left", fontsize=7, framealpha=0.55, labelcolor="white", facecolor="black"
        )

    def spread(self, wanted: Sequence[int] | int) -> list[int]:
        """Return the slices to show: the ones named, or so many, evenly spread."""
        axis = self.plane.axis
        count = self.stack.grid[1 + axis]
        if not isinstance(wanted, (int, np.integer)):
            chosen = [int(n) for n in wanted]
            if not chosen or not all(-count <= n < count for n in chosen):
                msg = f"slices must lie between 0 and {count - 1} along axis {axis}; got {list(wanted)!r}."
                raise ValueError(msg)
            return [n % count for n in chosen]
        if wanted < 1:
            msg = f"At least one slice must be shown; got {wanted}."
            raise ValueError(msg)
        first, last = 0, count - 1
        others = tuple(a for a in range(3) if a != axis)
        held = [np.flatnonzero(layer[self.time].any(axis=others)) for layer in self.masks.layers]
        held = [h for h in held if h.size]
        if held:
            first, last = int(min(h[0] for h in held)), int(max(h[-1] for h in held))
        elif count > wanted:
            margin = (last - first) / (2 * wanted)
            first, last = round(first + margin), round(last - margin)
        return sorted({round(float(n)) for n in np.linspace(first, last, min(int(wanted), count))})

    def _draw_masks(self, ax: Axes, index: int) -> None:
        over = self.masks.planes(self.plane.axis, index, self.time)
        for entry in self.masks.entries:
            region = self.plane.arrange(over[entry.layer] == entry.code)
            if not region.any():
                continue
            if self.outline:
                self._contour(ax, region, entry.colour)
            else:
                colour = [int(entry.colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
                layer = np.zeros((*region.shape, 4))
                layer[region] = [*colour, self.opacity]
                ax.imshow(layer, extent=self.extent, interpolation="nearest")

    def _contour(self, ax: Axes, region: NDArray[np.bool_], colour: str) -> None:
        tall, wide = self.size
        rows, cols = region.shape
        y = (np.arange(-1, rows + 1) + 0.5) * tall / rows
        x = (np.arange(-1, cols + 1) + 0.5) * wide / cols
        ax.contour(x, y, np.pad(region, 1).astype(float), levels=[0.5], colors=[colour], linewidths=1.2)

    def _letters(self, ax: Axes) -> None:
        places = ((0.5, 0.98, "top"), (0.98, 0.5, "right"), (0.5, 0.02, "bottom"), (0.02, 0.5, "left"))
        for letter, (x, y, side) in zip(self.plane.letters, places, strict=True):
            ax.text(
                x,
                y,
                letter,
                transform=ax.transAxes,
                ha=side if side in ("left", "right") else "center",
                va=side if side in ("top", "bottom") else "center",
                color="white",
                fontsize=9,
                fontweight="bold",
                path_effects=_halo(),
            )


def _halo() -> list[Any]:
    from matplotlib.patheffects import withStroke  # noqa: PLC0415  slow to import

    return [withStroke(linewidth=2, foreground="black")]


def _window_text(image: Image, limits: tuple[float, float]) -> str:
    low, high = limits
    if image.size("c") in (3, 4):
        return "colour"
    numbers = f"C {(low + high) / 2:.4g} W {high - low:.4g} {scene.units_text(image)}".strip()
    names = [n for n, found in offered(image).items() if np.allclose(found, limits)]
    return f"window {names[0]} ({numbers})" if names and names[0] in PRESETS else f"window {numbers}"
