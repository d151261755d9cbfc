"""Intraclass correlation: published examples, theory, and tables of features."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from medlab import radiomics

#: Shrout & Fleiss (1979), table 2: six subjects, four judges.
JUDGES = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]

#: Estimates of Shrout & Fleiss (1979), table 4; limits as R's psych::ICC prints them for the same data.
PUBLISHED = {
    "ICC(1,1)": (0.17, -0.133, 0.72),
    "ICC(2,1)": (0.29, 0.019, 0.76),
    "ICC(3,1)": (0.71, 0.342, 0.95),
    "ICC(1,k)": (0.44, -0.884, 0.91),
    "ICC(2,k)": (0.62, 0.071, 0.93),
    "ICC(3,k)": (0.91, 0.676, 0.99),
}


@pytest.mark.parametrize("model", PUBLISHED)
def test_worked_example_of_shrout_and_fleiss_comes_out(model):
    value, low, high = PUBLISHED[model]
    found = radiomics.icc(JUDGES, model)
    assert found.value == pytest.approx(value, abs=0.005)
    assert found.low == pytest.approx(low, abs=0.0006)
    assert found.high == pytest.approx(high, abs=0.006)


@pytest.mark.parametrize("model", ["ICC(1,1)", "ICC(2,1)", "ICC(3,1)"])
def test_intervals_hold_the_true_value_as_often_as_they_say(rng, model):
    n, k, trials = 15, 4, 3000
    subjects, noise = rng.normal(0, 2, (n, 1, trials)), rng.normal(0, 1, (n, k, trials))
    raters = rng.normal(0, 1, (1, k, trials)) if model == "ICC(2,1)" else 0
    truth = 4 / 6 if model == "ICC(2,1)" else 4 / 5
    found = radiomics.icc(subjects + raters + noise, model, confidence=0.9)
    inside = np.mean((found.low <= truth) & (truth <= found.high))
    assert inside == pytest.approx(0.9, abs=0.04 if model == "ICC(2,1)" else 0.02)


def test_constant_difference_between_raters_counts_for_agreement_only(rng):
    first = rng.normal(0, 1, 50)
    pairs = np.stack([first, first + 2], axis=1)
    assert radiomics.icc(pairs, "ICC(3,1)").value == pytest.approx(1)
    assert radiomics.icc(pairs, "ICC(2,1)").value < 0.5


def test_identical_repeats_agree_perfectly(rng):
    same = np.repeat(rng.normal(0, 1, (10, 1)), 3, axis=1)
    found = radiomics.icc(same)
    assert (found.value, found.low, found.high) == pytest.approx((1, 1, 1), abs=1e-9)


@pytest.mark.parametrize("values", [[1, 2, 3], [[1, 2]], [[1], [2]], [[1, np.nan], [2, 3]]])
def test_too_few_or_missing_measurements_are_refused(values):
    with pytest.raises(ValueError, match="subjects, measurements"):
        radiomics.icc(values)


def test_unknown_model_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"ICC\(2,1\)"):
        radiomics.icc(JUDGES, "ICC2")


@pytest.fixture
def repeats():
    """The judges' example as a table in mixed order, with a constant and a noisy feature beside it."""
    rows = [
        {
            "case": f"s{n}",
            "repeat": f"judge{m}",
            "original_glcm_Contrast": float(value),
            "original_shape_Sphericity": 1.0,
            "original_firstorder_Mean": float(n) + 0.01 * m,
        }
        for n, line in enumerate(JUDGES)
        for m, value in enumerate(line)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=1)


def test_stability_of_a_table_is_the_correlation_of_each_feature(repeats):
    table = radiomics.stability(repeats, model="ICC(3,1)")
    assert table.loc["original_glcm_Contrast", "icc"] == pytest.approx(0.71, abs=0.005)
    assert table["agreement"].to_dict() == {
        "original_glcm_Contrast": "poor",
        "original_shape_Sphericity": "constant",
        "original_firstorder_Mean": "excellent",
    }
    assert set(table["cases"]) == {6}
    assert set(table["repeats"]) == {4}


def test_case_without_one_of_its_repeats_is_named(repeats):
    lacking = repeats[~((repeats["case"] == "s3") & (repeats["repeat"] == "judge1"))]
    with pytest.raises(ValueError, match="s3"):
        radiomics.stability(lacking)


def test_failed_case_is_named(repeats):
    repeats.loc[repeats["case"] == "s4", "original_glcm_Contrast"] = np.nan
    with pytest.raises(ValueError, match="s4"):
        radiomics.stability(repeats)


def test_missing_column_of_repeats_is_named(repeats):
    with pytest.raises(ValueError, match="no column scanner"):
        radiomics.stability(repeats, repeat="scanner")
