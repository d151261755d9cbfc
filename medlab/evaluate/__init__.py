"""Scores: arrays in, tables out, with intervals that know which images belong to one patient.

>>> import medlab
>>> float(medlab.evaluate.dice([[1, 1, 0]], [[0, 1, 0]]))
0.6666666666666666
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "agreement": ["bland_altman", "fleiss_kappa", "icc", "kappa"],
        "calibrating": ["calibration", "calibration_bins"],
        "classes": ["classification"],
        "comparing": ["compare", "compare_cases", "subgroups"],
        "decisions": ["decision_curve"],
        "deformation": ["folding", "jacobian_determinant", "target_registration_error"],
        "diagrams": ["bland_altman_plot", "froc_plot", "net_benefit", "precision_recall", "reliability"],
        "finding": ["compare_detection", "detection", "froc"],
        "masks": ["dice", "segmentation", "segmentation_cases", "surface_distances"],
        "operating": ["choose_threshold", "predictive_values"],
        "plots": ["confusion", "roc"],
        "resampling": ["Interval", "bootstrap"],
    },
)
