import numpy as np
import pytest

import medlab
from medlab.models.backend import keras
from medlab.models.fully_convolutional import LinearEnlargement

_BUILDERS = ("attention_unet", "encoder_decoder", "fcn")


def _depends_on(model, images, place):
    """Return the largest change of the output at each place when one input pixel changes."""
    changed = images.copy()
    changed[(0, *place)] += 50
    return np.abs(model.predict_on_batch(changed) - model.predict_on_batch(images))[0, ..., 0]


@pytest.mark.parametrize("builder", _BUILDERS)
def test_output_has_the_size_of_a_picture_that_two_does_not_divide(builder):
    model = getattr(medlab.models, builder)((37, 50, 2), filters=(4, 4, 4), classes=3)
    assert model(np.zeros((1, 37, 50, 2))).shape == (1, 37, 50, 3)


@pytest.mark.parametrize("builder", _BUILDERS)
def test_output_has_the_size_of_a_volume(builder):
    model = getattr(medlab.models, builder)((7, 10, 9, 1), filters=(2, 4))
    assert model(np.zeros((1, 7, 10, 9, 1))).shape == (1, 7, 10, 9, 1)


@pytest.mark.parametrize("builder", _BUILDERS)
def test_one_network_takes_any_size_when_the_shape_is_open(builder):
    model = getattr(medlab.models, builder)((None, None, 1), filters=(2, 4))
    sizes = [model(np.zeros((1, rows, columns, 1))).shape for rows, columns in [(8, 8), (11, 14)]]
    assert sizes == [(1, 8, 8, 1), (1, 11, 14, 1)]


@pytest.mark.parametrize("builder", _BUILDERS)
def test_several_classes_share_out_one(builder, rng):
    model = getattr(medlab.models, builder)((9, 8, 1), filters=(2, 4), classes=4)
    probability = np.asarray(model(rng.normal(size=(2, 9, 8, 1))))
    np.testing.assert_allclose(probability.sum(axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("builder", _BUILDERS)
def test_a_shape_that_is_no_image_is_refused(builder):
    with pytest.raises(ValueError, match="input_shape must be"):
        getattr(medlab.models, builder)((64, 64))


@pytest.mark.parametrize("builder", _BUILDERS)
def test_classes_must_be_at_least_one(builder):
    with pytest.raises(ValueError, match="classes must be"):
        getattr(medlab.models, builder)((16, 16, 1), filters=(4,), classes=0)


def test_without_skip_connections_nothing_passes_a_lowest_resolution_that_is_zero(rng):
    images = rng.normal(size=(1, 16, 16, 1)).astype("float32")
    passes = {}
    for builder in ("unet", "encoder_decoder"):
        model = getattr(medlab.models, builder)((16, 16, 1), filters=(4, 8))
        norm = model.get_layer("bottom_2_norm")
        norm.set_weights([np.zeros(8), np.zeros(8)])
        passes[builder] = _depends_on(model, images, (8, 8)).max() > 0
    assert passes == {"unet": True, "encoder_decoder": False}


def test_the_attention_gate_decides_what_passes_the_skip_connection(rng):
    model = medlab.models.attention_unet((16, 16, 1), filters=(4, 8))
    model.get_layer("bottom_2_norm").set_weights([np.zeros(8), np.zeros(8)])
    images = rng.normal(size=(1, 16, 16, 1)).astype("float32")
    gate = model.get_layer("up0_attention")
    kernel, _ = gate.get_weights()
    open_gate = _depends_on(model, images, (8, 8)).max()
    gate.set_weights([np.zeros_like(kernel), np.array([-100.0])])
    assert open_gate > 0
    assert _depends_on(model, images, (8, 8)).max() == 0


def test_attention_weights_lie_between_0_and_1_at_full_resolution(rng):
    model = medlab.models.attention_unet((9, 12, 1), filters=(4, 8))
    weights = keras.Model(model.input, model.get_layer("up0_attention").output)
    found = np.asarray(weights(rng.normal(size=(2, 9, 12, 1))))
    assert found.shape == (2, 9, 12, 1)
    assert 0 < found.min() < found.max() < 1


def test_the_finest_scores_of_five_levels_lie_at_an_eighth():
    model = medlab.models.fcn((64, 64, 1), filters=(2, 2, 4, 4, 4))
    scores = sorted(layer.name for layer in model.layers if layer.name.startswith("score"))
    assert scores == ["score2", "score3", "score4"]
    assert model.get_layer("score2").output.shape[1:] == (8, 8, 1)


def test_enlargement_starts_as_linear_interpolation():
    ramp = np.arange(6.0)
    inputs = keras.Input((6, 6, 1))
    enlarge = keras.layers.Conv2DTranspose(
        1, 8, strides=4, padding="same", use_bias=False, kernel_initializer=LinearEnlargement()
    )
    image = np.broadcast_to(ramp[:, None], (6, 6))[None, ..., None]
    found = np.asarray(keras.Model(inputs, enlarge(inputs))(image))[0, :, 12, 0]
    expected = np.interp((np.arange(24) - 1.5) / 4, np.arange(6), ramp)
    np.testing.assert_allclose(found[4:-4], expected[4:-4], atol=1e-6)
