"""Dynamic breast MR: the maps follow from the series, the tumour volume from the maps."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from medlab import datasets


@pytest.fixture(scope="module")
def cases(load_public):
    data = load_public("breast-dce-br06")
    return dict(zip(data.table["series"], data, strict=True))


def test_dynamic_series_has_three_times_counted_from_the_injection(cases):
    image = cases["dynamic"].image
    assert image.shape == (3, 60, 256, 256)
    np.testing.assert_array_equal(image.times, (-230, 177, 531))
    assert image.meta["time_unit"] == "s"


def test_maps_lie_on_the_grid_of_the_series(cases):
    assert cases["PE1"].image.same_grid(cases["dynamic"].image)
    assert cases["SER"].image.same_grid(cases["dynamic"].image)
    assert all(c.masks["breast"].same_grid(c.image) for c in cases.values())


def test_geometry_is_that_of_simpleitk(cases):
    folder = datasets.cache_folder() / "breast-dce-br06/UCSF-BR-06/image_dce_pe1"
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    itk = sitk.ReadImage(names)
    image = cases["PE1"].image
    index = (12, 34, 56)
    here = np.rint(image.position_to_index(itk.TransformIndexToPhysicalPoint(index[::-1]))).astype(int)
    np.testing.assert_allclose(
        image.index_to_position(here), itk.TransformIndexToPhysicalPoint(index[::-1]), atol=1e-3
    )
    assert image.array[tuple(here)] == sitk.GetArrayViewFromImage(itk)[index]


def test_early_enhancement_is_the_rise_of_the_signal_in_percent(cases):
    before, early, _ = cases["dynamic"].image.array.astype(float)
    published = cases["PE1"].image.array
    shown = published > 0
    rise = 100 * (early[shown] - before[shown]) / before[shown]
    assert np.median(np.abs(rise - published[shown])) <= 1


def test_tumour_volume_is_the_published_one(cases):
    facts = cases["SER"].facts
    (k0, j0, i0), (k1, j1, i1) = facts["region"]
    box = np.s_[k0 : k1 + 1, j0 : j1 + 1, i0 : i1 + 1]
    ratio, early = cases["SER"].image.array[box], cases["PE1"].image.array[box]
    millilitre = cases["SER"].image.voxel_volume / 1000
    enhancing = (ratio > 0).sum() * millilitre
    washing_out = ((ratio >= 0.9) & (early >= 70)).sum() * millilitre
    assert enhancing == pytest.approx(facts["tumour_ml"]["FTVpe(PEearly>70%)"], rel=1e-6)
    assert washing_out == pytest.approx(facts["tumour_ml"]["FTVser(PEearly>70%, SER>0.9)"], rel=1e-3)
