"""The left ventricle in Sunnybrook's cardiac MR with a small U-Net, by patient.

Run ``python tests/learning/left_ventricle.py [--seeds 3]`` with MEDLAB_DATA_MIRROR. Trained on 6 and
stopped on 2 of the 8 training patients that are at hand, tested on the set's own 15 test patients.
"""

from __future__ import annotations

import numpy as np
import outcome
import pandas as pd

import medlab

MIDDLE = slice(64, 192)


def run(seed: int) -> pd.DataFrame:
    """Train with one seed and score the test patients."""
    data = medlab.datasets.load("sunnybrook-lv", strict=True)
    x, y = data.arrays(target="left ventricle")
    x = x[:, MIDDLE, MIDDLE, None].astype(np.float32)
    x = (x - x.mean(axis=(1, 2, 3), keepdims=True)) / x.std(axis=(1, 2, 3), keepdims=True)
    y = y[:, MIDDLE, MIDDLE]
    test = (data.table["split"] == "test").to_numpy()
    rows = np.flatnonzero(~test)
    parts = medlab.train.split(data.table.iloc[rows], fractions=(0.75, 0.25, 0), seed=seed)
    medlab.train.set_seed(seed)
    model = medlab.models.unet((128, 128, 1), filters=(8, 16, 32, 64))
    medlab.train.fit(
        model,
        (x[rows[parts.train]], y[rows[parts.train]]),
        (x[rows[parts.val]], y[rows[parts.val]]),
        epochs=25,
        batch_size=8,
        learning_rate=4e-3,
        schedule="cosine",
        patience=None,
        augment=medlab.train.augmentation(
            rotation=180, scaling=0.25, shift=0.1, gamma=0.3, contrast=0.2, noise=0.1
        ),
        seed=seed,
        verbose=False,
    )
    predicted = model.predict(x[test], verbose=0)[..., 0] > 0.5
    patient = data.table["patient"].to_numpy()[test]
    guess = y[rows[parts.train]].mean(axis=0) > 0.5
    scores = pd.DataFrame(
        {
            "patient": patient,
            "model": [medlab.evaluate.dice(t, p) for t, p in zip(y[test], predicted, strict=True)],
            "baseline": [medlab.evaluate.dice(t, guess) for t in y[test]],
        }
    )
    by_patient = scores.groupby("patient").mean()
    model_dice = medlab.evaluate.bootstrap(np.mean, by_patient["model"], seed=seed)
    baseline = medlab.evaluate.bootstrap(np.mean, by_patient["baseline"], seed=seed)
    table = {
        "Dice by patient": [*model_dice, by_patient["model"].min()],
        "the training mean": [*baseline, by_patient["baseline"].min()],
    }
    return pd.DataFrame.from_dict(table, orient="index", columns=["mean", "low", "high", "worst"])


if __name__ == "__main__":
    outcome.repeated(run, "Sunnybrook")
