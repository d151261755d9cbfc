import pickle
import zipfile

import h5py
import numpy as np
import pytest

import medlab
from medlab.models import UnsafeModelError
from medlab.models.backend import keras


@pytest.fixture
def model():
    return medlab.models.unet((9, 12, 1), filters=(4, 8))


@pytest.fixture
def images(rng):
    return rng.normal(size=(2, 9, 12, 1)).astype("float32")


def test_a_keras_file_comes_back_with_the_same_predictions(model, images, tmp_path):
    model.save(tmp_path / "m.keras")
    loaded = medlab.models.load(tmp_path / "m.keras")
    np.testing.assert_allclose(loaded(images), model(images), atol=1e-6)


def test_weights_come_back_into_a_model_built_alike(model, images, tmp_path):
    model.save_weights(tmp_path / "m.weights.h5")
    other = medlab.models.unet((9, 12, 1), filters=(4, 8))
    assert np.abs(np.asarray(other(images)) - np.asarray(model(images))).max() > 1e-4
    np.testing.assert_allclose(
        medlab.models.load(tmp_path / "m.weights.h5", other)(images), model(images), atol=1e-6
    )


def test_a_trained_model_with_a_dice_loss_comes_back(model, images, tmp_path):
    masks = images[..., 0] > 0
    medlab.train.fit(model, (images, masks), (images, masks), epochs=1, verbose=False)
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    model.save_weights(tmp_path / "m.weights.h5")
    fresh = medlab.models.load(tmp_path / "m.weights.h5", medlab.models.unet((9, 12, 1), filters=(4, 8)))
    np.testing.assert_allclose(fresh(images), model(images), atol=1e-6)
    np.testing.assert_allclose(
        loaded.evaluate(images, masks, verbose=0), model.evaluate(images, masks, verbose=0)
    )


def test_weights_of_another_model_do_not_fit(model, tmp_path):
    model.save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(ValueError, match=r"(?i)shape|layer"):
        medlab.models.load(tmp_path / "m.weights.h5", medlab.models.unet((9, 12, 1), filters=(4, 16)))


def test_weights_need_a_model(model, tmp_path):
    model.save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(ValueError, match="build the model"):
        medlab.models.load(tmp_path / "m.weights.h5")


def test_a_lambda_layer_is_refused_and_named(tmp_path):
    inputs = keras.Input((4,))
    harmless = keras.layers.Lambda(lambda x: x + 1, name="plus_one")
    keras.Model(inputs, harmless(inputs)).save(tmp_path / "m.keras")
    with pytest.raises(UnsafeModelError, match="plus_one"):
        medlab.models.load(tmp_path / "m.keras")


def test_a_lambda_inside_a_nested_model_is_refused(tmp_path):
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x + 1, name="hidden")])
    inputs = keras.Input((4,))
    keras.Model(inputs, inner(inputs)).save(tmp_path / "m.keras")
    with pytest.raises(UnsafeModelError, match="hidden"):
        medlab.models.load(tmp_path / "m.keras")


def test_the_reason_does_not_depend_on_a_global_switch(tmp_path):
    from keras.src.backend.common import global_state

    inputs = keras.Input((4,))
    keras.Model(inputs, keras.layers.Lambda(lambda x: x + 1)(inputs)).save(tmp_path / "m.keras")
    keras.config.enable_unsafe_deserialization()
    try:
        with pytest.raises(UnsafeModelError):
            medlab.models.load(tmp_path / "m.keras")
    finally:
        global_state.set_global_attribute("safe_mode_saving", None)


def test_a_class_that_nobody_registered_is_refused(tmp_path):
    class Stranger(keras.layers.Layer):
        def call(self, x):
            return x

    inputs = keras.Input((4,))
    keras.Model(inputs, Stranger()(inputs)).save(tmp_path / "m.keras")
    with pytest.raises(UnsafeModelError, match="Stranger"):
        medlab.models.load(tmp_path / "m.keras")


class _Bomb:
    def __reduce__(self):
        return (pytest.fail, ("the pickle was opened",))


@pytest.mark.parametrize("name", ["m.pkl", "m.pth", "m.joblib", "m.npy", "m.keras", "m.weights.h5"])
def test_a_pickle_is_never_opened_whatever_its_name(name, model, tmp_path):
    (tmp_path / name).write_bytes(pickle.dumps(_Bomb()))
    with pytest.raises(UnsafeModelError, match="refused"):
        medlab.models.load(tmp_path / name, model if name.endswith(".weights.h5") else None)


def test_a_legacy_h5_model_is_refused(model, tmp_path):
    model.save(tmp_path / "m.h5")
    with pytest.raises(UnsafeModelError, match="old format"):
        medlab.models.load(tmp_path / "m.h5")


def test_a_saved_model_folder_is_refused(tmp_path):
    (tmp_path / "saved").mkdir()
    with pytest.raises(UnsafeModelError, match="folder"):
        medlab.models.load(tmp_path / "saved")


def test_an_archive_with_another_file_in_it_is_refused(model, tmp_path):
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras", "a") as archive:
        archive.writestr("../outside.py", "print()")
    with pytest.raises(UnsafeModelError, match="outside"):
        medlab.models.load(tmp_path / "m.keras")


def test_weights_that_point_into_another_file_are_refused(model, tmp_path):
    model.save_weights(tmp_path / "other.weights.h5")
    model.save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5", "a") as file:
        path = next(p for p in _datasets(file))
        del file[path]
        file[path] = h5py.ExternalLink(str(tmp_path / "other.weights.h5"), path)
    with pytest.raises(UnsafeModelError, match="another place or file"):
        medlab.models.load(tmp_path / "m.weights.h5", model)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.keras"):
        medlab.models.load(tmp_path / "nothing.keras")


def _datasets(file):
    found = []
    file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    return found
