"""DICOM files and folders ⇄ `medlab.Image`: geometry from the tags, checks on, nothing silent."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs={"read": ["read_dicom"]})
