"""From where a scene is looked at."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Camera"]


@dataclasses.dataclass(frozen=True)
class Camera:
    """A camera far away, so that parallel lines stay parallel.

    Attributes
    ----------
    azimuth : float
        Degrees: 0 looks at the patient from the front, 90 from the patient's left, 180 from the back.
    elevation : float
        Degrees above the horizontal plane.
    """

    azimuth: float = 0.0
    elevation: float = 0.0

    @property
    def axes(self) -> NDArray[np.float64]:
        """Rows: the unit vectors away from the camera, down and right on the screen, in LPS.

        Examples
        --------
        >>> Camera().axes.round().astype(int).tolist()  # to the back, to the feet, to the left
        [[0, 1, 0], [0, 0, -1], [1, 0, 0]]
        """
        a, e = np.radians([self.azimuth, self.elevation])
        sa, ca, se, ce = np.sin(a), np.cos(a), np.sin(e), np.cos(e)
        away = [-ce * sa, ce * ca, -se]
        up = [-se * sa, se * ca, ce]
        return np.array([away, [-u for u in up], [ca, sa, 0.0]])
