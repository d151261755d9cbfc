import numpy as np
import pytest
from sklearn import metrics

from medlab.evaluate import weighted


@pytest.fixture
def sample(rng):
    true = rng.integers(0, 2, 80)
    score = np.round(0.3 * true + rng.random(80), 1)  # rounded: with ties
    return true, score, rng.integers(0, 4, size=(6, 80)).astype(float)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (weighted.auc, metrics.roc_auc_score),
        (weighted.average_precision, metrics.average_precision_score),
    ],
)
def test_ranked_scores_agree_with_scikit_learn(ours, theirs, sample):
    true, score, weights = sample
    expected = [theirs(true, score, sample_weight=w) for w in weights]
    np.testing.assert_allclose(ours(weights, true == 1, score), expected)


def test_brier_score_agrees_with_scikit_learn(sample):
    true, score, weights = sample
    score = score / 2
    expected = [metrics.brier_score_loss(true, score, sample_weight=w) for w in weights]
    np.testing.assert_allclose(weighted.brier(weights, true == 1, score), expected)


def test_scores_of_calls_agree_with_scikit_learn(rng):
    true, called = rng.integers(0, 3, size=(2, 80))
    weights = rng.integers(0, 4, size=(6, 80)).astype(float)
    for ours, theirs in [
        (weighted.balanced_accuracy(weights, true, called, 3), metrics.balanced_accuracy_score),
        (weighted.kappa(weights, true, called, 3), metrics.cohen_kappa_score),
        (
            weighted.f1(weights, true == 1, called == 1),
            lambda t, c, **w: metrics.f1_score(t == 1, c == 1, **w),
        ),
    ]:
        np.testing.assert_allclose(ours, [theirs(true, called, sample_weight=w) for w in weights])


def test_an_auc_without_positives_is_undefined():
    assert np.isnan(weighted.auc(np.array([[0.0, 1.0]]), np.array([True, False]), np.array([0.1, 0.2])))[0]
