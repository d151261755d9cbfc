"""Choosing features inside of the model, so that no test case can have a say in the choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["SelectingClassifier", "select"]

By = Literal["univariate", "lasso"]


class _Choice(SelectorMixin, BaseEstimator):
    """The columns to keep, learnt from the rows that it is fitted on; a step within `SelectingClassifier`."""

    def __init__(self, stable: Any, correlation: float | None, keep: int, by: str) -> None:
        self.stable = stable
        self.correlation = correlation
        self.keep = keep
        self.by = by

    def fit(self, X: NDArray[np.float64], y: NDArray[Any]) -> Self:
        from sklearn.feature_selection import f_classif

        X = np.asarray(X, np.float64)
        candidates = np.flatnonzero(self.stable & (X.std(axis=0) > 0))
        if not len(candidates):
            msg = "No feature is left: all are constant, or not stable enough. Lower min_icc."
            raise ValueError(msg)
        scores = np.nan_to_num(f_classif(X[:, candidates], y)[0])
        ranked = candidates[np.argsort(-scores, kind="stable")]
        if self.correlation is not None:
            ranked = _uncorrelated(X, ranked, self.correlation)
        chosen = ranked[: self.keep] if self.by == "univariate" else _by_lasso(X, y, ranked, self.keep)
        self.mask_ = np.isin(np.arange(X.shape[1]), chosen)
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        return self.mask_


def _uncorrelated(X: NDArray[np.float64], ranked: NDArray[np.intp], limit: float) -> NDArray[np.intp]:
    """Return the columns without those that follow a better one too closely (Spearman)."""
    from scipy.stats import rankdata

    ranks = rankdata(X[:, ranked], axis=0)
    related = np.abs(np.corrcoef(ranks, rowvar=False).reshape(len(ranked), -1))
    kept: list[int] = []
    for n in range(len(ranked)):
        if not kept or related[n, kept].max() <= limit:
            kept.append(n)
    return ranked[kept]


def _by_lasso(
    X: NDArray[np.float64], y: NDArray[Any], ranked: NDArray[np.intp], keep: int
) -> NDArray[np.intp]:
    """Return the columns that enter first as the penalty of an L1 logistic regression is lowered."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import l1_min_c

    scaled = StandardScaler().fit_transform(X[:, ranked])
    weakest = l1_min_c(scaled, y, loss="log")
    chosen = ranked[:1]
    for strength in weakest * np.logspace(0.05, 3, 20):
        model = LogisticRegression(
            l1_ratio=1, C=strength, solver="saga", max_iter=300, tol=1e-3, random_state=0
        )
        weight = np.abs(model.fit(scaled, y).coef_).max(axis=0)
        found = ranked[np.argsort(-weight, kind="stable")][: np.count_nonzero(weight)]
        if len(found) > keep:
            return found[:keep] if len(chosen) <= 1 else chosen
        chosen = found if len(found) else chosen
    return chosen


def _has(method: str) -> Any:
    return available_if(lambda self: hasattr(self.model, method))


class SelectingClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """A classifier that chooses its features from the rows it is fitted on, then scales them, then learns.

    There is no ``transform``: no table of chosen features comes out, on which another model could be tested
    with cases that had a say in the choice. In cross-validation the choice is made anew for each fold.

    Parameters
    ----------
    model : estimator
        A scikit-learn classifier.
    correlation : float or None, optional
        Of two features whose Spearman correlation exceeds this, the one with the weaker relation to the
        outcome goes.
    stability : mapping of str to float, optional
        Intraclass correlation of each feature, the lower limit for example (`stability` of a test–retest
        study, on patients of whom none is in this table). Features that are not in it go.
    min_icc : float, optional
        Least stability.
    keep : int, optional
        Most features that stay.
    by : {"univariate", "lasso"}, optional
        Rank by the F test of each feature alone, or by an L1-penalised logistic regression of all.

    Attributes
    ----------
    selected_ : list of str
        Features that were chosen; numbers of columns where the table had no names.
    pipeline_ : sklearn.pipeline.Pipeline
        Choice, scaling and model, fitted.
    """

    def __init__(
        self,
        model: Any,
        *,
        correlation: float | None = 0.9,
        stability: Mapping[str, float] | pd.Series | None = None,
        min_icc: float = 0.75,
        keep: int = 10,
        by: By = "univariate",
    ) -> None:
        self.model = model
        self.correlation = correlation
        self.stability = stability
        self.min_icc = min_icc
        self.keep = keep
        self.by = by

    def fit(self, X: pd.DataFrame | ArrayLike, y: ArrayLike) -> Self:
        """Choose features and fit the model, from these rows only."""
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        names = list(X.columns) if hasattr(X, "columns") else list(range(np.shape(X)[1]))
        values = _numbers(X)
        if self.by not in ("univariate", "lasso") or self.keep < 1:
            msg = (
                f"by must be 'univariate' or 'lasso' and keep at least 1; got {self.by!r} and {self.keep!r}."
            )
            raise ValueError(msg)
        stable = np.array([self._is_stable(name) for name in names])
        choice = _Choice(stable, self.correlation, self.keep, self.by)
        self.pipeline_ = make_pipeline(choice, StandardScaler(), clone(self.model))
        self.pipeline_.fit(values, np.asarray(y))
        self.classes_ = self.pipeline_.classes_
        self.n_features_in_ = len(names)
        self.selected_ = [names[n] for n in np.flatnonzero(choice.mask_)]
        return self

    def predict(self, X: pd.DataFrame | ArrayLike) -> NDArray[Any]:
        """Return the class of each row."""
        check_is_fitted(self, "pipeline_")
        return self.pipeline_.predict(_numbers(X))

    @_has("predict_proba")
    def predict_proba(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.float64]:
        """Return the probability of each class for each row."""
        check_is_fitted(self, "pipeline_")
        return self.pipeline_.predict_proba(_numbers(X))

    @_has("decision_function")
    def decision_function(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.float64]:
        """Return the model's decision values."""
        check_is_fitted(self, "pipeline_")
        return self.pipeline_.decision_function(_numbers(X))

    def _is_stable(self, name: str | int) -> bool:
        if self.stability is None:
            return True
        known = dict(self.stability)
        return bool(known.get(name, -np.inf) >= self.min_icc)


def select(
    model: Any,
    *,
    correlation: float | None = 0.9,
    stability: Mapping[str, float] | pd.Series | None = None,
    min_icc: float = 0.75,
    keep: int = 10,
    by: By = "univariate",
) -> SelectingClassifier:
    """Return a model that chooses its features itself, each time it is fitted.

    Choosing features on all cases and cross-validating a model of the chosen ones makes noise look like a
    diagnosis (Ambroise & McLachlan 2002). What this returns goes into `sklearn.model_selection` as one
    estimator, so that every fold chooses from its own training cases.

    Parameters
    ----------
    model, correlation, stability, min_icc, keep, by
        As for `SelectingClassifier`.

    References
    ----------
    Ambroise, C. & McLachlan, G. J. Selection bias in gene extraction on the basis of microarray
    gene-expression data. PNAS 99(10), 6562–6566 (2002).

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> rng = np.random.default_rng(0)
    >>> noise, outcome = rng.normal(size=(60, 500)), np.arange(60) % 2
    >>> scores = cross_val_score(select(LogisticRegression()), noise, outcome, cv=5, scoring="roc_auc")
    >>> bool(scores.mean() < 0.65)
    True
    """
    return SelectingClassifier(
        model, correlation=correlation, stability=stability, min_icc=min_icc, keep=keep, by=by
    )


def _numbers(X: pd.DataFrame | ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(X, np.float64)
    if values.ndim != 2 or not np.isfinite(values).all():
        msg = (
            f"Expected a table of finite numbers, cases × features; got shape {values.shape}. Drop failed "
            "cases and keep the features: medlab.radiomics.features(table[table.status == 'ok'])."
        )
        raise ValueError(msg)
    return values
