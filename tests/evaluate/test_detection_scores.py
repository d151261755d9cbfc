import numpy as np
import pandas as pd
import pytest

from medlab import evaluate

BOX = ["image", "row_start", "row_stop", "col_start", "col_stop"]


def boxes(rows):
    return pd.DataFrame(rows, columns=[*BOX, "score"][: len(rows[0])])


@pytest.fixture
def study():
    """Four images: two objects in image 0, one in image 1, none in 2 and 3."""
    true = boxes([[0, 0, 10, 0, 10], [0, 30, 40, 30, 40], [1, 10, 20, 10, 20]])
    found = boxes(
        [
            [0, 1, 9, 1, 9, 0.9],  # hit
            [0, 2, 9, 2, 9, 0.8],  # the same object again
            [2, 0, 5, 0, 5, 0.7],  # false
            [1, 11, 21, 9, 19, 0.6],  # hit
            [0, 50, 60, 50, 60, 0.5],  # false
            [3, 50, 60, 50, 60, 0.4],  # false
            [0, 33, 43, 33, 43, 0.3],  # hit: the centre is 4.2 of 5 pixels away
        ]
    )
    return true, found


def test_the_curve_counts_hits_and_alarms_by_falling_score(study):
    curve = evaluate.froc(*study, images=4)
    assert (curve["sensitivity"] * 3).round().astype(int).tolist() == [1, 1, 1, 2, 2, 2, 3]
    assert (curve["false positives per image"] * 4).tolist() == [0, 0, 1, 1, 2, 3, 3]


def test_overlap_is_stricter_than_the_centre(study):
    curve = evaluate.froc(*study, images=4, hit="overlap", overlap=0.5)
    assert curve["sensitivity"].iloc[-1] == pytest.approx(2 / 3)
    assert curve["false positives per image"].iloc[-1] == 1.25


def test_equal_scores_are_one_point(study):
    true, found = study
    curve = evaluate.froc(true, found.assign(score=0.5), images=4)
    assert len(curve) == 1
    assert curve.iloc[0].tolist() == [0.5, 0.75, 1.0]


def test_the_table_reads_the_curve_at_each_rate(study):
    table = evaluate.detection(*study, images=4)
    expected = [1 / 3, 2 / 3, 2 / 3, 1, 1, 1, 1]
    assert table.value.iloc[:-1].tolist() == pytest.approx(expected)
    assert table.value["CPM"] == pytest.approx(np.mean(expected))


def test_few_patients_have_no_interval(study):
    assert evaluate.detection(*study, images=4)[["low", "high"]].isna().all(axis=None)


def test_intervals_hold_the_sensitivity_of_a_simulated_detector():
    rng = np.random.default_rng(3)
    held = 0
    for study in range(60):
        true = boxes([[i, 10, 20, 10, 20] for i in range(40)])
        hits = boxes(
            [[i, 10, 20, 10, 20, rng.uniform()] for i in range(40) if rng.random() < 0.7] or [[0] * 6]
        )
        row = evaluate.detection(true, hits, images=40, resamples=200, seed=study).loc["sensitivity at 1"]
        held += row.low <= 0.7 <= row.high
    assert held >= 52


def test_classes_must_agree(study):
    true, found = study
    curve = evaluate.froc(true.assign(**{"class": 0}), found.assign(**{"class": 1}), images=4)
    assert (curve["sensitivity"] == 0).all()


def test_volumes_need_slices_too():
    column = ["image", "slice_start", "slice_stop", *BOX[1:]]
    true = pd.DataFrame([[0, 0, 4, 0, 10, 0, 10]], columns=column)
    above = pd.DataFrame([[0, 6, 10, 0, 10, 0, 10, 0.9]], columns=[*column, "score"])
    assert evaluate.froc(true, above, images=1)["sensitivity"].tolist() == [0.0]
    with pytest.raises(ValueError, match=r"'slice_start', .* are missing"):
        evaluate.froc(true, above.drop(columns=["slice_start", "slice_stop"]), images=1)


def test_nothing_found_is_a_sensitivity_of_nothing(study):
    true, found = study
    assert evaluate.detection(true, found.iloc[:0], images=4).value["CPM"] == 0


def test_an_empty_true_box_is_refused(study):
    true, found = study
    with pytest.raises(ValueError, match="a box that is empty"):
        evaluate.froc(true.assign(row_stop=true["row_start"]), found, images=4)


def test_an_image_that_does_not_exist_is_refused(study):
    with pytest.raises(ValueError, match=r"found names images \[2, 3\]"):
        evaluate.froc(*study, images=2)


def test_the_plot_shows_the_metric_and_the_rates(study):
    ax = evaluate.froc_plot(*study, images=4)
    cpm = evaluate.detection(*study, images=4).value["CPM"]
    assert ax.get_legend_handles_labels()[1] == [f"model: CPM {cpm:.2f}"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("false positives per image", "sensitivity")


def simulated_pair(rng, patients=40):
    """A detector that finds 7 of 10 objects and one that misses a further fifth of those, without alarms."""
    true = boxes([[i, 10, 20, 10, 20] for i in range(patients)])
    first = true.assign(score=0.9)[rng.random(patients) < 0.7]
    return true, first, first[rng.random(len(first)) < 0.8]


def test_a_comparison_holds_the_scores_of_both(study):
    true, found = study
    table = evaluate.compare_detection(true, found, found.iloc[:1], images=4)
    assert table.a.tolist() == evaluate.detection(true, found, images=4).value.tolist()
    assert table.b.tolist() == evaluate.detection(true, found.iloc[:1], images=4).value.tolist()
    assert table.difference.tolist() == (table.a - table.b).tolist()
    assert table[["low", "high"]].isna().all(axis=None)


def test_the_interval_of_a_difference_holds_the_simulated_one():
    rng = np.random.default_rng(5)
    tables = [
        evaluate.compare_detection(*simulated_pair(rng), images=40, rates=[1], resamples=200, seed=k)
        for k in range(60)
    ]
    assert sum(t.low["CPM"] <= 0.7 * 0.2 <= t.high["CPM"] for t in tables) >= 52


def test_a_paired_difference_is_surer_than_two_separate_scores():
    true, first, second = simulated_pair(np.random.default_rng(0))
    paired = evaluate.compare_detection(true, first, second, images=40).loc["CPM"]
    one, other = (evaluate.detection(true, f, images=40).loc["CPM"] for f in (first, second))
    assert paired.high - paired.low < np.hypot(one.high - one.low, other.high - other.low)


def test_a_comparison_draws_patients_not_images():
    true, first, second = simulated_pair(np.random.default_rng(1), patients=20)
    twice = [pd.concat([t, t.assign(image=t["image"] + 20)]) for t in (true, first, second)]
    alone = evaluate.compare_detection(true, first, second, images=20).loc["CPM"]
    both = evaluate.compare_detection(*twice, images=40, groups=[*range(20)] * 2).loc["CPM"]
    assert both[["low", "high"]].tolist() == pytest.approx(alone[["low", "high"]].tolist())
