"""Scores: arrays in, tables out, with intervals that know which images belong to one patient.

>>> import medlab
>>> float(medlab.evaluate.dice([[1, 1, 0]], [[0, 1, 0]]))
0.6666666666666666
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "classes": ["classification"],
        "masks": ["dice", "segmentation", "segmentation_cases", "surface_distances"],
        "plots": ["confusion", "roc"],
        "resampling": ["Interval", "bootstrap"],
    },
)
