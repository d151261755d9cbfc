"""CHASE_DB1: both eyes of fourteen children, two observers."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="module")
def data(load_public):
    return load_public("chase-db1")


def test_has_both_eyes_of_14_children(data):
    assert len(data) == 28
    eyes = data.table.groupby("patient")["eye"].apply("".join)
    assert len(eyes) == 14
    assert set(eyes) == {"LR"}


def test_observers_draw_alike_but_not_the_same(data):
    for case in data:
        first, second = (case.masks[f"observer {n}"].array > 0 for n in (1, 2))
        assert first.shape == case.image.shape[:2] == (960, 999)
        assert 0.05 < first.mean() < 0.09
        dice = 2 * (first & second).sum() / (first.sum() + second.sum())
        assert 0.65 < dice < 0.95


def test_vessels_are_darker_in_green_than_what_is_beside_them(data):
    from scipy.ndimage import binary_dilation

    for case in data.select([0, 9, 20]):
        vessel = case.masks["observer 1"].array > 0
        beside = binary_dilation(vessel, iterations=6) & ~vessel
        green = case.image.array[..., 1].astype(float)
        assert green[vessel].mean() < np.median(green[beside])
