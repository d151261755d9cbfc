import contextlib
import io
import types

import numpy as np
import pytest

import medlab
from medlab.models.backend import keras
from medlab.train import fit, fitting
from medlab.train.checking import Output


@pytest.fixture
def data(rng):
    x = rng.normal(size=(24, 8, 8, 1)).astype("float32")
    y = (x.mean(axis=(1, 2, 3)) > 0).astype(int)
    return (x[:16], y[:16]), (x[16:], y[16:])


def _model(**options):
    medlab.train.set_seed(0)
    return medlab.models.classifier((8, 8, 1), filters=(4,), **options)


@pytest.fixture(scope="module")
def overfitted():
    """A training whose validation classes are the wrong way round, so that it gets worse as it learns."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(16, 8, 8, 1)).astype("float32")
    y = (x.mean(axis=(1, 2, 3)) > 0).astype(int)
    model, train, val, printed = _model(), (x, y), (x, 1 - y), io.StringIO()
    medlab.provenance.clear()
    with contextlib.redirect_stdout(printed):
        history = fit(model, train, val, epochs=30, learning_rate=0.05, patience=3, seed=11, verbose=False)
    return types.SimpleNamespace(
        model=model,
        train=train,
        val=val,
        history=history,
        printed=printed.getvalue(),
        notes=medlab.provenance.records(),
    )


def test_the_weights_kept_are_those_of_the_best_epoch(overfitted):
    losses = overfitted.history.table.val_loss
    assert overfitted.history.best_epoch == losses.idxmin() < len(losses)
    loss = overfitted.model.evaluate(*overfitted.val, verbose=0, return_dict=True)["loss"]
    assert loss == pytest.approx(losses.min(), rel=1e-4)


def test_training_stops_when_validation_no_longer_improves(overfitted):
    assert len(overfitted.history.table) == overfitted.history.best_epoch + 3 < 30


def test_seed_and_model_are_noted(overfitted):
    assert {"kind": "seed", "where": "medlab.train.fit", "seed": 11} in overfitted.notes
    note = next(n for n in overfitted.notes if n["kind"] == "model")
    assert (note["name"], note["loss"]) == ("classifier", "binary_crossentropy")
    assert note["best_epoch"] == overfitted.history.best_epoch


def test_without_verbose_nothing_is_printed(overfitted):
    assert overfitted.printed == ""


def test_curves_have_names_on_their_axes_and_mark_the_best_epoch(overfitted):
    axes = overfitted.history.plot()
    assert [(ax.get_xlabel(), ax.get_ylabel()) for ax in axes] == [
        ("epoch", "loss (binary_crossentropy)"),
        ("epoch", "auc"),
    ]
    texts = [text.get_text() for text in axes[0].get_legend().get_texts()]
    assert texts == ["training", "validation", f"best: epoch {overfitted.history.best_epoch}"]


def test_repr_says_that_it_stopped_early_and_what_was_kept(overfitted):
    text = repr(overfitted.history)
    assert "/30 epochs (stopped early)" in text
    assert f"weights of epoch {overfitted.history.best_epoch}: " in text


def test_the_same_seed_gives_the_same_numbers_twice(overfitted):
    again = fit(
        _model(), overfitted.train, overfitted.val, epochs=2, learning_rate=0.05, seed=11, verbose=False
    )
    assert again.table.equals(overfitted.history.table.iloc[:2])


def test_augmentation_gets_images_and_masks_together_and_only_in_training(rng):
    x = rng.normal(size=(8, 8, 8, 1)).astype("float32")
    masks = x > 0
    seen = []

    def flip(images, targets, generator):
        seen.append(np.array_equal(images > 0, targets))
        generator.random()
        return images[:, :, ::-1], targets[:, :, ::-1]

    model = medlab.models.unet((8, 8, 1), filters=(4,))
    fit(model, (x, masks), (x, masks), epochs=2, batch_size=4, augment=flip, verbose=False)
    assert len(seen) >= 4
    assert all(seen)


def _default_loss(model, y):
    loss = fitting._loss(None, Output(model), (np.zeros((6, 8, 8, 1)), y))
    return loss if isinstance(loss, str) else loss.__name__


@pytest.mark.parametrize(
    ("classes", "y", "loss"),
    [
        (1, np.arange(6) % 2, "binary_crossentropy"),
        (3, np.arange(6) % 3, "sparse_categorical_crossentropy"),
        (3, np.eye(3)[np.arange(6) % 3], "categorical_crossentropy"),
    ],
)
def test_the_loss_fits_the_classes(classes, y, loss):
    assert _default_loss(medlab.models.classifier((8, 8, 1), filters=(2,), classes=classes), y) == loss


@pytest.mark.parametrize(("classes", "loss"), [(1, "dice_bce"), (3, "dice_crossentropy")])
def test_the_loss_fits_the_masks(classes, loss):
    model = medlab.models.unet((8, 8, 1), filters=(2,), classes=classes)
    assert _default_loss(model, np.zeros((6, 8, 8))) == loss


def test_without_a_last_sigmoid_or_softmax_the_squared_error_is_used():
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Flatten()(inputs)))
    assert _default_loss(model, np.zeros(6)) == "mean_squared_error"


def test_balanced_weights_are_inverse_to_the_frequency():
    model = _model()
    weights = fitting._class_weight("balanced", (None, [0, 0, 0, 1]), Output(model))
    assert weights == pytest.approx({0: 4 / (2 * 3), 1: 4 / (2 * 1)})


def test_class_weights_reach_the_loss(rng):
    x, y = rng.normal(size=(40, 8, 8, 1)), np.r_[np.ones(4, int), np.zeros(36, int)]
    model = _model()
    options = {"epochs": 4, "learning_rate": 0.1, "patience": None, "verbose": False}
    fit(model, (x, y), (x[:4], y[:4]), class_weight={0: 0.0, 1: 1.0}, **options)
    assert model.predict(x, verbose=0).mean() > 0.6


def test_a_data_set_can_be_given_instead_of_arrays(data):
    train, val = (medlab.train.Batches(x, y, batch_size=4) for x, y in data)
    assert len(fit(_model(), train, val, epochs=2, verbose=False).table) == 2


def test_progress_ends_in_one_line(data, capsys):
    fit(_model(), *data, epochs=2)
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    assert out.startswith("2 epochs in")
    assert err == ""


def test_stopping_by_hand_leaves_the_best_weights(data, monkeypatch):
    model, after_epoch = _model(), []

    def interrupt(_callback, _batch, **_logs):
        after_epoch.append(model.get_weights())
        if len(after_epoch) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(keras.callbacks.TerminateOnNaN, "on_batch_end", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fit(model, *data, epochs=5, batch_size=16, learning_rate=1e-2, verbose=False)
    same = [all(map(np.array_equal, model.get_weights(), weights)) for weights in after_epoch]
    assert sum(same) == 1
    assert not same[2]


def _refused(x, y, match, model=None, **options):
    good = np.zeros((4, 8, 8, 1)), np.array([0, 1, 0, 1])
    with pytest.raises(ValueError, match=match):
        fit(model or _model(), (x, y), good, epochs=1, verbose=False, **options)


def test_nan_is_refused():
    x = np.zeros((4, 8, 8, 1))
    x[2, 3, 3] = np.nan
    _refused(x, [0, 1, 0, 1], "train: x holds NaN")


def test_a_missing_channel_axis_is_explained():
    _refused(np.zeros((4, 8, 8)), [0, 1, 0, 1], r"add the channel axis with \[..., None\]")


def test_wrong_channels_are_refused():
    _refused(np.zeros((4, 8, 8, 3)), [0, 1, 0, 1], r"must have the shape \(n, 8, 8, 1\)")


def test_different_numbers_of_images_and_classes_are_refused():
    _refused(np.zeros((4, 8, 8, 1)), [0, 1, 0], "the same number of samples")


def test_one_class_only_is_refused():
    _refused(np.zeros((4, 8, 8, 1)), [1, 1, 1, 1], "every sample has the same class")


def test_masks_of_0_and_255_are_refused():
    masks = np.zeros((4, 8, 8), np.uint8)
    masks[:, 2:4] = 255
    _refused(
        np.zeros((4, 8, 8, 1)),
        masks,
        "0 and 1; got values from 0 to 255",
        medlab.models.unet((8, 8, 1), filters=(2,)),
    )


def test_a_label_beyond_the_classes_is_refused():
    model = medlab.models.classifier((8, 8, 1), filters=(2,), classes=3)
    _refused(np.zeros((4, 8, 8, 1)), [0, 1, 2, 3], "classes=4", model)


def test_masks_of_another_size_are_refused():
    model = medlab.models.unet((8, 8, 1), filters=(2,))
    _refused(np.zeros((4, 8, 8, 1)), np.ones((4, 4, 4)), r"must have the shape \(n, 8, 8, 1\)", model)


def test_class_weights_for_masks_are_refused():
    model = medlab.models.unet((8, 8, 1), filters=(2,))
    masks = np.random.default_rng(0).integers(0, 2, (4, 8, 8))
    _refused(np.zeros((4, 8, 8, 1)), masks, "Dice loss", model, class_weight="balanced")


def test_a_loss_that_explodes_is_an_error(data):
    with pytest.raises(FloatingPointError, match="Lower learning_rate"):
        fit(_model(), *data, epochs=3, loss=lambda _, p: keras.ops.mean(p) * float("nan"), verbose=False)


def test_a_cosine_schedule_ends_at_nothing(data):
    model = _model()
    fit(model, *data, epochs=3, patience=None, schedule="cosine", learning_rate=0.01, verbose=False)
    assert float(model.optimizer.learning_rate) == pytest.approx(0, abs=1e-9)


def test_a_plateau_halves_the_step_size(data):
    train, val = data
    model = _model()
    fit(
        model,
        train,
        (val[0], 1 - val[1]),
        epochs=12,
        patience=8,
        schedule="plateau",
        learning_rate=0.05,
        verbose=False,
    )
    assert float(model.optimizer.learning_rate) <= 0.0251


def test_an_unknown_schedule_is_refused(data):
    with pytest.raises(ValueError, match="schedule must be 'cosine', 'plateau' or None; got 'linear'"):
        fit(_model(), *data, epochs=1, schedule="linear", verbose=False)


def test_further_callbacks_are_called(data):
    seen = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _: seen.append(epoch))
    fit(_model(), *data, epochs=2, callbacks=[note], verbose=False)
    assert seen == [0, 1]


@pytest.mark.parametrize("loss", ["focal_loss", "tversky_loss", "dice_boundary"])
def test_losses_of_this_house_go_by_their_names(loss, rng):
    x = rng.normal(size=(4, 16, 16, 1)).astype("float32")
    y = (x > 0).astype(int)
    medlab.train.set_seed(0)
    model = medlab.models.unet((16, 16, 1), filters=(4,))
    history = fit(model, (x, y), (x, y), epochs=6, loss=loss, learning_rate=0.02, verbose=False)
    assert history.table.val_loss.iloc[-1] < history.table.val_loss.iloc[0]
    assert history.loss == loss


def test_half_precision_is_a_policy_of_keras(data):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = _model()
        history = fit(model, *data, epochs=2, verbose=False)
    finally:
        keras.config.set_dtype_policy(policy)
    assert model.layers[1].compute_dtype == "bfloat16"
    assert np.isfinite(history.table.to_numpy()).all()
