"""Every builder with something small to train on, and what a training does; a program for other backends."""

import json
import sys
import tempfile

import numpy as np
import pandas as pd

import medlab
from medlab.models.backend import jit_compile, keras, name

_RNG = np.random.RandomState()


def _values(*shape):
    return _RNG.uniform(size=shape).astype("float32")


def _built(what):
    """Build a model and its data, the same whatever was built before."""
    _RNG.seed(0)
    keras.utils.set_random_seed(1)
    return BUILT[what]()


def _mask(*shape):
    return _values(*shape) > 0.5


def _boxes():
    bounds = [[0, 2, 6, 3, 8], [0, 6, 11, 0, 4], [1, 0, 4, 4, 12], [1, 4, 9, 0, 3]]
    return pd.DataFrame(bounds, columns=["image", *medlab.models.box_columns(2)])


def _registration(**options):
    x, y = medlab.models.registration_pairs(_values(2, 9, 11, 1), _values(2, 9, 11, 1))
    losses = [medlab.models.LocalCorrelation(5), medlab.models.FieldSmoothness()]
    return medlab.models.registration_net((9, 11, 1), filters=(2, 4), **options), list(x), list(y), losses


def _segmentation(builder, shape, **options):
    model = getattr(medlab.models, builder)(shape, filters=(2, 4), **options)
    return model, _values(2, *shape), _mask(2, *model.output_shape[1:]), "binary_crossentropy"


def _sequence(kind):
    model = medlab.models.sequence_classifier((3, 9, 7, 1), kind=kind, filters=(2, 4), hidden=3)
    return model, _values(2, 3, 9, 7, 1), np.array([[0.0], [1.0]]), "binary_crossentropy"


def _multi_input():
    model = medlab.models.multi_input((9, 7, 1), table=3, text=(10, 4), filters=(2, 4), hidden=16)
    x = {"image": _values(2, 9, 7, 1), "table": _values(2, 3), "text": np.array([[1, 2, 0, 0], [3, 4, 5, 0]])}
    return model, x, np.array([[0.0], [1.0]]), "binary_crossentropy"


def _restored(builder, **options):
    model = getattr(medlab.models, builder)((9, 7, 1), **options)
    return model, _values(2, 9, 7, 1), _values(2, 9, 7, 1), "mean_squared_error"


def _diffusion():
    (noisy, time), velocity = medlab.models.NoisyImages(_values(2, 9, 7, 1))[0]
    model = medlab.models.diffusion((9, 7, 1), filters=(2, 4), embedding=4)
    return model, [noisy, time], velocity, "mean_squared_error"


def _detector():
    model = medlab.models.detector((11, 12, 1), filters=(4, 8, 8))
    y = medlab.models.detection_targets(_boxes(), 2, (11, 12, 1))
    return model, _values(2, 11, 12, 1), y, medlab.models.DetectionLoss()


def _classifier():
    model = medlab.models.classifier((9, 7, 1), filters=(2, 4), classes=3)
    return model, _values(2, 9, 7, 1), np.array([0, 2]), "sparse_categorical_crossentropy"


#: name → function that returns (model, x, y, loss)
BUILT = {
    "classifier": _classifier,
    "multi_input": _multi_input,
    "unet": lambda: _segmentation("unet", (9, 7, 1)),
    "unet 3-D": lambda: _segmentation("unet", (5, 9, 7, 1)),
    "attention_unet": lambda: _segmentation("attention_unet", (9, 7, 1)),
    "encoder_decoder": lambda: _segmentation("encoder_decoder", (9, 7, 1)),
    "fcn": lambda: _segmentation("fcn", (9, 7, 1)),
    "detector": _detector,
    "sequence_classifier lstm": lambda: _sequence("lstm"),
    "sequence_classifier convlstm": lambda: _sequence("convlstm"),
    "recurrent_segmenter": lambda: _segmentation("recurrent_segmenter", (3, 9, 7, 1)),
    "registration_net": _registration,
    "registration_net diffeomorphic": lambda: _registration(diffeomorphic=True, steps=2),
    "autoencoder": lambda: _restored("autoencoder", latent=3, filters=(2, 4)),
    "denoiser": lambda: _restored("denoiser", filters=4, depth=3),
    "diffusion": _diffusion,
}


def trained(what):
    """Train for three steps; return the losses and the weights that did not move."""
    model, x, y, loss = _built(what)
    before = [np.array(w) for w in model.get_weights()]
    eager = name() == "tensorflow"  # three steps are not worth a graph
    model.compile(keras.optimizers.Adam(0.01), loss, jit_compile=jit_compile(), run_eagerly=eager)
    losses = [float(np.ravel(model.train_on_batch(x, y))[0]) for _ in range(3)]
    after = model.get_weights()
    still = [
        w.path for w, a, b in zip(model.weights, before, after, strict=True) if w.trainable and (a == b).all()
    ]
    return {"losses": losses, "still": still}


def reloaded(what):
    """Save and load in safe mode; return the largest difference between the predictions."""
    model, x, _, _ = _built(what)
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/m.keras")
        again = medlab.models.load(f"{folder}/m.keras")
    outputs = [keras.tree.flatten(m(x, training=False)) for m in (model, again)]
    arrays = [[keras.ops.convert_to_numpy(t) for t in part] for part in outputs]
    return max(float(np.abs(a - b).max()) for a, b in zip(*arrays, strict=True))


def main():
    """Print what training each builder did, and what the gradients of medlab.explain say."""
    medlab.train.set_seed(1)
    model = medlab.models.classifier((9, 7, 1), filters=(2, 4))
    x = _values(1, 9, 7, 1)
    value, gradient = medlab.explain.value_and_grad(lambda t: model(t)[:, 0], x)
    steepest = np.unravel_index(np.abs(gradient).argmax(), x.shape)
    shift = np.zeros_like(x)
    shift[steepest] = 1e-3
    more, less = (np.asarray(model.predict_on_batch(x + sign * shift)) for sign in (1, -1))
    gan = medlab.models.dcgan((8, 8, 1), latent=2, filters=(2, 4))
    told = {
        "backend": name(),
        "gradient": [float(gradient[steepest]), float((more - less)[0, 0] / 2e-3), float(value[0])],
        "gan": gan.train_on_batch(_values(4, 8, 8, 1), np.random.default_rng(0)),
        "trained": {what: trained(what) for what in (sys.argv[1:] or BUILT)},
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
