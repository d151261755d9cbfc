import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import medlab
from medlab.train import split


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 6), min_size=6, max_size=40),
    st.integers(0, 1000),
    st.sampled_from([(0.6, 0.2, 0.2), (0.8, 0.1, 0.1), (0.5, 0.5, 0)]),
)
def test_every_image_is_in_one_part_and_every_patient_too(images_per_patient, seed, fractions):
    patients = np.random.default_rng(seed).permutation(
        np.repeat(np.arange(len(images_per_patient)), images_per_patient)
    )
    parts = split(patients, fractions=fractions, seed=seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(patients)))
    owners = [set(patients[part]) for part in parts]
    assert sum(map(len, owners)) == len(set.union(*owners))


def test_fractions_are_of_patients():
    parts = split(np.repeat(np.arange(50), 3))
    assert [len(part) // 3 for part in parts] == [30, 10, 10]


def test_classes_are_in_proportion_in_each_part():
    ill = np.arange(100) % 4 == 0
    parts = split(np.arange(100), stratify=ill)
    assert [int(ill[part].sum()) for part in parts] == [15, 5, 5]


def test_rounding_in_each_class_does_not_add_up():
    classes = np.repeat(np.arange(3), 17)
    assert [len(part) for part in split(np.arange(51), stratify=classes)] in (
        [31, 10, 10],
        [30, 11, 10],
        [30, 10, 11],
    )


def test_the_same_seed_gives_the_same_split_and_another_another():
    patients = np.arange(60)
    first, again, other = (split(patients, seed=seed).test.tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_table_is_split_by_the_column_named():
    table = pd.DataFrame({"subject": list("aabbccddee"), "ill": [0, 0, 1, 1, 0, 0, 1, 1, 0, 0]})
    parts = split(table, by="subject")
    assert set(table.iloc[parts.train].subject).isdisjoint(table.iloc[parts.test].subject)


def test_rows_keep_their_order_whatever_the_index_of_the_table():
    table = pd.DataFrame({"patient": np.arange(20)}, index=np.arange(20)[::-1])
    parts = split(table)
    assert sorted(table.iloc[np.concatenate(parts)].patient) == list(range(20))


def test_the_seed_is_noted():
    medlab.provenance.clear()
    split(np.arange(10), seed=5)
    assert medlab.provenance.records("seed") == [{"kind": "seed", "where": "medlab.train.split", "seed": 5}]


def test_one_patient_cannot_be_split():
    with pytest.raises(ValueError, match="3 parts need at least 3 patients; got 1"):
        split(["p"] * 40)


def test_a_class_with_too_few_patients_is_named():
    with pytest.raises(ValueError, match="of class 'rare'; got 2"):
        split(np.arange(20), stratify=["rare"] * 2 + ["common"] * 18)


def test_a_missing_patient_is_refused():
    with pytest.raises(ValueError, match="1 of them missing"):
        split(pd.DataFrame({"patient": ["a", "b", None, "d"]}))


def test_a_missing_column_is_named_with_those_there_are():
    with pytest.raises(ValueError, match=r"no column 'patient'; it has \['subject'\]"):
        split(pd.DataFrame({"subject": [1, 2, 3]}))


@pytest.mark.parametrize("fractions", [(0.5, 0.5), (0.6, 0.3, 0.3), (1.2, -0.1, -0.1)])
def test_fractions_must_add_up(fractions):
    with pytest.raises(ValueError, match="add up to 1"):
        split(np.arange(10), fractions=fractions)


def test_classes_of_a_table_may_be_words():
    table = pd.DataFrame({"patient": range(12), "kind": ["ill", "well", "ill"] * 4})
    parts = split(table, stratify="kind")
    assert set(table.kind.iloc[parts.test]) == {"ill", "well"}
    with pytest.raises(ValueError, match="patients of class 'rare'; got 1"):
        split(table.assign(kind=["rare", *table.kind[1:]]), stratify="kind")
