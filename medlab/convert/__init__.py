"""`Image` to and from the types of SimpleITK, nibabel and xarray, without losing geometry."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "nibabel": ["from_nibabel", "to_nibabel"],
        "sitk": ["from_sitk", "to_sitk"],
        "xarray": ["from_xarray", "to_xarray"],
    },
)
