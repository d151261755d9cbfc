"""Volumes of the heart, ejection fraction, mass and wall."""

import numpy as np
import pytest
from shapes import ellipsoid, positions, straight, turned

import medlab
from medlab.datasets.phantoms import left_ventricle as simulated
from medlab.measure import (
    area_length,
    body_surface_area,
    left_ventricle,
    simpson,
    simpson_biplane,
    volume,
    volume_curve,
    wall_thickness,
)


def beating(radii, spacing=(4.0, 1.2, 1.2), shape=(21, 65, 65), times=None):
    """Return masks over time of an oblique ball in a shell of 8 mm, and its radii are known."""
    image = turned(spacing, shape)
    away = np.linalg.norm(positions(image) - image.index_to_position((np.array(shape) - 1) / 2), axis=-1)
    labels = np.stack([np.where(away <= r, 3, np.where(away <= r + 8, 2, 0)) for r in radii])
    return medlab.Image(
        labels.astype(np.uint8),
        axes="tzyx",
        affine=image.affine,
        units="label",
        labels={2: "myocardium", 3: "left ventricle"},
        times=times,
    )


def ball_ml(radius):
    return 4 / 3 * np.pi * radius**3 / 1000


def test_volumes_and_ejection_fraction_of_a_beating_ball():
    found = left_ventricle(beating([28, 30, 24, 20, 25]))
    assert found["EDV_ml"] == pytest.approx(ball_ml(30), rel=0.01)
    assert found["ESV_ml"] == pytest.approx(ball_ml(20), rel=0.02)
    assert found["EF_percent"] == pytest.approx(100 * (1 - 8 / 27), abs=0.6)
    assert found["SV_ml"] == found["EDV_ml"] - found["ESV_ml"]
    assert (found["ED_frame"], found["ES_frame"]) == (1, 3)


def test_mass_is_that_of_the_muscle_at_end_diastole():
    found = left_ventricle(beating([20, 28]), myocardium="myocardium")
    assert found["mass_g"] == pytest.approx(1.05 * (ball_ml(36) - ball_ml(28)), rel=0.01)


def test_volumes_per_body_surface_and_cardiac_output():
    masks = beating([28, 20])
    found = left_ventricle(masks, 3, myocardium=2, height_cm=180, weight_kg=80, heart_rate=60)
    assert found["BSA_m2"] == 2
    assert found["EDVi_ml_m2"] == found["EDV_ml"] / 2
    assert found["massi_g_m2"] == found["mass_g"] / 2
    assert found["output_l_min"] == pytest.approx(0.06 * found["SV_ml"])


def test_the_curve_runs_over_the_times_of_the_cine():
    masks = beating([28, 20, 24], times=[0, 300, 600])
    curve = volume_curve(masks, "left ventricle")
    assert curve.index.tolist() == [0, 300, 600]
    one = medlab.Image(masks.array[1], affine=masks.affine, units="label")
    assert curve[300] == pytest.approx(volume(one, 3))


def test_the_simulated_heart_has_exactly_the_ejection_fraction_it_was_made_with():
    case = simulated(ef=42, edv=160, frames=8, size=(10, 64, 64), seed=3)
    found = left_ventricle(case.masks["heart"], myocardium="myocardium")
    assert found["EDV_ml"] == pytest.approx(case.facts["edv_ml"], rel=1e-9)
    assert found["ESV_ml"] == pytest.approx(case.facts["esv_ml"], rel=1e-9)
    assert found["EF_percent"] == pytest.approx(42, abs=0.3)
    assert found["mass_g"] == pytest.approx(case.facts["mass_g"], rel=1e-9)
    assert (found["ED_frame"], found["ES_frame"]) == (case.facts["end_diastole"], case.facts["end_systole"])


def test_an_empty_cavity_is_refused():
    with pytest.raises(ValueError, match="No frame holds a voxel of 1"):
        left_ventricle(beating([20]), 1)


def test_one_moment_is_no_cine():
    with pytest.raises(ValueError, match="axes 'tzyx'"):
        left_ventricle(straight((1, 1, 1), (3, 3, 3)).as_mask(np.ones((3, 3, 3), np.uint8)), 1)


def test_discs_of_a_mask_add_up_to_its_volume():
    image = straight((9.0, 1.1, 0.9), (9, 70, 80))
    mask = ellipsoid(image, (26, 24, 33))
    areas = np.count_nonzero(mask.array, axis=(1, 2)) * 1.1 * 0.9
    assert simpson(areas, 9.0) == pytest.approx(volume(mask))


def test_discs_of_two_views_give_an_ellipsoid():
    z = (np.arange(200) + 0.5) / 200 * 2 - 1
    assert simpson_biplane(2 * 25 * np.sqrt(1 - z**2), 2 * 21 * np.sqrt(1 - z**2), 90) == pytest.approx(
        4 / 3 * np.pi * 25 * 21 * 45 / 1000, rel=1e-3
    )


def test_area_and_length_of_an_ellipsoid_with_three_axes():
    a, b, c = 45.0, 25.0, 21.0
    found = area_length(np.pi * a * b, 2 * a, np.pi * a * c)
    assert found == pytest.approx(4 / 3 * np.pi * a * b * c / 1000)


@pytest.mark.parametrize("bad", [lambda: simpson([1, -1], 5), lambda: area_length(100, 0)])
def test_impossible_sizes_are_refused(bad):
    with pytest.raises(ValueError, match="from 0 mm² up"):
        bad()


def test_body_surface_by_du_bois():
    # Du Bois & Du Bois 1916 in a common table: 170 cm and 70 kg have 1.81 m²
    assert body_surface_area(170, 70, "dubois") == pytest.approx(1.81, abs=0.005)
    assert body_surface_area(170, 70) == pytest.approx(1.818, abs=0.001)


def test_a_height_in_metres_is_refused():
    with pytest.raises(ValueError, match="30 to 250 cm"):
        body_surface_area(1.8, 80)


def test_wall_of_a_ring_is_as_thick_as_the_ring():
    image = straight((8.0, 0.5, 0.5), (4, 160, 160))
    away = np.hypot(*np.moveaxis(positions(image)[..., :2], -1, 0))
    labels = np.where(away <= 22, 3, np.where(away <= 31, 2, 0))
    labels[0][labels[0] == 3] = 2  # an apex without cavity
    labels[3] = 0
    table = wall_thickness(image.as_mask(labels.astype(np.uint8)), 3, 2)
    assert table["slice"].tolist() == [0, 1, 2]
    assert table["thickness_mm"][1:].to_numpy() == pytest.approx([9, 9], rel=0.01)
    assert np.isnan(table["thickness_mm"][0])
