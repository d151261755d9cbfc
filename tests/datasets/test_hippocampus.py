"""The Decathlon's hippocampus: volumes and labels as another reader sees them."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from medlab import datasets


@pytest.fixture(scope="module")
def data(load_public):
    return load_public("hippocampus-130")


def test_has_130_volumes_and_as_many_pseudonyms(data):
    assert len(data) == data.table["patient"].nunique() == 130


def test_geometry_and_values_are_those_of_nibabel(data):
    name = data.table["file"][7]
    nifti = nibabel.load(datasets.cache_folder() / "hippocampus-130" / name)
    image = data[7].image
    np.testing.assert_array_equal(image.array, np.asanyarray(nifti.dataobj).T)
    corner = (3, 5, 7)
    ras = nifti.affine @ (corner[2], corner[1], corner[0], 1)
    np.testing.assert_allclose(image.index_to_position(corner), ras[:3] * (-1, -1, 1), atol=1e-4)


def test_every_mask_has_its_anterior_part_in_front_and_a_plausible_volume(data):
    for case in data:
        mask = case.masks["hippocampus"]
        assert dict(mask.labels) == {1: "anterior", 2: "posterior"}
        assert set(np.unique(mask.array)) == {0, 1, 2}
        front, back = (mask.index_to_position(np.argwhere(mask.array == v).mean(0))[1] for v in (1, 2))
        assert front < back
        assert mask.voxel_volume == pytest.approx(1)
        assert 2382 <= (mask.array > 0).sum() <= 4401
