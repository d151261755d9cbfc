import numpy as np
import pytest

from medlab.train import folds


@pytest.fixture
def rows():
    patient = np.repeat(np.arange(23), 3)
    return patient, (patient % 3 == 0).astype(int)


def test_every_image_is_tested_once(rows):
    patient, _ = rows
    parts = folds(patient, k=5)
    tested = np.concatenate([part.test for part in parts])
    assert sorted(tested) == list(range(69))


def test_no_patient_is_in_two_parts(rows):
    patient, ill = rows
    for part in folds(patient, k=4, stratify=ill):
        sets = [set(patient[rows_]) for rows_ in part]
        assert all(sets)
        assert sum(map(len, sets)) == len(set.union(*sets))


def test_classes_are_shared_out_evenly(rows):
    patient, ill = rows
    counts = [
        len(np.unique(patient[part.test][ill[part.test] == 1])) for part in folds(patient, k=4, stratify=ill)
    ]
    assert counts == [2, 2, 2, 2]


def test_the_seed_decides(rows):
    patient, _ = rows
    first, same, other = (folds(patient, seed=seed)[0].test for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_a_rare_class_is_refused(rows):
    patient, _ = rows
    with pytest.raises(ValueError, match="5 folds need at least 5 patients of class 1; got 2"):
        folds(patient, stratify=(patient < 2).astype(int))
