import numpy as np
import pytest

from medlab.models.backend import keras
from medlab.train import dice_bce, dice_crossentropy, dice_loss, dice_score

TRUE = np.array([[[1, 1], [0, 0]]], "float32")[..., None]
HALF = np.array([[[1, 0], [0, 0]]], "float32")[..., None]


def test_dice_loss_by_hand():
    assert float(dice_loss(TRUE, HALF)[0]) == pytest.approx(1 - (2 * 1 + 1) / (2 + 1 + 1))


def test_a_perfect_mask_costs_nothing():
    assert float(dice_loss(TRUE, TRUE)[0]) == pytest.approx(0)


def test_an_empty_mask_predicted_empty_costs_nothing():
    assert float(dice_loss(np.zeros_like(TRUE), np.zeros_like(TRUE))[0]) == pytest.approx(0)


def test_each_sample_has_its_own_loss():
    both = dice_loss(np.concatenate([TRUE, TRUE]), np.concatenate([TRUE, HALF]))
    assert np.asarray(both).tolist() == pytest.approx([0, 0.25])


def test_dice_bce_adds_the_cross_entropy():
    predicted = np.full_like(TRUE, 0.25)
    entropy = -(2 * np.log(0.25) + 2 * np.log(0.75)) / 4
    assert float(dice_bce(TRUE, predicted)[0]) == pytest.approx(
        float(dice_loss(TRUE, predicted)[0]) + entropy, rel=1e-5
    )


def test_labels_and_one_hot_masks_cost_the_same(rng):
    labels = rng.integers(0, 3, size=(2, 5, 5))
    predicted = rng.dirichlet([1, 1, 1], size=(2, 5, 5)).astype("float32")
    costs = [
        np.asarray(dice_crossentropy(y, predicted)) for y in (labels, labels[..., None], np.eye(3)[labels])
    ]
    np.testing.assert_allclose(costs[0], costs[1], rtol=1e-5)
    np.testing.assert_allclose(costs[0], costs[2], rtol=1e-5)


def test_the_background_does_not_count():
    labels = np.zeros((1, 10, 10), int)
    labels[0, 0, 0] = 1
    all_background = np.eye(2, dtype="float32")[np.zeros_like(labels)]
    assert float(dice_loss(labels, all_background)[0]) == pytest.approx(1 - 1 / (1 + 1))


def test_dice_score_thresholds_and_calls_two_empty_masks_perfect():
    score = dice_score(np.concatenate([TRUE, 0 * TRUE]), np.concatenate([0.6 * HALF, 0.4 * HALF]))
    assert np.asarray(score).tolist() == pytest.approx([2 / 3, 1])


@pytest.mark.parametrize("loss", [dice_loss, dice_bce, dice_crossentropy, dice_score])
def test_keras_finds_it_by_its_registered_name(loss):
    config = keras.saving.serialize_keras_object(loss)
    assert keras.saving.get_registered_object(f"medlab>{loss.__name__}") is loss
    assert keras.saving.deserialize_keras_object(config) is loss
