"""Reading training images from files: `medlab.train.Files` against tf.data, in one run.

Run ``python tests/benchmarks/bench_pipelines.py``. Writes simulated 512×512 PNG files to a temporary folder
and reads one epoch at 128×128: with `Files` and one, two and four threads, with tf.data's own decoder,
and with tf.data around the same Python function. Prints images per second, and the ratio to a plain loop.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from PIL import Image as Picture

from medlab.models.backend import keras
from medlab.train import Files, read_picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NUMBER, BATCH, SIZE = 300, 16, (128, 128)


def written(folder: Path) -> pd.DataFrame:
    """Write smooth noise as files; return their table."""
    rng = np.random.default_rng(0)
    rows = []
    for k in range(NUMBER):
        coarse = Picture.fromarray(rng.integers(0, 255, size=(32, 32), dtype=np.uint8))
        path = folder / f"{k}.png"
        coarse.resize((512, 512), Picture.Resampling.BICUBIC).save(path)
        rows.append((str(path), k % 2))
    return pd.DataFrame(rows, columns=["path", "label"])


def read(path: str) -> np.ndarray:
    """Read one file as a network takes it."""
    return read_picture(path, SIZE)


def with_files(table: pd.DataFrame, workers: int) -> Iterable:
    """Yield batches as Keras' own adapter draws them from `Files`."""
    from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter

    files = Files(table, read, batch_size=BATCH, seed=None, workers=workers)
    adapter = PyDatasetAdapter(files, class_weight=None)
    adapter.on_epoch_begin()
    yield from adapter.get_tf_dataset()
    adapter.on_epoch_end()


def with_tf(table: pd.DataFrame, *, own_decoder: bool) -> Iterable:
    """Return batches from tf.data."""
    import tensorflow as tf

    def decode(path: tf.Tensor, label: tf.Tensor) -> tuple:
        picture = tf.io.decode_png(tf.io.read_file(path), channels=1)
        return tf.image.resize(picture, SIZE, antialias=True) / 255, label

    def call(path: tf.Tensor, label: tf.Tensor) -> tuple:
        picture = tf.numpy_function(lambda p: read(p.decode()), [path], tf.float32)
        return tf.ensure_shape(picture, (*SIZE, 1)), label

    rows = tf.data.Dataset.from_tensor_slices((table["path"].to_list(), table["label"].to_list()))
    mapped = rows.map(decode if own_decoder else call, num_parallel_calls=tf.data.AUTOTUNE)
    return mapped.batch(BATCH).prefetch(tf.data.AUTOTUNE)


def rate(make: Callable[[], Iterable]) -> float:
    """Images per second over one epoch."""
    start = time.perf_counter()
    count = sum(len(y) for _, y in make())
    if count != NUMBER:
        raise RuntimeError(f"read {count} of {NUMBER} images")
    return NUMBER / (time.perf_counter() - start)


def main() -> None:
    """Measure and print."""
    keras.utils.set_random_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        table = written(Path(folder))
        ways: dict[str, Callable[[], Iterable]] = {
            "plain loop": lambda: ((None, [read(path)]) for path in table["path"]),
            "Files, 1 thread": lambda: with_files(table, 1),
            "Files, 2 threads": lambda: with_files(table, 2),
            "Files, 4 threads": lambda: with_files(table, 4),
            "tf.data, the same function": lambda: with_tf(table, own_decoder=False),
            "tf.data, its own PNG decoder": lambda: with_tf(table, own_decoder=True),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(3):
            for name, make in ways.items():
                found[name].append(rate(make))
    base = np.median(found["plain loop"])
    for name, rates in found.items():
        median = np.median(rates)
        print(f"{name:30} {median:7.0f} images/s   {median / base:.2f} × the plain loop")


if __name__ == "__main__":
    main()
