"""Arrays to batches, shuffled and augmented in a way that repeats."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from medlab.models.backend import keras

__all__ = ["Augment", "Batches"]

#: Changes a batch: ``(x, y, rng) -> (x, y)``; images and masks together.
Augment = Callable[[Any, Any, np.random.Generator], tuple[Any, Any]]


class Batches(keras.utils.PyDataset):
    """Batches of arrays in memory, in a new order each epoch.

    Parameters
    ----------
    x, y : ndarray, or a list or dictionary of them
        Inputs and targets, samples first.
    batch_size : int
        Samples in a batch; the last one may be smaller.
    seed : int or None
        Of the order and of the augmentation; ``None`` keeps the order of the arrays.
    augment : callable, optional
        ``augment(x, y, rng) -> (x, y)`` on a copy of each batch.
    """

    def __init__(
        self, x: Any, y: Any, *, batch_size: int, seed: int | None = 0, augment: Augment | None = None
    ) -> None:
        super().__init__()
        self._x, self._y = x, y
        self._size = len(keras.tree.flatten(x)[0])
        self._batch, self._seed, self._augment = batch_size, seed, augment
        self._epoch = 0
        self._shuffle()

    def __len__(self) -> int:
        return math.ceil(self._size / self._batch)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = self._order[index * self._batch : (index + 1) * self._batch]
        x, y = (keras.tree.map_structure(lambda a: a[rows], part) for part in (self._x, self._y))
        if self._augment is None:
            return x, y
        return self._augment(x, y, np.random.default_rng((self._seed or 0, self._epoch, index)))

    def on_epoch_end(self) -> None:
        """Shuffle for the next epoch."""
        self._epoch += 1
        self._shuffle()

    def _shuffle(self) -> None:
        rows = np.arange(self._size)
        self._order = (
            rows if self._seed is None else np.random.default_rng((self._seed, self._epoch)).permutation(rows)
        )
