"""Statistics of the values in a region, and signal and contrast against noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from medlab.measure.region import values_inside
from medlab.measure.sizes import area, volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from medlab.image import Image

__all__ = ["contrast_to_noise", "hu_statistics", "intensity_statistics", "signal_to_noise"]

#: CT numbers of adipose tissue and of air, inclusive limits in HU.
HU_RANGES: Mapping[str, tuple[float, float]] = {"fat": (-190.0, -30.0), "air": (-np.inf, -900.0)}
#: Standard deviation of the noise in a magnitude image's air, over that of the noise in its signal.
_RAYLEIGH = float(np.sqrt(2 - np.pi / 2))
_PERCENTILES = (5, 25, 75, 95)


def intensity_statistics(image: Image, mask: Image, label: int | str | None = None) -> pd.Series:
    """Return statistics of the values in a region.

    Parameters
    ----------
    image : Image
        Axes ``"yx"`` or ``"zyx"``.
    mask : Image
        On the same grid.
    label : int or str, optional
        Value or name; default: all that is not 0.

    Returns
    -------
    Series
        ``mean``, ``sd`` (of the population, divided by n), ``min``, ``p5``, ``p25``, ``median``, ``p75``,
        ``p95``, ``max`` (in the image's units), ``n`` (voxels), and ``volume_ml`` or ``area_mm2`` where the
        spacing is known.

    Raises
    ------
    TypeError, ValueError
        If the mask lies on another grid, no voxel carries the label, or a value is not finite.

    References
    ----------
    Image Biomarker Standardisation Initiative, reference manual, "Intensity-based statistical features".
    """
    import pandas as pd

    values = values_inside(image, mask, label)
    p5, p25, p75, p95 = np.percentile(values, _PERCENTILES)
    found = {
        "mean": values.mean(),
        "sd": values.std(),
        "min": values.min(),
        "p5": p5,
        "p25": p25,
        "median": np.median(values),
        "p75": p75,
        "p95": p95,
        "max": values.max(),
        "n": len(values),
    }
    if mask.space != "pixel" and mask.axes == "zyx":
        found["volume_ml"] = volume(mask, label)
    elif mask.space != "pixel":
        found["area_mm2"] = area(mask, label)
    return pd.Series(found)


def hu_statistics(
    image: Image,
    mask: Image,
    label: int | str | None = None,
    *,
    ranges: Mapping[str, tuple[float, float]] = HU_RANGES,
) -> pd.Series:
    """Return statistics of the CT numbers in an organ or a bone, with the shares of fat and air.

    Parameters
    ----------
    image : Image
        Units ``"HU"``.
    mask, label
        See `intensity_statistics`.
    ranges : mapping of str to (low, high), optional
        Whose shares to give, limits included, in HU. Default: ``fat`` −190 … −30, ``air`` up to −900.

    Returns
    -------
    Series
        As `intensity_statistics`, and ``share_<name>`` (0 … 1) for each range.

    Raises
    ------
    TypeError, ValueError
        As `intensity_statistics`, and if the values are not in HU.

    References
    ----------
    Yoshizumi et al., Abdominal fat: standardized technique for measurement at CT, Radiology 1999 (fat, −190
    to −30 HU). Pickhardt et al., Annals of Internal Medicine 2013 (mean HU of vertebral bone).

    Examples
    --------
    >>> from medlab import Image
    >>> ct = Image(np.array([[40, 60], [-100, -1000]]), units="HU", affine=np.eye(4)[:, [2, 1, 0, 3]])
    >>> whole = ct.as_mask(np.ones((2, 2), bool))
    >>> hu_statistics(ct, whole)[["median", "share_fat", "share_air"]].to_dict()
    {'median': -30.0, 'share_fat': 0.25, 'share_air': 0.25}
    """
    if image.units != "HU":
        msg = (
            f"Expected CT numbers in HU; got {image!r}. For other values: "
            "medlab.measure.intensity_statistics."
        )
        raise ValueError(msg)
    found = intensity_statistics(image, mask, label)
    values = values_inside(image, mask, label)
    for name, (low, high) in ranges.items():
        found[f"share_{name}"] = float(((values >= low) & (values <= high)).mean())
    return found


def contrast_to_noise(
    image: Image, a: Image, b: Image, *, noise: Literal["b", "both"] | Image = "b"
) -> float:
    """Return how far two regions stand apart, in standard deviations of the noise: |mean a − mean b| / σ.

    Parameters
    ----------
    image : Image
        Axes ``"yx"`` or ``"zyx"``.
    a, b : Image
        Masks on the same grid, such as a lesion and what surrounds it.
    noise : {"b", "both"} or Image, optional
        Where σ comes from: the standard deviation in b, √((σ_a² + σ_b²) / 2), or that in a mask of its own.

    Returns
    -------
    float
        Without unit; infinite where there is no noise.

    Raises
    ------
    TypeError, ValueError
        If a mask lies on another grid or is empty, or both regions are alike and without noise.

    References
    ----------
    Timischl, The contrast-to-noise ratio for image quality evaluation in scanning electron microscopy,
    Scanning 2015 (the definitions side by side).

    Examples
    --------
    >>> from medlab import Image
    >>> picture = Image(np.array([[10.0, 10.0], [3.0, 5.0]]))
    >>> top, bottom = (picture.as_mask(np.array(m, bool)) for m in ([[1, 1], [0, 0]], [[0, 0], [1, 1]]))
    >>> contrast_to_noise(picture, top, bottom)
    6.0
    """
    first, second = values_inside(image, a), values_inside(image, b)
    if isinstance(noise, str):
        if noise not in ("b", "both"):
            msg = f"noise must be 'b', 'both' or a mask; got {noise!r}."
            raise ValueError(msg)
        spread = second.std() if noise == "b" else np.sqrt((first.var() + second.var()) / 2)
    else:
        spread = values_inside(image, noise).std()
    return _ratio(abs(float(first.mean() - second.mean())), float(spread))


def signal_to_noise(
    image: Image, signal: Image, noise: Image | None = None, *, magnitude: bool = False
) -> float:
    """Return the mean signal in standard deviations of the noise.

    Parameters
    ----------
    image : Image
        Axes ``"yx"`` or ``"zyx"``.
    signal : Image
        Mask on the same grid; uniform tissue or phantom.
    noise : Image, optional
        Mask in which the standard deviation is taken. Default: the same as the signal's.
    magnitude : bool, optional
        The image is a magnitude image (MR) and `noise` its air: the noise there is Rayleigh distributed and
        its standard deviation is divided by √(2 − π/2) = 0.655 to get that in the signal.

    Returns
    -------
    float
        Without unit; infinite where there is no noise.

    Raises
    ------
    TypeError, ValueError
        If a mask lies on another grid or is empty, or `magnitude` is asked for without air.

    References
    ----------
    NEMA Standards Publication MS 1, Determination of signal-to-noise ratio in diagnostic magnetic resonance
    imaging. Gudbjartsson & Patz, The Rician distribution of noisy MRI data, Magnetic Resonance in Medicine
    1995.

    Examples
    --------
    >>> from medlab import Image
    >>> picture = Image(np.array([[9.0, 11.0], [9.0, 11.0]]))
    >>> signal_to_noise(picture, picture.as_mask(np.ones((2, 2), bool)))
    10.0
    """
    if magnitude and noise is None:
        msg = "magnitude=True needs noise=, a mask of air in which there is no signal."
        raise ValueError(msg)
    values = values_inside(image, signal)
    spread = float((values if noise is None else values_inside(image, noise)).std())
    return _ratio(float(values.mean()), spread / (_RAYLEIGH if magnitude else 1.0))


def _ratio(above: float, below: float) -> float:
    if below > 0:
        return above / below
    if above == 0:
        msg = "There is neither contrast nor noise in these regions: their ratio is not defined."
        raise ValueError(msg)
    return float("inf")
