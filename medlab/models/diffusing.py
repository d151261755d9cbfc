"""Images out of noise, by removing a little of it at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.models.backend import keras
from medlab.models.layers import checked_filters, checked_shape, for_ndim
from medlab.models.paths import resized_like

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["NoisyImages", "TimeEmbedding", "diffusion", "diffusion_sample", "signal_and_noise"]

_LAST = 0.999  # at time 1 nothing of the image is left, and nothing could be told about it


def diffusion(
    input_shape: Sequence[int | None],
    *,
    filters: Sequence[int] = (32, 64, 64),
    embedding: int = 64,
    name: str = "diffusion",
) -> keras.Model:
    """Build a network that sees a noisy image and how noisy it is, and tells image and noise apart.

    Parameters
    ----------
    input_shape : tuple
        ``(rows, columns, channels)`` or ``(slices, rows, columns, channels)``, without the batch axis.
        ``None`` stands for a size that varies. Sizes need not be divisible by anything.
    filters : sequence of int, optional
        Channels at each resolution, full resolution first; each further entry halves the size.
    embedding : int, optional
        Numbers that describe the time, even.
    name : str, optional
        Name of the model.

    Returns
    -------
    keras.Model
        Uncompiled. Inputs ``[noisy, time]``: images ``(n, *input_shape)``, about −1…1 plus noise, and times
        ``(n, 1)`` from 0 (the image) to 1 (noise only). Output ``(n, *input_shape)``: the velocity,
        ``signal · noise − spread · image``, from which both the image and the noise follow at any time. Train
        it on `NoisyImages` with the squared error; make images with `diffusion_sample`.

    Raises
    ------
    ValueError
        If the shape, the filters or the embedding make no sense.

    References
    ----------
    Ho, Jain & Abbeel, *Denoising diffusion probabilistic models*, NeurIPS 2020,
    https://arxiv.org/abs/2006.11239; Salimans & Ho, *Progressive distillation for fast sampling of diffusion
    models*, ICLR 2022, https://arxiv.org/abs/2202.00512 (the velocity: the noise alone says nothing about the
    image where there is much noise).

    Examples
    --------
    >>> import medlab
    >>> model = medlab.models.diffusion((28, 28, 1), filters=(8, 16), embedding=16)
    >>> model.input_shape
    [(None, 28, 28, 1), (None, 1)]
    """
    shape, filters = checked_shape(input_shape), checked_filters(filters)
    noisy, time = keras.Input(shape, name="noisy"), keras.Input((1,), name="time")
    described = TimeEmbedding(embedding, name="time_waves")(time)
    described = keras.layers.Dense(embedding, activation="silu", name="time_features")(described)
    conv = for_ndim("Conv{}", len(shape) - 1)
    x, skips = conv(filters[0], 3, padding="same", name="first")(noisy), []
    for level, n in enumerate(filters[:-1]):
        x = _residual(x, described, n, f"down{level}")
        skips.append(x)
        x = conv(n, 3, strides=2, padding="same", name=f"down{level}_half")(x)
    for part in range(2):
        x = _residual(x, described, filters[-1], f"bottom{part}")
    for level in reversed(range(len(skips))):
        double = for_ndim("Conv{}Transpose", len(shape) - 1)
        x = double(filters[level], 2, strides=2, name=f"up{level}_double")(x)
        x = resized_like(x, skips[level], f"up{level}_crop")
        x = keras.layers.Concatenate(name=f"up{level}_join")([skips[level], x])
        x = _residual(x, described, filters[level], f"up{level}")
    x = _normalised(x, "last")
    velocity = conv(
        shape[-1], 3, padding="same", kernel_initializer="zeros", dtype="float32", name="velocity"
    )(x)
    return keras.Model([noisy, time], velocity, name=name)


def signal_and_noise(time: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return how much of the image and how much noise there is at a time; their squares add up to 1.

    The cosine schedule of Nichol & Dhariwal, *Improved denoising diffusion probabilistic models*, ICML 2021,
    https://arxiv.org/abs/2102.09672, equation 17, in continuous time.

    Parameters
    ----------
    time : array_like
        From 0 (the image) to 1 (noise only).

    Examples
    --------
    >>> signal, noise = signal_and_noise([0.0, 0.5, 1.0])
    >>> [f"{s:.2f} {n:.2f}" for s, n in zip(signal, noise, strict=True)]
    ['1.00 0.00', '0.70 0.71', '0.00 1.00']
    """
    offset = 0.008
    angle = (np.asarray(time, dtype=np.float64) + offset) / (1 + offset) * np.pi / 2
    squared = np.clip((np.cos(angle) / math.cos(offset / (1 + offset) * np.pi / 2)) ** 2, 0, 1)
    return np.sqrt(squared).astype(np.float32), np.sqrt(1 - squared).astype(np.float32)


class NoisyImages(keras.utils.PyDataset):
    """Batches of ``((noisy, time), velocity)`` for training a `diffusion` network; fresh noise each epoch.

    Parameters
    ----------
    images : (n, rows, columns, channels) or (n, slices, rows, columns, channels) array_like
        Between 0 and 1.
    batch_size : int, optional
        Images in a batch; the last one may be smaller.
    repeats : int, optional
        How often each image comes in an epoch.
    seed : int, optional
        Of order, times and noise.
    fresh : bool, optional
        New noise each epoch. ``False`` for validation, so that epochs can be compared.

    Raises
    ------
    ValueError
        If the images have no channels or other values.

    Examples
    --------
    >>> import numpy as np
    >>> (noisy, time), velocity = NoisyImages(np.zeros((5, 8, 8, 1)), batch_size=4)[0]
    >>> noisy.shape, time.shape, velocity.shape
    ((4, 8, 8, 1), (4, 1), (4, 8, 8, 1))
    """

    def __init__(
        self,
        images: ArrayLike,
        *,
        batch_size: int = 16,
        repeats: int = 1,
        seed: int = 0,
        fresh: bool = True,
    ) -> None:
        super().__init__()
        self._images = np.asarray(images, dtype=np.float32)
        if self._images.ndim not in {4, 5} or not self._images.size:
            msg = (
                "images must have the shape (n, rows, columns, channels) or (n, slices, rows, columns, "
                f"channels); got {self._images.shape}."
            )
            raise ValueError(msg)
        low, high = self._images.min(), self._images.max()
        if not (low >= 0 and high <= 1):
            msg = f"images must lie between 0 and 1; got {low:g} to {high:g}. Rescale them."
            raise ValueError(msg)
        self._batch, self._repeats, self._seed, self._fresh = batch_size, repeats, seed, fresh
        self._epoch = 0

    def __len__(self) -> int:
        return math.ceil(len(self._images) * self._repeats / self._batch)

    def __getitem__(self, index: int) -> tuple[tuple[Any, Any], Any]:
        order = np.random.default_rng((self._seed, self._epoch)).permutation(
            np.repeat(np.arange(len(self._images)), self._repeats)
        )
        images = self._images[order[index * self._batch : (index + 1) * self._batch]]
        rng = np.random.default_rng((self._seed, self._epoch, index))
        time = rng.uniform(0, _LAST, size=(len(images), 1)).astype(np.float32)
        noise = rng.normal(size=images.shape).astype(np.float32)
        signal, spread = (a.reshape(-1, *[1] * (images.ndim - 1)) for a in signal_and_noise(time))
        images = 2 * images - 1
        return (signal * images + spread * noise, time), signal * noise - spread * images

    def on_epoch_end(self) -> None:
        """Draw other noise for the next epoch."""
        self._epoch += self._fresh


def diffusion_sample(
    model: keras.Model,
    n: int,
    *,
    steps: int = 50,
    seed: int = 0,
    eta: float = 0.0,
    shape: Sequence[int] | None = None,
) -> NDArray[np.float32]:
    """Make images out of noise with a trained `diffusion` network.

    Parameters
    ----------
    model : keras.Model
        From `diffusion`.
    n : int
        Number of images.
    steps : int, optional
        From noise to image; the network runs once in each.
    seed : int, optional
        Of the noise: the same seed and weights give the same images.
    eta : float, optional
        0: noise is drawn once, and the way from there is determined (DDIM). 1: new noise in each step, as in
        the original DDPM, which wants many steps.
    shape : tuple of int, optional
        ``(rows, columns, channels)`` or with slices, for a model of open size.

    Returns
    -------
    (n, ...) ndarray of float32
        Between 0 and 1.

    Raises
    ------
    ValueError
        If the size is open and no shape is given, or `steps` is less than 1.

    References
    ----------
    Song, Meng & Ermon, *Denoising diffusion implicit models*, ICLR 2021, https://arxiv.org/abs/2010.02502,
    equations 12 and 16.
    """
    size = tuple(model.input_shape[0][1:] if shape is None else shape)
    if None in size or steps < 1:
        msg = (
            "Give shape=(rows, columns, channels) for a model of open size, and steps of 1 or more; got "
            f"{size} and {steps}."
        )
        raise ValueError(msg)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, *size)).astype(np.float32)
    times = np.linspace(_LAST, 0, steps + 1)
    signal, spread = signal_and_noise(times)
    for k, time in enumerate(times[:-1]):
        velocity = np.asarray(model.predict_on_batch([x, np.full((n, 1), time, np.float32)]))
        image = np.clip(signal[k] * x - spread[k] * velocity, -1, 1)
        noise = (x - signal[k] * image) / spread[k]
        ratio = signal[k] / signal[k + 1]
        new = eta * spread[k + 1] / spread[k] * math.sqrt(max(1 - ratio**2, 0))
        kept = math.sqrt(max(spread[k + 1] ** 2 - new**2, 0))
        x = signal[k + 1] * image + kept * noise
        if new > 0:
            x = x + new * rng.normal(size=x.shape).astype(np.float32)
    return ((x + 1) / 2).clip(0, 1).astype(np.float32)


@keras.saving.register_keras_serializable("medlab")
class TimeEmbedding(keras.layers.Layer):
    """Describe a time between 0 and 1 by sines and cosines of rising frequency.

    Parameters
    ----------
    size : int
        Numbers, even.

    References
    ----------
    Vaswani et al., *Attention is all you need*, NeurIPS 2017, https://arxiv.org/abs/1706.03762, section 3.5;
    here with angular frequencies from π to 1000.
    """

    def __init__(self, size: int, **options: Any) -> None:
        super().__init__(**{"dtype": "float32", **options})
        if not isinstance(size, int) or size < 2 or size % 2:
            msg = f"The time must be described by an even number of values, at least 2; got {size!r}."
            raise ValueError(msg)
        self.size = size

    def call(self, time: Any) -> Any:
        """Return ``(n, size)`` for times ``(n, 1)``."""
        frequencies = np.geomspace(math.pi, 1000.0, self.size // 2)
        angle = time * keras.ops.convert_to_tensor(frequencies, dtype=time.dtype)
        return keras.ops.concatenate([keras.ops.sin(angle), keras.ops.cos(angle)], axis=-1)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Return ``(n, size)``."""
        return (*input_shape[:-1], self.size)

    def get_config(self) -> dict[str, Any]:
        """Return what the layer was made with."""
        return {**super().get_config(), "size": self.size}


def _residual(x: Any, described: Any, filters: int, name: str) -> Any:
    """Add what two convolutions find, the time mixed in between them."""
    ndim = len(x.shape) - 2
    conv, layers = for_ndim("Conv{}", ndim), keras.layers
    own = x if x.shape[-1] == filters else conv(filters, 1, name=f"{name}_straight")(x)
    x = conv(filters, 3, padding="same", name=f"{name}_conv1")(_normalised(x, f"{name}_1"))
    time = layers.Dense(filters, name=f"{name}_time")(described)
    time = layers.Reshape((*[1] * ndim, filters), name=f"{name}_time_everywhere")(time)
    x = layers.Add(name=f"{name}_with_time")([x, time])
    x = conv(filters, 3, padding="same", kernel_initializer="zeros", name=f"{name}_conv2")(
        _normalised(x, f"{name}_2")
    )
    return layers.Add(name=name)([own, x])


def _normalised(x: Any, name: str) -> Any:
    x = keras.layers.GroupNormalization(math.gcd(x.shape[-1], 8), name=f"{name}_norm")(x)
    return keras.layers.Activation("silu", name=f"{name}_silu")(x)
