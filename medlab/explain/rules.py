"""A decision as a few sentences: the rules of a small tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike

__all__ = ["tree_rules"]


def tree_rules(
    features: pd.DataFrame,
    y: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    depth: int = 3,
    least: int = 10,
    names: Sequence[str] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Say in rules what tells classes apart, or what a model does: one row per leaf of a decision tree.

    With the true classes as `y` it is a model of its own. With the classes that another model predicted it is
    a surrogate of that model, and ``fidelity`` says how much of it the rules tell.

    Parameters
    ----------
    features : (n, k) DataFrame
        Numbers that a person can read, for example from `medlab.radiomics`; the column names get into
        the rules.
    y : (n,) array_like
        Classes, from 0.
    groups : (n,) array_like, optional
        Patient of each row, kept together in the cross-validation that gives the fidelity.
    depth : int, optional
        Largest number of conditions in a rule.
    least : int, optional
        Fewest rows that a rule may speak of.
    names : sequence of str, optional
        Name of each class.
    seed : int, optional
        Of ties and of the folds.

    Returns
    -------
    DataFrame
        ``rule`` (conditions joined by "and"), ``class`` (the most frequent one), ``share`` (of the rows in
        this leaf, with the exact interval ``low`` to ``high``, which ignores that the rule was made from the
        same rows), ``n``; the most frequent rule first. ``table.attrs["fidelity"]`` is the share of rows of
        other folds (5, by patient) that the rules get right; ``table.attrs["baseline"]`` that of the most
        frequent class.

    Raises
    ------
    ValueError
        If values are missing, lengths differ, or there is only one class.

    References
    ----------
    Breiman et al., *Classification and regression trees*, 1984; surrogates: Craven & Shavlik, *Extracting
    tree-structured representations of trained networks*, NeurIPS 1995.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> diameter = np.linspace(2, 20, 60)
    >>> table = tree_rules(pd.DataFrame({"diameter": diameter}), diameter > 8, names=["benign", "malignant"])
    >>> table[["rule", "class", "share", "n"]]
                  rule      class  share   n
    0  diameter > 7.95  malignant    1.0  40
    1  diameter ≤ 7.95     benign    1.0  20
    """
    import pandas as pd
    from sklearn.tree import DecisionTreeClassifier

    from medlab.evaluate.intervals import proportion_interval

    classes = np.asarray(y).astype(int)
    _check(features, classes)
    tree = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=least, random_state=seed)
    fidelity = _fidelity(tree, features, classes, groups)
    tree.fit(features, classes)
    leaf_of_row = tree.apply(features)
    rows = []
    for leaf, conditions in _leaves(tree.tree_, list(features.columns)):
        inside = classes[leaf_of_row == leaf]
        counts = np.bincount(inside)
        share = float(counts.max() / len(inside))
        low, high = proportion_interval(share, len(inside))
        most = int(counts.argmax())
        called = most if names is None else names[most]
        rows.append((" and ".join(conditions) or "always", called, share, low, high, len(inside)))
    table = pd.DataFrame(rows, columns=["rule", "class", "share", "low", "high", "n"])
    table = table.sort_values("n", ascending=False, kind="stable", ignore_index=True)
    table.attrs |= {"fidelity": fidelity, "baseline": float(np.bincount(classes).max() / len(classes))}
    return table


def _check(features: pd.DataFrame, classes: np.ndarray) -> None:
    if len(features) != len(classes) or features.isna().any(axis=None):
        missing = features.columns[features.isna().any()].tolist()
        msg = (
            f"features and y must have the same rows without missing values; got {len(features)} and "
            f"{len(classes)} rows, missing values in {missing}. Drop or fill them first, and say so."
        )
        raise ValueError(msg)
    if len(np.unique(classes)) < 2:
        msg = f"Rules tell classes apart; y holds only {np.unique(classes).tolist()}."
        raise ValueError(msg)


def _fidelity(tree: Any, features: pd.DataFrame, classes: np.ndarray, groups: ArrayLike | None) -> float:
    """Share of rows that a tree grown on other patients gets right."""
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    patients = np.arange(len(classes)) if groups is None else np.asarray(groups)
    folds = min(5, len(np.unique(patients)), int(np.bincount(classes)[np.unique(classes)].min()))
    if folds < 2:
        return np.nan
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=0)
    predicted = cross_val_predict(tree, features, classes, groups=patients, cv=splitter)
    return float((predicted == classes).mean())


def _leaves(tree: Any, names: list[str]) -> list[tuple[int, list[str]]]:
    """Return each leaf with its conditions, several on one feature joined into one."""
    leaves: list[tuple[int, list[str]]] = []
    todo: list[tuple[int, dict[str, tuple[float, float]]]] = [(0, {})]
    while todo:
        node, limits = todo.pop()
        if tree.children_left[node] < 0:
            leaves.append((node, [_condition(name, *limits[name]) for name in limits]))
            continue
        name, limit = names[tree.feature[node]], float(tree.threshold[node])
        low, high = limits.get(name, (-np.inf, np.inf))
        todo.append((tree.children_left[node], limits | {name: (low, min(high, limit))}))
        todo.append((tree.children_right[node], limits | {name: (max(low, limit), high)}))
    return leaves


def _condition(name: str, low: float, high: float) -> str:
    if np.isinf(low):
        return f"{name} ≤ {high:.3g}"
    return f"{name} > {low:.3g}" if np.isinf(high) else f"{low:.3g} < {name} ≤ {high:.3g}"
