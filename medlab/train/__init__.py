"""Training: split by patient, fit with one progress line, keep the best weights, look at the curves.

>>> import medlab
>>> parts = medlab.train.split(["p1", "p1", "p2", "p3", "p4", "p5"], seed=0)
>>> [len(part) for part in parts]
[3, 2, 1]
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "augmenting": ["Augmentation", "augmentation"],
        "batches": ["Batches"],
        "files": ["Files", "index_folder", "read_picture"],
        "fitting": ["fit"],
        "folding": ["folds"],
        "history": ["History"],
        "inference": ["ensemble", "sliding_window", "tta"],
        "losses": [
            "boundary_loss",
            "dice_bce",
            "dice_boundary",
            "dice_crossentropy",
            "dice_loss",
            "dice_score",
            "focal_loss",
            "focal_tversky",
            "tversky_loss",
        ],
        "patches": ["Patches"],
        "restarting": ["restart"],
        "seeds": ["set_seed"],
        "splitting": ["Split", "split"],
    },
)
