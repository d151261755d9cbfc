"""`medlab.check` says whether an answer holds, and never gives it away."""

from __future__ import annotations

import numpy as np
import pytest

from medlab.exercise import NotYet, check


@pytest.mark.parametrize(
    ("answer", "expected", "tolerance"),
    [
        (3, 3, None),
        (1.0 + 1e-9, 1.0, None),
        (33.51, 33.5, 0.01),
        (0.004, 0.0, 0.01),
        ("sagittal", "sagittal", None),
        (True, True, None),
        ([1, 2, 3], (1, 2, 3), None),
        (np.arange(4.0), np.arange(4), None),
        ({"a": 1}, {"a": 1}, None),
        (12, lambda n: n > 10, None),
        (np.nan, np.nan, None),
    ],
)
def test_a_right_answer_is_welcomed(answer, expected, tolerance, capsys):
    check(answer, expected, tolerance=tolerance)
    assert capsys.readouterr().out.startswith("✓ Right")


@pytest.mark.parametrize(
    ("answer", "expected", "message"),
    [
        (..., 3, "still holds `...`"),
        (2, 3, "2 is too small"),
        (4.25, 3.0, "4.25 is too large"),
        (2.0000001, 2, "too large"),
        ("axial", "sagittal", "axial is something else"),
        ("3", 3, "a number is expected, 3 is a str"),
        (None, 3, "a number is expected"),
        ([1, 2], [1, 2, 3], r"the shape is \(2,\), \(3,\) is expected"),
        (np.array([1, 2, 4]), np.array([1, 2, 3]), "1 of 3 values are off"),
        (np.nan, 3.0, "not finite"),
        (5, lambda n: n > 10, "5 does not hold"),
        ({"a": 1}, {"a": 2}, "something else"),
    ],
)
def test_a_wrong_answer_is_told_apart_without_giving_the_right_one(answer, expected, message):
    with pytest.raises(NotYet, match=message):
        check(answer, expected)


def test_the_hint_follows():
    with pytest.raises(NotYet, match=r"Hint: look again\.$"):
        check(1, 2, hint="look again.")


def test_a_mask_is_compared_by_its_voxels(ball):
    mask = ball.as_mask(ball.array > 0)
    check(mask, mask)
    with pytest.raises(NotYet, match="values are off"):
        check(ball.as_mask(ball.array > 100), mask)


def test_a_notebook_shows_the_message_without_a_traceback():
    assert NotYet("Not yet: 2 is too small.")._render_traceback_() == ["✗ Not yet: 2 is too small."]
