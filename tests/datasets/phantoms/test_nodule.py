"""A simulated nodule is where it says, as large as it says, and changes nothing else."""

from __future__ import annotations

import numpy as np
import pytest

import medlab
from medlab.datasets.phantoms import insert_nodule


@pytest.fixture
def lung(rng):
    """Simulated lung: -850 HU with noise of 30 HU, 1 × 0.7 × 0.7 mm."""
    affine = np.array([[0, 0, 0.7, 0], [0, 0.7, 0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1]])
    values = rng.normal(-850, 30, (40, 64, 64)).astype(np.int16)
    return medlab.Image(values, affine=affine, modality="CT", units="HU")


CENTRE = (22.0, 21.0, 20.0)


def test_sphere_has_its_volume_and_place(lung, rng):
    _, mask = insert_nodule(lung, CENTRE, 14.0, irregularity=0, rng=rng)
    volume = mask.array.sum() * mask.voxel_volume
    assert volume == pytest.approx(np.pi / 6 * 14**3, rel=0.02)
    middle = mask.index_to_position(np.argwhere(mask.array)).mean(0)
    assert middle == pytest.approx(CENTRE, abs=0.2)


def test_inside_is_soft_and_keeps_the_noise(lung, rng):
    image, _ = insert_nodule(lung, CENTRE, 20.0, value=30, irregularity=0, rng=rng)
    positions = image.index_to_position(np.moveaxis(np.indices(image.grid), 0, -1))
    core = np.linalg.norm(positions - CENTRE, axis=-1) < 7
    assert image.array[core].mean() == pytest.approx(30, abs=5)
    assert 20 < image.array[core].std() < 40


def test_far_from_the_nodule_nothing_changes(lung, rng):
    image, _ = insert_nodule(lung, CENTRE, 10.0, rng=rng)
    changed = image.index_to_position(np.argwhere(image.array != lung.array))
    assert np.linalg.norm(changed - CENTRE, axis=1).max() < 15
    assert image.dtype == lung.dtype


def test_same_seed_same_nodule(lung):
    one, two = (insert_nodule(lung, CENTRE, 10.0, rng=np.random.default_rng(7))[0].array for _ in range(2))
    assert np.array_equal(one, two)


def test_nodule_outside_is_refused(lung, rng):
    with pytest.raises(ValueError, match="outside the image"):
        insert_nodule(lung, (500.0, 0, 0), 10.0, rng=rng)
