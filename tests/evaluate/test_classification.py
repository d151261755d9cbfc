import numpy as np
import pytest
from scipy.stats import norm

from medlab.evaluate import classification

TRUE = [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
SCORE = [0.1, 0.2, 0.3, 0.8, 0.4, 0.6, 0.7, 0.9, 0.9, 0.95]


def test_shares_by_hand():
    value = classification(TRUE, SCORE).value
    shares = [
        value[name] for name in ("sensitivity", "specificity", "PPV", "NPV", "accuracy", "balanced accuracy")
    ]
    assert shares == pytest.approx([5 / 6, 3 / 4, 5 / 6, 3 / 4, 8 / 10, (5 / 6 + 3 / 4) / 2])


def test_auc_is_the_share_of_pairs_in_the_right_order():
    pairs = [(p > n) + (p == n) / 2 for p in SCORE[4:] for n in SCORE[:4]]
    assert classification(TRUE, SCORE).value["AUC"] == pytest.approx(np.mean(pairs))


def test_brier_score_and_f1_by_hand():
    value = classification(TRUE, SCORE).value
    assert value["Brier score"] == pytest.approx(np.mean((np.array(SCORE) - TRUE) ** 2))
    assert value["F1"] == pytest.approx(2 * 5 / (2 * 5 + 1 + 1))


def test_the_baseline_is_what_a_blind_model_reaches():
    baseline = classification(TRUE, SCORE).baseline
    assert baseline[["AUC", "accuracy", "average precision", "PPV"]].tolist() == pytest.approx(
        [0.5, 0.6, 0.6, 0.6]
    )
    assert baseline["Brier score"] == pytest.approx(np.mean((0.6 - np.array(TRUE)) ** 2))


def test_the_threshold_decides_what_is_positive():
    value = classification(TRUE, SCORE, threshold=0.35).value
    assert (value["sensitivity"], value["specificity"]) == (1.0, 0.75)


def test_a_perfect_score_on_few_patients_leaves_doubt():
    table = classification([0] * 5 + [1] * 5, [0.1] * 5 + [0.9] * 5)
    assert (table.value[["AUC", "sensitivity", "accuracy"]] == 1).all()
    assert table.low["sensitivity"] == pytest.approx(0.025 ** (1 / 5))
    assert table.low["accuracy"] == pytest.approx(0.025 ** (1 / 10))
    assert 0.5 < table.low["AUC"] < 0.9


def test_where_patients_are_too_few_for_the_bootstrap_no_interval_is_given():
    table = classification(TRUE, SCORE)
    assert np.isnan(table.low["average precision"])
    assert table.interval["average precision"] == ""


def test_copies_of_the_same_patients_add_no_certainty(rng):
    true = np.repeat([0, 1], 20)
    score = np.clip(0.5 + 0.2 * (2 * true - 1) + 0.3 * rng.normal(size=40), 0, 1)
    once = classification(true, score)
    copied = classification(np.tile(true, 5), np.tile(score, 5), groups=np.tile(np.arange(40), 5))
    blind = classification(np.tile(true, 5), np.tile(score, 5))
    width, honest, naive = (t.high - t.low for t in (once, copied, blind))
    rows = ["AUC", "sensitivity", "accuracy", "average precision", "Brier score"]
    np.testing.assert_allclose(honest[rows], width[rows], rtol=0.2)
    assert (naive[rows] < 0.6 * honest[rows]).all()


def test_intervals_hold_the_truth_in_small_studies():
    rng = np.random.default_rng(1)
    auc, distance = 0.9, norm.ppf(0.9) * np.sqrt(2)
    sensitivity = 1 - norm.cdf(1 - distance)
    held = np.zeros(2)
    for _ in range(200):
        true = np.repeat([0, 1], 8)
        table = classification(true, rng.normal(size=16) + distance * true, threshold=1.0, resamples=10)
        low, high = table.low, table.high
        held += [low["AUC"] <= auc <= high["AUC"], low["sensitivity"] <= sensitivity <= high["sensitivity"]]
    assert (held / 200 >= 0.92).all()


def test_the_same_seed_gives_the_same_table(rng):
    true = np.arange(60) % 2
    score = rng.random(60)
    assert classification(true, score, seed=2).equals(classification(true, score, seed=2))


def test_what_keras_predicts_can_be_passed_as_it_is():
    column = np.array(SCORE)[:, None]
    expected = classification(TRUE, SCORE)
    assert classification(np.array(TRUE)[:, None], column).equals(expected)
    assert classification(TRUE, np.hstack([1 - column, column])).equals(expected)


def test_three_classes():
    true = [0, 0, 1, 1, 2, 2]
    score = np.eye(3)[[0, 0, 1, 2, 2, 2]] * 0.8 + 0.2 / 3
    value = classification(true, score).value
    assert value["accuracy"] == pytest.approx(5 / 6)
    assert value[[f"sensitivity, class {c}" for c in range(3)]].tolist() == [1, 0.5, 1]
    assert value["Cohen's kappa"] == pytest.approx((5 / 6 - 1 / 3) / (1 - 1 / 3))


def test_one_class_only_leaves_out_what_is_undefined():
    table = classification([1, 1, 1], [0.9, 0.8, 0.2])
    assert "AUC" not in table.index
    assert table.value["sensitivity"] == pytest.approx(2 / 3)
    assert np.isnan(table.value["specificity"])


@pytest.mark.parametrize(
    ("true", "score", "match"),
    [
        ([0, 1], [0.5], "of the same n"),
        ([], [], "of the same n"),
        ([0, 1], [0.5, np.nan], "NaN"),
        ([0, 2], [0.5, 0.5], r"classes from 0 to 1; got \[0, 2\]"),
        ([1, 2], np.eye(3)[:2] * 0.5 + np.nan, "NaN"),
    ],
)
def test_bad_input_is_refused(true, score, match):
    with pytest.raises(ValueError, match=match):
        classification(true, score)


def test_groups_of_another_length_are_refused():
    with pytest.raises(ValueError, match="patient of each of the 10 samples"):
        classification(TRUE, SCORE, groups=[1, 2])
