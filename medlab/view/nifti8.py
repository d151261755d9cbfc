"""A volume as the bytes of an 8-bit NIfTI file, for viewers that read one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["nifti_bytes"]

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_LABEL_INTENT = 1002  # each value is looked up in a table
_OFFSET = 352


def nifti_bytes(
    codes: NDArray[np.uint8], affine: NDArray[np.float64], limits: tuple[float, float] | None = None
) -> bytes:
    """Return a single-file NIfTI-1 image.

    Parameters
    ----------
    codes : (K, J, I) ndarray of uint8
        The stored values.
    affine : (4, 4) ndarray
        From (k, j, i, 1) to LPS mm, without shear; written as RAS, in sform and qform.
    limits : (float, float), optional
        What 0 and 255 stand for; default: themselves.
    """
    import nibabel as nib

    low, high = limits or (0.0, 255.0)
    ras = _LPS_TO_RAS @ affine[:, [2, 1, 0, 3]]
    header = nib.Nifti1Header()
    header.set_data_dtype(np.uint8)
    header.set_data_shape(codes.shape[::-1])
    header.set_sform(ras, 1)
    header.set_qform(ras, 1)
    header.set_xyzt_units("mm")
    header.set_intent(_LABEL_INTENT)
    header["scl_slope"], header["scl_inter"] = (high - low) / 255, low
    header["vox_offset"], header["magic"] = _OFFSET, b"n+1"
    return header.binaryblock.ljust(_OFFSET, b"\0") + np.ascontiguousarray(codes).tobytes()
