import numpy as np
import pytest

from medlab.train import augmentation


@pytest.fixture
def batch(rng):
    """Pictures of a bright square on noise, with its mask."""
    x = rng.normal(100, 5, size=(6, 48, 40, 1)).astype("float32")
    y = np.zeros((6, 48, 40), int)
    x[:, 10:20, 8:16] += 100
    y[:, 10:20, 8:16] = 1
    return x, y


def augmented(batch, seed=0, **options):
    return augmentation(**options)(*batch, np.random.default_rng(seed))


def test_nothing_asked_for_changes_nothing(batch):
    x, y = augmented(batch)
    np.testing.assert_array_equal(x, batch[0])
    np.testing.assert_array_equal(y, batch[1])


def test_flips_happen_to_half_of_the_images_and_to_their_masks(batch):
    x = np.repeat(batch[0], 20, axis=0)
    new_x, new_y = augmented((x, np.repeat(batch[1], 20, axis=0)), flip=(1,))
    flipped = new_y[:, 15, -12] == 1
    assert 35 < flipped.sum() < 85
    np.testing.assert_array_equal(new_x[flipped], x[flipped][:, :, ::-1])


@pytest.mark.parametrize("option", [{"rotation": 40}, {"scaling": 0.3}, {"shift": 0.2}, {"elastic": 3.0}])
def test_masks_move_with_their_images(batch, option):
    x, y = augmented(batch, **option)
    assert (y != batch[1]).any()
    bright = x[..., 0] > 150
    overlap = 2 * (bright & (y == 1)).sum() / (bright.sum() + y.sum())
    assert overlap > 0.9


def test_an_angle_turns_by_that_angle():
    x = np.zeros((200, 65, 65, 1), np.float32)
    x[:, 32, 52] = 1
    moved = augmented((x, np.zeros(200)), rotation=30, fill=0)[0]
    rows, cols = np.array([np.unravel_index(m.argmax(), (65, 65)) for m in moved[..., 0]]).T
    angle = np.rad2deg(np.arctan2(rows - 32, cols - 32))
    assert 25 < angle.max() < 32
    assert -32 < angle.min() < -25


def test_outside_is_the_images_minimum_or_the_value_given(batch):
    x, _ = augmented(batch, shift=0.5, seed=1)
    assert x.min() >= batch[0].min()
    assert augmented(batch, shift=0.5, fill=-1000, seed=1)[0].min() == -1000


def test_classes_stay_and_volumes_work(rng):
    x, y = rng.normal(size=(2, 8, 16, 16, 2)).astype("float32"), np.array([0, 1])
    new_x, new_y = augmented((x, y), rotation=20, elastic=1, flip=(2,), noise=0.1, bias_field=0.3)
    assert new_x.shape == x.shape
    np.testing.assert_array_equal(new_y, y)


def test_noise_has_at_most_the_strength_asked_for(batch):
    x = np.repeat(batch[0], 10, axis=0)
    added = (augmented((x, np.zeros(60)), noise=0.5)[0] - x).std(axis=(1, 2, 3)) / x.std(axis=(1, 2, 3))
    assert 0.3 < added.max() < 0.55


@pytest.mark.parametrize("option", [{"gamma": 0.5}, {"contrast": 0.5}, {"brightness": 1.0}])
def test_intensity_changes_keep_the_order_of_values(batch, option):
    x, _ = augmented(batch, **option)
    assert not np.allclose(x, batch[0])
    old, new = batch[0][0].ravel(), x[0].ravel()
    order = np.argsort(old)
    assert (np.diff(new[order]) >= -1e-3).all()


def test_a_bias_field_is_smooth_and_multiplies(batch):
    flat = np.full_like(batch[0], 50) + np.linspace(0, 1e-3, 40, dtype=np.float32)[None, None, :, None]
    flat[:, 0, 0] = 0
    field = augmented((flat, batch[1]), bias_field=0.5)[0][:, 2:, 2:, 0] / 50
    assert field.std() > 0.05
    assert np.abs(np.diff(field, axis=1)).max() < 0.2


def test_the_same_generator_gives_the_same_batch(batch):
    options = {"rotation": 10, "noise": 0.1, "elastic": 1, "flip": (0, 1)}
    np.testing.assert_array_equal(
        augmented(batch, seed=4, **options)[0], augmented(batch, seed=4, **options)[0]
    )


def test_the_given_batch_is_not_changed(batch):
    before = [part.copy() for part in batch]
    augmented(batch, rotation=20, noise=1, gamma=1)
    for part, copy in zip(batch, before, strict=True):
        np.testing.assert_array_equal(part, copy)


def test_impossible_amounts_are_refused(batch):
    with pytest.raises(ValueError, match="rotation must lie between 0 and 180; got -5"):
        augmentation(rotation=-5)
    with pytest.raises(ValueError, match=r"flip names axes of the image, 0 to 1; got \(2,\)"):
        augmented(batch, flip=(2,))
