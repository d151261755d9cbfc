"""How a plane of an array lies on the screen: radiological convention, and honest letters.

An axial plane is drawn with the patient's front up and the patient's left on the right of the screen,
a coronal one with the head up and the patient's left on the right, a sagittal one with the head up
and the front on the left. Where nobody knows how the array lies in a patient, it is drawn as it is.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medlab.image import Image

__all__ = ["Plane", "axis_number", "planes"]

_ANATOMICAL = ("sagittal", "coronal", "axial")  # the normal runs along x, y, z of the patient
_ACROSS = {"axial": 0, "coronal": 0, "sagittal": 1}  # patient axis that runs to the right of the screen
_TOWARDS = {"axial": (1, 1), "coronal": (1, -1), "sagittal": (1, -1)}  # signs: to the right, downwards
_LETTERS = ("LPH", "RAF")
_OBLIQUE = 0.3  # a direction cosine above which a second letter is shown, about 17 degrees


@dataclasses.dataclass(frozen=True)
class Plane:
    """How one plane of a volume is drawn.

    Attributes
    ----------
    axis : int
        The array axis (0 slice, 1 row, 2 column) that the plane is perpendicular to.
    down, across : int
        The array axes that run down and across the screen.
    flip_down, flip_across : bool
        Whether the array's order along them is reversed on the screen.
    name : str
        ``"axial"``, ``"coronal"``, ``"sagittal"``, or ``"axis 0"`` … where the patient is unknown.
    letters : str 4-tuple
        Patient directions at the top, right, bottom and left; empty strings where unknown.
    """

    axis: int
    down: int
    across: int
    flip_down: bool
    flip_across: bool
    name: str
    letters: tuple[str, str, str, str]

    def arrange(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn a plane, its remaining array axes in array order (channels last), the way it is drawn."""
        if self.down > self.across:
            values = values.swapaxes(0, 1)
        return values[:: -1 if self.flip_down else 1, :: -1 if self.flip_across else 1]


def planes(image: Image) -> tuple[Plane, Plane, Plane]:
    """Return how the planes perpendicular to slices, rows and columns are drawn."""
    if image.space != "patient":
        letters = _picture_letters(image)
        pairs = ((1, 2), (0, 2), (0, 1))
        first, second, third = (
            Plane(a, down, across, False, False, f"axis {a}", letters if a == 0 else ("",) * 4)
            for a, (down, across) in enumerate(pairs)
        )
        return first, second, third
    direction = image.direction
    patient = _patient_axes(direction)
    first, second, third = (_patient_plane(a, direction, patient) for a in range(3))
    return first, second, third


def axis_number(image: Image, axis: int | str) -> int:
    """Return the array axis (0, 1, 2) of a plane that is given by number or by name.

    Raises
    ------
    ValueError
        If the name is unknown, or the image's orientation in the patient is.
    """
    names = [p.name for p in planes(image)]
    count = 3 if "z" in image.axes else 1
    if isinstance(axis, str) and axis.lower() in names:
        axis = names.index(axis.lower())
    if not isinstance(axis, (str, bool)) and axis in range(count):
        return int(axis)
    if isinstance(axis, str) and axis.lower() in _ANATOMICAL and image.space != "patient":
        msg = f"axis={axis!r} needs an image whose orientation in the patient is known; pass axis=0, 1 or 2."
        raise ValueError(msg)
    if count == 1:
        msg = f"axis must be 0 for an image without slices (axes {image.axes!r}); got {axis!r}."
        raise ValueError(msg)
    msg = f"axis must be 0, 1, 2 or one of {', '.join(repr(n) for n in names)}; got {axis!r}."
    raise ValueError(msg)


def _patient_axes(direction: NDArray[np.float64]) -> tuple[int, ...]:
    """Return for each array axis the patient axis it follows, each patient axis once."""
    return max(
        itertools.permutations(range(3)),
        key=lambda order: sum(abs(direction[p, a]) for a, p in enumerate(order)),
    )


def _patient_plane(axis: int, direction: NDArray[np.float64], patient: tuple[int, ...]) -> Plane:
    name = _ANATOMICAL[patient[axis]]
    others = [a for a in range(3) if a != axis]
    across = next(a for a in others if patient[a] == _ACROSS[name])
    down = next(a for a in others if a != across)
    right_sign, down_sign = _TOWARDS[name]
    flip_across = direction[patient[across], across] * right_sign < 0
    flip_down = direction[patient[down], down] * down_sign < 0
    right = direction[:, across] * (-1 if flip_across else 1)
    bottom = direction[:, down] * (-1 if flip_down else 1)
    letters = (_letters(-bottom), _letters(right), _letters(bottom), _letters(-right))
    return Plane(axis, down, across, bool(flip_down), bool(flip_across), name, letters)


def _letters(vector: NDArray[np.float64]) -> str:
    """Letters of the patient directions that a unit vector points to, the strongest first."""
    order = np.argsort(-np.abs(vector))
    shown = [int(a) for n, a in enumerate(order) if n == 0 or abs(vector[a]) > _OBLIQUE]
    return "".join(_LETTERS[0 if vector[a] > 0 else 1][a] for a in shown)


def _picture_letters(image: Image) -> tuple[str, str, str, str]:
    """Letters of a projection whose file names the directions of its rows and columns (0020,0020)."""
    named = image.meta.get("PatientOrientation")
    if isinstance(named, str) or named is None or len(named) != 2:
        return "", "", "", ""
    opposite = str.maketrans("LRAPHF", "RLPAFH")
    right, bottom = (str(n).upper() for n in named)
    return bottom.translate(opposite), right, bottom, right.translate(opposite)
