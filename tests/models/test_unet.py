import numpy as np
import pytest

import medlab
from medlab.models.backend import keras


def test_output_has_the_size_of_a_picture_that_two_does_not_divide():
    model = medlab.models.unet((37, 50, 2), filters=(4, 8, 8))
    assert model(np.zeros((1, 37, 50, 2))).shape == (1, 37, 50, 1)


def test_output_has_the_size_of_a_volume():
    model = medlab.models.unet((7, 16, 12, 1), filters=(4, 8), classes=3)
    assert model(np.zeros((2, 7, 16, 12, 1))).shape == (2, 7, 16, 12, 3)


def test_one_network_takes_any_size_when_the_shape_is_open():
    model = medlab.models.unet((None, None, 1), filters=(4, 8, 8))
    sizes = [model(np.zeros((1, rows, columns, 1))).shape for rows, columns in [(16, 16), (21, 34)]]
    assert sizes == [(1, 16, 16, 1), (1, 21, 34, 1)]


def test_one_class_gives_probabilities(rng):
    probability = np.asarray(medlab.models.unet((16, 16, 1), filters=(4, 8))(rng.normal(size=(2, 16, 16, 1))))
    assert 0 < probability.min() < probability.max() < 1


def test_several_classes_share_out_one(rng):
    model = medlab.models.unet((16, 16, 1), filters=(4, 8), classes=4)
    probability = np.asarray(model(rng.normal(size=(2, 16, 16, 1))))
    np.testing.assert_allclose(probability.sum(axis=-1), 1, atol=1e-5)


def test_an_image_is_judged_alike_alone_and_in_a_batch(rng):
    model = medlab.models.unet((16, 16, 1), filters=(4, 8))
    images = rng.normal(size=(3, 16, 16, 1))
    alone = np.asarray(model(images[:1], training=True))
    np.testing.assert_allclose(alone, np.asarray(model(images, training=True))[:1], atol=1e-5)


def test_an_output_pixel_depends_on_the_input_at_the_same_place():
    model = medlab.models.unet((33, 33, 1), filters=(4, 8, 8))
    spot = np.zeros((1, 33, 33, 1), "float32")
    spot[0, 8, 24] = 100
    empty = np.asarray(model(np.zeros_like(spot)))
    change = np.abs(np.asarray(model(spot)) - empty)[0, ..., 0]
    row, column = np.unravel_index(change.argmax(), change.shape)
    assert (abs(row - 8) <= 3, abs(column - 24) <= 3) == (True, True)


def test_it_uses_keras_layers_only_and_no_lambda():
    kinds = {type(layer) for layer in medlab.models.unet((16, 16, 1), filters=(4, 8)).layers}
    assert keras.layers.Lambda not in kinds
    assert all(kind.__module__.startswith("keras.") for kind in kinds)


@pytest.mark.parametrize("shape", [(64, 64), (64, 64, None), (0, 64, 1), (1, 2, 3, 4, 5)])
def test_a_shape_that_is_no_image_is_refused(shape):
    with pytest.raises(ValueError, match="input_shape must be"):
        medlab.models.unet(shape)


def test_filters_must_be_positive():
    with pytest.raises(ValueError, match="filters must hold"):
        medlab.models.unet((16, 16, 1), filters=(8, 0))


def test_classes_must_be_at_least_one():
    with pytest.raises(ValueError, match="classes must be"):
        medlab.models.unet((16, 16, 1), filters=(4,), classes=0)
