import numpy as np
import pytest

import medlab
from medlab.models.diffusing import TimeEmbedding, signal_and_noise


def _spots(n, rng, size=9):
    y, x = np.mgrid[:size, :size]
    places = rng.uniform(3, 6, size=(n, 2))
    return np.stack([np.exp(-((y - a) ** 2 + (x - b) ** 2) / 8) for a, b in places])[..., None].astype(
        "float32"
    )


class _Oracle:
    """Predicts the velocity exactly, for data that are normal in -1…1 with mean 0 and this deviation."""

    input_shape = ((None, 8, 8, 1), (None, 1))

    def __init__(self, deviation):
        self.deviation = deviation

    def predict_on_batch(self, x):
        noisy, time = x
        signal, spread = (v.reshape(-1, 1, 1, 1) for v in signal_and_noise(time))
        variance = signal**2 * self.deviation**2 + spread**2
        image, noise = signal * self.deviation**2 * noisy / variance, spread * noisy / variance
        return signal * noise - spread * image


@pytest.fixture(scope="module")
def gan():
    medlab.train.set_seed(0)
    return medlab.models.dcgan((9, 7, 1), latent=3, filters=(4, 4))


def test_a_step_changes_generator_and_discriminator(gan, rng):
    before = [[w.copy() for w in m.get_weights()] for m in (gan.generator, gan.discriminator)]
    losses = gan.train_on_batch(rng.uniform(size=(4, 9, 7, 1)), rng)
    after = [m.get_weights() for m in (gan.generator, gan.discriminator)]
    moved = [
        any(np.abs(a - b).max() > 0 for a, b in zip(*pair, strict=True))
        for pair in zip(before, after, strict=True)
    ]
    assert moved == [True, True]
    assert set(losses) == {"discriminator", "generator"}
    assert np.isfinite(list(losses.values())).all()


def test_the_step_of_the_generator_leaves_the_discriminator_alone(gan, rng):
    gan.train_on_batch(rng.uniform(size=(4, 9, 7, 1)), rng)
    before = [w.copy() for w in gan.discriminator.get_weights()]
    gan.discriminator.trainable = False
    gan._deceiver.train_on_batch(rng.normal(size=(8, 3)), np.ones((8, 1)))
    for a, b in zip(before, gan.discriminator.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_discriminator_learns_to_tell_spots_from_noise_images(rng):
    medlab.train.set_seed(0)
    gan = medlab.models.dcgan((9, 9, 1), latent=3, filters=(4, 8), dropout=0.0, learning_rate=2e-3)
    images = _spots(16, rng)
    losses = [gan.train_on_batch(images, rng)["discriminator"] for _ in range(40)]
    assert min(losses[20:]) < 0.6 < losses[0]


def test_samples_have_the_size_asked_for_and_repeat_with_the_seed(gan):
    first, again, other = gan.sample(2, seed=1), gan.sample(2, seed=1), gan.sample(2, seed=2)
    assert first.shape == (2, 9, 7, 1)
    assert 0 <= first.min() <= first.max() <= 1
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0


def test_a_gan_for_volumes():
    assert medlab.models.dcgan((5, 9, 7, 1), latent=3, filters=(2, 2)).sample(1).shape == (1, 5, 9, 7, 1)


@pytest.mark.parametrize(
    ("images", "reason"),
    [(np.zeros((2, 8, 8, 1)), "must have the shape"), (np.full((2, 9, 7, 1), 2.0), "between 0 and 1")],
)
def test_images_that_do_not_fit_are_refused(gan, rng, images, reason):
    with pytest.raises(ValueError, match=reason):
        gan.train_on_batch(images, rng)


def test_a_generator_of_open_size_is_refused():
    with pytest.raises(ValueError, match="one size"):
        medlab.models.dcgan((None, 8, 1))


def test_the_cosine_schedule_agrees_with_the_paper():
    t, s = np.linspace(0, 1, 11), 0.008
    f = np.cos((t + s) / (1 + s) * np.pi / 2) ** 2  # Nichol & Dhariwal, equation 17
    signal, noise = signal_and_noise(t)
    np.testing.assert_allclose(signal**2, f / f[0], atol=1e-6)
    np.testing.assert_allclose(signal**2 + noise**2, 1, atol=1e-6)


def test_image_and_noise_follow_from_noisy_image_and_velocity(rng):
    images = rng.uniform(size=(3, 8, 8, 1)).astype("float32")
    (noisy, time), velocity = medlab.models.NoisyImages(images, batch_size=3)[0]
    signal, spread = (v.reshape(-1, 1, 1, 1) for v in signal_and_noise(time))
    image, noise = signal * noisy - spread * velocity, spread * noisy + signal * velocity
    recovered = np.sort(((image + 1) / 2).mean(axis=(1, 2, 3)))
    np.testing.assert_allclose(recovered, np.sort(images.mean(axis=(1, 2, 3))), atol=1e-5)
    assert abs(noise.std() - 1) < 0.1


def test_noise_is_fresh_in_each_epoch_unless_for_validation():
    differ = []
    for fresh in (True, False):
        pairs = medlab.models.NoisyImages(np.zeros((4, 8, 8, 1)), fresh=fresh)
        first = pairs[0][1]
        pairs.on_epoch_end()
        differ.append(bool((pairs[0][1] != first).any()))
    assert differ == [True, False]


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_sampling_with_the_exact_velocity_gives_the_distribution_of_the_data(eta):
    deviation = 0.25
    samples = medlab.models.diffusion_sample(_Oracle(deviation), 60, steps=200, eta=eta) * 2 - 1
    assert abs(samples.mean()) < 0.02
    np.testing.assert_allclose(samples.std(), deviation, rtol=0.06)


def test_a_diffusion_network_learns_and_its_samples_resemble_the_images(rng):
    medlab.train.set_seed(0)
    images = np.repeat(_spots(1, rng), 32, axis=0)
    model = medlab.models.diffusion((9, 9, 1), filters=(8, 16), embedding=16)
    history = medlab.train.fit(
        model,
        medlab.models.NoisyImages(images, repeats=4),
        medlab.models.NoisyImages(images, fresh=False),
        epochs=12,
        learning_rate=5e-3,
        verbose=False,
    )
    samples = medlab.models.diffusion_sample(model, 4, steps=25, seed=3)
    assert history.table["val_loss"].iloc[-1] < 0.5 * history.table["val_loss"].iloc[0]
    assert np.abs(samples - images[:1]).mean() < 0.15
    np.testing.assert_array_equal(samples, medlab.models.diffusion_sample(model, 4, steps=25, seed=3))


def test_times_that_differ_are_described_differently():
    described = np.asarray(TimeEmbedding(8)(np.linspace(0, 1, 50)[:, None]))
    distance = np.linalg.norm(described[:, None] - described[None], axis=-1) + 9 * np.eye(50)
    assert distance.min() > 0.05


def test_an_open_size_needs_a_shape():
    model = medlab.models.diffusion((None, None, 1), filters=(2, 4), embedding=4)
    with pytest.raises(ValueError, match="Give shape="):
        medlab.models.diffusion_sample(model, 1)
    assert medlab.models.diffusion_sample(model, 1, steps=1, shape=(5, 7, 1)).shape == (1, 5, 7, 1)


def test_images_beyond_0_to_1_are_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        medlab.models.NoisyImages(np.full((2, 8, 8, 1), -1.0))


def test_an_odd_description_of_time_is_refused():
    with pytest.raises(ValueError, match="even number"):
        medlab.models.diffusion((8, 8, 1), embedding=5)
