"""A data set as a sequence, a table and arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from medlab import Image
from medlab.datasets import Case, Dataset


@pytest.fixture
def data(blank):
    """Six pictures of three patients; picture i is filled with i, its mask with i % 2."""
    table = pd.DataFrame(
        {
            "patient": ["a", "a", "b", "b", "c", "c"],
            "split": ["train"] * 4 + ["test"] * 2,
            "label": range(6),
            "age": range(60, 66),
        }
    )

    def read(i):
        image = Image(np.full((4, 5), i, np.int16))
        return Case(image, {"organ": image.as_mask(image.array % 2)}, {"number": i})

    return Dataset(blank, table, read)


def test_select_takes_booleans_and_numbers(data):
    assert [c.facts["number"] for c in data.select(data.table.patient == "b")] == [2, 3]
    assert [c.facts["number"] for c in data.select([5, 0])] == [5, 0]
    assert [*data.select([5, 0]).table["label"]] == [5, 0]


def test_select_of_a_selection_counts_within_it(data):
    assert data.select([5, 4, 0]).select([1])[0].facts["number"] == 4


def test_select_refuses_booleans_of_another_length(data):
    with pytest.raises(ValueError, match="one boolean for each of 6 cases"):
        data.select([True, False])


def test_select_refuses_a_row_that_is_not_there(data):
    with pytest.raises(IndexError):
        data.select([6])


def test_arrays_of_a_part(data):
    x, y = data.arrays("test")
    assert x.shape == (2, 4, 5)
    assert [*x[:, 0, 0]] == [*y] == [4, 5]


def test_arrays_with_several_targets(data):
    _, y = data.arrays("train", ["label", "age"])
    np.testing.assert_array_equal(y, [[0, 60], [1, 61], [2, 62], [3, 63]])


def test_arrays_with_a_mask_as_target(data):
    x, y = data.arrays(target="organ")
    np.testing.assert_array_equal(y, x % 2)


def test_arrays_refuse_an_unknown_part_or_target(data):
    with pytest.raises(ValueError, match=r"parts train, test; got 'val'.*medlab\.train\.split"):
        data.arrays("val")
    with pytest.raises(ValueError, match=r"label, age\) or a mask .*\(organ\); got 'tumour'"):
        data.arrays(target="tumour")


def test_arrays_refuse_pictures_of_different_sizes(blank):
    table = pd.DataFrame({"patient": ["a", "b"], "label": [0, 1]})
    data = Dataset(blank, table, lambda i: Case(Image(np.zeros((4 + i, 5)))))
    with pytest.raises(ValueError, match=r"2 sizes \(such as \(4, 5\), \(5, 5\)\)"):
        data.arrays()


def test_arrays_take_the_fast_way_where_there_is_one(data):
    fast = Dataset(data.record, data.table, data._read, lambda rows: rows * 100)
    assert [*fast.select([5, 3]).arrays()[0]] == [500, 300]
    assert [*fast.arrays("test")[0]] == [400, 500]
