"""Anterior and posterior hippocampus with the 3-D U-Net, beside nnU-Net's published Dice.

Run ``python tests/learning/hippocampus.py [--seeds 3]`` with MEDLAB_DATA_MIRROR. 130 of the 260 training
cases of the Medical Segmentation Decathlon's task 4, split by case: 60 % train, 20 % stop, 20 % test.
nnU-Net on the decathlon's own, hidden test cases: Dice 0.90 and 0.89 (Isensee et al., *nnU-Net:
self-adapting framework*, 2018, https://arxiv.org/abs/1809.10486); other cases, so only beside each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import outcome

import medlab

if TYPE_CHECKING:
    import pandas as pd

SIZE = (40, 56, 40)
PUBLISHED = {1: 0.90, 2: 0.89}


def centred(array: np.ndarray, fill: float) -> np.ndarray:
    """Pad or cut an array to the common size about its middle."""
    out = np.full(SIZE, fill, array.dtype)
    here, there = [], []
    for have, want in zip(array.shape, SIZE, strict=True):
        shared, a, b = min(have, want), max(have - want, 0) // 2, max(want - have, 0) // 2
        here.append(slice(a, a + shared))
        there.append(slice(b, b + shared))
    out[tuple(there)] = array[tuple(here)]
    return out


def arrays(data: medlab.datasets.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Volumes with mean 0 and standard deviation 1, and label maps."""
    x, y = [], []
    for case in data:
        values = case.image.array.astype(np.float32)
        values = (values - values.mean()) / values.std()
        x.append(centred(values, float(values.min())))
        y.append(centred(case.masks["hippocampus"].array, 0))
    return np.stack(x)[..., None], np.stack(y)


def run(seed: int) -> pd.DataFrame:
    """Train with one seed and score the test cases."""
    data = medlab.datasets.load("hippocampus-130", strict=True)
    x, y = arrays(data)
    parts = medlab.train.split(data.table, seed=seed)
    medlab.train.set_seed(seed)
    model = medlab.models.unet((*SIZE, 1), classes=3, filters=(8, 16, 32))
    medlab.train.fit(
        model,
        (x[parts.train], y[parts.train]),
        (x[parts.val], y[parts.val]),
        epochs=15,
        batch_size=2,
        learning_rate=4e-3,
        schedule="cosine",
        patience=None,
        seed=seed,
        verbose=False,
    )
    predicted = model.predict(x[parts.test], batch_size=4, verbose=0).argmax(axis=-1)
    everywhere_mean = baseline(y[parts.train], y[parts.test])
    table = medlab.evaluate.segmentation(y[parts.test], predicted, (1, 1, 1), groups=parts.test)
    rows = table.loc[[(1, "dice"), (2, "dice"), (1, "hd95_mm"), (2, "hd95_mm")]]
    rows = rows[["mean", "low", "high", "worst", "n"]]
    return rows.assign(
        baseline=[everywhere_mean[1], everywhere_mean[2], np.nan, np.nan],
        published=[PUBLISHED[1], PUBLISHED[2], np.nan, np.nan],
    )


def baseline(train: np.ndarray, test: np.ndarray) -> dict[int, float]:
    """Dice of the most frequent label at each voxel of the training cases: a model that ignores the image."""
    votes = np.stack([(train == label).mean(axis=0) for label in range(3)])
    guess = votes.argmax(axis=0)
    return {
        label: np.mean([medlab.evaluate.dice(t == label, guess == label) for t in test]) for label in (1, 2)
    }


if __name__ == "__main__":
    outcome.repeated(run, "Hippocampus")
