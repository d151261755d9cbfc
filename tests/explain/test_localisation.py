import numpy as np
import pytest

from medlab.explain import localisation


@pytest.fixture
def mask():
    mask = np.zeros((1, 10, 10), bool)
    mask[0, 2:4, 2:7] = True
    return mask


def test_the_mask_itself_is_the_perfect_map(mask):
    assert localisation(mask.astype(float), mask).iloc[0].tolist() == [1.0, 1.0, 1.0, 0.1]


def test_the_opposite_of_the_mask_is_the_worst(mask):
    assert localisation(~mask, mask).iloc[0].tolist() == [0.0, 0.0, 0.0, 0.1]


def test_noise_reaches_the_area_of_the_mask(mask, rng):
    score = localisation(rng.random((400, 10, 10)), np.repeat(mask, 400, axis=0)).mean()
    assert score.to_numpy() == pytest.approx([0.1, 0.1, 0.5, 0.1], abs=0.05)


def test_a_map_without_heat_points_nowhere(mask):
    assert localisation(np.zeros(mask.shape), mask).iloc[0].tolist() == [0.0, 0.1, 0.5, 0.1]


def test_energy_by_hand(mask):
    heat = np.zeros(mask.shape)
    heat[0, 2, 2], heat[0, 9, 9] = 0.6, 0.2
    assert localisation(heat, mask).energy[0] == pytest.approx(0.75)


def test_an_empty_mask_cannot_be_found(mask, rng):
    row = localisation(rng.random((1, 10, 10)), np.zeros_like(mask)).iloc[0]
    assert row.isna().tolist() == [True, True, True, False]


def test_volumes_and_a_channel_axis_of_masks(rng):
    heat = rng.random((2, 4, 5, 6))
    assert localisation(heat, (heat > 0.9)[..., None]).auc.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("heat", "match"), [(np.zeros((1, 5, 5)), "same shape"), (-np.ones((1, 10, 10)), "at least 0")]
)
def test_bad_maps_are_refused(heat, match, mask):
    with pytest.raises(ValueError, match=match):
        localisation(heat, mask)
