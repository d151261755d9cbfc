"""Retinal vessels of CHASE_DB1 with a small U-Net on patches, beside the second observer.

Run ``python tests/learning/vessels.py [--seeds 3]`` with MEDLAB_DATA_MIRROR. 14 children with two
photographs each, split by child (8 train, 2 stop, 4 test). Green channel at half resolution; scored at
that resolution inside the field of view, against the first observer.
"""

from __future__ import annotations

import numpy as np
import outcome
import pandas as pd
from scipy import ndimage
from sklearn.metrics import roc_auc_score

import medlab


def arrays(data: medlab.datasets.Dataset) -> tuple[np.ndarray, ...]:
    """Local contrast of the green channel, both observers, and the field of view, at half resolution."""
    x, first, second, field = [], [], [], []
    for case in data:
        rows, cols = (n // 2 * 2 for n in case.image.shape[:2])
        halves = [a[:rows, :cols].reshape(rows // 2, 2, cols // 2, 2).mean(axis=(1, 3)) for a in (
            case.image.array[..., 1].astype(np.float32),
            case.masks["observer 1"].array > 0,
            case.masks["observer 2"].array > 0,
            case.image.array[..., 0] > 25,
        )]  # fmt: skip
        seen = halves[3] > 0.5
        local = halves[0] - ndimage.gaussian_filter(halves[0], 15)
        x.append(np.where(seen, local / local[seen].std(), 0))
        first.append(halves[1] >= 0.5)
        second.append(halves[2] >= 0.5)
        field.append(ndimage.binary_erosion(seen, iterations=4))
    return np.stack(x)[..., None].astype(np.float32), np.stack(first), np.stack(second), np.stack(field)


def run(seed: int) -> pd.DataFrame:
    """Train with one seed and score the test children."""
    data = medlab.datasets.load("chase-db1", strict=True)
    x, first, second, field = arrays(data)
    parts = medlab.train.split(data.table, fractions=(8 / 14, 2 / 14, 4 / 14), seed=seed)
    medlab.train.set_seed(seed)
    model = medlab.models.unet((None, None, 1), filters=(12, 24, 48))
    train, val = (
        medlab.train.Patches(
            list(x[rows]),
            list(first[rows].astype(int)),
            (64, 64),
            per_epoch=number,
            batch_size=8,
            seed=order,
            augment=augment,
        )
        for rows, number, order, augment in (
            (
                parts.train,
                240,
                seed,
                medlab.train.augmentation(flip=(0, 1), rotation=45, brightness=0.2, contrast=0.2, fill=0),
            ),
            (parts.val, 64, None, None),
        )
    )
    medlab.train.fit(
        model,
        train,
        val,
        epochs=12,
        schedule="cosine",
        patience=None,
        learning_rate=4e-3,
        loss="dice_bce",
        seed=seed,
        verbose=False,
    )
    score = np.stack(
        [medlab.train.sliding_window(model, image, (160, 160))[..., 0] for image in x[parts.test]]
    )
    child, seen = data.table["patient"].to_numpy()[parts.test], field[parts.test]
    rows = {
        "AUC in the field of view": [
            roc_auc_score(t[f], s[f]) for t, s, f in zip(first[parts.test], score, seen, strict=True)
        ],
        "AUC of darkness alone": [
            roc_auc_score(t[f], -i[f, 0])
            for t, i, f in zip(first[parts.test], x[parts.test], seen, strict=True)
        ],
        "Dice": [
            medlab.evaluate.dice(t & f, (s > 0.5) & f)
            for t, s, f in zip(first[parts.test], score, seen, strict=True)
        ],
        "Dice of the second observer": [
            medlab.evaluate.dice(t & f, o & f)
            for t, o, f in zip(first[parts.test], second[parts.test], seen, strict=True)
        ],
    }
    table = {name: medlab.evaluate.bootstrap(np.mean, values, groups=child) for name, values in rows.items()}
    return pd.DataFrame(table, index=["value", "low", "high"]).T


if __name__ == "__main__":
    outcome.repeated(run, "CHASE_DB1")
