"""Training again from the beginning, without compiling again."""

import numpy as np
import pytest

import medlab
from medlab.models.backend import keras
from medlab.train import restart


def _model():
    medlab.train.set_seed(0)
    return medlab.models.classifier((8, 8, 1), filters=(4,), dropout=0.5)


@pytest.fixture
def data(rng):
    return rng.normal(size=(16, 8, 8, 1)).astype("float32"), np.arange(16.0)[:, None] % 2


def _trained(model, data):
    model.fit(*data, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return model.get_weights()


@pytest.mark.parametrize("rate", [0.01, keras.optimizers.schedules.CosineDecay(0.01, 4)])
def test_a_restarted_training_repeats_exactly(data, rate):
    model = _model()
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
    first = model.get_weights()
    restart(model, first, seed=3)
    once = _trained(model, data)
    restart(model, first, seed=3)
    twice = _trained(model, data)
    for a, b, before in zip(once, twice, first, strict=True):
        np.testing.assert_array_equal(a, b)
        assert (a != before).any()


def test_dropout_follows_the_seed(data):
    model = _model()
    model.compile("adam", "binary_crossentropy")
    first, ends = model.get_weights(), []
    for seed in (3, 4):
        restart(model, first, seed=seed)
        ends.append(_trained(model, data))
    assert any((a != b).any() for a, b in zip(*ends, strict=True))


def test_a_restart_is_a_new_start(data):
    fresh, used = _model(), _model()
    for model in (fresh, used):
        model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    first = fresh.get_weights()
    _trained(used, data)
    restart(fresh, first)
    restart(used, first)
    for a, b in zip(_trained(fresh, data), _trained(used, data), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_learning_rate_stays(data):
    model = _model()
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
    _trained(model, data)
    restart(model, model.get_weights())
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02)
    assert int(model.optimizer.iterations) == 0


def test_the_step_is_not_traced_again(data):
    model, calls = _model(), []
    first = model.get_weights()

    def loss(y, p):
        calls.append(1)
        return keras.losses.binary_crossentropy(y, p)

    model.compile("adam", loss)
    _trained(model, data)
    before = len(calls)
    restart(model, first)
    _trained(model, data)
    assert len(calls) == before


def test_what_cannot_be_restarted_is_refused():
    model = _model()
    with pytest.raises(ValueError, match="compile it first"):
        restart(model, model.get_weights())
    model.compile("adam", "binary_crossentropy")
    kept = model.get_weights()
    with pytest.raises(ValueError, match=r"needs \["):
        restart(model, kept[:-1])
    for a, b in zip(kept, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
