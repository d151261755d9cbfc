"""Files to `Image` and back: what is in this folder, read it, write it.

>>> from medlab import io
>>> io.series("my/dicom/folder")          # doctest: +SKIP
>>> scan = io.read("my/dicom/folder")     # doctest: +SKIP
>>> io.write(scan, "scan.nii.gz")         # doctest: +SKIP
"""

import lazy_loader as _lazy

from medlab.io import errors as _errors

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submodules=["dicom"],
    submod_attrs={
        "errors": list(_errors.__all__),
        "radiotherapy": ["read_rtdose", "read_rtstruct"],
        "read": ["read"],
        "segmentation": ["read_seg", "write_seg"],
        "series": ["series"],
        "write": ["write"],
    },
)

# A module and its function share a name: loaded here, the function keeps it, whoever imports the module later.
from medlab.io.read import read
from medlab.io.write import write
