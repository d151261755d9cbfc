"""medlab: learn, explore and report medical image analysis in Jupyter.

>>> import medlab
>>> ct = medlab.datasets.load("ct-chest-lidc")         # doctest: +SKIP
>>> medlab.view.slices(ct, window="lung")              # doctest: +SKIP
"""

import lazy_loader as _lazy

__version__ = "0.1.0.dev0"

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submodules=["datasets", "evaluate", "explain", "io", "models", "report", "train", "view"],
    submod_attrs={"image": ["Image"], "io": ["LoadError", "read", "write"]},
)
