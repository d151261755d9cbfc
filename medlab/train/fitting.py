"""Train a Keras model, and keep the weights that did best on the validation data."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from medlab import provenance
from medlab.models import backend
from medlab.models.backend import keras
from medlab.train import losses
from medlab.train.batches import Augment, Batches
from medlab.train.checking import Output, check_pair, check_varied
from medlab.train.history import History
from medlab.train.progress import Progress
from medlab.train.seeds import set_seed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["fit"]

_OWN_LOSSES = {name: getattr(losses, name) for name in losses.__all__ if name != "dice_score"}


def fit(
    model: keras.Model,
    train: Any,
    val: Any,
    *,
    loss: Any = None,
    metrics: Sequence[Any] | None = None,
    epochs: int = 20,
    learning_rate: Any = 1e-3,
    batch_size: int = 16,
    patience: int | None = 5,
    seed: int = 0,
    augment: Augment | None = None,
    class_weight: Mapping[int, float] | str | None = None,
    schedule: Literal["cosine", "plateau"] | None = None,
    jit_compile: bool | Literal["auto"] | None = None,
    callbacks: Sequence[Any] = (),
    verbose: bool = True,
) -> History:
    """Train with Adam; afterwards the model has the weights of the epoch with the lowest validation loss.

    Parameters
    ----------
    model : keras.Model
        Any Keras 3 model; it is compiled here. It goes on from the weights it has.
    train, val : (x, y) pair of ndarray, keras.utils.PyDataset or tf.data.Dataset
        Training and validation data, of different patients (see `medlab.train.split`). ``x`` is
        ``(n, rows, columns, channels)`` or ``(n, slices, rows, columns, channels)``; ``y`` is ``(n,)`` or
        ``(n, 1)`` classes, or masks of the model's output shape, where the channel axis may be left out.
    loss : str, callable or keras.losses.Loss, optional
        Keras' names, or those of `medlab.train`: ``"dice_bce"``, ``"focal_loss"``, … Default by the model's
        output: binary or categorical cross-entropy for classes, the same plus Dice for masks, squared error
        where the last activation is neither sigmoid nor softmax.
    metrics : sequence, optional
        Scores to follow. Default: AUC or accuracy for classes, Dice for masks.
    epochs : int, optional
        Largest number of passes over the training data.
    learning_rate : float or keras schedule, optional
        Step size of Adam.
    batch_size : int, optional
        Samples per step.
    patience : int or None, optional
        Stop after so many epochs without a lower validation loss; ``None`` never stops early.
    seed : int, optional
        Of the order of the samples, of dropout and of the augmentation. The first weights were drawn when
        the model was built: call `medlab.train.set_seed` before that.
    augment : callable, optional
        ``augment(x, y, rng) -> (x, y)`` on each training batch of arrays, images and masks together.
    class_weight : dict or "balanced", optional
        Weight of each class in the loss; ``"balanced"`` weighs classes inversely to how frequent they are.
    schedule : {"cosine", "plateau"}, optional
        Let the step size fall: along a cosine to 0 over all epochs (Loshchilov & Hutter, ICLR 2017), or to a
        half whenever the validation loss has not fallen for half of `patience` epochs.
    jit_compile : bool or "auto", optional
        Compile the training step with XLA. Default: on a GPU and on the JAX backend; on a CPU it takes longer
        than it saves.
    callbacks : sequence of keras.callbacks.Callback, optional
        Further ones, for example ``keras.callbacks.ModelCheckpoint``.
    verbose : bool, optional
        Show one line of progress.

    Returns
    -------
    History
        Table of the epochs, the best epoch, and a plot of the learning curves.

    Raises
    ------
    ValueError
        If the data do not fit the model, hold NaN, or hold only one class.
    FloatingPointError
        If the loss becomes NaN or infinite.

    Notes
    -----
    ``KeyboardInterrupt`` (the stop button) also leaves the best weights so far in the model. With
    ``keras.config.set_dtype_policy("mixed_float16")`` before the model is built, Keras computes in half
    precision and scales the loss by itself.

    Examples
    --------
    >>> import numpy as np, medlab
    >>> medlab.train.set_seed(0)
    >>> x = np.random.default_rng(0).normal(size=(32, 8, 8, 1)).astype("float32")
    >>> y = (x.mean(axis=(1, 2, 3)) > 0).astype(int)
    >>> model = medlab.models.classifier((8, 8, 1), filters=(4,))
    >>> history = medlab.train.fit(model, (x[:24], y[:24]), (x[24:], y[24:]), epochs=2, verbose=False)
    >>> list(history.table)
    ['auc', 'loss', 'val_auc', 'val_loss']
    """
    output = Output(model)
    weights = _class_weight(class_weight, train, output)
    chosen = _loss(loss, output, train)
    set_seed(seed)
    data, val_data = _prepared(model, train, val, batch_size=batch_size, seed=seed, augment=augment)
    rate = learning_rate
    if schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(float(learning_rate), epochs * _steps(data))
    model.compile(
        keras.optimizers.Adam(rate),
        loss=chosen,
        metrics=_metrics(output) if metrics is None else list(metrics),
        jit_compile=backend.jit_compile() if jit_compile is None else jit_compile,
    )
    model.optimizer.build(model.trainable_variables)  # inside the first step, TensorFlow would trace it twice
    progress = Progress(epochs, len(data) if hasattr(data, "__len__") else None) if verbose else None
    start = time.monotonic()
    logs, best = _run(
        model,
        data,
        val_data,
        epochs=epochs,
        patience=epochs if patience is None else patience,
        weights=weights,
        callbacks=[*_plateau(schedule, patience), *callbacks, *([progress] if progress else [])],
    )
    history = _history(logs, best, epochs, time.monotonic() - start, _name(chosen))
    _note(model, history, seed, learning_rate, batch_size)
    if progress:
        progress.finish(_last_line(history))
    return history


def _prepared(
    model: keras.Model, train: Any, val: Any, *, batch_size: int, seed: int, augment: Augment | None
) -> tuple[Any, Any]:
    """Check arrays and cut them into batches; leave data sets as they are."""
    datasets = []
    for what, data in (("train", train), ("val", val)):
        if not isinstance(data, (tuple, list)):
            if augment is not None and what == "train":
                msg = "augment needs train=(x, y) arrays; with a data set, augment inside the data set."
                raise ValueError(msg)
            datasets.append(data)
            continue
        if len(data) != 2:
            msg = f"{what} must be a pair (x, y) or a data set; got a {type(data).__name__} of {len(data)}."
            raise ValueError(msg)
        x, y = _arrays(data[0], len(model.inputs)), _arrays(data[1], len(model.outputs))
        check_pair(model, x, y, what)
        if what == "train" and isinstance(y, np.ndarray):
            check_varied(y, Output(model))
        last = what == "train"
        datasets.append(
            Batches(
                x, y, batch_size=batch_size, seed=seed if last else None, augment=augment if last else None
            )
        )
    return datasets[0], datasets[1]


def _steps(data: Any) -> int:
    """Return the number of batches of an epoch, which a schedule over all epochs must know."""
    try:
        return len(data)
    except TypeError:
        msg = "schedule='cosine' must know the length of an epoch; give arrays or a data set with a length."
        raise ValueError(msg) from None


def _plateau(schedule: str | None, patience: int | None) -> list[Any]:
    if schedule not in {None, "cosine", "plateau"}:
        msg = f"schedule must be 'cosine', 'plateau' or None; got {schedule!r}."
        raise ValueError(msg)
    if schedule != "plateau":
        return []
    wait = max((patience or 10) // 2, 1)
    return [keras.callbacks.ReduceLROnPlateau(monitor="val_loss", mode="min", factor=0.5, patience=wait)]


def _arrays(data: Any, number: int) -> Any:
    """Return an array, or for a model with several inputs or outputs the same structure of arrays."""
    return np.asarray(data) if number == 1 else keras.tree.map_structure(np.asarray, data)


def _loss(loss: Any, output: Output, train: Any) -> Any:
    """Return the loss asked for, or the one that fits the model's output."""
    if loss is not None:
        return _OWN_LOSSES.get(loss, loss) if isinstance(loss, str) else loss
    if not output.single:
        msg = "A model with several outputs needs loss=, one loss for each output."
        raise ValueError(msg)
    if output.activation == "sigmoid":
        return losses.dice_bce if output.spatial else "binary_crossentropy"
    if output.activation == "softmax":
        one_hot = isinstance(train, (tuple, list)) and np.shape(train[1])[-1:] == (output.classes,)
        one_hot = one_hot and np.ndim(train[1]) > 1
        plain = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
        return losses.dice_crossentropy if output.spatial else plain
    return "mean_squared_error"


def _metrics(output: Output) -> list[Any]:
    if not output.single or output.activation not in {"sigmoid", "softmax"}:
        return []
    if output.spatial:
        return [losses.dice_score]
    return [keras.metrics.AUC(name="auc")] if output.activation == "sigmoid" else ["accuracy"]


def _class_weight(
    class_weight: Mapping[int, float] | str | None, train: Any, output: Output
) -> dict[int, float] | None:
    if class_weight is None:
        return None
    if output.spatial:
        msg = "class_weight is for classes of whole images; for masks use a Dice loss, which weighs itself."
        raise ValueError(msg)
    if not isinstance(class_weight, str):
        return dict(class_weight)
    if class_weight != "balanced" or not isinstance(train, (tuple, list)):
        msg = f"class_weight must be a dictionary, or 'balanced' with train=(x, y); got {class_weight!r}."
        raise ValueError(msg)
    classes, counts = np.unique(np.asarray(train[1]).astype(int), return_counts=True)
    return {int(c): float(counts.sum() / (len(counts) * n)) for c, n in zip(classes, counts, strict=True)}


def _run(
    model: keras.Model,
    train: Any,
    val: Any,
    *,
    epochs: int,
    patience: int,
    weights: dict[int, float] | None,
    callbacks: Sequence[Any],
) -> tuple[dict[str, list[float]], int]:
    """Run Keras' fit; return its logs and the best epoch, counted from 1."""
    early = keras.callbacks.EarlyStopping(
        monitor="val_loss", mode="min", patience=patience, restore_best_weights=True
    )
    try:
        run = model.fit(
            train,
            validation_data=val,
            epochs=epochs,
            class_weight=weights,
            callbacks=[early, keras.callbacks.TerminateOnNaN(), *callbacks],
            shuffle=False,
            verbose=0,
        )
    except KeyboardInterrupt:
        if early.best_weights is not None:
            model.set_weights(early.best_weights)
        raise
    logs = run.history
    if not all(np.isfinite(value) for name in ("loss", "val_loss") for value in logs.get(name, [np.nan])):
        msg = (
            f"The loss became NaN or infinite in epoch {len(run.epoch)}. Lower learning_rate, and check that "
            "the images are scaled to about 0…1 or to mean 0 and standard deviation 1."
        )
        raise FloatingPointError(msg)
    return logs, early.best_epoch + 1


def _history(logs: dict[str, list[float]], best: int, epochs: int, seconds: float, loss: str) -> History:
    import pandas as pd

    table = pd.DataFrame(logs)
    table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
    return History(table, best, epochs, seconds, loss)


def _name(loss: Any) -> str:
    return loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)


def _note(model: keras.Model, history: History, seed: int, learning_rate: Any, batch_size: int) -> None:
    """Note seed and model for the report."""
    provenance.record("seed", where="medlab.train.fit", seed=int(seed))
    provenance.record(
        "model",
        name=model.name,
        weights=int(model.count_params()),
        loss=history.loss,
        epochs=len(history.table),
        best_epoch=history.best_epoch,
        batch_size=int(batch_size),
        learning_rate=learning_rate if isinstance(learning_rate, float) else str(learning_rate),
        backend=f"{backend.name()}, Keras {keras.__version__}",
    )


def _last_line(history: History) -> str:
    ran = len(history.table)
    scores = ", ".join(f"{k} {v:.4g}" for k, v in history.best.items() if k.startswith("val_"))
    early = f" of {history.planned} (stopped early)" if ran < history.planned else ""
    kept = f"weights of epoch {history.best_epoch} kept: {scores}"
    return f"{ran} epochs{early} in {history.seconds:.0f} s; {kept}"
