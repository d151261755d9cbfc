"""The volume of a heart's cavity from areas, diameters and lengths, and the body surface it is divided by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["area_length", "body_surface_area", "simpson", "simpson_biplane"]


def simpson(areas_mm2: ArrayLike, distance_mm: float) -> float:
    """Return the volume in ml of a stack of slices: the sum of area × distance between slices.

    "Simpson's rule" by its usual name in cardiology; a sum of discs.

    Parameters
    ----------
    areas_mm2 : (n,) array_like
        Area of the cavity in each slice, in mm².
    distance_mm : float
        From slice to slice (thickness plus gap), in mm.

    Raises
    ------
    ValueError
        If an area is negative or not finite, or the distance not above 0.

    References
    ----------
    Schulz-Menger et al., Standardized image interpretation and post-processing in cardiovascular magnetic
    resonance - 2020 update, Journal of Cardiovascular Magnetic Resonance 2020,
    https://doi.org/10.1186/s12968-020-00610-6.

    Examples
    --------
    >>> simpson([1200, 1500, 1000], distance_mm=10)
    37.0
    """
    areas = np.asarray(areas_mm2, np.float64)
    if not (np.isfinite(areas).all() and (areas >= 0).all() and distance_mm > 0):
        msg = (
            f"Areas must be numbers from 0 mm² up and the distance above 0 mm; got {areas_mm2!r}, "
            f"{distance_mm!r}."
        )
        raise ValueError(msg)
    return float(areas.sum() * distance_mm / 1000)


def simpson_biplane(first_mm: ArrayLike, second_mm: ArrayLike, length_mm: float) -> float:
    """Return the volume in ml by discs from two long-axis views: π/4 Σ aᵢ bᵢ L/n.

    Parameters
    ----------
    first_mm, second_mm : (n,) array_like
        Diameters of the cavity at the middle of n discs of one height, in the four- and the two-chamber view.
    length_mm : float
        The cavity's length L.

    References
    ----------
    Lang et al., Recommendations for cardiac chamber quantification by echocardiography in adults, Journal of
    the American Society of Echocardiography 2015, https://doi.org/10.1016/j.echo.2014.10.003.

    Examples
    --------
    >>> round(simpson_biplane([40] * 20, [40] * 20, 80) / (np.pi * 20**2 * 80 / 1000), 6)
    1.0
    """
    first, second = np.asarray(first_mm, np.float64), np.asarray(second_mm, np.float64)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        msg = f"Both views must give the diameters of the same discs; got {first.shape} and {second.shape}."
        raise ValueError(msg)
    return simpson(np.pi / 4 * first * second, length_mm / len(first))


def area_length(area_mm2: float, length_mm: float, second_area_mm2: float | None = None) -> float:
    """Return the volume in ml of a cavity from long-axis areas and its length: 8 A₁ A₂ / (3 π L).

    Exact for an ellipsoid that is cut along its axis.

    Parameters
    ----------
    area_mm2 : float
        Area in a long-axis view, in mm².
    length_mm : float
        Length from apex to base, in mm; of two views the shorter one.
    second_area_mm2 : float, optional
        Area in the view at a right angle. Default: the same.

    References
    ----------
    Dodge et al., American Heart Journal 1960; Lang et al. 2015 (see `simpson_biplane`).

    Examples
    --------
    >>> a, b = 40.0, 25.0                         # half axes of an ellipsoid in mm
    >>> round(area_length(np.pi * a * b, 2 * a) / (4 / 3 * np.pi * a * b * b / 1000), 6)
    1.0
    """
    second = area_mm2 if second_area_mm2 is None else second_area_mm2
    if not (area_mm2 >= 0 and second >= 0 and length_mm > 0):
        msg = f"Areas must be from 0 mm² up and the length above 0 mm; got {area_mm2}, {second}, {length_mm}."
        raise ValueError(msg)
    return float(8 * area_mm2 * second / (3 * np.pi * length_mm) / 1000)


def body_surface_area(
    height_cm: float, weight_kg: float, formula: Literal["mosteller", "dubois"] = "mosteller"
) -> float:
    """Return the body surface area in m².

    Mosteller: √(height × weight / 3600). Du Bois: 0.007184 × height^0.725 × weight^0.425.

    Parameters
    ----------
    height_cm, weight_kg : float
        Height in cm (30 … 250) and weight in kg (0.5 … 400).
    formula : {"mosteller", "dubois"}, optional
        The formula.

    References
    ----------
    Mosteller, New England Journal of Medicine 1987. Du Bois & Du Bois, Archives of Internal Medicine 1916.

    Examples
    --------
    >>> round(body_surface_area(180, 80), 2), round(body_surface_area(180, 80, "dubois"), 3)
    (2.0, 1.996)
    """
    if not (30 <= height_cm <= 250 and 0.5 <= weight_kg <= 400):
        msg = (
            f"Expected a height of 30 to 250 cm and a weight of 0.5 to 400 kg; got {height_cm}, {weight_kg}."
        )
        raise ValueError(msg)
    if formula == "dubois":
        return float(0.007184 * height_cm**0.725 * weight_kg**0.425)
    if formula != "mosteller":
        msg = f"formula must be 'mosteller' or 'dubois'; got {formula!r}."
        raise ValueError(msg)
    return float(np.sqrt(height_cm * weight_kg / 3600))
