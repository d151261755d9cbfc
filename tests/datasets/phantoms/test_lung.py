"""Nodules are where, and as large, as the list says; vessels follow Murray's law."""

from __future__ import annotations

import numpy as np
import pytest

from medlab.datasets.phantoms import lung_nodules, nodule_patch
from medlab.datasets.phantoms.lung_anatomy import vessel_tree

COARSE = {"size": (48, 80, 100), "spacing": (3.5, 3.5, 3.5)}


@pytest.fixture(scope="module")
def scan():
    wishes = [{"diameter": 16, "type": "solid", "malignant": False}, {"diameter": 20, "type": "ground-glass"}]
    return lung_nodules(nodules=wishes, seed=3, **COARSE)


def test_list_holds_centre_and_size_of_each_mask(scan):
    mask = scan.masks["nodules"]
    for label, nodule in enumerate(scan.facts["nodules"], start=1):
        inside = np.argwhere(mask.array == label)
        assert mask.index_to_position(inside).mean(0) == pytest.approx(nodule["centre_mm"], abs=2.5)
        volume = len(inside) * mask.voxel_volume
        assert volume == pytest.approx(nodule["volume_mm3"])
        assert volume == pytest.approx(np.pi / 6 * nodule["diameter_mm"] ** 3, rel=0.45)


def test_nodules_lie_in_lung(scan):
    structures, nodules = scan.masks["structures"].array, scan.masks["nodules"].array > 0
    assert np.isin(structures[nodules], (1, 2, 6)).mean() > 0.95


def test_solid_is_denser_than_ground_glass_and_both_than_lung(scan):
    labels, values = scan.masks["nodules"].array, scan.image.array
    lung = np.median(values[(scan.masks["structures"].array == 1) & (labels == 0)])
    solid, veil = (np.median(values[labels == v]) for v in (1, 2))
    assert lung < veil - 80 < solid - 300


def test_right_lung_lies_on_the_patients_right(scan):
    structures = scan.masks["structures"]
    right, left = (
        structures.index_to_position(np.argwhere(structures.array == v))[:, 0].mean() for v in (1, 2)
    )
    assert right < -30 < 30 < left


def test_position_asked_for_is_kept():
    wish = {"diameter": 15, "type": "solid", "position": (70.0, 10.0, -10.0), "malignant": False}
    case = lung_nodules(nodules=[wish], **COARSE)
    mask = case.masks["nodules"]
    assert mask.index_to_position(np.argwhere(mask.array)).mean(0) == pytest.approx(wish["position"], abs=1.5)


def test_number_of_nodules():
    assert lung_nodules(nodules=0, **COARSE).facts["count"] == 0
    assert len(lung_nodules(nodules=4, **COARSE).facts["nodules"]) == 4


def test_unknown_type_is_refused():
    with pytest.raises(ValueError, match="type out of"):
        lung_nodules(nodules=[{"type": "liquid"}], **COARSE)


def test_radii_follow_murrays_law(rng):
    depth = np.full((40, 40, 40), 20.0)
    segments, radii = vessel_tree(depth, np.ones(depth.shape, bool), 1, (3, 3, 3), 60, rng)
    checked = 0
    for (_, end), radius in zip(segments, radii, strict=True):
        children = radii[(segments[:, 0] == end).all(1)]
        if len(children) > 1 and 0.7 < radius < 5.4:
            assert radius**3 == pytest.approx((children**3).sum(), rel=0.02)
            checked += 1
    assert checked >= 5


@pytest.mark.parametrize("kind", ["benign", "malignant"])
def test_patch_has_its_nodule_in_the_middle(kind):
    case = nodule_patch(kind=kind, diameter=14, seed=1)
    where = np.argwhere(case.masks["nodule"].array)
    assert where.mean(0) == pytest.approx([15.5] * 3, abs=1.5)
    assert case.facts["malignant"] == (kind == "malignant")


def test_patch_of_a_vessel_is_dense_in_the_middle_and_has_no_mask():
    case = nodule_patch(kind="vessel", seed=2)
    assert not case.masks["nodule"].array.any()
    assert case.image.array[14:18, 14:18, 14:18].mean() > -300


def test_malignant_nodules_are_less_round():
    def roundness(kind, seed):
        mask = nodule_patch(kind=kind, diameter=14, seed=seed, difficulty=0.2).masks["nodule"].array > 0
        inner = mask[1:-1, 1:-1, 1:-1]
        faces = sum(np.abs(np.diff(mask.astype(int), axis=a)).sum() for a in range(3))
        return inner.sum() ** (2 / 3) / faces

    benign, malignant = ([roundness(k, s) for s in range(8)] for k in ("benign", "malignant"))
    assert np.mean(benign) > np.mean(malignant)
