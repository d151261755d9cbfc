"""Stored numbers to values, in the smallest type that holds them: integers where possible, never float64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

__all__ = ["as_type", "native", "rescaled"]


def native(stored: NDArray[Any]) -> NDArray[Any]:
    """Return numbers in this machine's byte order, C-contiguous and in memory of their own."""
    return np.array(stored, dtype=stored.dtype.newbyteorder("="), order="C", copy=True)


def rescaled(stored: NDArray[Any], slope: float, intercept: float) -> NDArray[Any]:
    """Return ``stored * slope + intercept``.

    Integers stay integers when slope and intercept are whole numbers and 32 bits hold the result;
    anything else becomes float32.

    Parameters
    ----------
    stored : ndarray
        Numbers as the file holds them.
    slope, intercept : float
        The linear map to values.

    Examples
    --------
    >>> rescaled(np.array([0, 1024], np.uint16), 1, -1024)
    array([-1024,     0], dtype=int16)
    >>> rescaled(np.array([0, 3], np.int16), 0.5, 0).dtype
    dtype('float32')
    """
    if (slope, intercept) == (1, 0):
        return stored
    if (
        stored.size
        and stored.dtype.kind in "iu"
        and float(slope).is_integer()
        and float(intercept).is_integer()
    ):
        ends = sorted(int(e) * int(slope) + int(intercept) for e in (stored.min(), stored.max()))
        for kind in (stored.dtype, np.dtype(np.int16), np.dtype(np.int32)):
            if np.iinfo(kind).min <= ends[0] and ends[1] <= np.iinfo(kind).max:
                wide = stored.astype(np.int64 if kind.itemsize > 2 else np.int32)
                return (wide * int(slope) + int(intercept)).astype(kind)
    exact = np.float64 if stored.dtype.itemsize > 2 and stored.dtype.kind in "iu" else np.float32
    values: NDArray[np.floating[Any]] = stored.astype(exact)
    np.multiply(values, slope, out=values)
    np.add(values, intercept, out=values)
    return values.astype(np.float32, copy=False)


def as_type(values: NDArray[Any], dtype: DTypeLike | None) -> NDArray[Any]:
    """Return values in a wanted type; without one, float64 becomes float32 and the rest stays.

    Parameters
    ----------
    values : ndarray
        The values.
    dtype : dtype, optional
        The wanted type.

    Raises
    ------
    TypeError
        If the wanted type cannot hold the values: out of its range, or fractions in an integer type.
    """
    default = np.dtype(np.float32) if values.dtype == np.float64 else values.dtype
    wanted: np.dtype[Any] = default if dtype is None else np.dtype(dtype)
    if wanted.kind in "iu" and values.size and values.dtype != wanted:
        low, high = values.min(), values.max()
        limits: Any = np.iinfo(wanted.name)
        whole = values.dtype.kind in "iub" or bool((values == np.rint(values)).all())
        if not (limits.min <= low and high <= limits.max and whole):
            kind = "" if whole else ", with fractions,"
            msg = f"dtype={wanted} cannot hold the values {low} … {high}{kind} exactly; use dtype='float32'."
            raise TypeError(msg)
    return values.astype(wanted, copy=False)
