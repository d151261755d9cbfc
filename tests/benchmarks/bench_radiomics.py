"""How fast radiomics is: against plain PyRadiomics, with two workers against one, and per case.

Run ``python tests/benchmarks/bench_radiomics.py`` on a quiet machine. All images are simulated. Every
comparison checks first that both sides give identical values.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from joblib.externals.loky import get_reusable_executor

import medlab
from medlab import radiomics

sys.path.append(str(Path(__file__).parents[1] / "radiomics"))
from plain_pyradiomics import plain_pyradiomics, values_of

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = 24
REPEATS = 3
WAVELET = {"imageType": {"Original": {}, "Wavelet": {}}}


def volume(shape: tuple[int, int, int], radius: float, seed: int) -> tuple[medlab.Image, medlab.Image]:
    """A simulated CT of noise, and a ball as its lesion."""
    rng = np.random.default_rng(seed)
    affine = np.eye(4)[[2, 1, 0, 3]]
    image = medlab.Image(rng.normal(40, 60, shape).astype(np.float32), affine=affine, units="HU")
    k, j, i = np.ogrid[: shape[0], : shape[1], : shape[2]]
    distance = (k - shape[0] // 2) ** 2 + (j - shape[1] // 2) ** 2 + (i - shape[2] // 2) ** 2
    return image, image.as_mask(distance < radius**2)


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Return seconds of wall time and the result."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def cpu_seconds(function: Callable[[], Any]) -> float:
    """Return seconds of processor time, of new worker processes too, which other users do not lengthen."""
    get_reusable_executor().shutdown(wait=True)
    before = os.times()
    function()
    get_reusable_executor().shutdown(wait=True)
    return sum(os.times()[:4]) - sum(before[:4])


def against_plain(name: str, radius: float, params: dict[str, Any] | None) -> None:
    """Compare `extract` with PyRadiomics' own extractor on the same volume, in turns."""
    image, mask = volume((128, 256, 256), radius, seed=0)
    pairs = []
    for _ in range(REPEATS):
        plain, expected = timed(lambda: plain_pyradiomics(image, mask, params))
        ours, row = timed(lambda: radiomics.extract(image, mask, params))
        assert values_of(row) == expected
        pairs.append((plain, ours))
    plain, ours = (median(column) for column in zip(*pairs, strict=True))
    voxels = int(np.count_nonzero(mask.array))
    print(
        f"{name:22} {voxels:6} voxels   plain {plain:7.3f} s   medlab {ours:7.3f} s   "
        f"{plain / ours:5.1f}× faster, {len(expected)} values identical"
    )


def written(folder: Path, count: int) -> pd.DataFrame:
    """Write simulated cases and return their table."""
    rows = []
    for n in range(count):
        image, mask = volume((96, 192, 192), 25, seed=n)
        paths = folder / f"image{n}.nii", folder / f"mask{n}.nii"
        medlab.write(image, paths[0])
        medlab.write(mask, paths[1])
        rows.append({"case": n, "image": str(paths[0]), "mask": str(paths[1])})
    return pd.DataFrame(rows)


def batches(folder: Path) -> None:
    """Compare workers, numbers of cases, and Dask."""
    cases = written(folder, CASES)

    def run(table: pd.DataFrame, **options: Any) -> pd.DataFrame:
        return radiomics.extract_batch(table, progress=False, **options)

    run(cases[:1], workers=1)
    cold, first = timed(lambda: run(cases, workers=2))
    warm, second = timed(lambda: run(cases, workers=2))
    one, alone = timed(lambda: run(cases, workers=1))
    work_of_two = cpu_seconds(lambda: run(cases, workers=2))
    work_of_one = cpu_seconds(lambda: run(cases, workers=1))
    pd.testing.assert_frame_equal(first, alone)
    pd.testing.assert_frame_equal(second, alone)
    print(f"{CASES} cases, 1 worker       {one:7.2f} s")
    print(f"{CASES} cases, 2 workers      {cold:7.2f} s   {one / cold:4.2f}× (processes started)")
    print(f"{CASES} cases, 2 workers      {warm:7.2f} s   {one / warm:4.2f}× (processes there)")
    print(
        f"CPU time of 2 workers {work_of_two:7.2f} s, of 1 worker {work_of_one:.2f} s: on two free cores "
        f"at most {2 * work_of_one / work_of_two:.2f}×"
    )
    for count in (CASES // 4, CASES // 2):
        seconds, _ = timed(lambda count=count: run(cases[:count], workers=1))
        print(f"{count:2} cases, 1 worker       {seconds:7.2f} s   {seconds / count:6.3f} s a case")
    dask_seconds, table = timed(lambda: on_dask(cases))
    pd.testing.assert_frame_equal(table, alone)
    print(f"{CASES} cases, Dask, 2 processes {dask_seconds:4.2f} s   {one / dask_seconds:4.2f}×, same table")
    out = folder / "features.csv"
    run(cases, workers=2, out=out)
    again, _ = timed(lambda: run(cases, workers=2, out=out))
    print(f"{CASES} cases, all finished   {again:7.3f} s")


def on_dask(cases: pd.DataFrame) -> pd.DataFrame:
    """Run the batch on a local Dask cluster of two processes, its start included."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        return radiomics.extract_batch(cases, client=client, progress=False)


def main() -> None:
    """Measure and print."""
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}; volumes 256×256×128")
    against_plain("small lesion", 1.95, None)
    against_plain("lesion", 15, None)
    against_plain("small lesion, wavelet", 1.95, WAVELET)
    with tempfile.TemporaryDirectory() as folder:
        batches(Path(folder))


if __name__ == "__main__":
    main()
