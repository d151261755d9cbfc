import numpy as np
import pytest
from scipy import stats

from medlab.evaluate import bootstrap


def test_interval_of_a_mean_agrees_with_scipy(rng):
    sample = rng.normal(size=60)
    value, low, high = bootstrap(np.mean, sample, resamples=2000)
    theirs = stats.bootstrap((sample,), np.mean, n_resamples=2000, method="percentile", random_state=1)
    assert value == sample.mean()
    np.testing.assert_allclose([low, high], theirs.confidence_interval, atol=0.05)


def test_patients_and_not_images_are_drawn(rng):
    patient_mean = rng.normal(size=20)
    images = np.repeat(patient_mean, 50) + 0.01 * rng.normal(size=1000)
    by_image = bootstrap(np.mean, images, resamples=300)
    by_patient = bootstrap(np.mean, images, groups=np.repeat(np.arange(20), 50), resamples=300)
    expected = 2 * 1.96 * patient_mean.std() / np.sqrt(20)
    assert by_patient.high - by_patient.low == pytest.approx(expected, rel=0.25)
    assert by_image.high - by_image.low < 0.25 * expected


def test_arrays_stay_together(rng):
    x = rng.normal(size=50)
    value, low, high = bootstrap(lambda a, b: np.corrcoef(a, b)[0, 1], x, 2 * x + 1, resamples=50)
    assert value == pytest.approx(1)
    assert np.isnan(low) == np.isnan(high) == True  # noqa: E712 - all resamples agree, so there is no interval


def test_one_patient_gives_no_interval():
    assert np.isnan(bootstrap(np.mean, [1.0, 2.0, 3.0], groups=["a"] * 3).low)


def test_a_metric_that_is_mostly_undefined_gives_no_interval():
    assert np.isnan(bootstrap(lambda y: np.nan if y.min() == y.max() else y.mean(), np.array([0.0, 1.0])).low)


def test_more_confidence_is_wider(rng):
    sample = rng.normal(size=40)
    narrow, wide = (bootstrap(np.mean, sample, confidence=c, resamples=300) for c in (0.5, 0.95))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_arrays_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"one common length, at least 1; got \[2, 3\]"):
        bootstrap(np.mean, [1, 2], [1, 2, 3])
