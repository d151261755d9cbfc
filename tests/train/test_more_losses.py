import numpy as np
import pytest
from scipy import ndimage

from medlab.models.backend import keras
from medlab.train import boundary_loss, dice_boundary, dice_loss, focal_loss, focal_tversky, tversky_loss

TRUE = np.zeros((1, 24, 24, 1), "float32")
TRUE[0, 8:16, 8:16] = 1


def shifted(pixels):
    return np.roll(TRUE, pixels, axis=2)


def test_tversky_by_hand():
    predicted = np.zeros_like(TRUE)
    predicted[0, 8:16, 8:12] = 1  # half is missed: 32 voxels
    assert float(tversky_loss(TRUE, predicted)[0]) == pytest.approx(1 - 33 / (32 + 0.7 * 32 + 1))


def test_a_missed_voxel_costs_more_than_a_wrong_one():
    small, large = (ndimage.binary_erosion(TRUE[0, ..., 0]), ndimage.binary_dilation(TRUE[0, ..., 0]))
    missed, wrong = (
        float(tversky_loss(TRUE, mask[None, ..., None].astype("float32"))[0]) for mask in (small, large)
    )
    assert missed > 1.5 * wrong


def test_focal_tversky_is_its_power():
    assert float(focal_tversky(TRUE, shifted(3))[0]) == pytest.approx(
        float(tversky_loss(TRUE, shifted(3))[0]) ** 0.75
    )


def test_focal_loss_of_classes_is_keras_own(rng):
    true = rng.integers(0, 2, size=(6, 1)).astype("float32")
    predicted = rng.uniform(0.05, 0.95, size=(6, 1)).astype("float32")
    reference = keras.losses.binary_focal_crossentropy(true, predicted, gamma=2.0)
    np.testing.assert_allclose(np.asarray(focal_loss(true, predicted)), np.asarray(reference), rtol=1e-4)


def test_focal_loss_of_labels_by_hand():
    predicted = np.array([[0.2, 0.5, 0.3]], "float32")
    assert float(focal_loss(np.array([1]), predicted)[0]) == pytest.approx(-(0.5**2) * np.log(0.5), rel=1e-5)


def test_the_boundary_loss_uses_the_chessboard_distance():
    inside = TRUE[0, ..., 0] > 0
    outer = ndimage.distance_transform_cdt(~inside, "chessboard")
    inner = ndimage.distance_transform_cdt(inside, "chessboard")
    distance = np.clip(outer, 0, 8) - np.clip(inner, 0, 8)
    predicted = np.random.default_rng(0).random(TRUE.shape).astype("float32")
    expected = (distance[None, ..., None] * predicted).mean() / 8
    assert float(boundary_loss(TRUE, predicted)[0]) == pytest.approx(expected, rel=1e-4)


def test_the_boundary_loss_grows_with_the_distance_when_dice_no_longer_does():
    near, far = (float(boundary_loss(TRUE, shifted(k))[0]) for k in (8, 11))
    assert far > near
    assert float(dice_loss(TRUE, shifted(8))[0]) == float(dice_loss(TRUE, shifted(11))[0])
    total = float(dice_boundary(TRUE, shifted(8))[0])
    assert total == pytest.approx(near + float(dice_loss(TRUE, shifted(8))[0]))


@pytest.mark.parametrize("loss", [boundary_loss, focal_loss, focal_tversky, tversky_loss])
def test_each_loss_is_smallest_for_the_truth_in_three_dimensions_and_with_labels(loss, rng):
    labels = np.zeros((1, 6, 8, 8), int)
    labels[0, 1:4, 2:6, 2:6] = 1
    labels[0, 4:, 5:, 5:] = 2
    perfect = np.eye(3, dtype="float32")[labels]
    other = rng.dirichlet([1, 1, 1], size=labels.shape).astype("float32")
    assert float(loss(labels, perfect)[0]) < float(loss(labels, other)[0])


@pytest.mark.parametrize("loss", [boundary_loss, dice_boundary, focal_loss, focal_tversky, tversky_loss])
def test_keras_finds_each_by_its_registered_name(loss):
    config = keras.saving.serialize_keras_object(loss)
    assert keras.saving.deserialize_keras_object(config) is loss
