"""Phantoms: time per voxel at several sizes, which should not grow, and the time of one case of each.

Run ``python tests/benchmarks/bench_phantoms.py``. Processor time of one thread; the least of three runs
counts. A ratio near 1 says that cost grows linearly with voxels; below 1, that fixed costs fade.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import time
from typing import TYPE_CHECKING, Any

from medlab.datasets import phantoms

if TYPE_CHECKING:
    from collections.abc import Callable

#: For each phantom what makes it small, and what makes it two and four times as many voxels.
SIZES: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "chest_radiograph": (phantoms.chest_radiograph, [128, 181, 256]),
    "water_cylinder": (phantoms.water_cylinder, [128, 181, 256]),
    "thorax_ct": (phantoms.thorax_ct, [(16, 128, 128), (32, 128, 128), (64, 128, 128)]),
    "brain_mr": (phantoms.brain_mr, [(16, 128, 128), (32, 128, 128), (64, 128, 128)]),
    "lesion_ultrasound": (phantoms.lesion_ultrasound, [192, 272, 384]),
    "nema_pet": (phantoms.nema_pet, [(16, 96, 96), (32, 96, 96), (64, 96, 96)]),
    "thorax_pet": (phantoms.thorax_pet, [(16, 96, 96), (32, 96, 96), (64, 96, 96)]),
    "heart_spect": (phantoms.heart_spect, [(16, 64, 64), (32, 64, 64), (64, 64, 64)]),
}


def seconds(make: Callable[..., Any], *size: Any) -> tuple[float, int]:
    """Return the least processor time of three runs, and the number of voxels."""
    least, voxels = float("inf"), 0
    for _ in range(3):
        start = time.process_time()
        voxels = make(*size).image.array.size
        least = min(least, time.process_time() - start)
    return least, voxels


def main() -> None:
    """Print the tables."""
    print(f"{'phantom':20s} {'voxels':>9s} {'s':>7s} {'µs/voxel':>9s} {'ratio to the smallest':>22s}")
    for name, (make, sizes) in SIZES.items():
        first = 0.0
        for size in sizes:
            spent, voxels = seconds(make, size)
            each = 1e6 * spent / voxels
            first = first or each
            print(f"{name:20s} {voxels:9d} {spent:7.2f} {each:9.2f} {each / first:22.2f}")
    total = sum(seconds(make)[0] for make, _ in SIZES.values())
    print(f"one case of each at its default size: {total:.1f} s")


if __name__ == "__main__":
    main()
