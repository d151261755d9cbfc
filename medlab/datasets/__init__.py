"""Images to learn and to work with: real ones first, simulated ones only where there are none.

>>> import medlab
>>> medlab.datasets.load("ct-thorax-slice").image
<Image CT yx (128, 128) int16 HU; spacing 0.6615 × 0.6615 mm; orientation PL; 32 KiB>
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submodules=["phantoms"],
    submod_attrs={
        "catalogue": ["UnknownDatasetError", "card", "list", "load"],
        "dataset": ["Case", "Dataset"],
        "fetch": ["fetch"],
        "places": ["DatasetUnavailable", "cache_folder"],
        "verification": ["verify"],
    },
)
