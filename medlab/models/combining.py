"""A network that looks at images, a table and a text together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medlab.models.backend import keras
from medlab.models.layers import checked_filters, checked_shape, head, image_features

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["multi_input"]


def multi_input(
    input_shape: Sequence[int | None] | Mapping[str, Sequence[int | None]] | None = None,
    *,
    table: int | None = None,
    text: tuple[int, int] | None = None,
    classes: int = 1,
    filters: Sequence[int] = (16, 32, 64),
    hidden: int = 16,
    dropout: float = 0.0,
    name: str = "multi_input",
) -> keras.Model:
    """Build a network for one or several images, a row of a table and a text, whichever are given.

    Each has a branch of its own; their features are joined before the last two dense layers. What a branch
    adds is the difference to the same network without it: leave out `input_shape` for the table alone, or
    `table` for the image alone.

    Parameters
    ----------
    input_shape : tuple or dict of tuples, optional
        ``(rows, columns, channels)`` or ``(slices, rows, columns, channels)`` of the image, without the batch
        axis. For several images a dictionary from their names, such as ``{"ct": (32, 64, 64, 1), "xray":
        (128, 128, 1)}``.
    table : int, optional
        Columns of the table, best with mean 0 and standard deviation 1, categories as 0 and 1.
    text : (words, length), optional
        Size of the vocabulary and number of words of a text, as ``keras.layers.TextVectorization`` makes
        them: numbers below `words`, 0 where a text is shorter.
    classes : int, optional
        1 for yes or no, otherwise the number of exclusive classes.
    filters : sequence of int, optional
        Channels of the image branches at each resolution, full resolution first.
    hidden : int, optional
        Features of the table, of the text and of the layer that joins all of them.
    dropout : float, optional
        Share of the joined features dropped while training, 0 to 1.
    name : str, optional
        Name of the model.

    Returns
    -------
    keras.Model
        Uncompiled. Inputs: a dictionary with ``"image"`` (or the names of the images), ``"table"`` and
        ``"text"``, as far as they were asked for; with one input, that array by itself. Images ``(n, ...)``
        float32, best scaled to about 0…1; table ``(n, columns)`` float32; text ``(n, length)`` int32. Output
        ``(n, classes)`` float32 probabilities: a sigmoid for one class, a softmax otherwise.

    Raises
    ------
    ValueError
        If nothing is given to look at, or a shape or a number makes no sense.

    References
    ----------
    Huang et al., *Fusion of medical imaging and electronic health records using deep learning*, npj Digital
    Medicine 2020, https://doi.org/10.1038/s41746-020-00341-z (this is their joint fusion).

    Examples
    --------
    >>> import medlab
    >>> both = medlab.models.multi_input((64, 64, 1), table=5, filters=(4, 8))
    >>> {key: tensor.shape for key, tensor in both.input.items()}
    {'image': (None, 64, 64, 1), 'table': (None, 5)}
    >>> medlab.models.multi_input(table=5).input_shape
    (None, 5)
    """
    filters = checked_filters(filters)
    images = _named(input_shape)
    inputs, features = {}, []
    for key, shape in images.items():
        inputs[key] = keras.Input(checked_shape(shape), name=key)
        prefix = "" if len(images) == 1 else f"{key}_"
        features.append(image_features(inputs[key], filters, prefix))
    if table is not None:
        _check_positive(table=table)
        inputs["table"] = keras.Input((table,), name="table")
        features.append(keras.layers.Dense(hidden, "relu", name="table_features")(inputs["table"]))
    if text is not None:
        words, length = text
        _check_positive(words=words, length=length)
        inputs["text"] = keras.Input((length,), dtype="int32", name="text")
        features.append(_text_features(inputs["text"], words, hidden))
    if not features:
        msg = "Give input_shape, table or text: a network with nothing to look at predicts nothing."
        raise ValueError(msg)
    x = features[0] if len(features) == 1 else keras.layers.Concatenate(name="join")(features)
    x = keras.layers.Dense(hidden, "relu", name="joined")(x)
    if dropout:
        x = keras.layers.Dropout(dropout, name="dropout")(x)
    given = inputs if len(inputs) > 1 else next(iter(inputs.values()))
    return keras.Model(given, head(x, classes, keras.layers.Dense), name=name)


def _named(input_shape: Any) -> dict[str, Any]:
    """Return the shapes of the images by name."""
    if input_shape is None:
        return {}
    if not hasattr(input_shape, "items"):
        return {"image": input_shape}
    taken = {"table", "text"} & set(input_shape)
    if taken:
        msg = f"An image cannot be named {sorted(taken)}: these names stand for the table and the text."
        raise ValueError(msg)
    return dict(input_shape)


def _text_features(text: Any, words: int, features: int) -> Any:
    """Read a text from its last word to its first, so that the zeros behind it are forgotten."""
    x = keras.layers.Embedding(words, features, name="words")(text)
    return keras.layers.LSTM(features, go_backwards=True, name="text_features")(x)


def _check_positive(**numbers: int) -> None:
    for key, number in numbers.items():
        if not isinstance(number, int) or number < 1:
            msg = f"The number of {key} must be at least 1; got {number!r}."
            raise ValueError(msg)
