import numpy as np
import pytest

from medlab import evaluate

#: Peak expiratory flow (l/min), two meters, first readings: Bland & Altman, Lancet 1986, table 1.
LARGE = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


def test_bias_and_its_interval_are_those_published():
    row = evaluate.bland_altman(LARGE, MINI).loc["bias"]
    assert [round(v, 1) for v in row] == pytest.approx([-2.1, -22.0, 17.8], abs=0.11)


def test_limits_of_agreement_are_those_published():
    table = evaluate.bland_altman(LARGE, MINI)
    assert table.value["lower limit"] == pytest.approx(-2.1 - 1.96 * 38.8, abs=0.1)
    assert table.value["upper limit"] == pytest.approx(-2.1 + 1.96 * 38.8, abs=0.1)


def test_relative_differences_are_in_percent_of_the_mean():
    a = np.array([10.0, 100.0, 1000.0, 50.0])
    table = evaluate.bland_altman(a * 1.05, a * 0.95, relative=True)
    assert table.value["bias"] == pytest.approx(10)


def test_repeated_measurements_stay_within_the_repeatability(rng):
    patient = rng.normal(50, 10, size=4000)
    a, b = (patient + rng.normal(0, 2, size=4000) for _ in range(2))
    row = evaluate.bland_altman(a, b).loc["repeatability"]
    assert row.value == pytest.approx(1.96 * np.sqrt(2) * 2, rel=0.05)
    assert row.low < row.value < row.high
    assert (np.abs(a - b) < row.value).mean() == pytest.approx(0.95, abs=0.01)


def test_cohens_kappa_by_hand():
    a, b = [0] * 25 + [1] * 25, [0] * 20 + [1] * 5 + [0] * 10 + [1] * 15
    assert evaluate.kappa(a, b).value == pytest.approx((0.7 - 0.5) / (1 - 0.5))


def test_weights_forgive_a_disagreement_by_one_grade():
    a, b = [0, 1, 2, 3, 4] * 4, [0, 1, 2, 3, 3] * 4
    plain, weighted = (evaluate.kappa(a, b, weights=w, resamples=10).value for w in (None, "quadratic"))
    assert weighted > plain


def test_the_interval_of_kappa_knows_patients(rng):
    a = rng.integers(0, 2, size=60)
    b = np.where(rng.random(60) < 0.2, 1 - a, a)
    narrow = evaluate.kappa(np.tile(a, 4), np.tile(b, 4), resamples=300)
    honest = evaluate.kappa(np.tile(a, 4), np.tile(b, 4), groups=np.tile(np.arange(60), 4), resamples=300)
    assert honest.high - honest.low > 1.5 * (narrow.high - narrow.low)


def test_fleiss_kappa_of_the_usual_worked_example():
    """Ten subjects, fourteen readers, five categories: counts as widely reprinted, kappa 0.210."""
    counts = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    ratings = [np.repeat(np.arange(5), row) for row in counts]
    assert evaluate.fleiss_kappa(ratings).value == pytest.approx(0.210, abs=5e-4)


@pytest.mark.parametrize(("a", "b"), [([1, 2], [1, 2]), ([1, 2, 3], [1, 2]), ([1, 2, np.nan], [1, 2, 3])])
def test_bad_pairs_are_refused(a, b):
    with pytest.raises(ValueError, match="at least 3 pairs without NaN"):
        evaluate.bland_altman(a, b)


def test_the_plot_names_bias_and_limits():
    ax = evaluate.bland_altman_plot(LARGE, MINI, unit="l/min")
    assert [t.get_text() for t in ax.texts] == ["bias -2.12", "lower limit -78.1", "upper limit 73.9"]
    assert ax.get_ylabel() == "difference a − b (l/min)"
