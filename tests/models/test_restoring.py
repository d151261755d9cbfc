import numpy as np
import pytest

import medlab
from medlab.models.backend import keras


def test_an_autoencoder_returns_the_size_it_was_given():
    model = medlab.models.autoencoder((None, None, 2), filters=(2, 4))
    assert model(np.zeros((1, 11, 14, 2))).shape == (1, 11, 14, 2)


def test_an_autoencoder_for_volumes_with_a_code():
    model = medlab.models.autoencoder((5, 9, 7, 1), latent=3, filters=(2, 4))
    assert model(np.zeros((2, 5, 9, 7, 1))).shape == (2, 5, 9, 7, 1)
    assert model.get_layer("code").output.shape == (None, 3)


def test_everything_passes_through_the_code(rng):
    model = medlab.models.autoencoder((8, 8, 1), latent=2, filters=(2, 4))
    code = model.get_layer("code")
    code.set_weights([np.zeros_like(w) for w in code.get_weights()])
    one, other = np.asarray(model(rng.normal(size=(2, 8, 8, 1))))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_code_needs_one_size():
    with pytest.raises(ValueError, match="latent must be"):
        medlab.models.autoencoder((None, 8, 1), latent=2)


def test_a_denoiser_removes_noise_from_images_it_has_not_seen(rng):
    medlab.train.set_seed(0)
    y, x = np.mgrid[:12, :12] / 11
    clean = (rng.uniform(0, 0.5, (64, 1, 1)) + 0.5 * np.where(rng.random((64, 1, 1)) < 0.5, y, x))[..., None]
    noisy = clean + rng.normal(scale=0.2, size=clean.shape)
    model = medlab.models.denoiser((12, 12, 1), filters=8, depth=4)
    data = noisy[:48].astype("float32"), clean[:48].astype("float32")
    medlab.train.fit(model, data, data, epochs=20, learning_rate=0.01, batch_size=8, verbose=False)
    restored = model.predict(noisy[48:], verbose=0)
    assert ((restored - clean[48:]) ** 2).mean() < 0.5 * ((noisy[48:] - clean[48:]) ** 2).mean()


def test_what_is_removed_is_the_estimated_noise(rng):
    model = medlab.models.denoiser((None, None, 1), filters=4, depth=3)
    images = rng.normal(size=(1, 9, 7, 1)).astype("float32")
    noise = keras.Model(model.input, model.get_layer("noise").output)
    np.testing.assert_allclose(images - np.asarray(noise(images)), np.asarray(model(images)), atol=1e-6)


def test_a_denoiser_needs_two_convolutions():
    with pytest.raises(ValueError, match="depth must be"):
        medlab.models.denoiser((8, 8, 1), depth=1)
