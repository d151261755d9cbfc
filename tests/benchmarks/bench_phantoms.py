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
    "fundus_photograph": (lambda s=128: phantoms.fundus_photograph(size=s, grade=3), [128, 181, 256]),
    "mammogram_view": (
        lambda s=(128, 96): phantoms.mammogram_view(size=s, finding="malignant"),
        [(128, 96), (181, 136), (256, 192)],
    ),
    "histology_tile": (lambda s=256: phantoms.histology_tile(size=s), [128, 181, 256]),
    "skin_lesion": (lambda s=128: phantoms.skin_lesion(size=s), [128, 181, 256]),
    "fetal_head": (lambda s=(160, 208): phantoms.fetal_head(size=s), [(160, 208), (226, 294), (320, 416)]),
    "left_ventricle": (
        lambda s=(10, 96, 96): phantoms.left_ventricle(size=s),
        [(10, 64, 64), (10, 90, 90), (10, 128, 128)],
    ),
    "brain_tumour": (
        lambda s=(28, 96, 80): phantoms.brain_tumour(size=s),
        [(28, 96, 80), (56, 96, 80), (112, 96, 80)],
    ),
    "brain_atrophy": (
        lambda s=(64, 96, 80): phantoms.brain_atrophy(size=s),
        [(32, 96, 80), (64, 96, 80), (128, 96, 80)],
    ),
    "brain_haemorrhage": (
        lambda s=(28, 96, 96): phantoms.brain_haemorrhage(size=s),
        [(28, 96, 96), (56, 96, 96), (112, 96, 96)],
    ),
    "lung_nodules": (
        lambda s=(80, 128, 160), mm=2.5: phantoms.lung_nodules(size=s, spacing=(mm, 2.2, 2.2)),
        [((40, 128, 160), 5.0), ((80, 128, 160), 2.5), ((160, 128, 160), 1.25)],
    ),
    "nodule_patch": (lambda s=32: phantoms.nodule_patch(size=s), [32, 40, 50]),
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
            several = isinstance(size, tuple) and isinstance(size[0], tuple)
            spent, voxels = seconds(make, *(size if several else (size,)))
            each = 1e6 * spent / voxels
            first = first or each
            print(f"{name:20s} {voxels:9d} {spent:7.2f} {each:9.2f} {each / first:22.2f}")
    total = sum(seconds(make)[0] for make, _ in SIZES.values())
    print(f"one case of each at its default size: {total:.1f} s")


if __name__ == "__main__":
    main()
