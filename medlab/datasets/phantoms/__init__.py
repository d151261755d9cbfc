"""Simulated images and simulated changes of real ones, seeded, with exact truth."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs={"nodule": ["insert_nodule"]})
