"""Keras models for medical images: plain functions that return uncompiled Keras 3 models.

Every builder infers two or three dimensions from ``input_shape``, which ends with the channels:
``(rows, columns, channels)`` or ``(slices, rows, columns, channels)``.

>>> import medlab
>>> model = medlab.models.unet((64, 64, 1))
>>> model.output_shape
(None, 64, 64, 1)
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submodules=["backend"],
    submod_attrs={
        "classifying": ["classifier"],
        "saved": ["UnsafeModelError", "load"],
        "segmenting": ["unet"],
    },
)
