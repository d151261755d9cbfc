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

# These modules share a name with their function: loaded here, the function keeps it in any case.
from medlab.io.read import read as read  # noqa: E402
from medlab.io.series import series as series  # noqa: E402
from medlab.io.write import write as write  # noqa: E402
