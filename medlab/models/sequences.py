"""Networks for series of images: visits, frames of a cine, or neighbouring slices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medlab.models.backend import keras
from medlab.models.layers import (
    FramesAsSamples,
    SamplesAsFrames,
    checked_filters,
    checked_sequence_shape,
    for_ndim,
    head,
    image_features,
)
from medlab.models.paths import down, up

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["recurrent_segmenter", "sequence_classifier"]


def sequence_classifier(
    input_shape: Sequence[int | None],
    *,
    classes: int = 1,
    kind: str = "lstm",
    filters: Sequence[int] = (16, 32),
    hidden: int = 32,
    dropout: float = 0.0,
    name: str = "sequence_classifier",
) -> keras.Model:
    """Build a network that gives a series of images a probability for each class.

    Parameters
    ----------
    input_shape : tuple
        ``(times, rows, columns, channels)`` or ``(times, slices, rows, columns, channels)``, without the
        batch axis. ``None`` stands for a number of times that varies, with ``kind="lstm"`` also for other
        sizes.
    classes : int, optional
        1 for yes or no, otherwise the number of exclusive classes.
    kind : {"lstm", "convlstm"}, optional
        ``"lstm"``: the same small network describes each image, and a long short-term memory reads the
        descriptions in order. ``"convlstm"``: a convolutional one reads the images themselves and remembers
        where something changed.
    filters : sequence of int, optional
        Channels at each resolution, full resolution first.
    hidden : int, optional
        Features that are remembered, with ``kind="lstm"``.
    dropout : float, optional
        Share of features dropped before the last layer while training, 0 to 1.
    name : str, optional
        Name of the model.

    Returns
    -------
    keras.Model
        Uncompiled. Input ``(n, *input_shape)`` float32, best scaled to about 0…1 or to mean 0 and standard
        deviation 1. Output ``(n, classes)`` float32 probabilities: a sigmoid for one class, a softmax
        otherwise.

    Raises
    ------
    ValueError
        If the shape, the kind, the filters or the number of classes make no sense.

    References
    ----------
    Donahue et al., *Long-term recurrent convolutional networks*, CVPR 2015,
    https://arxiv.org/abs/1411.4389; Shi et al., *Convolutional LSTM network*, NeurIPS 2015,
    https://arxiv.org/abs/1506.04214.

    Examples
    --------
    >>> import medlab
    >>> medlab.models.sequence_classifier((10, 32, 32, 1), filters=(4, 8), hidden=8).output_shape
    (None, 1)
    """
    shape, filters = checked_sequence_shape(input_shape), checked_filters(filters)
    if kind not in {"lstm", "convlstm"}:
        msg = f"kind must be 'lstm' or 'convlstm'; got {kind!r}."
        raise ValueError(msg)
    if kind == "convlstm":
        _check_fixed(shape)
    inputs = keras.Input(shape, name="sequence")
    if kind == "lstm":
        images = FramesAsSamples(name="images")(inputs)
        features = image_features(images, filters)
        x = SamplesAsFrames(name="descriptions")([features, inputs])
        x = keras.layers.LSTM(hidden, name="lstm")(x)
    else:
        x = _convolutional_memories(inputs, filters)
    if dropout:
        x = keras.layers.Dropout(dropout, name="dropout")(x)
    return keras.Model(inputs, head(x, classes, keras.layers.Dense), name=name)


def recurrent_segmenter(
    input_shape: Sequence[int | None],
    *,
    classes: int = 1,
    filters: Sequence[int] = (16, 32, 64),
    bidirectional: bool = True,
    dropout: float = 0.0,
    name: str = "recurrent_segmenter",
) -> keras.Model:
    """Build a U-Net for each image of a series, joined at the lowest resolution by a memory.

    What it has seen in one image helps it in the next: a structure goes on from slice to slice, a heart
    from frame to frame.

    Parameters
    ----------
    input_shape : tuple
        ``(times, rows, columns, channels)``, where times may be slices of a volume, or ``(times, slices,
        rows, columns, channels)``, without the batch axis. ``None`` stands for a number of times that varies.
    classes : int, optional
        1 for one structure, otherwise the number of labels with the background as label 0.
    filters : sequence of int, optional
        Channels at each resolution, full resolution first.
    bidirectional : bool, optional
        Read the series in both directions, which suits slices. ``False`` never looks ahead, as live frames
        need it.
    dropout : float, optional
        Share of channels dropped at the lowest resolution while training, 0 to 1.
    name : str, optional
        Name of the model.

    Returns
    -------
    keras.Model
        Uncompiled. Input ``(n, *input_shape)`` float32, best scaled to about 0…1 or to mean 0 and standard
        deviation 1. Output ``(n, times, rows, columns, classes)`` (slices before rows for volumes), float32
        probabilities 0…1: a sigmoid for one class, a softmax over labels otherwise.

    Raises
    ------
    ValueError
        If the shape, the filters or the number of classes make no sense.

    References
    ----------
    Poudel, Lamata & Montana, *Recurrent fully convolutional neural networks for multi-slice MRI cardiac
    segmentation*, 2016, https://arxiv.org/abs/1608.03974 (here with a convolutional LSTM, Shi et al., NeurIPS
    2015, https://arxiv.org/abs/1506.04214).

    Examples
    --------
    >>> import medlab
    >>> medlab.models.recurrent_segmenter((6, 32, 32, 1), filters=(4, 8)).output_shape
    (None, 6, 32, 32, 1)
    """
    shape, filters = checked_sequence_shape(input_shape), checked_filters(filters)
    _check_fixed(shape)
    ndim = len(shape) - 2
    inputs = keras.Input(shape, name="sequence")
    bottom, skips = down(FramesAsSamples(name="images")(inputs), filters, dropout=dropout)
    x = SamplesAsFrames(name="in_order")([bottom, inputs])
    memory = _memory(filters[-1], ndim, name="memory", return_sequences=True)
    if bidirectional:
        memory = keras.layers.Bidirectional(memory, merge_mode="ave", name="both_directions")
    x = FramesAsSamples(name="remembered")(memory(x))
    x = keras.layers.Add(name="with_memory")([bottom, x])
    x = SamplesAsFrames(name="features")([up(x, skips, filters), inputs])
    outputs = head(x, classes, keras.layers.Dense)
    return keras.Model(inputs, outputs, name=name)


def _convolutional_memories(x: Any, filters: Sequence[int]) -> Any:
    """Read the images at each resolution; return the average of what is remembered at the end."""
    ndim, inputs = len(x.shape) - 3, x
    for level, n in enumerate(filters):
        if level:
            x = FramesAsSamples(name=f"level{level}_images")(x)
            x = for_ndim("MaxPooling{}", ndim)(2, padding="same", name=f"pool{level}")(x)
            x = SamplesAsFrames(name=f"level{level}_in_order")([x, inputs])
        more = level < len(filters) - 1
        x = _memory(n, ndim, name=f"level{level}_memory", return_sequences=more)(x)
    return for_ndim("GlobalAveragePooling{}", ndim)(name="average")(x)


def _check_fixed(shape: tuple[int | None, ...]) -> None:
    if None in shape[1:]:
        msg = (
            "A convolutional LSTM needs images of one size: only the number of times may be None in "
            f"input_shape; got {shape}."
        )
        raise ValueError(msg)


def _memory(filters: int, ndim: int, **options: Any) -> Any:
    return for_ndim("ConvLSTM{}", ndim)(filters, 3, padding="same", **options)
