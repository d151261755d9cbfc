"""Calibre, length, tortuosity, arteriovenous ratio, fractal dimension."""

import numpy as np
import pytest
from shapes import flat, straight

import medlab
from medlab.measure import arteriovenous_ratio, central_equivalent, fractal_dimension, vessel_calibre


def stroke(shape, spacing, start, stop, width):
    """Return a straight vessel with flat ends between two points (row, column) in mm."""
    y, x = np.indices(shape) * np.reshape(spacing, (2, 1, 1))
    along = np.subtract(stop, start) / np.linalg.norm(np.subtract(stop, start))
    ry, rx = y - start[0], x - start[1]
    run, aside = ry * along[0] + rx * along[1], np.abs(rx * along[0] - ry * along[1])
    return (aside <= width / 2) & (run >= 0) & (run <= np.linalg.norm(np.subtract(stop, start)))


@pytest.mark.parametrize("width", [1, 2, 3, 6, 9])
def test_a_straight_vessel_n_pixels_wide_measures_n_pixels(width):
    mask = np.zeros((40, 120), bool)
    mask[15 : 15 + width, 10:110] = True
    (row,) = vessel_calibre(flat(mask.shape, 0.02).as_mask(mask)).to_dict("records")
    assert row["calibre"] == pytest.approx(width * 0.02)
    assert 2.0 - (width + 1) * 0.02 <= row["length"] <= 2.0  # thinning shortens both ends
    assert row["tortuosity"] == pytest.approx(1, abs=2e-3)
    assert row["unit"] == "mm"
    assert (row["row"], row["column"]) == (
        pytest.approx(15 + (width - 1) / 2, abs=0.5),
        pytest.approx(59.5, abs=3),
    )


@pytest.mark.parametrize("degrees", [17, 30, 45, 70])
def test_an_oblique_vessel_is_as_wide_as_it_was_drawn(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    mask = stroke((300, 300), (1, 1), (150 - 110 * s, 150 - 110 * c), (150 + 110 * s, 150 + 110 * c), 11)
    row = vessel_calibre(flat(mask.shape).as_mask(mask)).iloc[0]
    assert row["calibre"] == pytest.approx(11, abs=0.4)  # a line at 45° is drawn in steps of 0.7
    assert row["tortuosity"] == pytest.approx(1, abs=0.01)
    assert row["length"] == pytest.approx(220 - 11, abs=8)


def test_oblong_pixels_count_in_mm():
    mask = np.zeros((60, 40), bool)
    mask[5:55, 10:16] = True
    row = vessel_calibre(flat(mask.shape, (0.5, 0.1)).as_mask(mask)).iloc[0]
    assert row["calibre"] == pytest.approx(0.6)


def test_half_a_circle_has_the_tortuosity_of_half_a_circle():
    y, x = np.indices((260, 260)) - 130
    ring = (np.abs(np.hypot(y, x) - 100) <= 3) & (y <= 0)
    row = vessel_calibre(flat(ring.shape).as_mask(ring)).iloc[0]
    assert row["calibre"] == pytest.approx(6, abs=0.2)
    assert row["length"] == pytest.approx(np.pi * 100, rel=0.03)  # thinning shortens both ends
    assert row["tortuosity"] == pytest.approx(np.pi / 2, rel=0.03)


def test_a_fork_has_three_segments_of_their_own_calibre():
    fork = (
        stroke((300, 300), (1, 1), (150, 10), (150, 150), 15)
        | stroke((300, 300), (1, 1), (150, 145), (60, 280), 9)
        | stroke((300, 300), (1, 1), (150, 145), (240, 280), 7)
    )
    table = vessel_calibre(flat(fork.shape).as_mask(fork))
    assert sorted(table["calibre"]) == pytest.approx([7, 9, 15], abs=0.4)


def test_a_vessel_in_a_volume():
    image = straight((2.0, 0.5, 0.5), (40, 40, 40))
    k, j, i = np.indices(image.grid)
    tube = (np.hypot(j - 19.5, i - 19.5) <= 6) & (k > 2) & (k < 37)
    row = vessel_calibre(image.as_mask(tube)).iloc[0]
    assert row["calibre"] == pytest.approx(6.0, abs=0.2)
    assert 34 * 2 - 26 <= row["length"] <= 34 * 2  # thinning shortens both ends, here by voxels of 2 mm


def test_without_a_pixel_size_all_is_in_pixels():
    mask = np.zeros((40, 120), bool)
    mask[15:20, 10:110] = True
    row = vessel_calibre(medlab.Image(mask)).iloc[0]
    assert (row["calibre"], row["unit"]) == (5, "px")


def test_short_segments_are_left_out_on_request():
    mask = np.zeros((40, 120), bool)
    mask[15:20, 10:110], mask[30:32, 10:20] = True, True
    image = flat(mask.shape).as_mask(mask)
    assert (len(vessel_calibre(image)), len(vessel_calibre(image, min_length=50))) == (2, 1)


def test_length_times_calibre_of_retinal_vessels_is_about_their_area(public):
    mask = public("chase-db1")[0].masks["observer 1"]
    table = vessel_calibre(mask, min_length=0)
    assert (table["length"] * table["calibre"]).sum() == pytest.approx(np.count_nonzero(mask.array), rel=0.1)
    assert 1.2 < fractal_dimension(mask) < 1.7


def test_equal_vessels_are_joined_as_the_formula_says():
    branching = 0.88 * np.sqrt(2)
    pair = branching * 100
    four = branching * pair
    expected = 0.88 * np.hypot(four, pair)  # six → three → two, the third carried over
    assert central_equivalent([100] * 6, "arteriole") == pytest.approx(expected)


def test_the_widest_is_joined_with_the_narrowest():
    def joined(one, other):
        return 0.95 * np.hypot(one, other)

    three = joined(120, 70), joined(110, 80), joined(100, 90)
    assert three[0] > three[1] > three[2]
    expected = joined(joined(three[0], three[2]), three[1])
    assert central_equivalent([100, 70, 120, 90, 80, 110], "venule") == pytest.approx(expected)


def test_only_the_six_widest_count():
    assert central_equivalent([9, 8, 7, 6, 5, 4, 3, 2], "venule") == central_equivalent(
        [9, 8, 7, 6, 5, 4], "venule"
    )


def test_the_ratio_does_not_depend_on_the_unit():
    arterioles, venules = np.array([90, 80, 85, 70]), np.array([120, 100, 110, 95])
    assert arteriovenous_ratio(arterioles, venules)["AVR"] == pytest.approx(
        arteriovenous_ratio(arterioles / 7, venules / 7)["AVR"]
    )


def test_one_vessel_is_too_few():
    with pytest.raises(ValueError, match="two or more widths"):
        central_equivalent([90], "arteriole")


def test_dimension_of_a_line_and_of_a_plane():
    mask = np.zeros((256, 256), bool)
    mask[100] = True
    assert fractal_dimension(flat(mask.shape).as_mask(mask)) == pytest.approx(1)
    assert fractal_dimension(flat(mask.shape).as_mask(np.ones((256, 256), bool))) == pytest.approx(2)


def test_dimension_of_the_sierpinski_carpet():
    carpet = np.ones((1, 1), bool)
    for _ in range(5):
        block = np.kron(np.ones((3, 3), bool), carpet)
        n = len(carpet)
        block[n : 2 * n, n : 2 * n] = False
        carpet = block
    found = fractal_dimension(flat(carpet.shape).as_mask(carpet), sizes=[1, 3, 9, 27, 81])
    assert found == pytest.approx(np.log(8) / np.log(3))
