"""What `load` returns: cases, each an image with its masks and facts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from medlab.datasets.record import Record
    from medlab.image import Image

__all__ = ["Case", "Dataset"]


@dataclasses.dataclass(frozen=True)
class Case:
    """One image with what is known about it.

    Attributes
    ----------
    image : Image
        The image.
    masks : mapping of str to Image
        Masks on the image's grid, by name (a structure, or who drew it).
    facts : mapping
        Labels and other facts, for example ratings.
    """

    image: Image
    masks: Mapping[str, Image] = dataclasses.field(default_factory=dict)
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class Dataset(Sequence[Case]):
    """A data set: a table with a row per case, and the cases, read when they are asked for.

    Attributes
    ----------
    record : Record
        Origin, licence, citation and known flaws.
    table : pandas.DataFrame
        One row per case; the column ``patient`` holds the set's pseudonyms, so that a split can keep
        all images of a patient together.

    Examples
    --------
    >>> import medlab
    >>> data = medlab.datasets.load("ct-thorax-slice")
    >>> len(data), data.record.licence
    (1, 'MIT (pydicom)')
    """

    def __init__(self, record: Record, table: pd.DataFrame, read: Callable[[int], Case]) -> None:
        self.record = record
        self.table = table
        self._read = read

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, index: int) -> Case:  # type: ignore[override]
        if not -len(self) <= index < len(self):
            msg = f"{self.record.name} has {len(self)} cases; got index {index}."
            raise IndexError(msg)
        return self._read(index % len(self))

    def __iter__(self) -> Iterator[Case]:
        return (self[i] for i in range(len(self)))

    @property
    def only(self) -> Case:
        """The case of a set that has one."""
        if len(self) != 1:
            msg = f"{self.record.name} has {len(self)} cases: say which, for example data[0].image."
            raise ValueError(msg)
        return self[0]

    @property
    def image(self) -> Image:
        """The image of a set that has one case."""
        return self.only.image

    @property
    def masks(self) -> Mapping[str, Image]:
        """The masks of a set that has one case."""
        return MappingProxyType(dict(self.only.masks))

    @property
    def facts(self) -> Mapping[str, Any]:
        """The facts of a set that has one case."""
        return MappingProxyType(dict(self.only.facts))

    def __repr__(self) -> str:
        cases = "1 case" if len(self) == 1 else f"{len(self)} cases"
        return f"<Dataset {self.record.name}: {self.record.title}; {cases}; {self.record.licence}>"
