"""The one type that flows through the house: an array that knows where it lies and what its values mean."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["Image"]

#: Axis letters an `Image` may have, in the order in which they must appear.
AXIS_ORDER = "tzyxc"

#: Where the affine leads: patient coordinates, millimetres without a patient, or plain pixels.
Space = Literal["patient", "plane", "pixel"]

_AXIS_STRINGS = frozenset(f"{t}{z}yx{c}" for t in ("", "t") for z in ("", "z") for c in ("", "c"))
_UNIT = {"patient": "mm", "plane": "mm", "pixel": "px"}


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Image:
    """An image, a volume, a cine or a mask, with its geometry and its units.

    Parameters
    ----------
    array : ndarray
        The values. Never copied on the way in.
    axes : str, optional
        One letter per array axis, a selection of ``"tzyxc"`` in that order that holds ``"yx"``:
        time (or any other repeat), slice, row, column, colour channel.
        Default: ``"yx"`` for two dimensions, ``"zyx"`` for three, ``"tzyx"`` for four.
    affine : (4, 4) array_like, optional
        Maps an array index ``(k, j, i, 1)`` (slice, row, column) to ``(x, y, z, 1)`` in millimetres:
        DICOM patient coordinates (LPS: x to the patient's left, y to the back, z to the head).
        It may hold shear (gantry tilt). Default: the identity.
    modality : str, optional
        The DICOM modality code: ``"CT"``, ``"MR"``, ``"PT"``, ``"US"``, ``"CR"``, …
    units : str, optional
        Unit of the values: ``"HU"``, ``"SUVbw"``, ``"Bq/ml"``, …; ``""`` for arbitrary units,
        ``"label"`` for a mask.
    space : {"patient", "plane", "pixel"}, optional
        What the affine means. ``"patient"``: patient coordinates in mm. ``"plane"``: mm, but nobody
        said how the picture lies in the patient. ``"pixel"``: no physical size is known.
        Default: ``"patient"`` when an affine is given, ``"pixel"`` otherwise.
    labels : mapping of int to str, optional
        Names of the values of a mask, background (0) left out.
    times : (T,) array_like, optional
        The coordinate of each time point along ``t``, in the unit that ``meta["time_unit"]`` names.
    meta : mapping, optional
        Facts of the acquisition. Loaders fill it from an allow-list that holds no patient identity.
    notes : sequence of str, optional
        What a loader had to decide, one sentence each.

    Raises
    ------
    ValueError
        If axes, affine or times do not fit the array.

    Examples
    --------
    >>> import numpy as np
    >>> import medlab
    >>> ct = medlab.Image(np.zeros((40, 64, 64), np.int16), affine=np.diag([2.5, 0.8, 0.8, 1])[[2, 1, 0, 3]],
    ...                   modality="CT", units="HU")
    >>> ct.spacing
    (2.5, 0.8, 0.8)
    >>> ct
    <Image CT zyx (40, 64, 64) int16 HU; spacing 2.5 × 0.8 × 0.8 mm; orientation HPL; 320 KiB>
    """

    array: NDArray[Any]
    axes: str = ""
    affine: NDArray[np.float64] = None  # type: ignore[assignment]
    modality: str = ""
    units: str = ""
    space: Space = ""  # type: ignore[assignment]
    labels: Mapping[int, str] | None = None
    times: NDArray[np.float64] | None = None
    meta: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        array = np.asarray(self.array)
        axes = self.axes or {2: "yx", 3: "zyx", 4: "tzyx"}.get(array.ndim, "")
        if axes not in _AXIS_STRINGS or len(axes) != array.ndim:
            msg = (
                f"axes must name each of the array's {array.ndim} dimensions with letters of "
                f"'{AXIS_ORDER}' in that order, with 'yx' among them; got axes={self.axes!r} for an "
                f"array of shape {array.shape}. Pass for example axes='zyx' or axes='yxc'."
            )
            raise ValueError(msg)
        space = self.space or ("pixel" if self.affine is None else "patient")
        if space not in _UNIT:
            msg = f"space must be 'patient', 'plane' or 'pixel'; got {space!r}."
            raise ValueError(msg)
        affine = np.eye(4)[[2, 1, 0, 3]] if self.affine is None else _checked_affine(self.affine)
        times = self.times
        if times is not None:
            times = np.asarray(times, dtype=np.float64)
            expected = array.shape[axes.index("t")] if "t" in axes else 0
            if times.shape != (expected,):
                msg = (
                    f"times must hold one value for each of {expected} time points; got shape {times.shape}."
                )
                raise ValueError(msg)
        fixed = {
            "array": array,
            "axes": axes,
            "affine": affine,
            "space": space,
            "times": times,
            "labels": None if self.labels is None else MappingProxyType(dict(self.labels)),
            "meta": MappingProxyType(dict(self.meta)),
            "notes": tuple(self.notes),
        }
        for name, value in fixed.items():
            object.__setattr__(self, name, value)

    # -- what it is ---------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array, in the order of `axes`."""
        return self.array.shape

    @property
    def ndim(self) -> int:
        """Number of array axes."""
        return self.array.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one value."""
        return self.array.dtype

    @property
    def nbytes(self) -> int:
        """Bytes the array takes."""
        return self.array.nbytes

    @property
    def is_mask(self) -> bool:
        """Whether the values are labels and not intensities."""
        return self.units == "label" or self.dtype == bool

    @property
    def grid(self) -> tuple[int, int, int]:
        """Number of slices, rows and columns; one slice for a picture without ``z``."""
        sizes = dict(zip(self.axes, self.shape, strict=True))
        return sizes.get("z", 1), sizes["y"], sizes["x"]

    def size(self, axis: str) -> int:
        """Length along an axis letter, 1 where the image has no such axis."""
        return self.shape[self.axes.index(axis)] if axis in self.axes else 1

    # -- where it lies ------------------------------------------------------------------------

    @property
    def unit_of_length(self) -> str:
        """``"mm"``, or ``"px"`` where no physical size is known."""
        return _UNIT[self.space]

    @property
    def spacing(self) -> tuple[float, ...]:
        """Distance between neighbours along the spatial axes, in array order: (dz, dy, dx) or (dy, dx).

        In `unit_of_length`. Along z this is the distance between slices, not the slice thickness.
        """
        norms = np.linalg.norm(self.affine[:3, :3], axis=0)
        first = 0 if "z" in self.axes else 1
        return tuple(round(float(n), 9) for n in norms[first:])

    @property
    def origin(self) -> tuple[float, float, float]:
        """Position (x, y, z) of the centre of the first voxel, in `unit_of_length`."""
        x, y, z = (float(v) for v in self.affine[:3, 3])
        return x, y, z

    @property
    def direction(self) -> NDArray[np.float64]:
        """Unit vectors of the (k, j, i) axes as the columns of a 3×3 matrix, in LPS."""
        columns = self.affine[:3, :3]
        return columns / np.linalg.norm(columns, axis=0)

    @property
    def sheared(self) -> bool:
        """Whether the axes are not at right angles (a tilted gantry)."""
        unit = self.direction
        return bool(np.abs(unit.T @ unit - np.eye(3)).max() > 1e-3)

    @property
    def voxel_volume(self) -> float:
        """Volume of one voxel in mm³.

        Raises
        ------
        ValueError
            If the image has no ``z`` axis or no known physical size.
        """
        if "z" not in self.axes or self.space == "pixel":
            msg = f"A voxel volume needs a volume with a known spacing in mm; this is {self!r}."
            raise ValueError(msg)
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    @property
    def orientation(self) -> str:
        """Where each spatial axis runs to, in array order: ``"HPL"`` is head, posterior, left.

        Letters: L/R left/right, A/P anterior/posterior, H/F head/foot. ``""`` where nobody knows.
        """
        if self.space != "patient":
            return ""
        return "".join(_letter(self.affine[:3, column]) for column in range(0 if "z" in self.axes else 1, 3))

    def index_to_position(self, index: ArrayLike) -> NDArray[np.float64]:
        """Positions (x, y, z) of array indices (k, j, i); (..., 3) in, (..., 3) out."""
        index = np.asarray(index, dtype=np.float64)
        return index @ self.affine[:3, :3].T + self.affine[:3, 3]

    def position_to_index(self, position: ArrayLike) -> NDArray[np.float64]:
        """Fractional array indices (k, j, i) of positions (x, y, z); (..., 3) in, (..., 3) out."""
        position = np.asarray(position, dtype=np.float64)
        return (position - self.affine[:3, 3]) @ np.linalg.inv(self.affine[:3, :3]).T

    def same_grid(self, other: Image, tolerance: float = 1e-3) -> bool:
        """Whether another image has the same slices, rows and columns at the same places.

        Parameters
        ----------
        other : Image
            The image to compare with; time points and channels do not count.
        tolerance : float, optional
            Largest distance allowed between corresponding corners, as a fraction of the smallest spacing.
        """
        if self.grid != other.grid:
            return False
        limit = tolerance * min(self.spacing)
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.grid])).reshape(3, -1).T
        apart = self.index_to_position(corners) - other.index_to_position(corners)
        return bool(np.abs(apart).max() <= limit)

    # -- what becomes of it -------------------------------------------------------------------

    def replace(self, **changes: Any) -> Image:
        """Return a copy with some fields exchanged, as `dataclasses.replace` does."""
        return dataclasses.replace(self, **changes)

    def as_mask(self, array: ArrayLike, labels: Mapping[int, str] | None = None) -> Image:
        """Return a mask on this image's grid.

        Parameters
        ----------
        array : array_like
            Booleans or integer labels, of this image's shape without time and channels.
        labels : mapping of int to str, optional
            Names of the labels.

        Raises
        ------
        ValueError
            If the shape does not fit.
        """
        values = np.asarray(array)
        axes = self.axes.replace("t", "").replace("c", "")
        shape = tuple(self.size(a) for a in axes)
        if values.shape != shape:
            msg = f"A mask for this image must have shape {shape} ({axes}); got {values.shape}."
            raise ValueError(msg)
        if values.dtype != bool and not np.issubdtype(values.dtype, np.integer):
            msg = (
                f"A mask must hold booleans or integers; got {values.dtype}. Compare first, e.g. array > 0.5."
            )
            raise ValueError(msg)
        return Image(
            values.astype(np.uint8) if values.dtype == bool else values,
            axes=axes,
            affine=self.affine,
            space=self.space,
            modality="SEG",
            units="label",
            labels=labels,
        )

    def with_spacing(self, spacing: float | Sequence[float]) -> Image:
        """Return the image with a pixel size that the file did not tell; `space` becomes ``"plane"``.

        Parameters
        ----------
        spacing : float or sequence of float
            Distance between neighbours in mm, one for all spatial axes or one for each in array order.

        Raises
        ------
        ValueError
            If the image lies in a patient already, or a spacing is not positive.
        """
        steps = np.broadcast_to(np.asarray(spacing, np.float64), (len(self.spacing),))
        if self.space == "patient" or not (steps > 0).all():
            msg = (
                f"with_spacing takes positive numbers, for an image whose place is unknown; got "
                f"{spacing!r} for {self!r}."
            )
            raise ValueError(msg)
        dz, dy, dx = (1.0, *steps)[-3:]
        return self.replace(affine=np.diag([dx, dy, dz, 1.0])[:, [2, 1, 0, 3]], space="plane")

    def resample(self, spacing: float | Sequence[float], order: int = 1, fill: float | None = None) -> Image:
        """Return the image with another spacing; see `medlab.resample.resample`."""
        from medlab.resample import resample

        return resample(self, spacing, order, fill)

    def like(self, other: Image, order: int = 1, fill: float | None = None) -> Image:
        """Return the image on the grid of another one; see `medlab.resample.like`."""
        from medlab.resample import like

        return like(self, other, order, fill)

    def reorient(self, orientation: str) -> Image:
        """Return the image with its axes running where you say; see `medlab.resample.reorient`."""
        from medlab.resample import reorient

        return reorient(self, orientation)

    def crop(self, box: Image | ArrayLike, margin_mm: float = 0.0) -> Image:
        """Return the part around a mask or within a box; see `medlab.resample.crop`."""
        from medlab.resample import crop

        return crop(self, box, margin_mm)

    # -- what other libraries call it ---------------------------------------------------------

    def to_sitk(self) -> Any:
        """Return a `SimpleITK.Image`; see `medlab.convert.to_sitk`."""
        from medlab.convert import to_sitk

        return to_sitk(self)

    @staticmethod
    def from_sitk(itk: Any) -> Image:
        """Return a `SimpleITK.Image` as an `Image`; see `medlab.convert.from_sitk`."""
        from medlab.convert import from_sitk

        return from_sitk(itk)

    def to_nibabel(self) -> Any:
        """Return a `nibabel.Nifti1Image`; see `medlab.convert.to_nibabel`."""
        from medlab.convert import to_nibabel

        return to_nibabel(self)

    @staticmethod
    def from_nibabel(nifti: Any) -> Image:
        """Return a nibabel image as an `Image`; see `medlab.convert.from_nibabel`."""
        from medlab.convert import from_nibabel

        return from_nibabel(nifti)

    def to_xarray(self) -> Any:
        """Return an `xarray.DataArray`; see `medlab.convert.to_xarray`."""
        from medlab.convert import to_xarray

        return to_xarray(self)

    @staticmethod
    def from_xarray(data: Any) -> Image:
        """Return a `DataArray` made by `to_xarray` as an `Image`; see `medlab.convert.from_xarray`."""
        from medlab.convert import from_xarray

        return from_xarray(data)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the array, as NumPy asks for it."""
        return np.array(self.array, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        """Return shape, spacing, orientation, units and memory in one line."""
        spacing = " × ".join(f"{s:.4g}" for s in self.spacing)
        parts = [
            " ".join(
                p for p in (self.modality, self.axes, str(self.shape), str(self.dtype), self.units) if p
            ),
            f"spacing {spacing} mm" if self.space != "pixel" else "spacing unknown",
        ]
        if self.orientation:
            parts.append(f"orientation {self.orientation}{', sheared' if self.sheared else ''}")
        if self.labels:
            names = [f"{value}: {name}" for value, name in self.labels.items()]
            parts.append("labels " + ", ".join(names[:6]) + (" …" if len(names) > 6 else ""))
        parts.append(_bytes(self.nbytes))
        return f"<Image {'; '.join(parts)}>"


def _checked_affine(affine: ArrayLike) -> NDArray[np.float64]:
    matrix = np.array(affine, dtype=np.float64)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all() or not np.array_equal(matrix[3], [0, 0, 0, 1]):
        msg = f"affine must be a finite 4×4 matrix whose last row is 0 0 0 1; got\n{matrix}"
        raise ValueError(msg)
    if abs(np.linalg.det(matrix[:3, :3])) < 1e-12:
        msg = f"affine must be invertible: its three axes must not lie in one plane; got\n{matrix}"
        raise ValueError(msg)
    matrix.flags.writeable = False
    return matrix


def _letter(vector: NDArray[np.float64]) -> str:
    """Letter of the patient direction a vector points to most: DICOM's L/R, A/P, H/F."""
    axis = int(np.argmax(np.abs(vector)))
    return ("LPH" if vector[axis] > 0 else "RAF")[axis]


def _bytes(n: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if n < 1024:
            return f"{n:.0f} {unit}"
        n /= 1024
    return f"{n:.1f} GiB"
