import numpy as np
import pytest

import medlab


def test_one_class_gives_one_probability_per_picture(rng):
    model = medlab.models.classifier((19, 23, 3), filters=(4, 8))
    probability = np.asarray(model(rng.normal(size=(2, 19, 23, 3))))
    assert probability.shape == (2, 1)
    assert 0 < probability.min() <= probability.max() < 1


def test_several_classes_share_out_one(rng):
    model = medlab.models.classifier((16, 16, 1), filters=(4, 8), classes=3)
    np.testing.assert_allclose(np.asarray(model(rng.normal(size=(2, 16, 16, 1)))).sum(axis=1), 1, atol=1e-5)


def test_volumes_and_open_sizes(rng):
    model = medlab.models.classifier((None, None, None, 1), filters=(4, 8))
    assert model(rng.normal(size=(1, 5, 12, 9, 1))).shape == (1, 1)


def test_dropout_acts_in_training_only(rng):
    model = medlab.models.classifier((16, 16, 1), filters=(4, 8), dropout=0.5)
    images = rng.normal(size=(8, 16, 16, 1))
    used = [np.asarray(model(images, training=False)) for _ in range(2)]
    trained = [np.asarray(model(images, training=True)) for _ in range(2)]
    np.testing.assert_array_equal(*used)
    assert np.abs(trained[0] - trained[1]).max() > 0


def test_the_same_seed_builds_the_same_weights():
    weights = []
    for _ in range(2):
        medlab.train.set_seed(3)
        weights.append(medlab.models.classifier((8, 8, 1), filters=(4,)).get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))


def test_a_shape_that_is_no_image_is_refused():
    with pytest.raises(ValueError, match="without the batch axis"):
        medlab.models.classifier((64, 64))
