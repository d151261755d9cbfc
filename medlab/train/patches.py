"""Random patches of volumes that are too large to train on whole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.models.backend import keras

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from medlab.train.batches import Augment

__all__ = ["Patches"]


class Patches(keras.utils.PyDataset):
    """Batches of patches, drawn anew in each epoch, with a share of them on a labelled structure.

    Parameters
    ----------
    images : sequence of ndarray
        Volumes ``(slices, rows, columns, channels)`` or pictures ``(rows, columns, channels)``, of any sizes.
    masks : sequence of ndarray
        Label maps of the same spatial shapes, with or without a last axis of one channel.
    size : sequence of int
        Spatial shape of a patch; images that are smaller are padded with their minimum, masks with 0.
    per_epoch : int, optional
        Patches in an epoch. Default: ten times the number of images.
    foreground : float, optional
        Share of the patches that hold a voxel that is not 0, drawn so that each label is met equally often
        (a third in nnU-Net: Isensee et al., Nature Methods 2021, https://doi.org/10.1038/s41592-020-01008-z).
    batch_size : int, optional
        Patches in a batch.
    seed : int or None, optional
        Of the patches. ``None``: the same patches in every epoch, for validation.
    augment : callable, optional
        ``augment(x, y, rng) -> (x, y)`` on each batch.

    Raises
    ------
    ValueError
        If images and masks do not fit each other or the patch.

    Examples
    --------
    >>> import numpy as np
    >>> volume, mask = np.zeros((20, 60, 50, 1), np.float32), np.zeros((20, 60, 50), int)
    >>> mask[8:12, 10:20, 10:20] = 1
    >>> patches = Patches([volume], [mask], (16, 32, 32), per_epoch=6, batch_size=2, foreground=1)
    >>> x, y = patches[0]
    >>> len(patches), x.shape, y.shape, bool(y.any())
    (3, (2, 16, 32, 32, 1), (2, 16, 32, 32, 1), True)
    """

    def __init__(
        self,
        images: Sequence[NDArray[Any]],
        masks: Sequence[NDArray[Any]],
        size: Sequence[int],
        *,
        per_epoch: int | None = None,
        foreground: float = 1 / 3,
        batch_size: int = 2,
        seed: int | None = 0,
        augment: Augment | None = None,
    ) -> None:
        super().__init__()
        self._size = tuple(size)
        self._images, self._masks = _padded(images, masks, self._size)
        if not 0 <= foreground <= 1:
            msg = f"foreground is a share from 0 to 1; got {foreground!r}."
            raise ValueError(msg)
        self._places = [_places(mask) for mask in self._masks]
        self._labelled = [k for k, places in enumerate(self._places) if places]
        self._foreground = foreground if self._labelled else 0.0
        self._number = 10 * len(images) if per_epoch is None else per_epoch
        self._batch, self._seed, self._augment, self._epoch = batch_size, seed, augment, 0

    def __len__(self) -> int:
        return math.ceil(self._number / self._batch)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
        epoch = 0 if self._seed is None else self._epoch
        rng = np.random.default_rng((self._seed or 0, epoch, index))
        count = min(self._batch, self._number - index * self._batch)
        pairs = [self._patch(rng) for _ in range(count)]
        x = np.stack([image for image, _ in pairs]).astype(np.float32)
        y = np.stack([mask for _, mask in pairs])
        return (x, y) if self._augment is None else self._augment(x, y, rng)

    def on_epoch_end(self) -> None:
        """Draw other patches in the next epoch."""
        self._epoch += 1

    def _patch(self, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        on_structure = rng.random() < self._foreground
        k = int(rng.choice(self._labelled) if on_structure else rng.integers(len(self._images)))
        shape = self._masks[k].shape[:-1]
        free = np.array([have - want for have, want in zip(shape, self._size, strict=True)], dtype=np.int64)
        if on_structure:
            places = self._places[k][rng.integers(len(self._places[k]))]
            place = places[rng.integers(len(places))]
            start = np.clip(place - rng.integers(0, self._size), 0, free)
        else:
            start = rng.integers(0, free + 1)
        box = tuple(slice(a, a + n) for a, n in zip(start, self._size, strict=True))
        return self._images[k][box], self._masks[k][box]


def _places(mask: NDArray[Any]) -> list[NDArray[np.int64]]:
    """Return the voxels of each label but 0."""
    return [np.argwhere(mask[..., 0] == label) for label in np.unique(mask) if label]


def _padded(
    images: Sequence[NDArray[Any]], masks: Sequence[NDArray[Any]], size: tuple[int, ...]
) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """Check the pairs, give masks a channel axis and pad what is smaller than a patch."""
    if len(images) != len(masks) or not len(images):
        msg = f"There must be one mask per image, and at least one; got {len(images)} and {len(masks)}."
        raise ValueError(msg)
    out: tuple[list[NDArray[Any]], list[NDArray[Any]]] = ([], [])
    for image, given in zip(images, masks, strict=True):
        mask = given[..., None] if given.ndim == image.ndim - 1 else given
        if image.ndim != len(size) + 1 or mask.shape != (*image.shape[:-1], 1):
            msg = (
                f"With size={size}, images are (*spatial, channels) with {len(size)} spatial axes and masks "
                f"label maps of the same spatial shape; got {image.shape} and {given.shape}."
            )
            raise ValueError(msg)
        missing = [(0, max(want - have, 0)) for want, have in zip(size, image.shape, strict=False)]
        out[0].append(np.pad(image, [*missing, (0, 0)], constant_values=image.min()))
        out[1].append(np.pad(mask, [*missing, (0, 0)]))
    return out
