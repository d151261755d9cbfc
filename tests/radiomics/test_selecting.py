"""Choosing features inside of the model: noise stays noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score

from medlab import radiomics


def areas(model, X, y):
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return cross_val_score(model, X, y, cv=folds, scoring="roc_auc").mean()


@pytest.fixture
def table(rng):
    """Two informative features, one copy of the first, one constant, and noise."""
    y = np.arange(80) % 2
    X = pd.DataFrame(rng.normal(size=(80, 12)), columns=[f"noise{n}" for n in range(12)])
    X["signal"] = 2.5 * y + rng.normal(size=80)
    X["weaker"] = 1.5 * y + rng.normal(size=80)
    X["copy"] = 3 * X["signal"] + 0.1 * rng.normal(size=80)
    X["constant"] = 4.0
    return X, y


def test_noise_is_worth_nothing_when_the_choice_is_made_inside_and_much_when_outside():
    honest, leaky = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(60, 400)), rng.permutation(np.arange(60) % 2)
        honest.append(areas(radiomics.select(LogisticRegression()), X, y))
        leaky.append(areas(LogisticRegression(), SelectKBest(k=10).fit_transform(X, y), y))
    assert np.mean(honest) == pytest.approx(0.5, abs=0.07)
    assert np.mean(leaky) > 0.85


def test_no_table_of_chosen_features_comes_out(table):
    model = radiomics.select(LogisticRegression()).fit(*table)
    assert not hasattr(model, "transform")
    assert not hasattr(model, "fit_transform")


@pytest.mark.parametrize("by", ["univariate", "lasso"])
def test_informative_features_are_found(table, by):
    model = radiomics.select(LogisticRegression(), keep=2, by=by).fit(*table)
    assert len({"signal", "copy"} & set(model.selected_)) == 1
    assert "weaker" in model.selected_


def test_of_two_correlated_features_one_goes(table):
    chosen = radiomics.select(LogisticRegression(), keep=20).fit(*table).selected_
    assert len({"signal", "copy"} & set(chosen)) == 1
    both = radiomics.select(LogisticRegression(), keep=20, correlation=None).fit(*table).selected_
    assert {"signal", "copy"} <= set(both)


def test_constant_features_go(table):
    chosen = radiomics.select(LogisticRegression(), keep=99, correlation=None).fit(*table).selected_
    assert len(chosen) == 15
    assert "constant" not in chosen


def test_unstable_and_unknown_features_go(table):
    known = pd.Series({"signal": 0.5, "weaker": 0.9, "noise1": 0.8, "noise2": np.nan})
    model = radiomics.select(LogisticRegression(), stability=known, min_icc=0.75).fit(*table)
    assert sorted(model.selected_) == ["noise1", "weaker"]


def test_nothing_left_is_an_error(table):
    with pytest.raises(ValueError, match="min_icc"):
        radiomics.select(LogisticRegression(), stability={"signal": 0.1}).fit(*table)


def test_no_more_features_than_asked_for(table):
    for by in ("univariate", "lasso"):
        assert len(radiomics.select(LogisticRegression(), keep=3, by=by).fit(*table).selected_) <= 3


def test_it_is_an_estimator_like_others(table):
    X, y = table
    model = clone(radiomics.select(LogisticRegression(C=0.3), keep=4))
    search = GridSearchCV(model, {"keep": [1, 3], "model__C": [0.1, 1]}, cv=3).fit(X, y)
    assert search.best_params_.keys() == {"keep", "model__C"}
    assert search.predict_proba(X).shape == (80, 2)
    assert search.score(X, y) > 0.8


def test_failed_cases_must_be_dropped_first(table):
    X, y = table
    X.loc[3, "signal"] = np.nan
    with pytest.raises(ValueError, match=r"status == 'ok'"):
        radiomics.select(LogisticRegression()).fit(X, y)


def test_unknown_way_of_choosing_is_refused(table):
    with pytest.raises(ValueError, match="lasso"):
        radiomics.select(LogisticRegression(), by="forest").fit(*table)
