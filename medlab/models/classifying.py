"""Networks that give an image a probability for each class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medlab.models.backend import keras
from medlab.models.layers import checked_filters, checked_shape, head, image_features

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["classifier"]


def classifier(
    input_shape: Sequence[int | None],
    *,
    classes: int = 1,
    filters: Sequence[int] = (16, 32, 64),
    dropout: float = 0.0,
    name: str = "classifier",
) -> keras.Model:
    """Build a small convolutional classifier for pictures or volumes of any size.

    Two 3-wide convolutions with group normalisation at each resolution, max pooling between them, the
    average over the image, and one dense layer. The average makes the network indifferent to where a
    finding lies, and lets Grad-CAM show where it was.

    Parameters
    ----------
    input_shape : tuple
        ``(rows, columns, channels)`` or ``(slices, rows, columns, channels)``, without the batch axis.
        ``None`` stands for a size that varies.
    classes : int, optional
        1 for yes or no, otherwise the number of exclusive classes.
    filters : sequence of int, optional
        Channels at each resolution, full resolution first; each further entry halves the size.
    dropout : float, optional
        Share of features dropped before the dense layer while training, 0 to 1.
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
        If the shape, the filters or the number of classes make no sense.

    References
    ----------
    Simonyan & Zisserman, *Very deep convolutional networks*, ICLR 2015, https://arxiv.org/abs/1409.1556
    (pairs of 3-wide convolutions); Lin, Chen & Yan, *Network in network*, ICLR 2014,
    https://arxiv.org/abs/1312.4400 (global average pooling).

    Examples
    --------
    >>> import medlab
    >>> model = medlab.models.classifier((64, 64, 1), filters=(8, 16))
    >>> model.output_shape, model.count_params()
    ((None, 1), 4217)
    """
    shape, filters = checked_shape(input_shape), checked_filters(filters)
    inputs = keras.Input(shape, name="image")
    x = image_features(inputs, filters)
    if dropout:
        x = keras.layers.Dropout(dropout, name="dropout")(x)
    return keras.Model(inputs, head(x, classes, keras.layers.Dense), name=name)
