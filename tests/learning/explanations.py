"""Every explanation method on simulated lesions: does it find them, and does it need the model?

Run ``python tests/learning/explanations.py [--seeds 3]``. A classifier learns to see simulated lesions
whose masks are known. Localisation over the images in which it sees one, and the similarity of the maps
with those of the same model with all weights random. A method whose maps stay similar (0.3 or more)
is reported not to need the model: it shows the image.
"""

from __future__ import annotations

import sys
from pathlib import Path

import outcome
import pandas as pd

sys.path.append(str(Path(__file__).parents[1]))
from discs import discs

import medlab
from medlab import explain

METHODS = {
    "grad_cam": explain.grad_cam,
    "saliency": explain.saliency,
    "smooth_grad": explain.smooth_grad,
    "integrated_gradients": explain.integrated_gradients,
    "guided_backprop": explain.guided_backprop,
    "occlusion": explain.occlusion,
    "lime": lambda model, x: explain.lime(model, x, samples=300, regions=40),
}


def run(seed: int) -> pd.DataFrame:
    """Train with one seed and judge every method."""
    medlab.train.set_seed(seed)
    model = medlab.models.classifier((32, 32, 1), filters=(8, 16))
    train, val = (discs(n, s, contrast=2.5)[:2] for n, s in ((240, 100 + seed), (80, 200 + seed)))
    medlab.train.fit(model, train, val, epochs=12, learning_rate=5e-3, seed=seed, verbose=False)
    x, y, masks = discs(120, 300 + seed, contrast=2.5)
    score = model.predict(x, verbose=0)[:, 0]
    auc = medlab.evaluate.classification(y, score).value["AUC"]
    if auc < 0.9:
        raise RuntimeError(f"the classifier has an AUC of {auc:.2f} only: nothing to explain")
    seen = (y == 1) & (score > 0.5)
    images, masks = x[seen][:20], masks[seen][:20]
    rows = {}
    for name, method in METHODS.items():
        found = explain.localisation(method(model, images), masks).mean()
        fooled = explain.randomisation_test(model, method, images[:8], stages=1, seed=seed).iloc[-1]
        similarity = fooled["similarity"]
        rows[name] = (*found[["auc", "pointing", "energy", "area"]], similarity, bool(similarity < 0.3))
    columns = ["AUC", "pointing", "energy", "chance", "similarity when random", "needs the model"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


if __name__ == "__main__":
    outcome.repeated(run, "Explanations")
