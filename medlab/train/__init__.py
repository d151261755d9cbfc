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
        "batches": ["Batches"],
        "fitting": ["fit"],
        "history": ["History"],
        "losses": ["dice_bce", "dice_crossentropy", "dice_loss", "dice_score"],
        "seeds": ["set_seed"],
        "splitting": ["Split", "split"],
    },
)
