"""Small changes of image and mask."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from medlab import radiomics


@pytest.fixture
def dot(scan):
    inside = np.zeros(scan.shape, bool)
    inside[11, 20, 18] = True
    return scan.as_mask(inside)


@pytest.mark.parametrize("distance", [0.0, 0.8, 2.5, 4.0])
def test_grown_point_is_the_ball_of_that_radius_in_mm(dot, distance):
    k, j, i = np.mgrid[:23, :41, :38]
    apart = np.sqrt((2.5 * (k - 11)) ** 2 + (0.8 * (j - 20)) ** 2 + (0.8 * (i - 18)) ** 2)
    assert np.array_equal(radiomics.grow(dot, distance).array > 0, apart <= distance + 1e-9)


def test_region_shrinks_where_its_outline_is_that_close_in_mm(scan):
    inside = np.zeros(scan.shape, bool)
    inside[3:20, 5:35, 5:30] = True
    expected = np.zeros(scan.shape, bool)
    expected[3:20, 6:34, 6:29] = True
    assert np.array_equal(radiomics.grow(scan.as_mask(inside), -0.8).array > 0, expected)


def test_label_and_type_stay(lesion):
    mask = lesion.replace(array=(lesion.array * 4).astype(np.int16))
    grown = radiomics.grow(mask, 1.0)
    assert grown.dtype == np.int16
    assert np.unique(grown.array).tolist() == [0, 4]


def test_region_that_would_vanish_is_refused(dot):
    with pytest.raises(radiomics.RegionError, match="Nothing is left"):
        radiomics.grow(dot, -5)


def test_mask_of_several_labels_does_not_grow(lesion):
    array = lesion.array.copy()
    array[0, 0, 0] = 2
    with pytest.raises(radiomics.RegionError, match="one label"):
        radiomics.grow(lesion.replace(array=array), 1)


def test_shifted_mask_lies_so_many_mm_further(lesion):
    moved = radiomics.shift(lesion, [2.5, -1.6, 0])
    assert np.array_equal(moved.array, np.roll(lesion.array, (1, -2, 0), axis=(0, 1, 2)))


def test_mask_does_not_leave_the_image(lesion):
    with pytest.raises(radiomics.RegionError, match="leaves the image"):
        radiomics.shift(lesion, [0, 0, 25])


def test_noise_has_the_spread_asked_for_and_repeats_by_seed(scan):
    noisy = radiomics.add_noise(scan, 20, seed=3)
    assert (noisy.array - scan.array).std() == pytest.approx(20, rel=0.02)
    assert noisy.dtype == scan.dtype
    assert np.array_equal(noisy.array, radiomics.add_noise(scan, 20, seed=3).array)


def test_perturbed_pairs_feed_the_stability_table(scan, lesion):
    rows = []
    for case, factor in enumerate((1.0, 1.5, 2.2)):
        image = scan.replace(array=(scan.array * factor).astype(np.int16))
        for name, pair in radiomics.perturb(image, lesion, distance=0.8).items():
            rows.append(radiomics.extract(*pair).assign(case=case, repeat=name))
    table = radiomics.stability(pd.concat(rows))
    assert set(table["repeats"]) == {5}
    assert table.loc["original_firstorder_Variance", "icc"] > 0.9
