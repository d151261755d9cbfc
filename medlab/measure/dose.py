"""Dose in a structure: the dose–volume histogram and the numbers that are read from it."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Literal

import numpy as np

from medlab.measure.region import box_of, check_length, some_inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["DoseVolumeHistogram", "dose_volume_histogram"]

#: How far beyond the outermost dose points, in voxels of the dose, their value still counts.
_BEYOND = 0.5


@dataclasses.dataclass(frozen=True, eq=False)
class DoseVolumeHistogram:
    """The doses in a structure.

    Attributes
    ----------
    doses : (n,) ndarray
        Doses of equal parts of the structure, ascending.
    volume_ml : float
        Its volume.
    units : str
        Unit of dose: ``"Gy"``, or ``""`` for relative dose.
    notes : tuple of str
        How the dose was brought to the structure.
    """

    doses: NDArray[np.float32]
    volume_ml: float
    units: str
    notes: tuple[str, ...] = ()

    @property
    def mean(self) -> float:
        """Mean dose."""
        return float(self.doses.mean(dtype=np.float64))

    @property
    def min(self) -> float:
        """Smallest dose in any part."""
        return float(self.doses[0])

    @property
    def max(self) -> float:
        """Largest dose in any part."""
        return float(self.doses[-1])

    def dose_to(self, percent: float | None = None, *, ml: float | None = None) -> float:
        """Return Dₓ: the smallest dose in the hottest part of the structure.

        Parameters
        ----------
        percent : float, optional
            Size of that part in % of the volume: 95 gives D95, 2 the near-maximum, 98 the near-minimum dose.
        ml : float, optional
            Its size in ml instead: 2 gives D2cc.

        Raises
        ------
        ValueError
            If not exactly one of the two is given, or it is larger than the structure.
        """
        if (percent is None) == (ml is None):
            msg = "Say how large the hottest part is: either percent= or ml=."
            raise ValueError(msg)
        share = percent / 100 if percent is not None else float(ml or 0) / self.volume_ml
        if not 0 <= share <= 1:
            msg = (
                f"The part must be 0 to 100 % of the structure's {self.volume_ml:.4g} ml; got "
                f"percent={percent}, ml={ml}."
            )
            raise ValueError(msg)
        return float(np.quantile(self.doses, 1 - share))

    def volume_above(self, dose: float, unit: Literal["%", "ml"] = "%") -> float:
        """Return Vₓ: how much of the structure gets this dose or more, in % or ml."""
        share = 1 - np.searchsorted(self.doses, dose, side="left") / len(self.doses)
        return float(share * (100 if unit == "%" else self.volume_ml))

    def table(self, bins: int | Sequence[float] = 200) -> pd.DataFrame:
        """Return the histogram, cumulative and differential.

        Parameters
        ----------
        bins : int or sequence of float, optional
            Number of equal steps from 0 to the largest dose, or the edges.

        Returns
        -------
        DataFrame
            A row per step: ``dose`` (its lower edge), ``cumulative_ml`` and ``cumulative_percent`` (at this
            dose or above), ``differential_ml`` (within the step).
        """
        import pandas as pd

        edges = np.linspace(0, self.max, bins + 1) if isinstance(bins, int) else np.asarray(bins, float)
        above = len(self.doses) - np.searchsorted(self.doses, edges, side="left")
        above[-1] = len(self.doses) - np.searchsorted(self.doses, edges[-1], side="right")
        part = self.volume_ml / len(self.doses)
        return pd.DataFrame(
            {
                "dose": edges[:-1],
                "cumulative_ml": above[:-1] * part,
                "cumulative_percent": 100 * above[:-1] / len(self.doses),
                "differential_ml": -np.diff(above) * part,
            }
        )

    def summary(self, volumes: Sequence[float] = (98, 95, 50, 2), doses: Sequence[float] = ()) -> pd.Series:
        """Return volume, mean, min, max, Dₓ for each of `volumes` (%) and Vₓ (%) for each of `doses`.

        Defaults as ICRU Report 83 asks for.
        """
        import pandas as pd

        found = {"volume_ml": self.volume_ml, "mean": self.mean, "min": self.min, "max": self.max}
        found |= {f"D{x:g}": self.dose_to(x) for x in volumes}
        return pd.Series(found | {f"V{x:g}_percent": self.volume_above(x) for x in doses})


def dose_volume_histogram(
    dose: Image, mask: Image, label: int | str | None = None, *, parts: int = 3, outside: float | None = None
) -> DoseVolumeHistogram:
    """Return how the dose is distributed over the volume of a structure.

    The dose is interpolated linearly at the structure's own voxels, each divided in parts³ equal parts, so
    that neither the coarse grid of the dose nor the voxels' size makes steps. The structure is never
    resampled and keeps its volume.

    Parameters
    ----------
    dose : Image
        Axes ``"zyx"``, as `medlab.io.read_rtdose` gives it.
    mask : Image
        The structure, on its own grid (that of the CT) or that of the dose, in the same patient coordinates.
    label : int or str, optional
        Value or name; default: all that is not 0.
    parts : int, optional
        Parts along each edge of a voxel.
    outside : float, optional
        Dose where the structure leaves the grid of the dose. Default: an error.

    Returns
    -------
    DoseVolumeHistogram

    Raises
    ------
    TypeError, ValueError
        If the two do not share a space, no voxel carries the label, or the structure leaves the dose grid.

    References
    ----------
    Drzymala et al., Dose-volume histograms, International Journal of Radiation Oncology, Biology, Physics
    1991. ICRU Report 83, Journal of the ICRU 2010. Nelms et al., Methods, software and datasets to verify DVH
    calculations against analytical values, Medical Physics 2015, https://doi.org/10.1118/1.4923175.

    Examples
    --------
    >>> from medlab import Image
    >>> dose = Image(np.full((5, 5, 5), 2.0), affine=np.diag([10.0, 10, 10, 1])[:, [2, 1, 0, 3]], units="Gy")
    >>> box = np.zeros((5, 5, 5), bool)
    >>> box[1:4, 1:4, 1:4] = True
    >>> found = dose_volume_histogram(dose, dose.as_mask(box))
    >>> round(found.volume_ml, 6), found.dose_to(95), found.volume_above(1.5)
    (27.0, 2.0, 100.0)
    """
    found = some_inside(mask, label)
    if dose.axes != "zyx" or mask.axes != "zyx" or dose.space != mask.space:
        msg = f"Dose and structure must be volumes 'zyx' in one space; got {dose!r} and {mask!r}."
        raise ValueError(msg)
    check_length(mask, "A dose–volume histogram")
    if parts < 1 or not np.isfinite(dose.array).all():
        msg = f"parts must be 1 or more and every dose finite; got parts={parts!r}."
        raise ValueError(msg)
    box = box_of(found)
    voxels = np.argwhere(found[box]) + [s.start for s in box]
    to_dose = np.linalg.inv(dose.affine) @ mask.affine
    samples = [_sampled(dose, to_dose, voxels + shift, outside) for shift in _shifts(parts)]
    note = (
        f"Dose interpolated linearly at {parts}³ points in each of {len(voxels)} voxels of the structure "
        f"(spacing {' × '.join(f'{s:.4g}' for s in mask.spacing)} mm; dose "
        f"{' × '.join(f'{s:.4g}' for s in dose.spacing)} mm)."
    )
    volume = len(voxels) * mask.voxel_volume / 1000
    return DoseVolumeHistogram(np.sort(np.concatenate(samples)), volume, dose.units, (note,))


def _shifts(parts: int) -> Iterator[NDArray[np.float64]]:
    steps = (np.arange(parts) - (parts - 1) / 2) / parts
    return (np.array(shift) for shift in itertools.product(steps, repeat=3))


def _sampled(
    dose: Image, to_dose: NDArray[np.float64], indices: NDArray[np.float64], outside: float | None
) -> NDArray[np.float32]:
    from scipy.ndimage import map_coordinates

    where = indices @ to_dose[:3, :3].T + to_dose[:3, 3]
    beyond = ((where < -_BEYOND - 1e-6) | (where > np.array(dose.shape) - 1 + _BEYOND + 1e-6)).any(axis=1)
    if beyond.any() and outside is None:
        msg = (
            f"{100 * beyond.mean():.1f} % of the structure lie outside of the dose grid. Pass outside=0.0 to "
            "count them with that dose."
        )
        raise ValueError(msg)
    values = map_coordinates(dose.array.astype(np.float32), where.T, order=1, mode="nearest")
    values[beyond] = 0.0 if outside is None else outside
    return values
