"""Head circumference in HC18's ultrasound images with a small U-Net and an ellipse, in mm.

Run ``python tests/learning/head_circumference.py [--seeds 3]`` with MEDLAB_DATA_MIRROR. 112 of the 999
training images, one per examination, split by examination: 60 % train, 20 % stop, 20 % test. The
baseline predicts the mean circumference of the training part.
"""

from __future__ import annotations

import numpy as np
import outcome
import pandas as pd
from skimage.transform import resize

import medlab

SIZE = (90, 134)


def arrays(data: medlab.datasets.Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images 0 to 1 and masks of the head on one grid, and the spacing (n, 2) of that grid in mm."""
    x, y, spacing = [], [], []
    for case in data:
        x.append(resize(case.image.array / 255, SIZE, anti_aliasing=True))
        y.append(resize((case.masks["head"].array > 0).astype(float), SIZE, anti_aliasing=True) >= 0.5)
        spacing.append(np.array(case.image.spacing) * case.image.shape / SIZE)
    return np.stack(x)[..., None].astype(np.float32), np.stack(y), np.stack(spacing)


def circumference(mask: np.ndarray, spacing: np.ndarray) -> float:
    """Circumference in mm of the ellipse of the largest region; NaN where there is none."""
    if mask.sum() < 20:
        return np.nan
    head = medlab.Image(mask.astype(np.uint8), units="label").with_spacing(tuple(spacing))
    return medlab.measure.ellipse_of(head).circumference_mm


def run(seed: int) -> pd.DataFrame:
    """Train with one seed and measure the test images."""
    data = medlab.datasets.load("hc18-112", strict=True)
    x, y, spacing = arrays(data)
    published = data.table["circumference_mm"].to_numpy()
    parts = medlab.train.split(data.table, seed=seed)
    medlab.train.set_seed(seed)
    model = medlab.models.unet((*SIZE, 1), filters=(8, 16, 32, 64))
    medlab.train.fit(
        model,
        (x[parts.train], y[parts.train]),
        (x[parts.val], y[parts.val]),
        epochs=30,
        batch_size=4,
        learning_rate=4e-3,
        schedule="cosine",
        patience=None,
        augment=medlab.train.augmentation(flip=(1,), rotation=20, scaling=0.2, shift=0.1, gamma=0.3),
        seed=seed,
        verbose=False,
    )
    predicted = model.predict(x[parts.test], verbose=0)[..., 0] > 0.5
    found = [circumference(p, s) for p, s in zip(predicted, spacing[parts.test], strict=True)]
    error = np.abs(np.array(found) - published[parts.test])
    guess = np.abs(published[parts.train].mean() - published[parts.test])
    dice = [medlab.evaluate.dice(t, p) for t, p in zip(y[parts.test], predicted, strict=True)]
    known = np.isfinite(error)
    rows = {
        "absolute error (mm)": [*medlab.evaluate.bootstrap(np.mean, error[known]), int(known.sum())],
        "median absolute error (mm)": [*medlab.evaluate.bootstrap(np.median, error[known]), int(known.sum())],
        "baseline: absolute error (mm)": [*medlab.evaluate.bootstrap(np.mean, guess), len(guess)],
        "Dice": [*medlab.evaluate.bootstrap(np.mean, dice), len(dice)],
        "without an answer": [float((~known).sum()), np.nan, np.nan, len(known)],
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "low", "high", "n"])


if __name__ == "__main__":
    outcome.repeated(run, "HC18")
