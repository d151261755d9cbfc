"""Dose–volume histograms."""

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from shapes import ellipsoid, positions, straight, turned

import medlab
from medlab.measure import dose_volume_histogram, volume

GRADIENT = 0.4  # Gy/mm


def linear_dose(direction=(0.6, 0.0, 0.8), spacing=(5.0, 4.0, 4.0), shape=(30, 36, 36)):
    """Return a dose that rises linearly along a direction, on a coarse oblique grid; 30 Gy at the origin."""
    grid = turned(spacing, shape, (15, 25, -40), (0, 0, 0))
    values = 30 + GRADIENT * positions(grid) @ np.array(direction)
    return grid.replace(array=values.astype(np.float32), modality="RTDOSE", units="Gy")


def test_a_box_along_the_gradient_has_a_straight_histogram():
    dose = linear_dose((1.0, 0.0, 0.0))
    image = straight((2.5, 1.0, 2.0), (16, 30, 20))
    found = dose_volume_histogram(dose, image.as_mask(np.ones(image.grid, bool)))  # 40 mm along x
    low, high = 30 - 20 * GRADIENT, 30 + 20 * GRADIENT
    for percent in (98, 95, 50, 20, 2):
        assert found.dose_to(percent) == pytest.approx(high - percent / 100 * (high - low), abs=0.15)
    assert found.mean == pytest.approx(30, abs=1e-4)
    assert found.volume_above(32) == pytest.approx(100 * (high - 32) / (high - low), abs=1.0)
    assert found.min == pytest.approx(
        low + GRADIENT / 3, abs=1e-3
    )  # middle of the outermost third of a voxel


def test_a_ball_in_a_gradient_has_the_volumes_of_its_caps():
    dose, radius = linear_dose(), 20.0
    image = straight((2.0, 1.0, 1.0), (24, 46, 46))
    found = dose_volume_histogram(dose, ellipsoid(image, (radius,) * 3))
    for height in (-15, -5, 0, 8, 16):
        cap = np.pi * (radius - height) ** 2 * (2 * radius + height) / 3000
        assert found.volume_above(30 + GRADIENT * height, "ml") == pytest.approx(cap, abs=0.15)
    assert found.dose_to(50) == pytest.approx(30, abs=0.05)


def test_volume_is_that_of_the_mask_not_of_the_dose_grid():
    image = straight((2.0, 1.0, 1.0), (24, 46, 46))
    mask = ellipsoid(image, (9.0, 9.0, 9.0))
    found = dose_volume_histogram(linear_dose(), mask)
    assert found.volume_ml == volume(mask)
    assert found.table()["cumulative_ml"][0] == pytest.approx(volume(mask))


def test_a_dose_that_is_reached_exactly_counts():
    dose = linear_dose().replace(array=np.full((30, 36, 36), 2.0, np.float32))
    found = dose_volume_histogram(dose, ellipsoid(straight((2, 2, 2), (20, 20, 20)), (15,) * 3))
    assert (found.volume_above(2.0), found.volume_above(2.001)) == (100, 0)
    assert found.table([0, 2, 4])["cumulative_percent"].tolist() == [100, 100]


def test_more_parts_come_closer_to_the_straight_line():
    dose = linear_dose((1.0, 0.0, 0.0))
    image = straight((8.0, 8.0, 8.0), (3, 3, 5))
    errors = []
    for parts in (1, 2, 6):
        found = dose_volume_histogram(dose, image.as_mask(np.ones(image.grid, bool)), parts=parts)
        errors.append(abs(found.max - (30 + 20 * GRADIENT)))
    assert errors[0] > errors[1] > errors[2]


def test_table_is_cumulative_and_differential():
    found = dose_volume_histogram(linear_dose(), ellipsoid(straight((2, 2, 2), (20, 20, 20)), (15,) * 3))
    table = found.table(50)
    assert len(table) == 50
    assert table["differential_ml"].sum() == pytest.approx(found.volume_ml)
    assert (np.diff(table["cumulative_ml"]) <= 0).all()
    np.testing.assert_allclose(-np.diff(table["cumulative_ml"]), table["differential_ml"][:-1], atol=1e-9)
    middle = table["dose"][25]
    assert table["cumulative_percent"][25] == pytest.approx(found.volume_above(middle))


def test_hottest_millilitres():
    image = straight((2.0, 2.0, 2.0), (20, 20, 20))
    found = dose_volume_histogram(linear_dose((1.0, 0, 0)), image.as_mask(np.ones(image.grid, bool)))
    # 64 ml in 40 mm: the hottest 16 ml are the last 10 mm
    assert found.dose_to(ml=16) == pytest.approx(30 + GRADIENT * 10, abs=0.15)
    assert found.dose_to(ml=16) == found.dose_to(25)


def test_summary_has_the_doses_of_icru_83():
    found = dose_volume_histogram(linear_dose(), ellipsoid(straight((2, 2, 2), (20, 20, 20)), (15,) * 3))
    table = found.summary(doses=[20, 30])
    assert list(table.index) == [
        *("volume_ml", "mean", "min", "max", "D98", "D95", "D50", "D2", "V20_percent", "V30_percent")
    ]
    assert table["min"] < table["D98"] < table["D50"] < table["D2"] < table["max"]


def test_a_structure_beyond_the_dose_is_refused_unless_told_what_is_there():
    image = straight((5.0, 5.0, 5.0), (10, 60, 60))
    mask = image.as_mask(np.ones(image.grid, bool))
    with pytest.raises(ValueError, match="% of the structure lie outside of the dose grid"):
        dose_volume_histogram(linear_dose(), mask)
    found = dose_volume_histogram(linear_dose(), mask, outside=0.0)
    assert 0.6 < (found.doses == 0).mean() < 0.9


def test_the_result_says_how_the_dose_was_brought_to_the_structure():
    found = dose_volume_histogram(linear_dose(), ellipsoid(straight((2, 2, 2), (20, 20, 20)), (15,) * 3))
    assert "3³ points" in found.notes[0]
    assert "dose 5 × 4 × 4 mm" in found.notes[0]


@pytest.mark.parametrize("size", [{}, {"percent": 5, "ml": 1}, {"percent": 101}, {"ml": 1e6}])
def test_a_part_must_be_told_once_and_fit(size):
    found = dose_volume_histogram(linear_dose(), ellipsoid(straight((2, 2, 2), (20, 20, 20)), (15,) * 3))
    with pytest.raises(ValueError, match=r"either percent= or ml=|0 to 100 %"):
        found.dose_to(**size)


def test_a_real_dose_file_on_its_own_grid():
    dose = medlab.io.read_rtdose(get_testdata_file("rtdose.dcm", download=False))
    mask = dose.array > 0.2
    found = dose_volume_histogram(dose, dose.as_mask(mask), parts=1)
    values = dose.array[mask].astype(float)
    assert found.mean == pytest.approx(values.mean(), rel=1e-6)
    assert (found.min, found.max) == (pytest.approx(values.min()), pytest.approx(values.max()))
    assert found.volume_above(1.0) == pytest.approx(100 * (values >= 1.0).mean())
    assert found.volume_ml == pytest.approx(mask.sum() * 5 * 10 * 10 / 1000)
