import numpy as np
import pytest
from scipy.ndimage import map_coordinates

import medlab
from medlab.models import FieldIntegration, FieldSmoothness, LocalCorrelation, SpatialTransformer


def _spots(centres, size=24, width=3.0):
    y, x = np.mgrid[:size, :size]
    spots = [np.exp(-((y - a) ** 2 + (x - b) ** 2) / (2 * width**2)) for a, b in centres]
    return np.stack(spots)[..., None].astype("float32")


@pytest.mark.parametrize("size", [(7, 9), (4, 6, 5)])
@pytest.mark.parametrize(("interpolation", "order"), [("linear", 1), ("nearest", 0)])
def test_moving_agrees_with_scipy(size, interpolation, order, rng):
    image = rng.normal(size=(2, *size, 2)).astype("float32")
    field = rng.normal(scale=2, size=(2, *size, len(size))).astype("float32")
    moved = np.asarray(SpatialTransformer(interpolation)([image, field]))
    grid = np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"))
    for n, c in np.ndindex(2, 2):
        places = np.clip(grid + np.moveaxis(field[n], -1, 0), 0, np.reshape(size, (-1, *[1] * len(size))) - 1)
        expected = map_coordinates(image[n, ..., c], places, order=order, mode="nearest")
        np.testing.assert_allclose(moved[n, ..., c], expected, atol=1e-4)


def test_a_field_for_another_number_of_dimensions_is_refused():
    with pytest.raises(ValueError, match=r"Expected \[image, field\]"):
        SpatialTransformer()([np.zeros((1, 8, 8, 1)), np.zeros((1, 8, 8, 3))])


def test_a_constant_velocity_moves_everything_by_itself():
    velocity = np.broadcast_to(np.float32([1.5, -2.0]), (1, 8, 8, 2))
    np.testing.assert_allclose(np.asarray(FieldIntegration(5)(velocity)), velocity, atol=1e-5)


def test_integration_agrees_with_the_exponential_of_a_linear_velocity():
    rate, size, middle = 0.3, 41, 20
    offset = np.arange(size, dtype="float32") - middle
    velocity = np.zeros((1, size, size, 2), "float32")
    velocity[0, ..., 0] = -rate * offset[:, None]  # shrinks towards the middle
    displacement = np.asarray(FieldIntegration(7)(velocity))[0, :, middle, 0]
    np.testing.assert_allclose(displacement, (np.exp(-rate) - 1) * offset, atol=0.02)


def test_the_negative_velocity_undoes_the_displacement(rng):
    from scipy.ndimage import gaussian_filter

    velocity = gaussian_filter(rng.normal(size=(1, 32, 32, 2)), (0, 4, 4, 0)).astype("float32")
    velocity *= 1.3 / velocity.std()
    forth, back = (np.asarray(FieldIntegration(7)(sign * velocity)) for sign in (1, -1))
    both = forth + np.asarray(SpatialTransformer()([back, forth]))
    inner = (slice(None), slice(12, -12), slice(12, -12))  # where nothing comes from beyond the edge
    assert np.abs((forth + back)[inner]).max() > 0.5
    assert np.abs(both[inner]).max() < 0.05


@pytest.mark.parametrize("diffeomorphic", [False, True])
def test_it_learns_a_known_shift(diffeomorphic, rng):
    medlab.train.set_seed(0)
    centres = rng.uniform(9, 14, size=(48, 2))
    moving, fixed = _spots(centres), _spots(centres + np.array([2, -1.5]))
    model = medlab.models.registration_net((24, 24, 1), filters=(8, 8), diffeomorphic=diffeomorphic, steps=4)
    pairs = medlab.models.registration_pairs(moving, fixed)
    medlab.train.fit(
        model,
        pairs,
        pairs,
        loss=["mean_squared_error", FieldSmoothness(1e-3)],
        epochs=12,
        learning_rate=5e-3,
        batch_size=8,
        verbose=False,
    )
    moved, field = model.predict([moving, fixed], verbose=0)
    weight = fixed / fixed.sum(axis=(1, 2), keepdims=True)
    shift = (field * weight).sum(axis=(1, 2)).mean(axis=0)
    assert ((moved - fixed) ** 2).mean() < 0.1 * ((moving - fixed) ** 2).mean()
    np.testing.assert_allclose(shift, [-2, 1.5], atol=0.4)


def test_untrained_it_leaves_the_image_where_it_is(rng):
    model = medlab.models.registration_net((None, None, None, 1), filters=(2, 4))
    images = rng.uniform(size=(2, 1, 5, 9, 7, 1)).astype("float32")
    moved, field = model([images[0], images[1]])
    assert field.shape == (1, 5, 9, 7, 3)
    np.testing.assert_allclose(np.asarray(moved), images[0], atol=1e-3)


def test_local_correlation_is_blind_to_brightness_and_contrast(rng):
    image = rng.uniform(size=(2, 16, 16, 1)).astype("float32")
    loss = LocalCorrelation()
    assert float(loss(image, 3 * image - 1)) < 0.01
    assert float(loss(image, rng.uniform(size=image.shape).astype("float32"))) > 0.9


def test_local_correlation_agrees_with_numpy(rng):
    a, b = rng.uniform(size=(2, 5, 6))
    squares = [
        np.corrcoef(a[i : i + 3, j : j + 3].ravel(), b[i : i + 3, j : j + 3].ravel())[0, 1] ** 2
        for i in range(3)
        for j in range(4)
    ]
    found = LocalCorrelation(3)(a[None, ..., None].astype("float32"), b[None, ..., None].astype("float32"))
    np.testing.assert_allclose(float(found), 1 - np.mean(squares), atol=1e-3)


def test_smoothness_is_the_squared_slope_of_the_field():
    field = np.zeros((1, 8, 8, 2), "float32")
    field[..., 0] = 0.5 * np.arange(8)  # grows along the columns only: one of two axes, one of two components
    np.testing.assert_allclose(float(FieldSmoothness(1.0)(field * 0, field)), 0.25 / 4, atol=1e-6)


def test_pairs_of_different_shape_are_refused():
    with pytest.raises(ValueError, match="same shape"):
        medlab.models.registration_pairs(np.zeros((2, 8, 8, 1)), np.zeros((2, 8, 9, 1)))


def test_an_interpolation_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="'linear' or 'nearest'"):
        SpatialTransformer("cubic")
