"""RECIST 1.1 categories, change and doubling time."""

import math

import pytest

from medlab.measure import growth, response


@pytest.mark.parametrize(
    ("before", "after", "options", "category"),
    [
        ([30, 20], [0, 0], {}, "CR"),
        ([30, 20], [0, 9], {"nodes": [False, True]}, "CR"),
        ([30, 20], [0, 10], {"nodes": [False, True]}, "PR"),
        ([30, 20], [20, 15], {}, "PR"),  # 30 % exactly
        ([30, 20], [20, 15.1], {}, "SD"),
        ([30, 20], [35, 24.9], {}, "SD"),
        ([30, 20], [36, 24], {}, "PD"),  # 20 % and 10 mm
        ([20], [24.9], {}, "SD"),  # 24.5 % but only 4.9 mm
        ([20], [25], {}, "PD"),
        ([100], [60], {"nadir": 50}, "PD"),  # 40 % below baseline, 20 % above nadir
        ([100], [59], {"nadir": 50}, "PR"),
        ([100], [90], {"nadir": 120}, "SD"),  # a nadir above the baseline is none
        ([30], [10], {"new_lesions": True}, "PD"),
        ([30], [3], {"nadir": 0}, "PD"),  # it came back
    ],
)
def test_category(before, after, options, category):
    assert response(before, after, **options)["category"] == category


def test_changes_are_told_from_baseline_and_from_nadir():
    found = response([60, 40], [50, 22], nadir=60)
    assert found["change_percent"] == pytest.approx(-28)
    assert found["from_nadir_mm"] == pytest.approx(12)
    assert found["from_nadir_percent"] == pytest.approx(20)


def test_lesions_of_both_visits_must_match():
    with pytest.raises(ValueError, match="same lesions; got 2, 1"):
        response([10, 20], [10])


def test_a_baseline_without_lesions_is_refused():
    with pytest.raises(ValueError, match="not all 0 at baseline"):
        response([0, 0], [5, 5])


def test_doubling_time_of_a_diameter_that_doubles_is_a_third():
    assert growth(1.0, 8.0, days=300)["doubling_time_days"] == pytest.approx(100)


def test_a_shrinking_volume_has_a_negative_doubling_time():
    found = growth(2.0, 1.0, days=30)
    assert (found["doubling_time_days"], found["change_percent"]) == (pytest.approx(-30), -50)


def test_a_volume_that_stays_never_doubles():
    assert growth(2.0, 2.0, days=30)["doubling_time_days"] == math.inf


def test_a_volume_of_nothing_is_refused():
    with pytest.raises(ValueError, match="above 0"):
        growth(0.0, 1.0, days=30)
