"""Masks over an image: checked, named, coloured, and put into as few arrays as possible."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.image import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medlab.view.stack import Stack

__all__ = ["Entry", "Masks", "grid_message", "layered", "palette"]

#: A mask, or several by name.
MaskLike = Image | Any | Mapping[str, Any] | None

#: Bright on grey, and apart for people with a colour vision deficiency (after Okabe and Ito).
PALETTE = ("#ff5c5c", "#3fb6ff", "#ffd23f", "#2ee6a8", "#ff8ae0", "#ff9d3c", "#b79cff", "#c7f464")
_CODES = 255
_TABLE = 1 << 16  # labels further apart than this are looked for one by one


@dataclasses.dataclass(frozen=True)
class Entry:
    """One named region: the voxels of a layer that hold its code."""

    name: str
    colour: str
    layer: int
    code: int


@dataclasses.dataclass(frozen=True)
class Masks:
    """All regions over one image: `layers` are (T or 1, K or 1, J, I) arrays of uint8 codes, 0 is none."""

    entries: tuple[Entry, ...] = ()
    layers: tuple[NDArray[np.uint8], ...] = ()

    def planes(self, axis: int, index: int, time: int = 0) -> list[NDArray[np.uint8]]:
        """Return one plane of each layer, in array order."""
        return [np.ascontiguousarray(np.take(v[time], index, axis=axis)) for v in self.layers]


def layered(stack: Stack, mask: MaskLike, colors: Mapping[str, str] | Sequence[str] | None = None) -> Masks:
    """Check masks against an image and code them.

    Parameters
    ----------
    stack : Stack
        The image they lie on.
    mask : Image, ndarray or mapping of str to these, optional
        Booleans or integer labels; every label becomes a region of its own.
    colors : mapping of str to str, or sequence of str, optional
        Colours of the regions (``"#rrggbb"`` or a matplotlib name), by name or in order.

    Raises
    ------
    ValueError
        If a mask lies on another grid, has another shape, or does not hold labels.
    """
    if mask is None:
        return Masks()
    named = dict(mask) if isinstance(mask, Mapping) else {"": mask}
    layers: list[NDArray[np.uint8]] = []
    found: list[tuple[str, int, int]] = []
    for name, one in named.items():
        codes, regions = _codes(name, one, stack)
        layer = _free_layer(layers, codes) if len(named) > 1 else None
        offset = int(layers[layer].max()) if layer is not None else 0
        if layer is None or offset + len(regions) > _CODES:
            layers.append(codes)
            layer, offset = len(layers) - 1, 0
        else:
            moved = np.where(codes > 0, codes + np.uint8(offset), 0).astype(np.uint8)
            layers[layer] = layers[layer] | moved
        found += [(region, layer, code + offset) for code, region in regions.items()]
    grid = stack.grid
    return Masks(
        tuple(
            Entry(n, c, at, code)
            for (n, at, code), c in zip(found, palette([n for n, _, _ in found], colors), strict=True)
        ),
        tuple(np.broadcast_to(v, grid) for v in layers),
    )


def _codes(name: str, mask: Image | NDArray[Any], stack: Stack) -> tuple[NDArray[np.uint8], dict[int, str]]:
    """Return one mask as codes on the stack's grid, and each code's name."""
    labels = mask.labels if isinstance(mask, Image) else None
    values = _fitted(name, mask, stack)
    if values.dtype == bool:
        return values.view(np.uint8), {1: name or "mask"}
    if not np.issubdtype(values.dtype, np.integer):
        msg = (
            f"{_called(name)} must hold booleans or integer labels; got {values.dtype}. "
            "Compare first, e.g. array > 0.5; show a map of numbers with medlab.view.overlay."
        )
        raise ValueError(msg)
    present = _present(values)
    if len(present) > _CODES:
        msg = f"{_called(name)} holds {len(present)} different labels; at most {_CODES} can be shown."
        raise ValueError(msg)
    regions = {n: _region(name, v, labels, alone=len(present) == 1) for n, v in enumerate(present, 1)}
    if values.dtype == np.uint8 and present == list(range(1, len(present) + 1)):
        return values, regions
    return _coded(values, present), regions


def _present(values: NDArray[Any]) -> list[int]:
    """Return the labels a mask holds, in order, plane by plane to spare memory."""
    low, high = int(values.min()), int(values.max())
    if (low, high) in ((0, 0), (0, 1), (1, 1)):
        return [1] * high
    planes = _planes(values)
    if high - low >= _TABLE:
        return sorted({int(v) for p in planes for v in np.unique(p)} - {0})
    counts = np.zeros(high - low + 1, np.int64)
    for p in planes:
        counts += np.bincount(p[p != 0].astype(np.int64) - low, minlength=counts.size)
    return [int(v) + low for v in np.flatnonzero(counts)]


def _coded(values: NDArray[Any], present: list[int]) -> NDArray[np.uint8]:
    """Return the place in `present` of each label, counted from 1; 0 where there is none."""
    codes = np.zeros(values.shape, np.uint8)
    for target, plane in zip(codes.reshape(-1, *values.shape[-2:]), _planes(values), strict=True):
        inside = plane != 0
        target[inside] = np.searchsorted(present, plane[inside]) + 1
    return codes


def _planes(values: NDArray[Any]) -> NDArray[Any]:
    return values.reshape(-1, *values.shape[-2:])


def _fitted(name: str, mask: Image | NDArray[Any], stack: Stack) -> NDArray[Any]:
    image = stack.image
    if isinstance(mask, Image) and not image.same_grid(mask):
        raise ValueError(grid_message(name, image, mask))
    values = mask.array if isinstance(mask, Image) else np.asarray(mask)
    t, k, j, i = stack.grid
    axes = image.axes.replace("c", "")
    still = axes.replace("t", "")
    shapes = {
        tuple(image.size(a) for a in still): (1, k if "z" in axes else 1, j, i),
        tuple(image.size(a) for a in axes): (
            t if stack.slow == "time" else 1,
            1 if stack.fast == "channel" else k,
            j,
            i,
        ),
    }
    if values.shape not in shapes:
        expected = " or ".join(str(s) for s in shapes)
        msg = f"{_called(name)} must have the image's shape {expected}; got {values.shape}."
        raise ValueError(msg)
    return values.reshape(shapes[values.shape])


def grid_message(name: str, image: Image, mask: Image) -> str:
    """Say in what the grids of an image and of a mask differ, and the way out."""
    facts: list[tuple[str, Any, Any]] = [
        ("shape", image.grid, mask.grid),
        ("spacing", image.spacing, mask.spacing),
    ]
    facts += [("origin", image.origin, mask.origin), ("orientation", image.orientation, mask.orientation)]
    differing = [f"{what} {a} against {b}" for what, a, b in facts if a != b]
    return (
        f"{_called(name)} lies on another grid than the image: "
        f"{'; '.join(differing) or 'directions differ'}. Resample it first: mask.like(image)."
    )


def _free_layer(layers: list[NDArray[np.uint8]], codes: NDArray[np.uint8]) -> int | None:
    """Return the first layer that these codes do not overlap, None if there is none."""
    for n, layer in enumerate(layers):
        if not ((layer > 0) & (codes > 0)).any():
            return n
    return None


def _region(name: str, value: int, labels: Mapping[int, str] | None, *, alone: bool) -> str:
    label = labels.get(value, "") if labels else ""
    if name and (label or not alone):
        return f"{name}: {label or value}"
    return name or label or ("mask" if alone else f"label {value}")


def palette(names: Sequence[str], colors: Mapping[str, str] | Sequence[str] | None = None) -> list[str]:
    """Return a colour ``"#rrggbb"`` for each name: the one given by name or in order, or one of our own."""
    chosen = [PALETTE[n % len(PALETTE)] for n in range(len(names))]
    if isinstance(colors, Mapping):
        chosen = [colors.get(name, c) for name, c in zip(names, chosen, strict=True)]
    elif colors is not None:
        chosen = [*list(colors)[: len(names)], *chosen[len(list(colors)) :]]
    return [_hex(c) for c in chosen]


def _hex(colour: str) -> str:
    if colour.startswith("#") and len(colour) == 7:
        return colour.lower()
    from matplotlib.colors import to_hex

    return to_hex(colour)


def _called(name: str) -> str:
    return f"Mask {name!r}" if name else "The mask"
