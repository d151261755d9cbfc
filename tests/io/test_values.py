"""Stored numbers to values."""

import numpy as np
import pytest

from medlab.io.values import as_type, native, rescaled


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint16, np.int16, np.int32, np.uint32])
@pytest.mark.parametrize(("slope", "intercept"), [(1, 0), (1, -1024), (-1, 0), (7, 3), (0.25, -3), (1e-5, 0)])
def test_rescaling_agrees_with_double_precision(kind, slope, intercept, rng):
    limits = np.iinfo(kind)
    stored = rng.integers(limits.min, limits.max, 500, dtype=kind, endpoint=True)
    expected = stored.astype(np.float64) * slope + intercept
    result = rescaled(stored, slope, intercept)
    assert result.dtype != np.float64
    if result.dtype.kind in "iu":
        np.testing.assert_array_equal(result, expected)
    else:
        np.testing.assert_allclose(result, expected, rtol=3e-7, atol=1e-6 * abs(slope))


@pytest.mark.parametrize(
    ("stored", "slope", "intercept", "kind"),
    [
        (np.uint8, 1, -1024, np.int16),
        (np.uint16, 1, -1024, np.int32),
        (np.uint16, 1, 0, np.uint16),
        (np.int16, 0.5, 0, np.float32),
    ],
)
def test_the_smallest_type_that_holds_the_values_is_taken(stored, slope, intercept, kind):
    assert rescaled(np.array([0, np.iinfo(stored).max], stored), slope, intercept).dtype == kind


def test_native_makes_a_copy_in_this_machines_order():
    stored = np.arange(6, dtype=">i2").reshape(2, 3).T
    result = native(stored)
    assert result.dtype.isnative
    assert result.flags.c_contiguous
    assert not np.shares_memory(result, stored)
    np.testing.assert_array_equal(result, stored)


@pytest.mark.parametrize(
    ("values", "kind"), [([0.5], np.int16), ([40000], np.int16), ([-1], np.uint8), ([np.nan], np.int32)]
)
def test_a_type_that_cannot_hold_the_values_is_refused(values, kind):
    with pytest.raises(TypeError, match="cannot hold the values"):
        as_type(np.array(values), kind)


def test_whole_floats_become_integers_on_request():
    np.testing.assert_array_equal(as_type(np.array([-3.0, 5.0]), np.int16), [-3, 5])
