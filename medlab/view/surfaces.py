"""Surfaces of masks in three dimensions."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from medlab.view.figure3d import Figure3d, layout
from medlab.view.legends import named_colours
from medlab.view.masks import palette
from medlab.view.meshes import mesh, regions
from medlab.view.sliced import slice_between
from medlab.view.zbuffer import Part, draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["SurfaceFigure", "surface"]

_LIGHT = {"ambient": 0.45, "diffuse": 0.7, "specular": 0.15, "roughness": 0.7, "fresnel": 0.1}


def surface(
    mask: Image | NDArray[Any],
    *,
    label: int | str | list[int | str] | None = None,
    image: Image | None = None,
    smooth: int = 15,
    step: int = 1,
    max_faces: int = 150_000,
    colors: Mapping[str, str] | Sequence[str] | None = None,
    opacity: float | Mapping[str, float] = 1.0,
    title: str | None = None,
    height: int = 520,
) -> SurfaceFigure:
    """Show the surfaces of regions; drag to turn, scroll to zoom, click a name to hide it.

    Parameters
    ----------
    mask : Image or ndarray
        Booleans or integer labels, a volume.
    label : int, str, or a list of these, optional
        Which labels, by value or by name. Default: all.
    image : Image, optional
        A volume on any grid that shares the mask's space: its slice through the middle of the regions is
        drawn between them.
    smooth : int, optional
        Iterations of Taubin's filter against the steps of the voxels; 0 shows the steps.
    step : int, optional
        Look at every so many voxels.
    max_faces : int, optional
        Largest number of triangles, shared among the regions.
    colors : mapping or sequence of str, optional
        Colours of the regions, by name or in order.
    opacity : float or mapping of str to float, optional
        0 to 1, for all or by name.
    title : str, optional
        Above the figure.
    height : int, optional
        In CSS pixels.

    Returns
    -------
    SurfaceFigure
        A plotly figure in mm (LPS). Where nothing runs JavaScript a still picture stands in for it; in a
        report, pictures from all around.

    Raises
    ------
    TypeError, ValueError
        If it is no mask with slices, is empty, lacks the label, or an option is out of range.

    See Also
    --------
    medlab.view.mesh : the mesh itself, for measuring and export.

    Examples
    --------
    >>> from medlab import Image
    >>> j, i = np.mgrid[-8:9, -8:9]
    >>> ball = np.array([k**2 + j**2 + i**2 < 40 for k in range(-8, 9)])
    >>> figure = surface(Image(ball, affine=np.eye(4)[:, [2, 1, 0, 3]]))
    >>> figure.data[0].type, figure.layout.scene.xaxis.title.text
    ('mesh3d', 'x (mm), R → L')
    """
    if max_faces < 100:
        msg = f"max_faces must be at least 100; got {max_faces}."
        raise ValueError(msg)
    mask, found = regions(mask, label)
    names = list(found.values())
    opacities = _opacities(opacity, names)
    shapes = [mesh(mask, value, smooth=smooth, step=step) for value in found]
    share = min(1.0, max_faces / max(sum(len(faces) for _, faces in shapes), 1))
    if share < 1:
        shapes = [
            mesh(mask, value, smooth=smooth, step=step, max_faces=max(64, int(len(faces) * share)))
            for value, (_, faces) in zip(found, shapes, strict=True)
        ]
    parts = [
        Part(name, vertices, faces, _uniform(colour, len(vertices)), alpha)
        for name, colour, alpha, (vertices, faces) in zip(
            names, palette(names, colors), opacities, shapes, strict=True
        )
    ]
    if image is not None:
        parts.append(slice_between(parts, image, mask))
    return SurfaceFigure(parts, mask, title or _title(names), height)


class SurfaceFigure(Figure3d):
    """A plotly figure of surfaces; `medlab.view.surface` makes one and says what its options mean.

    Attributes
    ----------
    parts : tuple of Part
        Name, vertices (n, 3) in LPS mm, faces (m, 3) and colours of each mesh shown.
    """

    def __init__(self, parts: list[Part], mask: Image, title: str, height: int) -> None:
        note = f"Axes in {mask.unit_of_length}." if mask.space != "pixel" else "Voxel size unknown."
        super().__init__(
            [_trace(part) for part in parts],
            layout(mask, title, height),
            lambda camera, size: draw(parts, camera, size),
            named_colours((p.name, f"rgb{tuple(p.colours[0].tolist())}") for p in parts if p.shaded),
            note,
            known=mask.space == "patient",
        )
        self._parts = tuple(parts)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The meshes shown."""
        return self._parts

    def __repr__(self) -> str:
        shown = ", ".join(f"{p.name} ({len(p.faces)} faces)" for p in self.parts[:6])
        return f"<SurfaceFigure {shown}{' …' if len(self.parts) > 6 else ''}>"


def _opacities(opacity: float | Mapping[str, float], names: list[str]) -> list[float]:
    if isinstance(opacity, Mapping):
        values = [float(opacity.get(name, 1.0)) for name in names]
    else:
        values = [float(opacity)] * len(names)
    if any(not 0 <= value <= 1 for value in values):
        msg = f"opacity must lie between 0 and 1; got {opacity!r}."
        raise ValueError(msg)
    return values


def _title(names: list[str]) -> str:
    return f"Surface of {names[0]}" if len(names) == 1 else f"Surfaces of {len(names)} regions"


def _uniform(colour: str, count: int) -> NDArray[np.uint8]:
    return np.tile(np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)], np.uint8), (count, 1))


def _trace(part: Part) -> go.Mesh3d:
    x, y, z = part.vertices.T.astype(np.float32)
    i, j, k = part.faces.T.astype(np.int32)
    plain = (part.colours == part.colours[0]).all()
    red, green, blue = part.colours[0]
    colour = {"color": f"rgb({red},{green},{blue})"} if plain else {"vertexcolor": part.colours}
    where = "x %{x:.1f}, y %{y:.1f}, z %{z:.1f}"
    return go.Mesh3d(
        x=x,
        y=y,
        z=z,
        i=i,
        j=j,
        k=k,
        name=part.name,
        opacity=part.opacity,
        showlegend=True,
        flatshading=False,
        lighting=_LIGHT if part.shaded else {"ambient": 1.0, "diffuse": 0.0, "specular": 0.0},
        lightposition={"x": 20_000, "y": -40_000, "z": 30_000},
        hovertemplate=f"{html.escape(part.name)}<br>{where}<extra></extra>",
        **colour,
    )
