"""Fetal biometry: ellipses, age, centile."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from shapes import flat

from medlab.datasets.phantoms import fetal_head, head_circumference
from medlab.measure import ellipse_of, gestational_age, head_circumference_centile

LONG, SHORT = 96.0, 76.0


def drawn(degrees, spacing=(0.25, 0.25), shape=(400, 480), centre=(50.0, 60.0), line=None):
    """Return a filled ellipse, or a line around it, in a picture."""
    picture = flat(shape, spacing)
    y, x = np.indices(shape) * np.reshape(spacing, (2, 1, 1)) - np.reshape(centre, (2, 1, 1))
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    away = np.hypot((c * x + s * y) / (LONG / 2), (c * y - s * x) / (SHORT / 2))
    inside = away <= 1 if line is None else np.abs(away - 1) * SHORT / 2 <= line / 2
    return picture.as_mask(inside)


def by_integral(long, short):
    half, eccentricity = long / 2, 1 - (short / long) ** 2
    return 4 * half * quad(lambda t: math.sqrt(1 - eccentricity * math.sin(t) ** 2), 0, math.pi / 2)[0]


@pytest.mark.parametrize("degrees", [-70, -20, 0, 35, 90])
@pytest.mark.parametrize("line", [None, 0.8])
def test_a_drawn_ellipse_is_found(degrees, line):
    found = ellipse_of(drawn(degrees, line=line))
    assert found.long_mm == pytest.approx(LONG, rel=1e-3)
    assert found.short_mm == pytest.approx(SHORT, rel=1e-3)
    assert found.circumference_mm == pytest.approx(by_integral(LONG, SHORT), rel=1e-3)
    np.testing.assert_allclose(found.centre, (200, 240), atol=0.1)
    assert (found.angle_deg - degrees + 90) % 180 - 90 == pytest.approx(0, abs=0.2)


def test_oblong_pixels_do_not_distort():
    found = ellipse_of(drawn(30, spacing=(0.25, 0.5), shape=(400, 240)))
    assert found.circumference_mm == pytest.approx(by_integral(LONG, SHORT), rel=1e-3)
    assert found.short_mm == pytest.approx(SHORT, rel=2e-3)


@pytest.mark.parametrize("line", [None, 0.8])
def test_a_head_that_the_picture_cuts_off_is_completed(line):
    found = ellipse_of(drawn(10, centre=(50.0, 30.0), line=line))
    assert found.circumference_mm == pytest.approx(by_integral(LONG, SHORT), rel=2e-3)


def test_points_for_drawing_lie_on_the_edge_of_the_mask():
    mask = drawn(25)
    row, column = np.round(ellipse_of(mask).points()).astype(int).T
    edges = mask.array.astype(int)
    near = np.stack([edges[row + a, column + b] for a in (-1, 0, 1) for b in (-1, 0, 1)])
    assert ((near.min(axis=0) == 0) & (near.max(axis=0) == 1)).all()


def test_ramanujan_is_exact_for_the_shape_of_a_head():
    found = ellipse_of(drawn(0))
    assert found.circumference_ramanujan_mm == pytest.approx(found.circumference_mm, rel=1e-8)
    assert found.circumference_mm == pytest.approx(by_integral(found.long_mm, found.short_mm), rel=1e-9)


def test_the_table_names_what_is_measured_of_a_head():
    table = ellipse_of(drawn(0)).to_series()
    assert list(table.index) == ["HC_mm", "BPD_mm", "OFD_mm", "cephalic_index", "angle_deg"]
    assert table["cephalic_index"] == pytest.approx(100 * SHORT / LONG, rel=1e-3)


def test_a_picture_without_pixel_size_is_refused():
    mask = drawn(0).replace(space="pixel")
    with pytest.raises(ValueError, match="with_spacing"):
        ellipse_of(mask)


def test_a_straight_line_is_no_ellipse():
    mask = np.zeros((9, 40), bool)
    mask[4, 3:33] = True
    with pytest.raises(ValueError, match="No ellipse fits"):
        ellipse_of(flat((9, 40)).as_mask(mask))


def test_hc18_circumferences_are_the_published_ones(public):
    data = public("hc18-112")
    known = data.table["circumference_mm"].to_numpy()
    found = np.array([ellipse_of(case.masks["outline"]).circumference_mm for case in data])
    assert np.abs(found / known - 1).max() < 1e-3
    assert abs(np.mean(found / known - 1)) < 1e-4


@pytest.mark.parametrize("weeks", [16, 25, 38])
def test_the_simulated_head_has_the_circumference_it_was_drawn_with(weeks):
    case = fetal_head(weeks=weeks, difficulty=0.0, seed=weeks)
    found = ellipse_of(case.masks["head"])
    assert found.circumference_mm == pytest.approx(case.facts["circumference_mm"], rel=5e-3)
    assert found.short_mm == pytest.approx(case.facts["bpd_mm"], rel=1e-2)


@pytest.mark.parametrize(
    ("weeks", "cm"), [(14, 9.7), (16, 12.4), (20, 17.7), (25, 23.5), (30, 28.4), (35, 32.2), (40, 34.6)]
)
def test_age_is_near_that_of_hadlocks_table_of_circumferences(weeks, cm):
    # Hadlock et al. 1984, circumference by age: the other regression through the same fetuses
    assert gestational_age(10 * cm) == pytest.approx(weeks, abs=1.4)


@pytest.mark.parametrize(("mm", "weeks"), [(100, 14.66), (200, 22.16), (300, 33.26)])
def test_age_is_that_of_hadlocks_formula(mm, weeks):
    assert gestational_age(mm) == pytest.approx(weeks)


def test_an_age_outside_of_the_formula_is_refused_or_left_open():
    with pytest.raises(ValueError, match="from 14 to 42 weeks; this would be 11"):
        gestational_age([44.3, 180.0])
    left = gestational_age([44.3, 180.0], outside="nan")
    assert np.isnan(left[0])
    assert left[1] == pytest.approx(20.4, abs=0.1)


@pytest.mark.parametrize("weeks", [14, 22.5, 40])
@pytest.mark.parametrize(("z", "centile"), [(-1.880794, 3), (0, 50), (1.281552, 90)])
def test_centiles_are_those_of_the_normal_distribution_around_the_standard(weeks, z, centile):
    assert head_circumference_centile(head_circumference(weeks, z), weeks) == pytest.approx(centile, abs=1e-3)


def test_centiles_of_many_fetuses_at_once():
    found = head_circumference_centile([170.0, 175.0], [20, 20])
    assert found[0] < 50 < found[1]


@pytest.mark.parametrize("weeks", [13.9, 40.1])
def test_a_centile_outside_of_the_standard_is_refused(weeks):
    with pytest.raises(ValueError, match="from 14 to 40 weeks"):
        head_circumference_centile(170.0, weeks)
