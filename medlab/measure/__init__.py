"""Numbers from an image and a mask, with their units.

>>> import numpy as np
>>> import medlab
>>> ct = medlab.Image(np.zeros((40, 64, 64)), affine=np.diag([0.5, 0.5, 2, 1])[:, [2, 1, 0, 3]], units="HU")
>>> lesion = np.zeros(ct.shape, bool)
>>> lesion[10:20, 20:40, 20:50] = True
>>> medlab.measure.volume(ct.as_mask(lesion))
3.0
"""

import lazy_loader as _lazy

# `suv` is the name of a function and of its module: bound here, the function is what the name means.
from medlab.measure.suv import suv  # noqa: F401

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "cavities": ["area_length", "body_surface_area", "simpson", "simpson_biplane"],
        "cells": ["nuclear_density", "nuclei"],
        "delineating": ["suv_threshold", "threshold_mask"],
        "diameters": ["Diameters", "recist"],
        "dose": ["DoseVolumeHistogram", "dose_volume_histogram"],
        "fractal": ["fractal_dimension"],
        "heads": ["Ellipse", "ellipse_of", "gestational_age", "head_circumference_centile"],
        "heart": ["left_ventricle", "volume_curve", "wall_thickness"],
        "intensities": ["contrast_to_noise", "hu_statistics", "intensity_statistics", "signal_to_noise"],
        "responding": ["growth", "response"],
        "retina": ["arteriovenous_ratio", "central_equivalent"],
        "sizes": ["area", "sphericity", "surface_area", "surface_mesh", "volume"],
        "suv": ["suv"],
        "uptake": ["suv_peak", "suv_statistics"],
        "vessels": ["vessel_calibre"],
    },
)
