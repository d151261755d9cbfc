import numpy as np
import pytest

from medlab.evaluate import choose_threshold, classification, predictive_values


@pytest.fixture
def scored(rng):
    true = np.repeat([0, 1], [300, 100])
    return true, rng.normal(size=400) + 1.5 * true


def test_the_threshold_reaches_the_sensitivity_asked_for_and_the_next_higher_one_does_not(scored):
    true, score = scored
    limit = choose_threshold(true, score, sensitivity=0.9)
    assert (score[true == 1] >= limit).mean() >= 0.9
    assert (score[true == 1] > limit).mean() < 0.9


def test_the_threshold_reaches_the_specificity_asked_for_and_the_next_lower_one_does_not(scored):
    true, score = scored
    limit = choose_threshold(true, score, specificity=0.95)
    assert (score[true == 0] < limit).mean() >= 0.95
    lower = score[score < limit].max()
    assert (score[true == 0] < lower).mean() < 0.95


def test_without_a_goal_no_threshold_has_a_larger_youden_index(scored):
    true, score = scored

    def youden(limit):
        return (score[true == 1] >= limit).mean() - (score[true == 0] >= limit).mean()

    assert youden(choose_threshold(true, score)) == pytest.approx(max(youden(s) for s in score))


def test_full_specificity_is_reached_even_where_a_healthy_image_scores_highest():
    limit = choose_threshold([0, 0, 1], [0.1, 0.9, 0.5], specificity=1.0)
    assert limit > 0.9


def test_two_goals_are_refused(scored):
    with pytest.raises(ValueError, match="not both"):
        choose_threshold(*scored, sensitivity=0.9, specificity=0.9)


def test_predictive_values_at_the_prevalence_of_the_data_are_those_counted(scored):
    true, score = scored
    counted = classification(true, score, threshold=1.0).value
    table = predictive_values(true, score, 0.25, threshold=1.0)
    assert table.iloc[0][["PPV", "NPV"]].tolist() == pytest.approx(counted[["PPV", "NPV"]].tolist())


def test_intervals_of_predictive_values_hold_the_truth():
    rng = np.random.default_rng(0)
    ill, healthy, rate = 0.8, 0.9, 0.05
    truth = rate * ill / (rate * ill + (1 - rate) * (1 - healthy))
    held = 0
    for _ in range(100):
        called = np.r_[rng.random(60) < 1 - healthy, rng.random(40) < ill].astype(float)
        row = predictive_values(np.repeat([0, 1], [60, 40]), called, rate).iloc[0]
        held += row["PPV low"] <= truth <= row["PPV high"]
    assert held >= 92


def test_perfect_specificity_on_few_patients_leaves_doubt():
    row = predictive_values([0] * 10 + [1] * 10, [0.1] * 10 + [0.9] * 10, 0.01).iloc[0]
    assert row["PPV"] == 1
    assert row["PPV low"] < 0.05


def test_a_prevalence_in_percent_is_refused(scored):
    with pytest.raises(ValueError, match=r"1 % is 0\.01"):
        predictive_values(*scored, 5)
