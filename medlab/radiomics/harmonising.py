"""ComBat: take out what scanners and sites do to features, learnt on the training cases only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from medlab.radiomics.tables import features

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Harmoniser", "harmonise"]


class Harmoniser(TransformerMixin, BaseEstimator):
    """ComBat as a step of a scikit-learn pipeline: learns on the rows it is fitted on, and applies that.

    Parameters
    ----------
    batch : str
        Column that names the scanner, site or protocol.
    covariates : sequence of str, optional
        Columns whose effect is to stay, numbers only (code a category as 0/1). Never the outcome: it is not
        known of a new case.
    empirical_bayes : bool, optional
        Whether batches lend each other strength, as in the original method.

    Attributes
    ----------
    batches_ : list
        Batches that were learnt; others are refused.
    features_ : list of str
        Columns that are harmonised: those that are features, or all numeric ones beside batch and covariates.

    Raises
    ------
    ImportError
        If neuroHarmonize or something it needs is not installed.
    ValueError
        If there are fewer than two batches, fewer than two cases in one, missing values, or (when applied) a
        batch that was not learnt.

    References
    ----------
    Johnson, W. E., Li, C. & Rabinovic, A. Adjusting batch effects in microarray expression data using
    empirical Bayes methods. Biostatistics 8(1), 118–127 (2007). Pomponio, R. et al. NeuroImage 208, 116450
    (2020), whose package neuroHarmonize does the work. Orlhac, F. et al. A guide to ComBat harmonization of
    imaging biomarkers in multicenter studies. Journal of Nuclear Medicine 63(2), 172–179 (2022).
    """

    def __init__(
        self, batch: str = "batch", covariates: Sequence[str] = (), *, empirical_bayes: bool = True
    ) -> None:
        self.batch = batch
        self.covariates = covariates
        self.empirical_bayes = empirical_bayes

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Learn the effect of each batch."""
        learn = _engine().harmonizationLearn
        covars = self._covariates(X)
        counts = covars["SITE"].value_counts()
        if len(counts) < 2 or counts.min() < 2:
            msg = (
                "ComBat needs at least two batches with two cases each; got "
                f"{', '.join(f'{name} ({n})' for name, n in counts.items())}."
            )
            raise ValueError(msg)
        columns = features(X)
        numbers = columns if len(columns.columns) else X.drop(columns=[self.batch, *self.covariates])
        self.features_ = list(numbers.select_dtypes("number").columns)
        values = self._values(X)
        within = [values[covars["SITE"] == name].std(axis=0) for name in counts.index]
        self._varies = np.min(within, axis=0) > 0
        self.batches_ = sorted(counts.index)
        self._values_of, self._covars_of = self._examples(values, covars)
        self._model, _ = learn(values[:, self._varies], covars, eb=self.empirical_bayes)
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the features with the learnt effect of their batch taken out; other columns are left out."""
        import pandas as pd

        check_is_fitted(self, "batches_")
        covars = self._covariates(X)
        new = sorted(set(covars["SITE"]) - set(self.batches_))
        if new:
            msg = f"The batches {', '.join(new)} were not learnt; learnt were {', '.join(self.batches_)}."
            raise ValueError(msg)
        values = self._values(X)
        stacked = pd.concat([covars, self._covars_of], ignore_index=True)
        both = np.concatenate([values, self._values_of])[:, self._varies]
        applied = _engine().harmonizationApply(both, stacked, self._model)
        values[:, self._varies] = applied[: len(values)]
        return pd.DataFrame(values, columns=self.features_, index=X.index)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:  # noqa: ARG002
        """Return the names of the harmonised columns."""
        return np.asarray(self.features_, dtype=object)

    def _covariates(self, X: pd.DataFrame) -> pd.DataFrame:
        missing = [name for name in (self.batch, *self.covariates) if name not in X.columns]
        if missing:
            msg = f"The table has no column {', '.join(missing)}; it has {list(X.columns)[:12]} …"
            raise ValueError(msg)
        frame = X[list(self.covariates)].astype(np.float64).reset_index(drop=True)
        if frame.isna().any(axis=None) or X[self.batch].isna().any():
            msg = "Batch and covariates must be known of every case; leave out the rows where they are not."
            raise ValueError(msg)
        frame.insert(0, "SITE", X[self.batch].astype(str).to_numpy())
        return frame

    def _values(self, X: pd.DataFrame) -> NDArray[np.float64]:
        values = X[self.features_].to_numpy(np.float64, copy=True)
        if not np.isfinite(values).all():
            msg = "ComBat needs finite values: drop failed cases first, table[table.status == 'ok']."
            raise ValueError(msg)
        return values

    def _examples(
        self, values: NDArray[np.float64], covars: pd.DataFrame
    ) -> tuple[NDArray[np.float64], pd.DataFrame]:
        """Return one learnt case of each batch: neuroHarmonize needs all of them wherever it is applied."""
        rows = [int(np.flatnonzero(covars["SITE"] == name)[0]) for name in self.batches_]
        return values[rows], covars.iloc[rows]


def harmonise(
    table: pd.DataFrame,
    batch: str,
    covariates: Sequence[str] = (),
    *,
    train: Any = None,
    empirical_bayes: bool = True,
) -> pd.DataFrame:
    """Return a table whose features have the effect of scanner or site taken out, by ComBat.

    Parameters
    ----------
    table : DataFrame
        Features and the columns named below; a row for each case.
    batch : str
        Column that names the scanner, site or protocol.
    covariates : sequence of str, optional
        Columns whose effect is to stay, numbers only.
    train : (n,) array_like of bool, optional
        Rows to learn from. Whenever a model is tested on some of the rows, these must be the others; within
        cross-validation use `Harmoniser` as a pipeline's first step. Default: all rows, for description only.
    empirical_bayes : bool, optional
        Whether batches lend each other strength.

    Returns
    -------
    DataFrame
        The table with its features exchanged.

    Raises
    ------
    ImportError, ValueError
        As for `Harmoniser`.
    """
    rows = np.ones(len(table), bool) if train is None else np.asarray(train)
    if rows.dtype != bool or rows.shape != (len(table),):
        msg = f"train must hold one boolean for each of the {len(table)} rows; got {rows.dtype} {rows.shape}."
        raise ValueError(msg)
    model = Harmoniser(batch, covariates, empirical_bayes=empirical_bayes).fit(table[rows])
    return table.assign(**model.transform(table))


def _engine() -> Any:
    try:
        import neuroHarmonize
    except ImportError as error:
        msg = (
            f"ComBat is computed by neuroHarmonize, which could not be imported: {error}. It does not name "
            "what it needs itself; install all of it: pip install neuroHarmonize neuroCombat statsmodels"
        )
        raise ImportError(msg) from error
    return neuroHarmonize
