"""Training on more images than fit into memory: a table of paths, read while the model trains."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.io.errors import LoadError
from medlab.models.backend import keras

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from medlab.train.batches import Augment

__all__ = ["Files", "index_folder", "read_picture"]


def index_folder(
    folder: str | os.PathLike[str], *, patient: str | None = None, pattern: str = "*"
) -> pd.DataFrame:
    r"""Make a table of the images below a folder that has one subfolder per class.

    Parameters
    ----------
    folder : path
        For example ``train/NORMAL/…`` and ``train/PNEUMONIA/…``: then ``train``.
    patient : str, optional
        Regular expression whose first group is the patient in a file's name, e.g. ``r"person(\d+)"``. A name
        that does not match stands for itself.
    pattern : str, optional
        Which files, e.g. ``"*.jpeg"``. Hidden files never count.

    Returns
    -------
    DataFrame
        Columns ``path``, ``label`` (number of the class, in alphabetical order), ``label_name``, ``patient``
        (as ``class/name``; without a regular expression each file counts as a patient of its own, which is a
        guess to be named).

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If it holds no subfolder with such files.

    Examples
    --------
    >>> import medlab
    >>> table = medlab.train.index_folder("chest_xray/train", patient=r"person(\d+)")  # doctest: +SKIP
    >>> parts = medlab.train.split(table, stratify="label")                            # doctest: +SKIP
    """
    import pandas as pd

    root = Path(folder)
    if not root.is_dir():
        msg = f"There is no folder {root}."
        raise FileNotFoundError(msg)
    expression = None if patient is None else re.compile(patient)
    rows = []
    for path in sorted(root.glob(f"*/**/{pattern}")):
        inner = path.relative_to(root)
        if path.is_file() and not any(part.startswith(".") for part in inner.parts):
            found = expression.search(path.name) if expression else None
            rows.append((path, inner.parts[0], f"{inner.parts[0]}/{found.group(1) if found else path.name}"))
    if not rows:
        msg = f"{root} holds no subfolder with files {pattern!r}; expected one folder of images per class."
        raise ValueError(msg)
    table = pd.DataFrame(rows, columns=["path", "label_name", "patient"])
    table.insert(1, "label", pd.Categorical(table["label_name"]).codes.astype(int))
    return table


def read_picture(
    path: str | os.PathLike[str], size: Sequence[int] | None = None, channels: int = 1
) -> NDArray[np.float32]:
    """Read an image file as what a network takes.

    Parameters
    ----------
    path : path
        A picture or a DICOM file of one frame, in any format that `medlab.read` knows.
    size : (rows, columns), optional
        Size to resample to, with smoothing where it shrinks; the aspect is not kept.
    channels : {1, 3}, optional
        Grey or colour.

    Returns
    -------
    (rows, columns, channels) ndarray of float32
        0 to 1: whole numbers are divided by the largest of their type (8 bit: 255), other values are scaled
        between the image's own minimum and maximum. Larger is brighter as shown: MONOCHROME1 is inverted.
    """
    import medlab

    image = medlab.read(path)
    values = image.array.astype(np.float32)
    if image.axes not in {"yx", "yxc"} or channels not in {1, 3}:
        msg = f"{path} has axes {image.axes!r}; expected one picture, 'yx' or 'yxc', and channels 1 or 3."
        raise ValueError(msg)
    if image.array.dtype == np.uint8:
        values /= 255
    else:
        low, high = float(values.min()), float(values.max())
        values = (values - low) / max(high - low, 1e-12)
    if image.meta.get("PhotometricInterpretation") == "MONOCHROME1":
        values = 1 - values
    if image.axes == "yx":
        values = values[..., None]
    if values.shape[-1] != channels:
        values = values[..., :3].mean(axis=-1, keepdims=True)
        values = np.repeat(values, channels, axis=-1)
    if size is not None and values.shape[:2] != tuple(size):
        from PIL import Image as Picture

        shape, method = (size[1], size[0]), Picture.Resampling.BILINEAR
        planes = [Picture.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(values, -1, 0)]
        values = np.stack([np.asarray(plane.resize(shape, method)) for plane in planes], axis=-1)
    return values


class Files(keras.utils.PyDataset):
    """Batches that are read from files, by several threads ahead of the training.

    Parameters
    ----------
    table : DataFrame
        One row per image.
    read : callable
        ``read(path) -> ndarray`` of one shape for all files, for example
        ``lambda path: read_picture(path, (128, 128))``.
    image : str, optional
        Column of the paths.
    target : str, optional
        Column of the classes, or of paths of masks if `read_target` is given.
    read_target : callable, optional
        ``read_target(path) -> ndarray``, e.g. of a mask.
    batch_size : int, optional
        Images in a batch; the last one may be smaller.
    seed : int or None, optional
        Of the order and of the augmentation; ``None`` keeps the order of the table, for validation.
    augment : callable, optional
        ``augment(x, y, rng) -> (x, y)`` on each batch.
    workers : int, optional
        Threads that read ahead.
    most_failed : float, optional
        Share of the files that may be unreadable before reading stops with an error.

    Attributes
    ----------
    failed : dict
        Path → reason, of files that could not be read: their batch is made without them.

    Raises
    ------
    ValueError
        If a column is missing or the table is empty.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> table = pd.DataFrame({"path": ["a", "b", "c"], "label": [0, 1, 0]})
    >>> batches = Files(table, lambda path: np.full((4, 4, 1), ord(path)), batch_size=2, seed=None)
    >>> x, y = batches[1]
    >>> x.shape, y.tolist()
    ((1, 4, 4, 1), [0])
    """

    def __init__(
        self,
        table: pd.DataFrame,
        read: Callable[[Any], NDArray[Any]],
        *,
        image: str = "path",
        target: str = "label",
        read_target: Callable[[Any], NDArray[Any]] | None = None,
        batch_size: int = 16,
        seed: int | None = 0,
        augment: Augment | None = None,
        workers: int = 4,
        most_failed: float = 0.05,
    ) -> None:
        super().__init__(workers=workers, use_multiprocessing=False, max_queue_size=2 * workers)
        missing = [column for column in (image, target) if column not in table]
        if missing or table.empty:
            msg = f"The table needs rows and columns {image!r} and {target!r}; it has {list(table.columns)}."
            raise ValueError(msg)
        self._paths, self._targets = table[image].to_list(), table[target].to_list()
        self._read, self._read_target = read, read_target
        self._batch, self._seed, self._augment = batch_size, seed, augment
        self._most, self._epoch = most_failed * len(table), 0
        self.failed: dict[Any, str] = {}
        self._shuffle()

    def __len__(self) -> int:
        return math.ceil(len(self._paths) / self._batch)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
        pairs = [self._pair(k) for k in self._order[index * self._batch : (index + 1) * self._batch]]
        good = [pair for pair in pairs if pair is not None]
        if not good:
            msg = f"No file of batch {index} could be read: {list(self.failed.items())[-1]}."
            raise ValueError(msg)
        x = np.stack([image for image, _ in good]).astype(np.float32)
        y = np.stack([value for _, value in good])
        if self._augment is None:
            return x, y
        return self._augment(x, y, np.random.default_rng((self._seed or 0, self._epoch, index)))

    def on_epoch_end(self) -> None:
        """Shuffle for the next epoch."""
        self._epoch += 1
        self._shuffle()

    def _pair(self, k: int) -> tuple[NDArray[Any], Any] | None:
        path, target = self._paths[k], self._targets[k]
        try:
            return self._read(path), (target if self._read_target is None else self._read_target(target))
        except (OSError, ValueError, LoadError) as error:
            self.failed[path] = f"{type(error).__name__}: {error}".partition("\n")[0]
            if len(self.failed) > self._most:
                msg = f"{len(self.failed)} of {len(self._paths)} files could not be read; the last: {error}"
                raise ValueError(msg) from error
            return None

    def _shuffle(self) -> None:
        rows = np.arange(len(self._paths))
        self._order = (
            rows if self._seed is None else np.random.default_rng((self._seed, self._epoch)).permutation(rows)
        )
