"""medlab: learn, explore and report medical image analysis in Jupyter.

>>> import medlab
>>> scan = medlab.datasets.load("ct-thorax-slice").image
>>> scan
<Image CT yx (128, 128) int16 HU; spacing 0.6615 × 0.6615 mm; orientation PL; 32 KiB>
"""

import lazy_loader as _lazy

__version__ = "0.1.0.dev0"

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submodules=[
        "datasets",
        "evaluate",
        "explain",
        "io",
        "measure",
        "models",
        "provenance",
        "radiomics",
        "report",
        "train",
        "view",
    ],
    submod_attrs={"exercise": ["check"], "image": ["Image"], "io": ["LoadError", "read", "write"]},
)
