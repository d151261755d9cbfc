"""Simulated readers: their outlines stray from the truth as far as they are told to."""

from __future__ import annotations

import numpy as np
import pytest

from medlab.datasets.phantoms.readers import drawn

BALL = np.sqrt(sum(axis**2 for axis in np.mgrid[-15:16, -15:16, -15:16])) < 8


def test_reader_without_error_draws_the_truth():
    assert np.array_equal(drawn(BALL, wobble=0.0), BALL)


@pytest.mark.parametrize("shift", [-2.0, 2.0])
def test_shift_moves_the_surface_by_so_many_voxels(shift):
    radius = (3 * drawn(BALL, shift=shift, wobble=0.0).sum() / (4 * np.pi)) ** (1 / 3)
    assert radius == pytest.approx(8 + shift, abs=0.4)


def test_wobble_changes_the_outline_but_not_its_size_on_average():
    volumes = [drawn(BALL, rng=np.random.default_rng(s)).sum() for s in range(20)]
    assert np.mean(volumes) == pytest.approx(BALL.sum(), rel=0.1)
    assert np.std(volumes) > 0.01 * BALL.sum()


def test_same_reader_draws_the_same_outline():
    one, two = (drawn(BALL, rng=np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one, two)


def test_nothing_is_drawn_where_there_is_nothing():
    assert not drawn(np.zeros((4, 4), bool)).any()


def test_structure_that_fills_the_picture_can_be_drawn():
    assert drawn(np.ones((6, 6), bool), shift=1.0, wobble=0.0).all()
