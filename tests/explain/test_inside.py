import numpy as np
import pytest

import medlab
from medlab import explain
from medlab.models.backend import keras


@pytest.fixture(scope="module")
def edges():
    """Two known filters, a horizontal and a vertical edge; the class is the mean answer of the first."""
    inputs = keras.Input((12, 12, 1))
    x = keras.layers.Conv2D(2, 3, padding="valid", use_bias=False, name="edges")(inputs)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid", name="class")(x))
    kernel = np.zeros((3, 3, 1, 2), np.float32)
    kernel[0, :, 0, 0], kernel[2, :, 0, 0] = -1, 1
    kernel[:, 0, 0, 1], kernel[:, 2, 0, 1] = -1, 1
    model.get_layer("edges").set_weights([kernel])
    model.get_layer("class").set_weights([np.array([[1.0], [0.0]]), np.zeros(1)])
    return model


def test_feature_maps_are_what_the_filter_computes(edges, rng):
    x = rng.normal(size=(3, 12, 12, 1)).astype("float32")
    maps = explain.feature_maps(edges, x, "edges", batch_size=2)
    assert maps.shape == (3, 10, 10, 2)
    rows = x[:, 2:, :, 0] - x[:, :-2, :, 0]
    expected = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    np.testing.assert_allclose(maps[..., 0], expected, rtol=1e-4, atol=1e-5)


def test_feature_maps_of_a_layer_in_a_nested_model(edges, rng):
    outer = keras.Sequential([keras.Input((12, 12, 1)), edges])
    x = rng.normal(size=(1, 12, 12, 1)).astype("float32")
    np.testing.assert_allclose(
        explain.feature_maps(outer, x, "edges"), explain.feature_maps(edges, x, "edges")
    )


def test_an_unknown_layer_is_named_with_those_there_are(edges):
    with pytest.raises(ValueError, match=r"No layer 'edge'.*\['edges'\]"):
        explain.feature_maps(edges, np.zeros((1, 12, 12, 1)), "edge")


def test_the_figure_shows_the_filters_that_vary_most_first(rng):
    features = rng.normal(size=(6, 6, 5)) * np.array([1, 5, 2, 4, 3])
    axes = explain.show_feature_maps(features, columns=3, most=4)
    assert [ax.get_title() for ax in axes.flat if ax.images] == ["1", "3", "4", "2"]


def test_attention_is_between_0_and_1_at_the_size_of_the_image():
    model = medlab.models.attention_unet((32, 24, 1), filters=(4, 8, 8))
    found = explain.attention(model, np.random.default_rng(0).normal(size=(2, 32, 24, 1)))
    assert list(found) == ["up0_attention", "up1_attention"]
    for maps in found.values():
        assert maps.shape == (2, 32, 24)
        assert 0 < maps.min() < maps.max() < 1


def test_attention_is_what_the_gate_computes():
    model = medlab.models.attention_unet((16, 16, 1), filters=(4, 8))
    gate = model.get_layer("up0_attention")
    gate.set_weights([np.zeros_like(gate.get_weights()[0]), np.array([2.0])])
    found = explain.attention(model, np.zeros((1, 16, 16, 1)))["up0_attention"]
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-2)), rtol=1e-5)


def test_a_model_without_gates_is_refused(edges):
    with pytest.raises(ValueError, match="no attention gates"):
        explain.attention(edges, np.zeros((1, 12, 12, 1)))


def test_the_image_a_filter_wants_has_the_edges_it_detects(edges):
    image, scores = explain.activation_maximisation(edges, 1, layer="edges", steps=40, jitter=0, blur=0)
    assert scores[-1] > scores[0] + 0.5
    across, along = (np.abs(np.diff(image[..., 0], axis=axis)).mean() for axis in (1, 0))
    assert across > 3 * along


def test_the_image_a_class_wants_is_the_one_of_its_filter(edges):
    image, scores = explain.activation_maximisation(edges, steps=40, jitter=0, blur=0, bounds=(-1, 1))
    assert scores[-1] == pytest.approx(
        explain.feature_maps(edges, image[None], "edges")[..., 0].mean(), abs=1e-4
    )
    assert image.min() >= -1
    assert image.max() <= 1
    assert image[-2:].mean() > 0.5 > -0.5 > image[:2].mean()


def test_the_same_seed_makes_the_same_image(edges):
    first, same, other = (explain.activation_maximisation(edges, steps=4, seed=seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_a_filter_that_does_not_exist_is_refused(edges):
    with pytest.raises(ValueError, match="a filter from 0 to 1"):
        explain.activation_maximisation(edges, 2, layer="edges")
    with pytest.raises(ValueError, match="a class from 0 to 0"):
        explain.activation_maximisation(edges, 1)
