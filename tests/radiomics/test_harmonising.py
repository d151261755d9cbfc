"""ComBat, learnt on some cases and applied to others."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from medlab import radiomics

NAMES = [f"original_glcm_F{n}" for n in range(6)]


@pytest.fixture
def multicentre(rng):
    """Simulated features of 90 cases from three scanners that shift and stretch them; age matters, too."""
    scanner = np.repeat(["A", "B", "C"], 30)
    age = rng.normal(60, 10, 90)
    truth = rng.normal(0, 1, (90, 6)) + 0.1 * (age[:, None] - 60)
    shift = pd.Series({"A": 0.0, "B": 4.0, "C": -3.0})[scanner].to_numpy()[:, None]
    stretch = pd.Series({"A": 1.0, "B": 2.0, "C": 0.5})[scanner].to_numpy()[:, None]
    table = pd.DataFrame(truth * stretch + shift, columns=NAMES)
    return table.assign(scanner=scanner, age=age, patient=range(90), original_shape_Constant=7.0)


def need_engine():
    pytest.importorskip("neuroHarmonize", exc_type=ImportError, reason="neuroHarmonize cannot be imported")


def test_what_is_missing_is_named(multicentre, monkeypatch):
    monkeypatch.setitem(sys.modules, "neuroHarmonize", None)
    with pytest.raises(ImportError, match="neuroHarmonize neuroCombat statsmodels"):
        radiomics.harmonise(multicentre, "scanner")


def test_without_shrinkage_all_batches_have_one_mean_and_one_spread(multicentre):
    need_engine()
    found = radiomics.harmonise(multicentre, "scanner", empirical_bayes=False)
    groups = found.groupby("scanner")[NAMES]
    assert np.ptp(groups.mean().to_numpy(), axis=0) == pytest.approx(0, abs=1e-9)
    assert np.ptp(groups.std().to_numpy(), axis=0) == pytest.approx(0, abs=1e-9)


def test_effect_of_a_covariate_stays(multicentre):
    need_engine()
    found = radiomics.harmonise(multicentre, "scanner", ["age"])
    slope = np.polyfit(found["age"], found[NAMES[0]], 1)[0]
    spread = found.groupby("scanner")[NAMES[0]].mean()
    assert slope > 0.05
    assert np.ptp(spread) < 0.8


def test_other_columns_and_constant_features_stay(multicentre):
    need_engine()
    found = radiomics.harmonise(multicentre, "scanner")
    same = ["scanner", "age", "patient", "original_shape_Constant"]
    pd.testing.assert_frame_equal(found[same], multicentre[same])


def test_test_cases_do_not_change_what_is_learnt(multicentre):
    need_engine()
    train = np.arange(90) % 3 > 0
    first = radiomics.harmonise(multicentre, "scanner", train=train)
    spoilt = multicentre.copy()
    spoilt.loc[~train, NAMES] *= 1000
    second = radiomics.harmonise(spoilt, "scanner", train=train)
    pd.testing.assert_frame_equal(first[train], second[train])
    assert not np.allclose(first.loc[~train, NAMES], second.loc[~train, NAMES])


def test_learnt_effect_of_the_training_cases_is_that_of_a_fit_on_them_alone(multicentre):
    need_engine()
    train = np.arange(90) % 3 > 0
    part = radiomics.harmonise(multicentre, "scanner", train=train).loc[train, NAMES]
    alone = radiomics.harmonise(multicentre[train], "scanner")[NAMES]
    pd.testing.assert_frame_equal(part, alone)


@pytest.mark.parametrize("rows", [[0], [0, 1, 65], [40, 41]])
def test_few_cases_from_some_of_the_scanners_come_out_as_among_all(multicentre, rows):
    need_engine()
    model = radiomics.Harmoniser("scanner", ["age"]).fit(multicentre)
    some, everything = model.transform(multicentre.iloc[rows]), model.transform(multicentre)
    pd.testing.assert_frame_equal(some, everything.iloc[rows])


def test_unknown_scanner_is_refused(multicentre):
    need_engine()
    model = radiomics.Harmoniser("scanner").fit(multicentre)
    with pytest.raises(ValueError, match="D were not learnt"):
        model.transform(multicentre.assign(scanner="D"))


def test_scanner_with_one_case_is_refused(multicentre):
    need_engine()
    with pytest.raises(ValueError, match=r"C \(1\)"):
        radiomics.Harmoniser("scanner").fit(multicentre.iloc[:61])


def test_missing_values_are_refused(multicentre):
    need_engine()
    multicentre.loc[4, NAMES[2]] = np.nan
    with pytest.raises(ValueError, match="finite"):
        radiomics.harmonise(multicentre, "scanner")


def test_it_is_a_step_of_a_pipeline(multicentre):
    need_engine()
    outcome = (multicentre["age"] > 60).astype(int)
    model = make_pipeline(radiomics.Harmoniser("scanner"), radiomics.select(LogisticRegression()))
    X = multicentre.drop(columns=["patient", "age"])
    assert model.fit(X, outcome).score(X, outcome) > 0.7


def test_missing_column_is_named(multicentre):
    need_engine()
    with pytest.raises(ValueError, match="no column site"):
        radiomics.harmonise(multicentre, "site")
