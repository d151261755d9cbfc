"""Images out of noise, by a network that learns to deceive another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.models import backend
from medlab.models.backend import keras
from medlab.models.layers import checked_filters, checked_shape, for_ndim

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["DCGAN", "dcgan"]


class DCGAN:
    """A generator and a discriminator that train against each other, on every Keras backend.

    Made by `dcgan`.

    Attributes
    ----------
    generator : keras.Model
        ``(n, latent)`` noise to ``(n, ...)`` images between 0 and 1.
    discriminator : keras.Model
        Images to ``(n, 1)`` probabilities that they are real.
    latent : int
        Numbers of noise for each image.
    """

    def __init__(
        self, generator: keras.Model, discriminator: keras.Model, *, learning_rate: float = 2e-4
    ) -> None:
        self.generator, self.discriminator = generator, discriminator
        self.latent = int(generator.input_shape[-1])
        noise = keras.Input((self.latent,), name="noise")
        self._deceiver = keras.Model(noise, discriminator(generator(noise)), name="deceiver")
        for model, trains in ((discriminator, True), (self._deceiver, False)):
            discriminator.trainable = trains
            model.compile(
                keras.optimizers.Adam(learning_rate, beta_1=0.5),
                "binary_crossentropy",
                jit_compile=backend.jit_compile(),
            )
            model.optimizer.build(model.trainable_variables)

    def train_on_batch(self, images: ArrayLike, rng: np.random.Generator) -> dict[str, float]:
        """Take one step with the discriminator and one with the generator.

        Parameters
        ----------
        images : (n, rows, columns, channels) or (n, slices, rows, columns, channels) array_like
            Real images between 0 and 1.
        rng : numpy.random.Generator
            Source of the noise.

        Returns
        -------
        dict
            ``"discriminator"`` and ``"generator"``: their cross-entropies. Where neither wins, both are near
            ln 2 = 0.69; a discriminator near 0 has nothing left to teach.

        Raises
        ------
        ValueError
            If the images have another shape or other values.
        """
        real = self._checked(images)
        n = len(real)
        # As the generator trains: its running means, which `sample` uses, lag far behind at first.
        made = self.generator(self._noise(n, rng), training=True)
        both = np.concatenate([real, keras.ops.convert_to_numpy(made)])
        truth = np.r_[np.full(n, 0.9), np.zeros(n)].astype(np.float32)[:, None]
        # What trains is a property of layers that both models share, and some backends read it at each step.
        self.discriminator.trainable = True
        first = self.discriminator.train_on_batch(both, truth)
        self.discriminator.trainable = False
        second = self._deceiver.train_on_batch(self._noise(2 * n, rng), np.ones((2 * n, 1), np.float32))
        return {"discriminator": float(first), "generator": float(second)}

    def sample(self, n: int, seed: int = 0) -> NDArray[np.float32]:
        """Return `n` images, the same for the same seed and weights."""
        return self._generated(n, np.random.default_rng(seed))

    def _generated(self, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
        return np.asarray(self.generator.predict_on_batch(self._noise(n, rng)))

    def _noise(self, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
        return rng.normal(size=(n, self.latent)).astype(np.float32)

    def _checked(self, images: ArrayLike) -> NDArray[np.float32]:
        real = np.asarray(images, dtype=np.float32)
        shape = self.generator.output_shape[1:]
        if real.shape[1:] != shape or not real.size:
            msg = f"images must have the shape (n, {', '.join(map(str, shape))}); got {real.shape}."
            raise ValueError(msg)
        if not (real.min() >= 0 and real.max() <= 1):
            msg = f"images must lie between 0 and 1; got {real.min():g} to {real.max():g}. Rescale them."
            raise ValueError(msg)
        return real


def dcgan(
    input_shape: Sequence[int],
    *,
    latent: int = 64,
    filters: Sequence[int] = (16, 32, 64),
    dropout: float = 0.3,
    learning_rate: float = 2e-4,
    name: str = "dcgan",
) -> DCGAN:
    """Build a deep convolutional generative adversarial network for pictures or volumes of one size.

    Parameters
    ----------
    input_shape : tuple of int
        ``(rows, columns, channels)`` or ``(slices, rows, columns, channels)`` of the images.
    latent : int, optional
        Numbers of noise from which an image is made.
    filters : sequence of int, optional
        Channels at each resolution, full resolution first; each entry halves the size in the discriminator
        and doubles it in the generator.
    dropout : float, optional
        Share of channels dropped in the discriminator while training, 0 to 1.
    learning_rate : float, optional
        Step size of Adam, for both.
    name : str, optional
        Beginning of the names of the two networks.

    Returns
    -------
    DCGAN
        With `generator`, `discriminator`, ``train_on_batch(images, rng)`` for a loop of one's own and
        ``sample(n, seed)``. Images are float32, 0…1.

    Raises
    ------
    ValueError
        If the shape, the filters or `latent` make no sense.

    References
    ----------
    Radford, Metz & Chintala, *Unsupervised representation learning with deep convolutional GANs*, ICLR 2016,
    https://arxiv.org/abs/1511.06434. Other than there, images lie in 0…1 (a sigmoid, not tanh), the
    discriminator has dropout and group instead of batch normalisation, and real images count as 0.9
    (Salimans et al., NeurIPS 2016, https://arxiv.org/abs/1606.03498).

    Examples
    --------
    >>> import numpy as np, medlab
    >>> gan = medlab.models.dcgan((12, 12, 1), latent=4, filters=(4, 8))
    >>> gan.sample(3, seed=1).shape
    (3, 12, 12, 1)
    """
    shape, filters = checked_shape(input_shape), checked_filters(filters)
    if None in shape or not isinstance(latent, int) or latent < 1:
        msg = (
            "A generator makes images of one size out of at least one number: expected an input_shape "
            f"without None and latent of 1 or more; got {shape} and {latent!r}."
        )
        raise ValueError(msg)
    fixed = tuple(n for n in shape if n is not None)
    return DCGAN(
        _generator(fixed, latent, filters, f"{name}_generator"),
        _discriminator(fixed, filters, dropout, f"{name}_discriminator"),
        learning_rate=learning_rate,
    )


def _generator(shape: tuple[int, ...], latent: int, filters: tuple[int, ...], name: str) -> keras.Model:
    ndim, factor = len(shape) - 1, 2 ** len(filters)
    start = (*(-(-n // factor) for n in shape[:-1]), filters[-1])
    inputs = keras.Input((latent,), name="noise")
    x = keras.layers.Dense(int(np.prod(start)), use_bias=False, name="spread")(inputs)
    x = keras.layers.Reshape(start, name="start")(x)
    for level in reversed(range(len(filters))):
        x = keras.layers.BatchNormalization(name=f"level{level}_norm")(x)
        x = keras.layers.ReLU(name=f"level{level}_relu")(x)
        channels = filters[level - 1] if level else filters[0]
        x = for_ndim("Conv{}Transpose", ndim)(
            channels, 4, strides=2, padding="same", use_bias=False, name=f"level{level}_conv"
        )(x)
    extra = [factor * s - n for s, n in zip(start, shape[:-1], strict=False)]
    if any(extra):
        edges = [(e // 2, e - e // 2) for e in extra]
        x = for_ndim("Cropping{}", ndim)(edges, name="crop")(x)
    x = keras.layers.BatchNormalization(name="last_norm")(x)
    x = keras.layers.ReLU(name="last_relu")(x)
    image = for_ndim("Conv{}", ndim)(
        shape[-1], 3, padding="same", activation="sigmoid", dtype="float32", name="image"
    )(x)
    return keras.Model(inputs, image, name=name)


def _discriminator(
    shape: tuple[int, ...], filters: tuple[int, ...], dropout: float, name: str
) -> keras.Model:
    conv = for_ndim("Conv{}", len(shape) - 1)
    inputs = keras.Input(shape, name="image")
    x: Any = inputs
    for level, n in enumerate(filters):
        x = conv(n, 4, strides=2, padding="same", use_bias=False, name=f"level{level}_conv")(x)
        if level:
            x = keras.layers.GroupNormalization(math.gcd(n, 8), name=f"level{level}_norm")(x)
        x = keras.layers.LeakyReLU(0.2, name=f"level{level}_relu")(x)
        x = keras.layers.Dropout(dropout, name=f"level{level}_dropout")(x)
    x = keras.layers.Flatten(name="flat")(x)
    real = keras.layers.Dense(1, activation="sigmoid", dtype="float32", name="probability")(x)
    return keras.Model(inputs, real, name=name)
