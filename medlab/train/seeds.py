"""Randomness that can be repeated."""

from __future__ import annotations

from medlab import provenance

__all__ = ["set_seed"]


def set_seed(seed: int, *, deterministic: bool = False) -> None:
    """Seed Python, NumPy and the Keras backend, and note it for the report.

    Call it before a model is built: the first weights are random too.

    Parameters
    ----------
    seed : int
        0 to 2³² − 1.
    deterministic : bool, optional
        Also ask TensorFlow for operations that repeat exactly on a GPU; slower. On a CPU the seed alone
        repeated exactly where it was tried. Other backends ignore it.

    Examples
    --------
    >>> import medlab
    >>> medlab.train.set_seed(7)
    """
    from medlab.models import backend

    backend.keras.utils.set_random_seed(seed)
    if deterministic and backend.name() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    provenance.record("seed", where="medlab.train.set_seed", seed=int(seed))
