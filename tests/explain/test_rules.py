import numpy as np
import pandas as pd
import pytest

from medlab.explain import tree_rules


@pytest.fixture
def nodules(rng):
    table = pd.DataFrame({"diameter": rng.uniform(2, 20, 400), "age": rng.uniform(40, 80, 400)})
    return table, ((table.diameter > 8) & (table.age > 60)).astype(int)


def test_known_rules_are_found(nodules):
    table = tree_rules(*nodules, names=["benign", "malignant"])
    ill = table[table["class"] == "malignant"]
    assert len(ill) == 1
    assert ill["share"].item() > 0.97
    conditions = {
        part.split(" > ")[0]: float(part.split(" > ")[1]) for part in ill["rule"].item().split(" and ")
    }
    assert conditions["diameter"] == pytest.approx(8, abs=0.3)
    assert conditions["age"] == pytest.approx(60, abs=1)
    assert table.attrs["fidelity"] > 0.96 > table.attrs["baseline"]


def test_each_row_is_in_one_leaf(nodules):
    assert tree_rules(*nodules)["n"].sum() == 400


def test_two_limits_of_one_feature_are_one_condition(rng):
    table = pd.DataFrame({"hu": rng.uniform(-1000, 1000, 600)})
    rules = tree_rules(table, table.hu.between(-100, 100).astype(int), depth=2)
    inside = rules[rules["class"] == 1]["rule"].item()
    low, high = (float(v) for v in (inside.split(" < ")[0], inside.split(" ≤ ")[1]))
    assert (low, high) == pytest.approx((-100, 100), abs=15)


def test_rules_about_noise_are_no_better_than_the_baseline(rng):
    table = tree_rules(pd.DataFrame(rng.normal(size=(300, 6)), columns=list("abcdef")), np.arange(300) % 2)
    assert table["share"].max() > 0.6, "the leaves themselves look better than chance"
    assert table.attrs["fidelity"] == pytest.approx(0.5, abs=0.12)


def test_copies_of_a_patient_do_not_leak(rng):
    features = pd.DataFrame(rng.normal(size=(40, 5)), columns=list("abcde"))
    y = rng.permutation(np.arange(40) % 2)
    copied = pd.concat([features] * 6, ignore_index=True)
    options = {"depth": 8, "least": 3}
    leaky = tree_rules(copied, np.tile(y, 6), **options).attrs["fidelity"]
    honest = tree_rules(copied, np.tile(y, 6), groups=np.tile(np.arange(40), 6), **options).attrs["fidelity"]
    assert leaky > 0.9
    assert honest < 0.75


def test_missing_values_are_refused(nodules):
    table, y = nodules
    table.loc[3, "age"] = np.nan
    with pytest.raises(ValueError, match=r"missing values in \['age'\]"):
        tree_rules(table, y)


def test_one_class_is_refused(nodules):
    with pytest.raises(ValueError, match=r"holds only \[0\]"):
        tree_rules(nodules[0], np.zeros(400, int))
