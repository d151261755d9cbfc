"""Every method on one trained model: right form, right place, and nothing learned without training."""

import numpy as np
import pytest
from discs import discs

import medlab
from medlab import explain
from medlab.models.backend import keras

METHODS = {
    "grad_cam": explain.grad_cam,
    "saliency": explain.saliency,
    "smooth_grad": lambda model, x: explain.smooth_grad(model, x, samples=6),
    "integrated_gradients": lambda model, x: explain.integrated_gradients(model, x, steps=8),
    "occlusion": explain.occlusion,
    "lime": lambda model, x: explain.lime(model, x[:8], samples=200, regions=40),
}


@pytest.fixture(scope="module")
def trained():
    """A classifier that sees the simulated lesions, and test images in which it sees one, with masks."""
    medlab.train.set_seed(1)
    model = medlab.models.classifier((32, 32, 1), filters=(8, 16))
    x, y, _ = discs(240, 1, contrast=2.5)
    x_val, y_val, _ = discs(80, 11, contrast=2.5)
    medlab.train.fit(model, (x, y), (x_val, y_val), epochs=10, learning_rate=5e-3, verbose=False)
    x, y, masks = discs(120, 21, contrast=2.5)
    probability = model.predict(x, verbose=0)[:, 0]
    scores = medlab.evaluate.classification(y, probability)
    assert scores.value["AUC"] > 0.93, "no explanation is judged on a model that has not learned"
    seen = (y == 1) & (probability > 0.5)
    return model, x[seen][:30], masks[seen][:30]


@pytest.fixture(scope="module")
def untrained():
    medlab.train.set_seed(2)
    return medlab.models.classifier((32, 32, 1), filters=(8, 16))


@pytest.fixture(scope="module", params=METHODS, ids=str)
def maps(request, trained):
    model, images, masks = trained
    heat = METHODS[request.param](model, images)
    return request.param, heat, masks[: len(heat)]


def test_a_map_has_the_size_of_the_image_and_lies_between_0_and_1(maps):
    _, heat, masks = maps
    assert (heat.shape, heat.dtype) == (masks.shape, np.float32)
    assert heat.min() >= 0
    np.testing.assert_allclose(heat.max(axis=(1, 2)), 1, rtol=1e-6)


def test_a_map_of_a_trained_model_finds_the_lesion(maps):
    _, heat, masks = maps
    score = explain.localisation(heat, masks).mean()
    assert score.area < 0.12
    assert score.pointing > 0.5
    assert score.energy > 1.5 * score.area
    assert score.auc > 0.65


@pytest.mark.parametrize("method", ["grad_cam", "saliency"])
def test_a_map_of_an_untrained_model_does_not(method, untrained, trained):
    _, images, masks = trained
    assert explain.localisation(METHODS[method](untrained, images), masks).pointing.mean() < 0.4


@pytest.mark.parametrize("method", ["grad_cam", "saliency"])
def test_maps_change_when_the_model_forgets(method, trained):
    model, images, _ = trained
    weights = model.get_weights()
    table = explain.randomisation_test(model, METHODS[method], images[:12], stages=2)
    assert table.randomised.tolist()[-1] == 1
    assert table.similarity.iloc[-1] < 0.4
    assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights(), strict=True))


def test_a_method_that_ignores_the_model_is_found_out(trained):
    model, images, _ = trained
    edges = explain.randomisation_test(
        model, lambda _, x: np.abs(np.gradient(x[..., 0], axis=1)), images[:4], stages=1
    )
    assert edges.similarity[0] == pytest.approx(1)


def test_randomisation_repeats_with_its_seed(trained):
    model, images, _ = trained
    tables = [
        explain.randomisation_test(model, explain.saliency, images[:3], stages=1, seed=5) for _ in range(2)
    ]
    assert tables[0].equals(tables[1])


def test_guided_backpropagation_differs_from_saliency_and_leaves_the_model_alone(trained):
    model, images, _ = trained
    before = explain.saliency(model, images[:4])
    guided = explain.guided_backprop(model, images[:4])
    np.testing.assert_array_equal(before, explain.saliency(model, images[:4]))
    assert np.abs(guided - before).max() > 0.1


def test_integrated_gradients_add_up_to_the_difference_of_the_scores(rng):
    inputs = keras.Input((8, 8, 1))
    features = keras.layers.Conv2D(6, 3, activation="softplus")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(keras.layers.Flatten()(features)))
    images = rng.normal(size=(3, 8, 8, 1))
    parts = explain.integrated_gradients(model, images, baseline=0.5, signed=True)
    ends = model.predict(np.concatenate([images, 0 * images + 0.5]), verbose=0)[:, 0].astype(float)
    scores = np.log(ends / (1 - ends))
    np.testing.assert_allclose(parts.sum(axis=(1, 2, 3)), scores[:3] - scores[3:], rtol=0.02)


def test_lime_repeats_with_its_seed_and_draws_no_bar(trained, capfd):
    model, images, _ = trained
    capfd.readouterr()
    first, again = (explain.lime(model, images[:1], samples=40, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert capfd.readouterr() == ("", "")
