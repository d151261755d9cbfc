"""PneumoniaMNIST and BreastMNIST at 28 pixels beside the published ResNet-18.

Run ``python tests/learning/medmnist.py [--seeds 3]`` with MEDLAB_DATA_MIRROR or a network. Official
splits: trained on the training part, stopped on the validation part, scored once on the test part.
Published: Yang et al., Scientific Data 10, 41 (2023), table 3,
https://doi.org/10.1038/s41597-022-01721-8. MedMNIST names no patients, so the intervals are by image.
"""

from __future__ import annotations

import numpy as np
import outcome
import pandas as pd

import medlab

#: AUC and accuracy of ResNet-18 at 28 pixels.
PUBLISHED = {"pneumoniamnist": (0.944, 0.854), "breastmnist": (0.901, 0.863)}
SETTINGS = {
    "pneumoniamnist": {"epochs": 12, "batch_size": 64, "flip": ()},
    "breastmnist": {"epochs": 60, "batch_size": 32, "flip": (1,)},
}


def trained(name: str, seed: int) -> pd.DataFrame:
    """Train on one set and score its test part."""
    data = medlab.datasets.load(name, strict=True)
    parts = {}
    for part in ("train", "val", "test"):
        x, y = data.arrays(part)
        parts[part] = x[..., None].astype(np.float32) / 255, np.asarray(y)
    settings = SETTINGS[name]
    medlab.train.set_seed(seed)
    model = medlab.models.classifier((28, 28, 1), filters=(32, 64, 128), dropout=0.3)
    medlab.train.fit(
        model,
        parts["train"],
        parts["val"],
        epochs=settings["epochs"],
        batch_size=settings["batch_size"],
        patience=None,
        schedule="cosine",
        augment=medlab.train.augmentation(flip=settings["flip"], rotation=10, shift=0.07, scaling=0.1),
        class_weight="balanced",
        seed=seed,
        verbose=False,
    )
    x, y = parts["test"]
    score = medlab.train.tta(model, x, flip=settings["flip"])[:, 0]
    threshold = best_threshold(
        parts["val"][1], medlab.train.tta(model, parts["val"][0], flip=settings["flip"])[:, 0]
    )
    found = medlab.evaluate.classification(y, score, threshold=threshold)
    return found.loc[["AUC", "accuracy"]].assign(published=PUBLISHED[name]).drop(columns=["n", "interval"])


def best_threshold(y: np.ndarray, score: np.ndarray) -> float:
    """The threshold of the highest accuracy on validation data."""
    limits = np.linspace(0.05, 0.95, 91)
    return float(limits[np.argmax([((score >= t) == y).mean() for t in limits])])


def run(seed: int) -> pd.DataFrame:
    """Both sets with one seed."""
    return pd.concat({name: trained(name, seed) for name in PUBLISHED})


if __name__ == "__main__":
    outcome.repeated(run, "MedMNIST")
