"""Which compressions of DICOM pixels this installation decodes: a small real file each."""

from __future__ import annotations

import warnings

__all__ = ["SAMPLES", "codecs"]

#: Transfer syntax (PS3.5 annex A) and a file in it that ships with pydicom or pydicom-data.
SAMPLES = {
    "implicit little endian": "MR_small_implicit.dcm",
    "explicit little endian": "MR_small.dcm",
    "explicit big endian": "MR_small_bigendian.dcm",
    "deflated": "image_dfl.dcm",
    "RLE": "MR_small_RLE.dcm",
    "JPEG baseline": "SC_rgb_small_odd_jpeg.dcm",
    "JPEG extended 12 bit": "JPGExtended.dcm",
    "JPEG lossless": "JPEG-LL.dcm",
    "JPEG-LS lossless": "MR_small_jpeg_ls_lossless.dcm",
    "JPEG-LS near-lossless": "JPEGLSNearLossless_16.dcm",
    "JPEG 2000 lossless": "MR_small_jp2klossless.dcm",
    "JPEG 2000": "JPEG2000.dcm",
}


def codecs() -> dict[str, str]:
    """Read each sample with `medlab.read`; return why it failed, ``""`` where it did not."""
    return {name: _failure(file) for name, file in SAMPLES.items()}


def _failure(file: str) -> str:
    from pydicom.data import get_testdata_file

    import medlab

    path = get_testdata_file(file, download=False)
    if path is None:
        return f"no sample: {file} is missing from pydicom-data"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = medlab.read(path)
    except Exception as error:  # noqa: BLE001  a doctor reports whatever goes wrong
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return "" if image.array.size and image.array.max() > image.array.min() else "decodes to a flat image"
