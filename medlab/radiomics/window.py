"""Which part of an image decides the features: what can be left out without changing a single bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medlab.radiomics.parameters import Parameters
    from medlab.radiomics.region import Region

__all__ = ["window"]

#: Filters whose value at a voxel depends on the whole image: its largest value, a recursive filter, or the
#: place of the voxel in it (rounding of coordinates).
_GLOBAL = {
    "Exponential": "its scale is the largest value of the image",
    "LBP2D": "its sampling points are rounded by their place in the image",
    "LBP3D": "its sampling points are rounded by their place in the image",
    "LoG": "its recursive filter runs over the whole image",
    "Logarithm": "its scale is the largest value of the image",
    "Square": "its scale is the largest value of the image",
    "SquareRoot": "its scale is the largest value of the image",
}


def window(parameters: Parameters, region: Region, shape: tuple[int, ...]) -> tuple[tuple[slice, ...], str]:
    """Return the part of the image to work on, and in words what decided about it.

    PyRadiomics cuts the image to the region before it computes a feature. What lies outside matters only to
    a filter, to resampling (whose grid starts at the first voxel) and to normalisation (done before the cut).

    Parameters
    ----------
    parameters : Parameters
        What will be computed.
    region : Region
        Where.
    shape : tuple of int
        Shape of the image, spatial axes only.

    Returns
    -------
    slices, reason
        One slice for each axis; ``"whole image: …"`` or ``"region + n voxels"``.
    """
    whole = tuple(slice(0, n) for n in shape)
    settings = parameters.settings
    if settings.get("resampledPixelSpacing") is not None and settings.get("interpolator") is not None:
        return whole, "whole image: resampling starts at its first voxel"
    if settings.get("preCrop"):
        margin = int(settings.get("padDistance", 5))
        return _around(region, shape, margin), f"region + {margin} voxels (preCrop)"
    for name in parameters.image_types:
        if name not in _LOCAL:
            reason = _GLOBAL.get(name, "nobody knows how far this filter reaches")
            return whole, f"whole image: {name}, {reason}"
    margin = max(_LOCAL[name]({**settings, **own}) for name, own in parameters.image_types.items())
    slices = _around(region, shape, margin)
    if "Wavelet" in parameters.image_types:
        slices = tuple(
            cut if start >= margin and stop + margin <= n else slice(0, n)
            for cut, (start, stop), n in zip(slices, region.box, shape, strict=True)
        )
    return slices, f"region + {margin} voxels"


def _around(region: Region, shape: tuple[int, ...], margin: int) -> tuple[slice, ...]:
    limits = zip(region.box, shape, strict=True)
    return tuple(slice(max(start - margin, 0), min(stop + margin, n)) for (start, stop), n in limits)


def _wavelet(settings: dict[str, Any]) -> int:
    """Return the reach of the wavelet: its length at each level, as PyRadiomics filters level by level."""
    import pywt

    length = pywt.Wavelet(settings.get("wavelet", "coif1")).dec_len
    return int(length * (settings.get("start_level", 0) + settings.get("level", 1)) + 1)


#: Filters that look only a known number of voxels far.
_LOCAL = {"Original": lambda _: 1, "Gradient": lambda _: 2, "Wavelet": _wavelet}
