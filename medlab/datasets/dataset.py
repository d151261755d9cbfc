"""What `load` returns: cases, each an image with its masks and facts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

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

    Parameters
    ----------
    record : Record
        Origin, licence, citation and known flaws.
    table : pandas.DataFrame
        One row per case; the column ``patient`` holds the set's pseudonyms, so that a split can keep
        all images of a patient together. Usual further columns: ``split`` (the part that the set's authors
        put the case in), ``label`` and ``label_name``.
    read : callable
        Gives the case of a row number.
    pictures : callable, optional
        Gives the pictures of several row numbers as one array, where that is faster than case by case.

    Attributes
    ----------
    record, table
        As above.

    Examples
    --------
    >>> import medlab
    >>> data = medlab.datasets.load("ct-thorax-slice")
    >>> len(data), data.record.licence
    (1, 'MIT (pydicom)')
    """

    def __init__(
        self,
        record: Record,
        table: pd.DataFrame,
        read: Callable[[int], Case],
        pictures: Callable[[NDArray[np.intp]], NDArray[Any]] | None = None,
    ) -> None:
        self.record = record
        self.table = table
        self._read = read
        self._pictures = pictures

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

    def select(self, rows: ArrayLike) -> Dataset:
        """Return the set with some of its cases.

        Parameters
        ----------
        rows : array_like of bool or int
            One boolean for each row of the table, or row numbers.

        Examples
        --------
        >>> import medlab
        >>> data = medlab.datasets.load("ct-thorax-slice")
        >>> len(data.select(data.table.patient == "ct-thorax-slice")), len(data.select([]))
        (1, 0)
        """
        chosen = np.asarray(rows)
        if chosen.dtype == bool:
            if chosen.shape != (len(self),):
                msg = f"rows must hold one boolean for each of {len(self)} cases; got shape {chosen.shape}."
                raise ValueError(msg)
            chosen = np.flatnonzero(chosen)
        numbers = np.arange(len(self))[chosen.astype(np.intp)]
        some = None if self._pictures is None else lambda these: self._pictures(numbers[these])  # type: ignore[misc]
        table = self.table.iloc[numbers].reset_index(drop=True)
        return Dataset(self.record, table, lambda i: self._read(int(numbers[i])), some)

    def arrays(
        self, split: str | None = None, target: str | Sequence[str] = "label"
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return pictures and targets as two arrays, ready for training.

        Parameters
        ----------
        split : str, optional
            The part of the set, a value of the table's column ``split``. Default: all cases.
        target : str or sequence of str, optional
            A column of the table, several columns (several labels at once), or the name of a mask.

        Returns
        -------
        x : ndarray
            (n, rows, columns), with slices before and channels after where there are any; in the type and
            unit of the images.
        y : ndarray
            (n,), (n, columns), or the masks in the shape of the pictures without channels.

        Raises
        ------
        ValueError
            If there is no such part or target, or the pictures differ in size.
        """
        if split is not None:
            return self._part(split).arrays(target=target)
        if not isinstance(target, str):
            return self._stacked(), self.table[[*target]].to_numpy()
        if target in self.table:
            return self._stacked(), self.table[target].to_numpy()
        cases = [*self]
        if not cases or not all(target in case.masks for case in cases):
            masks = sorted({name for case in cases for name in case.masks})
            msg = (
                f"target must be a column of the table ({', '.join(self.table)}) or a mask that every case "
                f"has ({', '.join(masks) or 'none'}); got {target!r}."
            )
            raise ValueError(msg)
        return self._equal([c.image for c in cases]), self._equal([c.masks[target] for c in cases])

    def _part(self, split: str) -> Dataset:
        known = list(dict.fromkeys(self.table["split"])) if "split" in self.table else []
        if split not in known:
            msg = (
                f"{self.record.name} has the parts {', '.join(known) or '(none)'}; got {split!r}. "
                "medlab.train.split makes parts by patient."
            )
            raise ValueError(msg)
        return self.select(self.table["split"] == split)

    def _stacked(self) -> NDArray[Any]:
        if self._pictures is not None:
            return self._pictures(np.arange(len(self)))
        return self._equal([case.image for case in self])

    def _equal(self, images: Sequence[Image]) -> NDArray[Any]:
        shapes = {image.shape for image in images}
        if len(shapes) != 1:
            msg = (
                f"The pictures of {self.record.name} cannot be one array, they come in {len(shapes)} sizes "
                f"(such as {', '.join(map(str, sorted(shapes)[:3]))}): resample or crop them case by case."
            )
            raise ValueError(msg)
        return np.stack([image.array for image in images])

    def __repr__(self) -> str:
        cases = "1 case" if len(self) == 1 else f"{len(self)} cases"
        return f"<Dataset {self.record.name}: {self.record.title}; {cases}; {self.record.licence}>"
