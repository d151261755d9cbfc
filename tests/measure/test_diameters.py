"""RECIST and WHO diameters."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from shapes import ellipsoid, flat, straight, turned

import medlab
from medlab.measure import recist, sphericity, volume


def rotation(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def test_ellipsoid_turned_in_the_axial_plane():
    image = straight((3.0, 0.5, 0.7), (21, 120, 100))
    found = recist(ellipsoid(image, (25.0, 12.0, 28.0), turn=rotation(33)))
    assert found.longest_mm == pytest.approx(50, abs=0.7)
    assert found.perpendicular_mm == pytest.approx(24, abs=0.7)
    assert found.slice == 10
    assert found.product_mm2 == found.longest_mm * found.perpendicular_mm


def test_end_points_lie_where_they_are_drawn():
    image = straight((3.0, 0.5, 0.7), (21, 120, 100))
    found = recist(ellipsoid(image, (25.0, 12.0, 28.0), turn=rotation(33)))
    tips = found.longest_positions
    expected = rotation(33)[:, 0] * 25
    assert min(np.abs(tips - [expected, -expected]).max(), np.abs(tips - [-expected, expected]).max()) < 2.5
    np.testing.assert_allclose(image.index_to_position(found.longest_ends), tips)
    for ends, length in (
        (tips, found.longest_mm),
        (found.perpendicular_positions, found.perpendicular_mm),
    ):
        assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(length)


def test_both_diameters_stand_at_a_right_angle():
    image = turned((2.0, 0.5, 0.8), (21, 100, 80))
    found = recist(ellipsoid(image, (18.0, 9.0, 12.0), image.index_to_position((10, 50, 40))))
    one, other = (np.diff(p, axis=0)[0] for p in (found.longest_positions, found.perpendicular_positions))
    assert one @ other == pytest.approx(0, abs=1e-6)


def test_oblique_slices_are_measured_in_their_own_plane():
    image = turned((2.0, 0.6, 0.6), (25, 90, 90), angles=(10, -20, 15))
    found = recist(ellipsoid(image, (20.0, 20.0, 20.0), image.index_to_position((12, 44.5, 44.5))))
    assert found.axis == "z"
    assert found.longest_mm == pytest.approx(40, abs=0.6)
    assert found.perpendicular_mm == pytest.approx(40, abs=0.6)


def test_a_sagittal_stack_is_measured_in_the_axial_plane_unless_told_otherwise():
    affine = np.array([[2.0, 0, 0, 0], [0, 0, 1.0, 0], [0, -1.0, 0, 0], [0, 0, 0, 1]])
    image = medlab.Image(np.zeros((30, 60, 50)), affine=affine)
    mask = np.zeros(image.grid, bool)
    mask[5:25, 10:50, 20:30] = True  # 40 mm across, 40 mm head to foot, 10 mm deep
    axial, acquired = recist(image.as_mask(mask)), recist(image.as_mask(mask), plane="acquired")
    assert (axial.axis, acquired.axis) == ("y", "z")
    assert axial.longest_mm == pytest.approx(np.hypot(40, 10), abs=1.0)
    assert acquired.longest_mm == pytest.approx(np.hypot(40, 10), abs=1.0)
    assert np.ptp(axial.longest_positions[:, 2]) == pytest.approx(0)
    assert np.ptp(acquired.longest_positions[:, 0]) == pytest.approx(0)


def test_a_tilted_gantry_does_not_change_a_slice():
    image = straight((3.0, 0.5, 0.5), (5, 60, 60))
    tilted = image.affine.copy()
    tilted[:3, 0] += [0, 1.0, 0]
    mask = np.zeros(image.grid, bool)
    mask[2, 10:30, 10:50] = True
    found = recist(medlab.Image(mask, affine=tilted))
    assert found.longest_mm == pytest.approx(recist(image.as_mask(mask)).longest_mm)


def test_axes_that_are_not_at_right_angles_in_the_plane_still_measure_in_mm():
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0.6, 1.0], [0, 0.8, 0], [3.0, 0, 0]])
    mask = np.zeros((3, 40, 60), bool)
    mask[1, 5:35, 10:12] = True  # 30 mm along rows that run askew
    found = recist(medlab.Image(mask, affine=affine))
    assert found.longest_mm == pytest.approx(30, abs=1.6)
    assert np.linalg.norm(np.diff(found.longest_positions, axis=0)) == pytest.approx(found.longest_mm)


def test_a_row_of_pixels_measures_from_edge_to_edge():
    mask = np.zeros((9, 20), bool)
    mask[4, 3:13] = True
    found = recist(flat((9, 20), (0.5, 0.8)).as_mask(mask))
    assert found.longest_mm == pytest.approx(10 * 0.8)
    assert found.perpendicular_mm == pytest.approx(0.5)


def test_one_voxel_is_one_voxel_wide():
    mask = np.zeros((5, 5, 5), bool)
    mask[2, 2, 2] = True
    found = recist(straight((5.0, 0.7, 0.7), (5, 5, 5)).as_mask(mask))
    assert (found.longest_mm, found.slice) == (pytest.approx(0.7), 2)


def test_perpendicular_of_a_triangle_is_its_height_over_the_longest_side():
    y, x = np.mgrid[:300, :420]
    triangle = (y <= 200) & (y >= 200 - (x - 10) * 0.5) & (y >= 200 - (410 - x) * 1.5)
    found = recist(flat((300, 420), 0.1).as_mask(triangle))
    assert found.longest_mm == pytest.approx(40, abs=0.15)
    assert found.perpendicular_mm == pytest.approx(15, abs=0.15)


def test_parts_that_do_not_touch_count_one_by_one():
    mask = np.zeros((10, 60), bool)
    mask[4:6, 2:12], mask[4:6, 50:54] = True, True
    assert recist(flat((10, 60)).as_mask(mask)).longest_mm < 11


def test_an_empty_label_says_what_the_mask_holds():
    mask = straight((1, 1, 1), (3, 3, 3)).as_mask(np.full((3, 3, 3), 4, np.uint8))
    with pytest.raises(ValueError, match="no voxel of label 2; it holds 4"):
        recist(mask, 2)


def test_lidc_readers_have_diameters_that_fit_their_volumes(public):
    (case,) = public("lidc-0314")
    for name, mask in case.masks.items():
        found, ml = recist(mask), volume(mask)
        centres = np.argwhere(mask.array[found.slice]) * mask.spacing[1:]
        between_centres = pdist(centres).max()
        assert between_centres <= found.longest_mm <= between_centres + np.hypot(*mask.spacing[1:]), name
        assert found.perpendicular_mm <= found.longest_mm
        assert ml == pytest.approx(np.count_nonzero(mask.array) * np.prod(mask.spacing) / 1000)
        assert 0 < sphericity(mask) < 1
