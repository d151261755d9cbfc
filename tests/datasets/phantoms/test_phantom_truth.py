"""What every phantom promises: same seed, same bytes; masks that fit; it says that it is simulated."""

from __future__ import annotations

import numpy as np
import pytest

from medlab.datasets import phantoms
from medlab.datasets.phantoms.cohort import KINDS

SMALL = {
    "fundus": {"size": 64},
    "mammogram": {"size": (64, 48), "finding": "malignant"},
    "histology": {"size": 64},
    "fetal-head": {"size": (64, 80)},
    "left-ventricle": {"size": (10, 32, 32), "frames": 4},
    "skin": {"size": 48},
    "brain-tumour": {"size": (12, 36, 30)},
    "brain-atrophy": {"size": (30, 40, 34)},
    "haemorrhage": {"size": (12, 36, 36)},
    "lung-nodules": {"size": (40, 64, 80), "spacing": (5.0, 4.5, 4.5), "nodules": 1},
    "nodule-patch": {"size": 24},
}


def make(kind, **options):
    module, function, _, _ = KINDS[kind]
    del module
    return getattr(phantoms, function)(**SMALL[kind], **options)


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_bytes(kind):
    one, two = make(kind, seed=5), make(kind, seed=5)
    assert one.image.array.tobytes() == two.image.array.tobytes()
    assert all(np.array_equal(one.masks[name].array, two.masks[name].array) for name in one.masks)
    assert one.facts == two.facts


@pytest.mark.parametrize("kind", KINDS)
def test_other_seed_is_another_patient(kind):
    one, two = make(kind, seed=5), make(kind, seed=6)
    assert not np.array_equal(one.image.array, two.image.array)


@pytest.mark.parametrize("kind", KINDS)
def test_other_view_has_other_noise(kind):
    one, two = make(kind, seed=5), make(kind, seed=5, view=1)
    assert not np.array_equal(one.image.array, two.image.array)


@pytest.mark.parametrize("kind", KINDS)
def test_masks_lie_on_the_image(kind):
    case = make(kind)
    for mask in case.masks.values():
        assert mask.units == "label"
        assert mask.same_grid(case.image)
        assert mask.space == case.image.space


@pytest.mark.parametrize("kind", KINDS)
def test_image_says_that_it_is_simulated(kind):
    assert any("imulated" in note for note in make(kind).image.notes)


@pytest.mark.parametrize("kind", KINDS)
def test_difficulty_changes_the_image_and_stays_finite(kind):
    easy, hard = make(kind, difficulty=0.0).image.array, make(kind, difficulty=1.0).image.array
    assert not np.array_equal(easy, hard)
    assert np.isfinite(hard.astype(float)).all()
    assert np.ptp(hard) > 0
