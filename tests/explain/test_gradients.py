import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

import medlab
from medlab.explain import value_and_grad
from medlab.models.backend import keras


def test_gradient_of_a_polynomial_by_hand():
    value, gradient = value_and_grad(lambda x: keras.ops.sum(x**3, axis=1), [[1.0, 2.0], [0.0, -1.0]])
    np.testing.assert_allclose(value, [9, -1])
    np.testing.assert_allclose(gradient, [[3, 12], [0, 3]])


def test_gradient_of_a_model_agrees_with_differences(rng):
    model = medlab.models.classifier((8, 8, 1), filters=(4,))
    x = rng.normal(size=(1, 8, 8, 1)).astype("float32")
    _, gradient = value_and_grad(lambda t: model(t)[:, 0], x)
    step = 1e-2 * gradient / np.linalg.norm(gradient)
    expected = (float(model(x + step)[0, 0]) - float(model(x - step)[0, 0])) / 2
    assert float((gradient * step).sum()) == pytest.approx(expected, rel=0.05)


def test_what_does_not_depend_on_the_input_is_an_error():
    with pytest.raises(ValueError, match="does not depend on x"):
        value_and_grad(lambda _: keras.ops.ones(2), np.ones((2, 2)))


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_gives_the_same_gradient_and_map(backend):
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    code = f"""
import os; os.environ["KERAS_BACKEND"] = "{backend}"
import numpy as np, medlab
from medlab.models.backend import keras, name
assert name() == "{backend}"
value, gradient = medlab.explain.value_and_grad(lambda x: keras.ops.sum(x**3, axis=1), [[1.0, 2.0]])
assert np.allclose(gradient, [[3, 12]]), gradient
medlab.train.set_seed(0)
model = medlab.models.classifier((16, 16, 1), filters=(4, 8))
x = np.random.default_rng(0).normal(size=(8, 16, 16, 1)).astype("float32")
medlab.train.fit(model, (x, np.arange(8) % 2), (x, np.arange(8) % 2), epochs=1, verbose=False)
assert medlab.explain.grad_cam(model, x).shape == medlab.explain.saliency(model, x).shape == (8, 16, 16)
unet = medlab.models.unet((None, None, 1), filters=(4, 8))
assert unet(x[:1, :15, :11]).shape == (1, 15, 11, 1)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
