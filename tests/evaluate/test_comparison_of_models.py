import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from medlab.evaluate import classification, compare, compare_cases, subgroups


@pytest.fixture
def two(rng):
    true = np.repeat([0, 1], [70, 50])
    a = rng.normal(size=120) + 1.2 * true
    return true, a, a + rng.normal(size=120)


def delong_by_pairs(true, a, b):
    """Variance of AUC a − AUC b from the definition: kernels of all pairs."""
    kernels = []
    for score in (a, b):
        ill, healthy = score[true == 1][:, None], score[true == 0][None]
        kernels.append((ill > healthy) + 0.5 * (ill == healthy))
    change = kernels[0] - kernels[1]
    return (
        np.var(change.mean(axis=1), ddof=1) / len(change)
        + np.var(change.mean(axis=0), ddof=1) / change.shape[1]
    )


def test_auc_and_interval_are_delongs(two):
    true, a, b = two
    found = compare(true, a, b)
    assert (found.a, found.b) == pytest.approx((roc_auc_score(true, a), roc_auc_score(true, b)))
    half = 1.959964 * np.sqrt(delong_by_pairs(true, a, b))
    assert (found.low, found.high) == pytest.approx(
        (found.difference - half, found.difference + half), rel=1e-6
    )


def test_ties_count_half(two):
    true, a, b = two
    rounded = np.round(a), np.round(b)
    found = compare(true, *rounded)
    half = 1.959964 * np.sqrt(delong_by_pairs(true, *rounded))
    assert found.high - found.difference == pytest.approx(half, rel=1e-6)


def test_copies_of_a_patient_add_no_certainty(two):
    true, a, b = two
    once = compare(true, a, b)
    copied = compare(*(np.tile(x, 4) for x in two), groups=np.tile(np.arange(120), 4))
    assert copied.high - copied.low == pytest.approx(once.high - once.low, rel=0.02)
    assert copied.method == "Obuchowski (DeLong by patient)"


def test_one_model_against_itself_differs_by_nothing(two):
    true, a, _ = two
    found = compare(true, a, a)
    assert found.difference == 0
    assert np.isnan(found.p)


def test_a_metric_of_ones_own_is_bootstrapped_by_patient(two):
    true, a, b = two
    found = compare(true, a, b, metric=roc_auc_score, resamples=200)
    reference = compare(true, a, b)
    assert (found.low, found.high) == pytest.approx((reference.low, reference.high), abs=0.03)


def test_too_few_patients_are_refused():
    with pytest.raises(ValueError, match="at least 10 patients; got 4"):
        compare([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1])


def test_cases_are_compared_in_pairs(rng):
    hard = rng.uniform(0.4, 0.9, size=30)
    found = compare_cases(hard + 0.05 + 0.01 * rng.normal(size=30), hard)
    assert found.difference == pytest.approx(0.05, abs=0.01)
    assert found.low > 0.04
    assert found.p < 1e-4


def test_missing_scores_of_cases_are_refused():
    with pytest.raises(ValueError, match="without NaN"):
        compare_cases([0.5, np.nan], [0.5, 0.5])


def test_a_subgroup_in_which_a_model_fails_is_seen(rng):
    true = np.tile([0, 1], 150)
    site = np.repeat(["a", "b", "c"], 100)
    score = rng.normal(size=300) + np.where(site == "c", 0.0, 3.0) * true
    table = subgroups(true, score, site, threshold=1.5)
    failed = table.loc["c", "AUC"]
    assert failed.value == pytest.approx(roc_auc_score(true[site == "c"], score[site == "c"]))
    assert failed["difference high"] < -0.2
    kept = table.loc["a", "AUC"]
    assert kept["difference low"] > 0


def test_subgroups_show_how_many_images_and_how_many_are_positive(rng):
    true = np.r_[np.tile([0, 1], 20), np.zeros(30, int)]
    part = np.r_[np.zeros(40, int), np.ones(30, int)]
    table = subgroups(true, rng.random(70), part, scores=["specificity"])
    assert table["positives"].tolist() == [0.5, 0.0]
    assert table["n"].tolist() == [20, 30]


def test_a_score_undefined_in_a_subgroup_is_nan(rng):
    true = np.r_[np.tile([0, 1], 20), np.zeros(30, int)]
    part = np.r_[np.zeros(40, int), np.ones(30, int)]
    assert pd.isna(subgroups(true, rng.random(70), part, scores=["AUC"]).value[1, "AUC"])


def test_an_unknown_score_is_refused(two):
    true, a, _ = two
    with pytest.raises(ValueError, match="no score 'auc'"):
        subgroups(true, a, np.arange(120) % 2, scores=["auc"])


def test_the_rest_of_two_subgroups_is_the_other_one(two):
    true, a, _ = two
    part = np.arange(120) % 2
    other = classification(true[part == 1], a[part == 1]).value["AUC"]
    row = subgroups(true, a, part).loc[0, "AUC"]
    assert row.value - row.difference == pytest.approx(other)
