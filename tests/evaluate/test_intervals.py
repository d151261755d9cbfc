import numpy as np
import pytest
from scipy import stats

from medlab.evaluate.intervals import auc_interval, proportion_interval


@pytest.mark.parametrize(("hits", "n"), [(0, 7), (3, 10), (19, 20), (12, 12)])
def test_a_proportion_agrees_with_scipys_exact_interval(hits, n):
    exact = stats.binomtest(hits, n).proportion_ci(method="exact")
    assert proportion_interval(hits / n, n) == pytest.approx((exact.low, exact.high))


def test_fewer_effective_observations_are_wider():
    many, few = (np.diff(proportion_interval(0.8, n))[0] for n in (100, 12.5))
    assert few > 2 * many


def test_an_auc_interval_ends_where_the_score_test_just_rejects():
    low, high = auc_interval(0.8, 20, 30)
    for limit in (low, high):
        other = (20 + 30) / 2 - 1
        variance = (
            limit * (1 - limit) * (1 + other * (1 - limit) / (2 - limit) + other * limit / (1 + limit)) / 600
        )
        assert abs(0.8 - limit) / np.sqrt(variance) == pytest.approx(stats.norm.ppf(0.975))
    assert low < 0.8 < high


def test_an_auc_interval_is_symmetric_in_the_classes():
    low, high = auc_interval(0.8, 20, 30)
    assert auc_interval(0.2, 30, 20) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize("auc", [0.0, 1.0])
def test_an_extreme_auc_keeps_an_open_side(auc):
    low, high = auc_interval(auc, 6, 6)
    assert 0.3 < high - low < 0.6
    assert auc in {low, high}


def test_no_patients_no_interval():
    assert np.isnan(proportion_interval(0.5, 0)).all()
    assert np.isnan(auc_interval(0.5, 0, 5)).all()
