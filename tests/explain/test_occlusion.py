import numpy as np
import pytest

import medlab
from medlab.explain import occlusion
from medlab.models.backend import keras


@pytest.fixture(scope="module")
def brightness():
    inputs = keras.Input((16, 16, 1))
    mean = keras.layers.GlobalAveragePooling2D()(inputs)
    return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid", kernel_initializer="ones")(mean))


def test_the_fall_is_proportional_to_what_is_covered(brightness):
    image = np.zeros((1, 16, 16, 1))
    image[0, 4:8, 8:12] = 1
    image[0, 12:16, 0:4] = 0.5
    heat = occlusion(brightness, image, size=4, stride=4, fill=0)[0]
    expected = np.zeros((16, 16))
    expected[4:8, 8:12], expected[12:16, 0:4] = 1, 0.5
    np.testing.assert_allclose(heat, expected, atol=1e-4)


def test_the_edge_is_covered_where_the_stride_does_not_divide(brightness):
    image = np.zeros((1, 16, 16, 1))
    image[0, 15, 15] = 1
    heat = occlusion(brightness, image, size=5, stride=4, fill=0)[0]
    assert np.argwhere(heat > 0).min() == 11
    assert heat[15, 15] == 1


def test_what_raises_the_score_when_covered_is_not_shown(brightness):
    image = np.zeros((1, 16, 16, 1))
    image[0, :4, :4] = -1
    assert (occlusion(brightness, image, size=4, fill=0) == 0).all()


def test_sides_may_differ_in_a_volume(rng):
    model = medlab.models.classifier((4, 12, 16, 1), filters=(2, 4))
    assert occlusion(model, rng.normal(size=(1, 4, 12, 16, 1)), size=(2, 6, 8)).shape == (1, 4, 12, 16)


@pytest.mark.parametrize(("size", "stride"), [(17, 4), (4, 5), (0, 1)])
def test_patches_that_leave_gaps_are_refused(size, stride, brightness):
    with pytest.raises(ValueError, match="every pixel is covered"):
        occlusion(brightness, np.zeros((1, 16, 16, 1)), size=size, stride=stride)
