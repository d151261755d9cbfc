"""One plane of one image on matplotlib axes: what the static figures share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.view import scene
from medlab.view.masks import Masks, layered
from medlab.view.planes import Plane, axis_number, planes
from medlab.view.stack import Stack, as_image, stacked
from medlab.view.window import PRESETS, offered
from medlab.view.window import window as limits_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from medlab.image import Image
    from medlab.view.masks import MaskLike
    from medlab.view.window import WindowSpec

__all__ = ["Drawing"]

_NAMED_REGIONS = 12


class Drawing:
    """What the figures of this module share: one image, its masks, one plane and one window."""

    def __init__(
        self,
        image: Image | NDArray[Any],
        mask: MaskLike = None,
        *,
        axis: int | str,
        time: int = 0,
        window: WindowSpec = None,
        colormap: str | None = None,
        colors: Mapping[str, str] | Sequence[str] | None = None,
        opacity: float = 0.4,
        outline: bool = False,
    ) -> None:
        image = as_image(image)
        self.stack: Stack = stacked(image)
        self.masks: Masks = layered(self.stack, mask, colors)
        self.plane: Plane = planes(image)[axis_number(image, axis)]
        self.time = scene.checked_time(self.stack, time)
        self.limits = limits_of(image, window)
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
        number = f"{what} {index} of 0–{count - 1}"
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

    def bar(self, ax: Axes, drawn: Any, label: str, *, beside: bool) -> None:
        """Draw a colour bar: `beside` the axes and as high, or where matplotlib makes room for it."""
        place = (
            {"cax": ax.inset_axes((1.03, 0, 0.035, 1))}
            if beside
            else {"ax": ax, "fraction": 0.046, "pad": 0.03}
        )
        ax.figure.colorbar(drawn, label=label, **place)

    def legend(self, target: Axes | Figure, indices: Sequence[int]) -> None:
        """Name the regions that these slices show, below the axes or the figure."""
        seen = [self.masks.planes(self.plane.axis, n, self.time) for n in indices]
        drawn = [e for e in self.masks.entries if any((p[e.layer] == e.code).any() for p in seen)]
        if not drawn:
            return
        from matplotlib.figure import Figure
        from matplotlib.patches import Patch

        patches = [Patch(color=e.colour, label=e.name) for e in drawn[:_NAMED_REGIONS]]
        if len(drawn) > _NAMED_REGIONS:
            patches.append(Patch(alpha=0, label=f"and {len(drawn) - _NAMED_REGIONS} more"))
        below: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "borderaxespad": 4.5}
        place = {"loc": "outside lower center"} if isinstance(target, Figure) else below
        target.legend(handles=patches, ncols=min(len(patches), 4), fontsize=8, frameon=False, **place)

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
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2, foreground="black")]


def _window_text(image: Image, limits: tuple[float, float]) -> str:
    low, high = limits
    if image.size("c") in (3, 4):
        return "colour"
    numbers = f"C {_short((low + high) / 2)} W {_short(high - low)} {scene.units_text(image)}".strip()
    names = [n for n, found in offered(image).items() if np.allclose(found, limits)]
    return f"window {names[0]} ({numbers})" if names and names[0] in PRESETS else f"window {numbers}"


def _short(value: float) -> str:
    return f"{value:.0f}" if 1000 <= abs(value) < 1e7 else f"{value:.4g}"
