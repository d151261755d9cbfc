import numpy as np
import pytest

from medlab import evaluate

TRUE = np.arange(40) % 2
SCORE = np.clip(0.3 * TRUE + np.linspace(0, 0.7, 40), 0, 1)


def test_roc_ends_in_the_corners_and_says_auc_and_chance():
    ax = evaluate.roc(TRUE, SCORE)
    chance, curve, point = (line.get_xydata() for line in ax.get_lines())
    np.testing.assert_array_equal([curve[0], curve[-1]], [[0, 0], [1, 1]])
    table = evaluate.classification(TRUE, SCORE)
    np.testing.assert_allclose(point[0], [1 - table.value["specificity"], table.value["sensitivity"]])
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts[0] == "chance"
    assert texts[1].startswith(f"AUC {table.value['AUC']:.2f} (")
    assert len(chance) == 2


def test_the_operating_point_lies_on_the_curve():
    ax = evaluate.roc(TRUE, SCORE, threshold=0.4)
    _, curve, point = (line.get_xydata() for line in ax.get_lines())
    on_curve = np.interp(point[0, 0], curve[:, 0], curve[:, 1])
    assert point[0, 1] <= on_curve + 1e-9


def test_roc_needs_both_classes():
    with pytest.raises(ValueError, match=r"both classes, 0 and 1, .*; got classes \[1\]"):
        evaluate.roc([1, 1], [0.2, 0.3])


def test_confusion_shows_counts_and_shares_of_the_row():
    ax = evaluate.confusion([0, 0, 0, 1, 1], [0.1, 0.2, 0.9, 0.8, 0.3], names=["normal", "ill"])
    assert [text.get_text() for text in ax.texts] == ["2\n67%", "1\n33%", "1\n50%", "1\n50%"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["normal", "ill"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")


def test_reliability_shows_the_error_beside_that_of_chance():
    ax = evaluate.reliability(TRUE, SCORE, bins=4)
    table = evaluate.calibration(TRUE, SCORE, bins=4).loc["ECE"]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == [
        "perfectly calibrated",
        f"model: ECE {table.value:.3f} (by chance {table.baseline:.3f})",
    ]


def test_net_benefit_draws_both_strategies_that_need_no_model_once():
    ax = evaluate.net_benefit(TRUE, SCORE, label="a")
    evaluate.net_benefit(TRUE, 1 - SCORE, ax=ax, label="b")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [
        "treat nobody",
        "treat everybody",
        "a",
        "b",
    ]


def test_precision_recall_starts_at_chance():
    ax = evaluate.precision_recall(TRUE, SCORE)
    row = evaluate.classification(TRUE, SCORE).loc["average precision"]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["chance: prevalence 0.50", f"model: AP {row.value:.2f} ({row.low:.2f}–{row.high:.2f})"]
    assert ax.get_lines()[1].get_ydata().min() >= 0.5
