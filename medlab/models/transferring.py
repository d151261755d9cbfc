"""Networks from ``keras.applications`` with a new head, and which of their layers learn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from medlab.models.backend import keras
from medlab.models.layers import checked_shape, head
from medlab.models.saved import load_backbone_weights

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["chexnet", "freeze", "transfer", "unfreeze_last"]

_INCLUDED = ("EfficientNet", "MobileNetV3", "ConvNeXt")  # these scale 0…255 themselves
_TORCH, _CAFFE = ("DenseNet",), ("VGG", "ResNet50", "ResNet101", "ResNet152")
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet, red, green, blue, of 1
_CAFFE_MEAN = (103.939, 116.779, 123.68)  # ImageNet, blue, green, red, of 255


def transfer(
    backbone: str | keras.Model,
    classes: int = 1,
    input_shape: Sequence[int | None] = (224, 224, 1),
    *,
    weights: str | Path | None = None,
    multilabel: bool = False,
    dropout: float = 0.0,
    name: str = "transfer",
) -> keras.Model:
    """Put a new head on a network that was trained on other images.

    What the network expects is part of the model: grey images are repeated in three channels (other numbers
    of channels are mixed into three by a 1-wide convolution that is learned), and values between 0 and 1 are
    scaled as they were for ImageNet.

    Parameters
    ----------
    backbone : str or keras.Model
        Name in ``keras.applications``, such as ``"MobileNetV2"``, ``"EfficientNetV2B0"`` or
        ``"DenseNet121"``; or a model of your own that ends in features ``(n, rows, columns, k)`` or
        ``(n, k)``: it gets the images as they are.
    classes : int, optional
        1 for yes or no, otherwise the number of classes.
    input_shape : tuple, optional
        ``(rows, columns, channels)``, without the batch axis; ``None`` stands for a size that varies.
    weights : None, "imagenet" or path, optional
        Where the backbone starts: at random; at the weights that Keras downloads and keeps in
        ``~/.keras/models``; or at a ``.weights.h5`` file of the same backbone without its top, or an
        ``…notop.h5`` file as Keras distributes them.
    multilabel : bool, optional
        Whether several classes can be present at once: a sigmoid for each, no softmax.
    dropout : float, optional
        Share of features dropped before the head while training, 0 to 1.
    name : str, optional
        Name of the model.

    Returns
    -------
    keras.Model
        Uncompiled, every layer trainable: see `freeze` and `unfreeze_last`. Input ``(n, *input_shape)``
        float32, 0…1. Output ``(n, classes)`` float32 probabilities.

    Raises
    ------
    ValueError
        If there is no such backbone, or the shape, the weights or the number of classes do not fit it.
    ConnectionError
        If the ImageNet weights are neither on this computer nor can be downloaded.

    References
    ----------
    Raghu et al., *Transfusion: understanding transfer learning for medical imaging*, NeurIPS 2019,
    https://arxiv.org/abs/1902.07208.

    Examples
    --------
    >>> import medlab
    >>> model = medlab.models.transfer("MobileNetV2", classes=3, input_shape=(64, 64, 1))
    >>> model.output_shape
    (None, 3)
    """
    shape = checked_shape(input_shape)
    inputs = keras.Input(shape, name="image")
    if isinstance(backbone, str):
        if len(shape) != 3:
            msg = f"keras.applications knows pictures only: (rows, columns, channels); got {shape}."
            raise ValueError(msg)
        body = _application(backbone, shape, weights)
        x = body(_prepared(inputs, backbone))
    else:
        if weights is not None:
            load_backbone_weights(Path(weights), backbone)
        body, x = backbone, backbone(inputs)
    if len(x.shape) > 2:
        x = getattr(keras.layers, f"GlobalAveragePooling{len(x.shape) - 2}D")(name="average")(x)
    if dropout:
        x = keras.layers.Dropout(dropout, name="dropout")(x)
    outputs = head(x, classes, keras.layers.Dense, independent=multilabel)
    return keras.Model(inputs, outputs, name=name)


def chexnet(
    input_shape: Sequence[int | None] = (224, 224, 1),
    *,
    findings: int | Sequence[str] = 14,
    weights: str | Path | None = None,
    name: str = "chexnet",
) -> keras.Model:
    """Build the network of CheXNet: DenseNet-121 with a probability for each finding on a chest radiograph.

    Parameters
    ----------
    input_shape : tuple, optional
        ``(rows, columns, channels)``, without the batch axis.
    findings : int or sequence of str, optional
        Number of findings, or their names. 14 are those of ChestX-ray14,
        `medlab.models.CHESTXRAY14_FINDINGS`, in this order.
    weights : None, "imagenet" or path, optional
        As for `transfer`. The weights of the paper's authors were not published.
    name : str, optional
        Name of the model.

    Returns
    -------
    keras.Model
        Uncompiled. Input ``(n, *input_shape)`` float32, 0…1. Output ``(n, findings)`` float32 probabilities,
        each for itself. Without training it knows nothing.

    Raises
    ------
    ValueError
        If the shape or the number of findings makes no sense.

    References
    ----------
    Rajpurkar et al., *CheXNet: radiologist-level pneumonia detection on chest X-rays with deep learning*,
    2017, https://arxiv.org/abs/1711.05225; Huang et al., *Densely connected convolutional networks*, CVPR
    2017, https://arxiv.org/abs/1608.06993.

    Notes
    -----
    A training step at 224 × 224 takes seconds on a processor, the first one minutes.
    """
    number = findings if isinstance(findings, int) else len(findings)
    return transfer("DenseNet121", number, input_shape, weights=weights, multilabel=True, name=name)


def freeze(model: keras.Model) -> keras.Model:
    """Let only the head of a model learn: its last layer with weights.

    Parameters
    ----------
    model : keras.Model
        From `transfer`, or any other; it is changed. Compile it again afterwards, as `medlab.train.fit` does.

    Returns
    -------
    keras.Model
        The same model.

    Examples
    --------
    >>> import medlab
    >>> model = medlab.models.classifier((16, 16, 1), filters=(4, 8))
    >>> [w.path for w in medlab.models.freeze(model).trainable_weights]
    ['probability/kernel', 'probability/bias']
    """
    unfreeze_last(model, 0)
    return model


def unfreeze_last(model: keras.Model, n: int) -> list[str]:
    """Let the head of a model learn and the last layers before it; the others keep their weights.

    Batch normalisation stays as it is everywhere before the head, with the mean and deviation it has learned:
    a few small batches would spoil them. Where ``trainable`` is false, Keras uses it as in prediction.

    Parameters
    ----------
    model : keras.Model
        From `transfer`, or any other; it is changed. Compile it again afterwards, as `medlab.train.fit` does.
    n : int
        Layers before the head that learn, counted from the end; normalisations do not count.

    Returns
    -------
    list of str
        Names of the layers that learn now, first to last, the head included.

    Raises
    ------
    ValueError
        If the model has fewer layers with weights.

    References
    ----------
    Keras, *Transfer learning & fine-tuning*, https://keras.io/guides/transfer_learning/.

    Examples
    --------
    >>> import medlab
    >>> model = medlab.models.classifier((16, 16, 1), filters=(4, 8))
    >>> medlab.models.unfreeze_last(model, 1)
    ['level1_2_conv', 'level1_2_norm', 'probability']
    """
    layers = [layer for layer in _leaves(model) if layer.weights]
    counted = [k for k, layer in enumerate(layers) if "Normalization" not in type(layer).__name__]
    if not isinstance(n, int) or not 0 <= n < len(counted):
        msg = f"n must be 0 to {len(counted) - 1}, the layers with weights before the head; got {n!r}."
        raise ValueError(msg)
    model.trainable = True
    first = counted[-1 - n]
    for k, layer in enumerate(layers):
        layer.trainable = k >= first and not isinstance(layer, keras.layers.BatchNormalization)
    return [layer.name for layer in layers if layer.trainable]


def _leaves(model: keras.Model) -> Iterator[keras.Layer]:
    """Yield all layers in order, those of nested models in their place."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaves(layer)
        else:
            yield layer


def _application(backbone: str, shape: tuple[int | None, ...], weights: str | Path | None) -> keras.Model:
    """Return a network of ``keras.applications`` without its top, for three channels."""
    build = getattr(keras.applications, backbone, None)
    if build is None or not backbone[:1].isupper():
        known = sorted(k for k in dir(keras.applications) if k[:1].isupper())
        msg = f"There is no backbone {backbone!r} in keras.applications; there are: {', '.join(known)}."
        raise ValueError(msg)
    options = {"include_top": False, "input_shape": (*shape[:-1], 3), "name": backbone.lower()}
    if weights is None:
        return build(weights=None, **options)
    if weights != "imagenet":
        if backbone.startswith("EfficientNetB"):
            msg = (
                f"{backbone} scales images in another way with weights='imagenet' than without, so that its "
                "weights cannot be loaded from a file. Take EfficientNetV2B0, or weights='imagenet'."
            )
            raise ValueError(msg)
        return load_backbone_weights(Path(weights), build(weights=None, **options))
    try:
        return build(weights="imagenet", **options)
    except Exception as error:  # nothing narrower is raised where a download fails
        if "URL fetch failure" not in str(error):
            raise
        msg = (
            f"The ImageNet weights of {backbone} are not on this computer and could not be downloaded. Run "
            "this line once where there is a network: Keras keeps them in ~/.keras/models. Or copy the file "
            "there, or give its path as weights=. weights=None starts at random."
        )
        raise ConnectionError(msg) from error


def _prepared(inputs: Any, backbone: str) -> Any:
    """Bring images of any number of channels, 0…1, to what a backbone was trained on."""
    layers, x = keras.layers, inputs
    if x.shape[-1] == 1:
        x = layers.Concatenate(name="three_channels")([x, x, x])
    elif x.shape[-1] != 3:
        x = layers.Conv2D(3, 1, name="three_channels")(x)
    if backbone.startswith(_INCLUDED):
        return layers.Rescaling(255.0, name="scale")(x)
    if backbone.startswith(_TORCH):
        scale, offset = [1 / d for d in _DEVIATION], [-m / d for m, d in zip(_MEAN, _DEVIATION, strict=True)]
        return layers.Rescaling(scale, offset, name="scale")(x)
    if backbone.startswith(_CAFFE) and not backbone.endswith("V2"):
        x = keras.ops.flip(x, axis=-1)  # blue, green, red
        return layers.Rescaling(255.0, [-m for m in _CAFFE_MEAN], name="scale")(x)
    return layers.Rescaling(2.0, -1.0, name="scale")(x)
