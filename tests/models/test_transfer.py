import subprocess
import sys

import numpy as np
import pytest

import medlab
from medlab.models import UnsafeModelError
from medlab.models.backend import keras


@pytest.fixture(scope="module")
def mobile():
    return medlab.models.transfer("MobileNetV2", 3, (32, 32, 1))


def _input_of(model):
    """Return the model up to what its backbone gets."""
    backbone = next(layer for layer in model.layers if isinstance(layer, keras.Model))
    before = backbone._inbound_nodes[-1].input_tensors[0]
    return keras.Model(model.input, before)


@pytest.mark.parametrize(
    ("backbone", "module"),
    [
        ("MobileNetV2", "mobilenet_v2"),
        ("DenseNet121", "densenet"),
        ("ResNet50", "resnet"),
        ("ResNet50V2", "resnet_v2"),
        ("VGG16", "vgg16"),
        ("Xception", "xception"),
        ("EfficientNetV2B0", "efficientnet_v2"),
        ("MobileNetV3Small", "mobilenet_v3"),
        ("ConvNeXtTiny", "convnext"),
    ],
)
def test_images_are_scaled_as_keras_does_for_this_backbone(backbone, module, rng):
    from medlab.models.transferring import _prepared

    images = rng.uniform(size=(1, 4, 4, 3)).astype("float32")
    inputs = keras.Input((4, 4, 3))
    found = np.asarray(keras.Model(inputs, _prepared(inputs, backbone))(images))
    expected = getattr(keras.applications, module).preprocess_input(images * 255)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_a_grey_image_is_repeated_in_three_channels(mobile, rng):
    grey = rng.uniform(size=(1, 32, 32, 1)).astype("float32")
    seen = np.asarray(_input_of(mobile)(grey))
    np.testing.assert_allclose(seen, np.repeat(2 * grey - 1, 3, axis=-1), atol=1e-6)


def test_classes_share_out_one_and_findings_do_not(mobile, rng):
    images = rng.uniform(size=(2, 32, 32, 1)).astype("float32")
    np.testing.assert_allclose(np.asarray(mobile(images)).sum(axis=1), 1, atol=1e-5)
    several = medlab.models.transfer(_small(), 3, (16, 16, 1), multilabel=True)
    assert several.layers[-1].activation.__name__ == "sigmoid"


def _small(*, batch_norm=True):
    layers = [keras.Input((16, 16, 1))]
    for k in range(3):
        layers.append(keras.layers.Conv2D(4, 3, name=f"conv{k}"))
        layers += [keras.layers.BatchNormalization(name=f"norm{k}")] if batch_norm else []
    return keras.Sequential(layers)


def test_frozen_only_the_head_learns(rng):
    model = medlab.models.freeze(medlab.models.transfer(_small(), 1, (16, 16, 1)))
    x, y = rng.uniform(size=(8, 16, 16, 1)).astype("float32"), np.arange(8) % 2
    before = {w.path: np.array(w) for w in model.weights}
    medlab.train.fit(model, (x, y), (x, y), epochs=1, verbose=False)
    moved = {w.path for w in model.weights if (np.array(w) != before[w.path]).any()}
    assert moved == {"probability/kernel", "probability/bias"}


def test_unfrozen_layers_learn_and_batch_normalisation_stays(rng):
    model = medlab.models.transfer(_small(), 1, (16, 16, 1))
    assert medlab.models.unfreeze_last(model, 2) == ["conv1", "conv2", "probability"]
    x, y = rng.uniform(size=(8, 16, 16, 1)).astype("float32"), np.arange(8) % 2
    before = {w.path: np.array(w) for w in model.weights}
    medlab.train.fit(model, (x, y), (x, y), epochs=1, verbose=False)
    moved = {w.path.split("/")[-2] for w in model.weights if (np.array(w) != before[w.path]).any()}
    assert moved == {"conv1", "conv2", "probability"}


def test_freezing_again_takes_back_what_was_unfrozen():
    model = medlab.models.transfer(_small(), 1, (16, 16, 1))
    medlab.models.unfreeze_last(model, 3)
    medlab.models.freeze(model)
    assert [w.path for w in model.trainable_weights] == ["probability/kernel", "probability/bias"]


def test_more_layers_than_there_are_cannot_be_unfrozen():
    with pytest.raises(ValueError, match="n must be 0 to 3"):
        medlab.models.unfreeze_last(medlab.models.transfer(_small(), 1, (16, 16, 1)), 4)


@pytest.mark.parametrize("name", ["w.weights.h5", "w_notop.h5"])
def test_weights_of_a_backbone_come_from_a_file(name, tmp_path):
    source, other = _small(), _small()
    if name.endswith(".weights.h5"):
        source.save_weights(tmp_path / name)
    else:
        import h5py
        from keras.src.legacy.saving import legacy_h5_format

        with h5py.File(tmp_path / name, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, source)
    medlab.models.transfer(other, 1, (16, 16, 1), weights=tmp_path / name)
    for a, b in zip(source.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_whole_model_is_no_file_of_weights(tmp_path):
    _small().save(tmp_path / "m.h5")
    with pytest.raises(UnsafeModelError, match="can hold code"):
        medlab.models.transfer(_small(), 1, (16, 16, 1), weights=tmp_path / "m.h5")


def test_a_missing_file_of_weights_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        medlab.models.transfer(_small(), 1, (16, 16, 1), weights=tmp_path / "w.h5")


def test_without_a_network_imagenet_weights_say_what_to_do(monkeypatch):
    def fails(**options):
        if options["weights"] == "imagenet":
            message = "URL fetch failure on https://example.org: None -- unreachable"
            raise Exception(message)  # noqa: TRY002 as Keras does

    monkeypatch.setattr(keras.applications, "MobileNetV2", fails)
    with pytest.raises(ConnectionError, match="weights=None"):
        medlab.models.transfer("MobileNetV2", weights="imagenet")


def test_weights_that_depend_on_how_they_were_loaded_are_refused(tmp_path):
    with pytest.raises(ValueError, match="EfficientNetV2B0"):
        medlab.models.transfer("EfficientNetB0", 1, (32, 32, 3), weights=tmp_path / "w.weights.h5")


def test_a_backbone_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(ValueError, match="DenseNet121"):
        medlab.models.transfer("ResNet51")


def test_volumes_are_refused():
    with pytest.raises(ValueError, match="pictures only"):
        medlab.models.transfer("MobileNetV2", 1, (8, 32, 32, 1))


def test_a_transfer_model_comes_back_from_a_file(tmp_path, rng):
    model = medlab.models.transfer(_small(), 2, (16, 16, 1))
    model.save(tmp_path / "m.keras")
    images = rng.uniform(size=(2, 16, 16, 1)).astype("float32")
    loaded = medlab.models.load(tmp_path / "m.keras")
    np.testing.assert_allclose(np.asarray(loaded(images)), np.asarray(model(images)), atol=1e-6)


def test_the_caffe_order_of_channels_survives_saving(tmp_path, rng):
    from medlab.models.transferring import _prepared

    inputs = keras.Input((4, 4, 3))
    model = keras.Model(inputs, _prepared(inputs, "VGG16"))
    model.save(tmp_path / "m.keras")
    images = rng.uniform(size=(1, 4, 4, 3)).astype("float32")
    loaded = medlab.models.load(tmp_path / "m.keras")
    np.testing.assert_allclose(np.asarray(loaded(images)), np.asarray(model(images)), rtol=1e-6)


def test_chexnet_has_a_probability_for_each_of_14_findings():
    model = medlab.models.chexnet((32, 32, 1))
    assert model.output_shape == (None, len(medlab.models.CHESTXRAY14_FINDINGS)) == (None, 14)
    assert model.layers[-1].activation.__name__ == "sigmoid"
    densenet = model.get_layer("densenet121")
    assert densenet.count_params() == 7_037_504  # DenseNet-121 without its top, as Keras documents it


def test_names_of_findings_need_no_keras():
    code = "import sys, medlab; medlab.models.CHESTXRAY14_FINDINGS; print('keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
