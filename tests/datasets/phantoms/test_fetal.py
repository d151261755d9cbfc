"""A fetal head has the circumference that its age asks for."""

from __future__ import annotations

import numpy as np
import pytest

from medlab.datasets.phantoms import fetal_head, head_circumference
from medlab.measure.heads import ellipse_of, head_circumference_centile


@pytest.mark.parametrize(("weeks", "published"), [(14, 97.9), (20, 172.5), (30, 278.4), (40, 334.0)])
def test_median_follows_the_published_curve(weeks, published):
    assert head_circumference(weeks) == pytest.approx(published, abs=0.6)


def test_spread_at_twenty_weeks_is_that_of_the_standard():
    assert head_circumference(20, 1) - head_circumference(20) == pytest.approx(7.4, abs=0.3)


def test_age_outside_the_standard_is_refused():
    with pytest.raises(ValueError, match="14 to 40 weeks"):
        fetal_head(weeks=10)


@pytest.mark.parametrize("weeks", [16, 24, 36])
def test_circumference_of_the_mask_is_the_formula(weeks):
    case = fetal_head(weeks=weeks, size=(256, 320))
    mask = case.masks["head"]
    dy, dx = mask.spacing
    points = np.argwhere(mask.array) * [dy, dx]
    # An ellipse's half axes are twice the standard deviations along its main axes.
    b, a = 2 * np.sqrt(np.linalg.eigvalsh(np.cov(points.T)))
    h = ((a - b) / (a + b)) ** 2
    around = np.pi * (a + b) * (1 + 3 * h / (10 + np.sqrt(4 - 3 * h)))  # Ramanujan
    assert around == pytest.approx(head_circumference(weeks), rel=0.005)
    assert 2 * a == pytest.approx(case.facts["ofd_mm"], rel=0.01)
    assert 2 * b == pytest.approx(case.facts["bpd_mm"], rel=0.01)


def test_centre_of_the_mask_is_the_fact():
    case = fetal_head(seed=4, size=(160, 208))
    mask = case.masks["head"]
    rows, columns = np.nonzero(mask.array)
    index = np.stack([0 * rows, rows, columns], -1)
    assert mask.index_to_position(index).mean(0)[:2] == pytest.approx(case.facts["centre_mm"], abs=0.5)


def test_skull_is_brighter_than_what_it_holds():
    case = fetal_head(difficulty=0.2, size=(160, 208))
    from scipy.ndimage import binary_erosion

    head = case.masks["head"].array > 0
    inside = binary_erosion(head, iterations=14)
    rim = head & ~binary_erosion(head, iterations=4)
    assert case.image.array[rim].mean() > 1.4 * case.image.array[inside].mean()


@pytest.mark.parametrize("fault", ["shadow", "low gain", "motion", "cut off", "wrong plane"])
def test_fault_is_named_and_changes_the_picture(fault):
    good, poor = fetal_head(seed=1), fetal_head(seed=1, fault=fault)
    assert good.facts["quality"] == "good"
    assert (poor.facts["quality"], poor.facts["fault"]) == ("poor", fault)
    assert np.abs(good.image.array.astype(float) - poor.image.array).mean() > 1


def test_head_of_a_cine_moves_as_the_facts_say():
    case = fetal_head(frames=8, seed=2)
    masks, (dy, dx) = case.masks["head"].array, case.image.spacing
    centres = np.array([np.argwhere(m).mean(0) for m in masks]) * [dy, dx]
    truth = np.array(case.facts["motion"])[:, [1, 0]]
    assert centres - centres[0] == pytest.approx(truth - truth[0], abs=0.3)


@pytest.mark.parametrize(("z", "centile"), [(0.0, 50.0), (-1.6449, 5.0), (1.2816, 90.0)])
def test_head_lies_on_the_centile_of_its_z_score(z, centile):
    found = head_circumference_centile(head_circumference(27, z), 27)
    assert found == pytest.approx(centile, abs=0.1)


def test_measuring_the_mask_gives_the_circumference_back():
    case = fetal_head(weeks=31, size=(200, 256))
    assert ellipse_of(case.masks["head"]).circumference_mm == pytest.approx(
        case.facts["circumference_mm"], rel=0.01
    )
