"""Standardised uptake values from PET in Bq/ml."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from medlab.image import Image

__all__ = ["suv", "suv_factor"]

_DAY = 86_400.0


def suv(image: Image, kind: str = "bw") -> Image:
    """Return a PET image as standardised uptake values for body weight.

    SUVbw = activity concentration (Bq/ml) × body weight (g) / injected dose (Bq), the dose decayed to the
    time to which the image was corrected. One gram of tissue counts as one millilitre.

    Parameters
    ----------
    image : Image
        PET as `medlab.read` gives it: its `meta` holds what the DICOM headers say of dose, times and weight.
    kind : {"bw"}, optional
        Body weight.

    Returns
    -------
    Image
        float32, units ``"SUVbw"``, with a note on the factor. An image in SUVbw comes back as it is.

    Raises
    ------
    ValueError
        If the values cannot be converted without guessing; the message names the tag. See `suv_factor`.

    References
    ----------
    Quantitative Imaging Biomarkers Alliance, FDG-PET/CT profile 1.13, and its "SUV vendor-neutral
    pseudo-code" (happy path and robust version). DICOM PS3.3 C.8.9.1.

    Examples
    --------
    >>> import medlab
    >>> facts = {"PatientWeight": 70.0, "RadionuclideTotalDose": 350e6, "RadionuclideHalfLife": 6586.2,
    ...          "DecayCorrection": "START", "SecondsFromInjectionToSeries": 3600.0,
    ...          "CorrectedImage": ("ATTN", "DECY")}
    >>> pet = medlab.Image(np.full((2, 4, 4), 5000.0, np.float32), modality="PT", units="Bq/ml", meta=facts)
    >>> round(float(suv(pet).array[0, 0, 0]), 3)
    1.461
    """
    if kind != "bw":
        msg = f"kind must be 'bw' (body weight); got {kind!r}."
        raise ValueError(msg)
    if image.units == "SUVbw":
        return image
    factor, how = suv_factor(image)
    array = image.array.astype(np.float32) * np.float32(factor)
    meta = {**image.meta, "Units": "GML", "SUVType": "BW"}
    return image.replace(array=array, units="SUVbw", meta=meta, notes=(*image.notes, how))


def suv_factor(image: Image) -> tuple[float, str]:
    """Return what to multiply the values with to get SUVbw, and a sentence that says how it came about.

    Raises
    ------
    ValueError
        If units are neither Bq/ml nor Philips counts with their private factor; attenuation or decay was not
        corrected; weight, dose, half-life or a time is missing or implausible; or the series time was
        overwritten after the scan and nothing else tells when it began.
    """
    meta = image.meta
    to_becquerel = 1.0
    if image.units == "counts":
        factor = float(meta.get("PhilipsSUVScaleFactor", 0.0))
        if factor > 0 and math.isfinite(factor):
            return factor, f"SUVbw = counts × {factor:.6g} (Philips 7053,1000)."
        to_becquerel = float(meta.get("PhilipsActivityConcentrationScaleFactor", 0.0))
        if not (to_becquerel > 0 and math.isfinite(to_becquerel)):
            raise ValueError(
                _message("Units is CNTS and neither Philips factor, (7053,1000) or (7053,1009), is there")
            )
    elif image.units != "Bq/ml":
        raise ValueError(
            _message(f"the values are in {image.units or 'unknown units'!r} (Units), not in Bq/ml")
        )
    _check_corrections(meta)
    weight = _positive(meta, "PatientWeight", "kg", 0.5, 500)
    dose = _positive(meta, "RadionuclideTotalDose", "Bq", 1e5, 1e11)
    half_life = _positive(meta, "RadionuclideHalfLife", "s", 60, 1e7)
    elapsed, since = _decay_time(meta, half_life)
    decayed = dose * 2.0 ** (-elapsed / half_life)
    how = (
        f"SUVbw = Bq/ml × {1000 * weight:.6g} g / {decayed:.6g} Bq: {dose:.6g} Bq injected, decayed over "
        f"{elapsed / 60:.1f} min ({since}), half-life {half_life:.6g} s."
    )
    return to_becquerel * 1000 * weight / decayed, how


def _message(problem: str) -> str:
    return (
        f"SUV cannot be computed: {problem}. Correct image.meta with image.replace(meta=…) if you know "
        "better, or multiply with a factor of your own."
    )


def _check_corrections(meta: Any) -> None:
    done = meta.get("CorrectedImage", ())
    done = {done} if isinstance(done, str) else set(done)
    for code, name in (("ATTN", "attenuation"), ("DECY", "decay")):
        if code not in done:
            listed = ", ".join(sorted(done)) or "nothing"
            raise ValueError(_message(f"CorrectedImage lists {listed}, no correction for {name} ({code})"))


def _positive(meta: Any, keyword: str, unit: str, low: float, high: float) -> float:
    value = meta.get(keyword)
    if value in (None, "", 0):
        raise ValueError(_message(f"{keyword} is missing or 0"))
    if not low <= float(value) <= high:
        expected = f"{low:g} to {high:g} {unit}"
        raise ValueError(
            _message(f"{keyword} is {float(value):g}, expected {expected} (is it in another unit?)")
        )
    return float(value)


def _decay_time(meta: Any, half_life: float) -> tuple[float, str]:
    """Return the time in s over which the dose decays, and where it comes from."""
    correction = meta.get("DecayCorrection", "")
    if correction == "ADMIN":
        return 0.0, "image corrected to the time of injection"
    if correction != "START":
        shown = correction or "missing"
        raise ValueError(
            _message(f"DecayCorrection is {shown}; START or ADMIN say what time the image is corrected to")
        )
    series, acquired = (meta.get(f"SecondsFromInjectionTo{w}") for w in ("Series", "Acquisition"))
    if series is not None and (acquired is None or series <= acquired + 1):
        elapsed, since = float(series), "injection to series time"
    elif acquired is not None:
        elapsed, since = (
            _from_frame(meta, float(acquired), half_life),
            "injection to scan start, from frame times",
        )
    else:
        raise ValueError(
            _message("the time of injection or of the scan is missing (RadiopharmaceuticalStartDateTime)")
        )
    if not 0 <= elapsed <= min(_DAY * 10, 10 * half_life):
        problem = (
            f"the scan would start {elapsed / 60:.1f} min after the injection; were dates shifted or "
            "times lost?"
        )
        raise ValueError(_message(problem))
    return elapsed, since


def _from_frame(meta: Any, acquired: float, half_life: float) -> float:
    """Return seconds from injection to scan start where the series time was overwritten after the scan.

    The frame reference time counts from scan start to the moment at which the frame's mean count rate was
    met.
    """
    reference, duration = meta.get("FrameReferenceTime"), meta.get("ActualFrameDuration")
    is_ge = (
        str(meta.get("Manufacturer", "")).upper().startswith("GE")
    )  # its AcquisitionTime may be the scan's
    if reference is None or not duration or is_ge:
        problem = (
            "SeriesTime is missing or later than AcquisitionTime (a post-processed series), and "
            "nothing else tells for certain when the scan began"
        )
        raise ValueError(_message(problem))
    decay = math.log(2) / half_life
    within = decay * float(duration) / 1000
    mean_rate_at = math.log(within / -math.expm1(-within)) / decay
    return acquired + mean_rate_at - float(reference) / 1000
