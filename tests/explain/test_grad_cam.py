import numpy as np
import pytest
from scipy import ndimage

import medlab
from medlab.explain import grad_cam
from medlab.models.backend import keras


@pytest.fixture(scope="module")
def average():
    """A model whose score is the mean of the bright parts, seen 4 pixels at a time."""
    inputs = keras.Input((32, 32, 1))
    coarse = keras.layers.ReLU(name="coarse")(keras.layers.AveragePooling2D(4)(inputs))
    mean = keras.layers.GlobalAveragePooling2D()(coarse)
    return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid", kernel_initializer="ones")(mean))


@pytest.fixture
def spot():
    images = np.zeros((2, 32, 32, 1), "float32")
    images[0, 8:16, 20:28] = 1
    images[1, 16:24, 4:12] = 1
    return images


def test_the_map_lies_exactly_on_what_was_seen(average, spot):
    heat = grad_cam(average, spot)
    for one, image in zip(heat, spot[..., 0], strict=True):
        np.testing.assert_allclose(ndimage.center_of_mass(one), ndimage.center_of_mass(image), atol=0.01)


def test_a_model_that_is_sure_still_has_a_map(average, spot):
    certain = 1e4 * spot
    assert float(average(certain)[0, 0]) == 1.0
    np.testing.assert_allclose(grad_cam(average, certain), grad_cam(average, spot), atol=1e-5)


def test_what_speaks_against_a_class_is_not_shown(spot):
    inputs = keras.Input((32, 32, 1))
    features = keras.layers.ReLU()(keras.layers.AveragePooling2D(4)(inputs))
    minus = keras.initializers.Constant(-1.0)
    mean = keras.layers.GlobalAveragePooling2D()(features)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid", kernel_initializer=minus)(mean))
    assert (grad_cam(model, spot) == 0).all()


def test_each_image_may_be_explained_for_another_class(rng):
    model = medlab.models.classifier((16, 16, 1), filters=(4, 8), classes=3)
    images = rng.normal(size=(2, 16, 16, 1))
    mixed = grad_cam(model, images, output=[0, 2])
    np.testing.assert_allclose(mixed[0], grad_cam(model, images[:1], output=0)[0], atol=1e-5)
    np.testing.assert_allclose(mixed[1], grad_cam(model, images[1:], output=2)[0], atol=1e-5)


def test_the_most_probable_class_is_explained_by_default(rng):
    model = medlab.models.classifier((16, 16, 1), filters=(4, 8), classes=3)
    images = rng.normal(size=(3, 16, 16, 1)).astype("float32")
    likely = np.asarray(model(images)).argmax(axis=1)
    np.testing.assert_allclose(grad_cam(model, images), grad_cam(model, images, output=likely), atol=1e-6)


def test_batches_do_not_matter(rng):
    model = medlab.models.classifier((16, 16, 1), filters=(4, 8))
    images = rng.normal(size=(5, 16, 16, 1))
    np.testing.assert_allclose(grad_cam(model, images, batch_size=2), grad_cam(model, images), atol=1e-5)


def test_a_sequential_model_is_explained(rng):
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    assert grad_cam(model, rng.normal(size=(2, 16, 16, 1))).shape == (2, 16, 16)


def test_a_layer_inside_of_a_nested_model_is_found(rng):
    backbone = medlab.models.unet((16, 16, 1), filters=(4, 8), name="backbone")
    inputs = keras.Input((16, 16, 1))
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(backbone(inputs)))
    heat = grad_cam(model, rng.normal(size=(2, 16, 16, 1)), layer="bottom_2_relu")
    assert heat.shape == (2, 16, 16)
    assert heat.max() == 1


def test_the_pixels_where_a_unet_sees_a_structure_are_explained(rng):
    model = medlab.models.unet((16, 16, 1), filters=(4, 8), classes=3)
    assert grad_cam(model, rng.normal(size=(2, 16, 16, 1))).shape == (2, 16, 16)


def test_volumes(rng):
    model = medlab.models.classifier((6, 12, 16, 1), filters=(4, 8))
    assert grad_cam(model, rng.normal(size=(1, 6, 12, 16, 1))).shape == (1, 6, 12, 16)


def test_the_model_predicts_the_same_afterwards(average, spot):
    before = np.asarray(average(spot))
    grad_cam(average, spot)
    np.testing.assert_array_equal(before, np.asarray(average(spot)))


def test_a_layer_that_does_not_exist_is_refused_with_those_that_do(average, spot):
    with pytest.raises(ValueError, match=r"No layer 'nowhere' .* \['average_pooling2d.*', 'coarse'\]"):
        grad_cam(average, spot, layer="nowhere")


def test_a_layer_without_rows_and_columns_is_refused(spot):
    model = medlab.models.classifier((32, 32, 1), filters=(4,))
    with pytest.raises(ValueError, match="no map of rows and columns"):
        grad_cam(model, spot, layer="average")


@pytest.mark.parametrize(
    ("x", "match"),
    [
        (np.zeros((32, 32, 1)), r"add the batch axis with x\[None\]"),
        (np.zeros((1, 32, 32, 3)), "check its axes"),
        (np.full((1, 32, 32, 1), np.nan), "NaN"),
    ],
)
def test_images_that_do_not_fit_are_refused(x, match, average):
    with pytest.raises(ValueError, match=match):
        grad_cam(average, x)


def test_a_class_that_does_not_exist_is_refused(average, spot):
    with pytest.raises(ValueError, match=r"class from 0 to 0; got \[1\]"):
        grad_cam(average, spot, output=1)
