import numpy as np
import pytest

import medlab
from medlab.models.backend import keras
from medlab.models.layers import FramesAsSamples, SamplesAsFrames


@pytest.mark.parametrize("kind", ["lstm", "convlstm"])
def test_series_of_different_length_get_a_probability_each(kind):
    model = medlab.models.sequence_classifier((None, 9, 7, 1), kind=kind, filters=(2, 4), classes=3)
    assert model(np.zeros((2, 3, 9, 7, 1))).shape == (2, 3)
    assert model(np.zeros((1, 5, 9, 7, 1))).shape == (1, 3)


@pytest.mark.parametrize("kind", ["lstm", "convlstm"])
def test_the_order_of_the_images_matters(kind, rng):
    model = medlab.models.sequence_classifier((4, 9, 7, 1), kind=kind, filters=(2, 4))
    series = rng.normal(size=(1, 4, 9, 7, 1)).astype("float32")
    assert abs(float(model(series)[0, 0] - model(series[:, ::-1])[0, 0])) > 1e-6


def test_series_of_volumes():
    model = medlab.models.sequence_classifier((2, 4, 8, 8, 1), filters=(2, 4))
    assert model(np.zeros((1, 2, 4, 8, 8, 1))).shape == (1, 1)


def test_each_series_is_judged_for_itself(rng):
    model = medlab.models.sequence_classifier((3, 9, 7, 1), filters=(2, 4))
    series = rng.normal(size=(3, 3, 9, 7, 1)).astype("float32")
    together = np.asarray(model(series))
    np.testing.assert_allclose(together[1:2], np.asarray(model(series[1:2])), atol=1e-5)


def test_it_learns_whether_a_spot_grows_or_shrinks():
    medlab.train.set_seed(0)
    y, x = np.mgrid[:12, :12] - 5.5
    spots = np.stack([np.hypot(y, x) < radius for radius in (1.5, 3, 4.5)])[..., None].astype("float32")
    series = np.stack([spots, spots[::-1]] * 8)
    truth = np.tile([1, 0], 8)
    model = medlab.models.sequence_classifier((3, 12, 12, 1), filters=(4, 8), hidden=8)
    medlab.train.fit(model, (series, truth), (series, truth), epochs=25, learning_rate=0.01, verbose=False)
    assert ((model.predict(series, verbose=0)[:, 0] > 0.5) == truth).all()


def test_a_recurrent_segmenter_gives_a_mask_for_each_image_of_odd_size():
    model = medlab.models.recurrent_segmenter((None, 9, 7, 1), filters=(2, 4), classes=3)
    probability = np.asarray(model(np.zeros((2, 4, 9, 7, 1))))
    assert probability.shape == (2, 4, 9, 7, 3)
    np.testing.assert_allclose(probability.sum(axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize(("bidirectional", "earlier"), [(True, True), (False, False)])
def test_only_a_bidirectional_memory_looks_ahead(bidirectional, earlier, rng):
    model = medlab.models.recurrent_segmenter((4, 8, 8, 1), filters=(2, 4), bidirectional=bidirectional)
    series = rng.normal(size=(1, 4, 8, 8, 1)).astype("float32")
    changed = series.copy()
    changed[0, 2] += 3
    moved = np.abs(np.asarray(model(changed)) - np.asarray(model(series))).max(axis=(0, 2, 3, 4)) > 1e-6
    assert moved.tolist() == [earlier, earlier, True, True]


def test_frames_come_back_in_order(rng):
    series = rng.normal(size=(2, 3, 4, 5, 1)).astype("float32")
    inputs = keras.Input((3, 4, 5, 1))
    images = FramesAsSamples()(inputs)
    model = keras.Model(inputs, SamplesAsFrames()([images, inputs]))
    np.testing.assert_array_equal(np.asarray(model(series)), series)


def test_a_kind_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="'lstm' or 'convlstm'"):
        medlab.models.sequence_classifier((3, 8, 8, 1), kind="gru")


def test_a_convolutional_memory_needs_one_size():
    with pytest.raises(ValueError, match="images of one size"):
        medlab.models.recurrent_segmenter((3, None, 8, 1))


def test_a_single_image_is_no_series():
    with pytest.raises(ValueError, match="times"):
        medlab.models.sequence_classifier((8, 8, 1))
