import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from medlab.evaluate import calibration, calibration_bins, decision_curve
from medlab.evaluate.calibrating import _slope


@pytest.fixture
def honest():
    """Probabilities that come true, and what happened."""
    rng = np.random.default_rng(5)
    p = rng.beta(0.7, 0.7, size=1500)
    return (rng.random(1500) < p).astype(int), p


def extreme(p, factor):
    return 1 / (1 + ((1 - p) / p) ** factor)


def test_right_probabilities_score_like_their_baseline(honest):
    table = calibration(*honest)
    assert ((table.low <= table.baseline) & (table.baseline <= table.high)).drop("ECE").all()
    assert table.value["ECE"] == pytest.approx(table.baseline["ECE"], rel=0.6)


def test_probabilities_twice_too_extreme_have_half_the_slope(honest):
    true, p = honest
    right = calibration(*honest, resamples=100)
    wrong = calibration(true, extreme(p, 2), resamples=100)
    assert wrong.value["slope"] == pytest.approx(right.value["slope"] / 2, rel=1e-3)
    assert wrong.value["ECE"] > 2 * wrong.baseline["ECE"]


def test_probabilities_that_are_too_low_are_seen(honest):
    true, p = honest
    table = calibration(true, p * 0.5)
    assert table.value["observed - predicted"] == pytest.approx((true - p * 0.5).mean())
    assert table.low["observed - predicted"] > 0


def test_the_slope_is_that_of_logistic_regression(honest):
    true, p = honest
    log_odds = np.log(p / (1 - p))[:, None]
    weights = np.random.default_rng(1).integers(0, 4, size=(3, len(p))).astype(float)
    reference = [
        LogisticRegression(C=np.inf, tol=1e-8).fit(log_odds, true, sample_weight=w).coef_[0, 0]
        for w in weights
    ]
    np.testing.assert_allclose(_slope(weights, true == 1, p), reference, rtol=1e-4)


def test_classes_that_are_separated_have_no_slope():
    true = np.repeat([0, 1], 20)
    assert np.isnan(calibration(true, np.linspace(0.01, 0.99, 40)).value["slope"])


def test_bins_hold_equally_many_images_and_their_shares(honest):
    true, p = honest
    table = calibration_bins(true, p, bins=5)
    assert (table["n"] == 300).all()
    order = np.argsort(p)[:300]
    assert table.iloc[0][["predicted", "observed"]].tolist() == pytest.approx(
        [p[order].mean(), true[order].mean()]
    )


def test_scores_that_are_no_probabilities_are_refused():
    with pytest.raises(ValueError, match="sigmoid"):
        calibration([0, 1], [-3.0, 2.0], bins=2)


def test_a_perfect_model_gains_the_prevalence_at_any_threshold():
    true = np.repeat([0, 1], [30, 10])
    curve = decision_curve(true, true.astype(float))
    np.testing.assert_allclose(curve["model"], 0.25)


def test_treating_everybody_is_a_model_that_always_says_yes():
    true = np.repeat([0, 1], [30, 10])
    curve = decision_curve(true, np.ones(40), thresholds=[0.1, 0.25, 0.5])
    np.testing.assert_allclose(curve["model"], curve["treat all"], atol=1e-12)
    assert curve["treat all"][0.25] == pytest.approx(0)


def test_net_benefit_at_another_prevalence_follows_bayes(rng):
    true = np.repeat([0, 1], [200, 100])
    score = np.clip(0.3 * true + 0.6 * rng.random(300), 0, 1)
    called = score >= 0.4
    sensitivity, alarms = called[true == 1].mean(), called[true == 0].mean()
    curve = decision_curve(true, score, thresholds=[0.4], prevalence=0.02, resamples=50)
    assert curve["model"].item() == pytest.approx(sensitivity * 0.02 - alarms * 0.98 * 0.4 / 0.6)
