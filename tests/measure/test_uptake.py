"""SUV statistics and delineations in PET."""

import numpy as np
import pytest
from shapes import ellipsoid, positions, straight, turned

from medlab.datasets.phantoms import tracers
from medlab.measure import suv, suv_peak, suv_statistics, suv_threshold, threshold_mask, volume
from medlab.measure.uptake import _sphere

RADIUS = np.cbrt(3000 / (4 * np.pi))


def a_pet(array_of, spacing=(3.0, 2.0, 2.5), shape=(24, 36, 30)):
    image = turned(spacing, shape)
    middle = image.index_to_position((np.array(shape) - 1) / 2)
    values = array_of(positions(image) - middle)
    return image.replace(array=values.astype(np.float32), modality="PT", units="SUVbw"), middle


@pytest.fixture(scope="module")
def ball():
    """A hot ball of SUV 8 and 10 mm radius in a background of SUV 1, oblique and anisotropic."""
    pet, middle = a_pet(lambda p: np.where((p**2).sum(-1) <= 100, 8.0, 1.0))
    return pet, ellipsoid(pet, (10.0, 10.0, 10.0), middle)


def test_statistics_of_a_uniform_ball(ball):
    found = suv_statistics(*ball)
    assert (found["SUVmax"], found["SUVmean"], found["SUVsd"]) == (8, 8, 0)
    assert found["MTV_ml"] == volume(ball[1]) == pytest.approx(4.18879, rel=0.03)
    assert found["TLG_g"] == pytest.approx(8 * found["MTV_ml"])
    assert found["SUVpeak"] == pytest.approx(8)


@pytest.mark.parametrize("spacing", [(3.0, 2.0, 2.5), (5.0, 5.0, 5.0), (1.0, 4.0, 2.0)])
def test_the_sphere_of_suv_peak_holds_one_millilitre(spacing):
    pet, _ = a_pet(lambda p: p[..., 0], spacing)
    assert _sphere(pet, 1.0).sum() * pet.voxel_volume == pytest.approx(1000, rel=0.01)


def test_suv_peak_of_a_cone_of_uptake_is_its_mean_over_the_sphere():
    # SUV = 20 − r / mm: over a ball of radius R around the top the mean is 20 − 3/4 R
    pet, middle = a_pet(lambda p: 20 - np.linalg.norm(p, axis=-1), (1.0, 1.0, 1.0), (33, 33, 33))
    found = suv_peak(pet, ellipsoid(pet, (9.0, 9.0, 9.0), middle))
    assert found == pytest.approx(20 - 0.75 * RADIUS, rel=0.005)


def test_suv_peak_is_where_the_mean_is_highest_not_the_voxel():
    pet, middle = a_pet(lambda p: np.where((p**2).sum(-1) <= 225, 5.0, 0.5), (2.0, 2.0, 2.0), (25, 25, 25))
    values = pet.array.copy()
    values[18, 12, 12] = 30.0  # one noisy voxel near the edge
    noisy = pet.replace(array=values)
    found = suv_statistics(noisy, ellipsoid(pet, (15.0, 15.0, 15.0), middle))
    assert found["SUVmax"] == 30
    assert 5 <= found["SUVpeak"] < 5 + 25 * 8 / 1000 * 1.1


def test_suv_peak_at_the_border_counts_what_is_there():
    pet, _ = a_pet(lambda p: np.full(p.shape[:-1], 3.0), (2.0, 2.0, 2.0), (8, 8, 8))
    corner = np.zeros(pet.shape, bool)
    corner[0, 0, 0] = True
    assert suv_peak(pet, pet.as_mask(corner)) == pytest.approx(3.0)


def test_values_that_are_no_suv_are_refused_with_the_way_out(ball):
    with pytest.raises(ValueError, match=r"medlab\.measure\.suv\(pet\)"):
        suv_statistics(ball[0].replace(units="Bq/ml"), ball[1])


def test_a_mask_of_another_grid_is_refused_with_the_way_out(ball):
    other = straight((2, 2, 2), (24, 36, 30)).as_mask(np.ones((24, 36, 30), bool))
    with pytest.raises(ValueError, match=r"mask\.like\(image\)"):
        suv_statistics(ball[0], other)


def test_values_that_are_not_finite_are_counted(ball):
    values = ball[0].array.copy()
    values[ball[1].array > 0] = np.nan
    with pytest.raises(ValueError, match="voxels in the region are not finite"):
        suv_statistics(ball[0].replace(array=values), ball[1])


@pytest.mark.parametrize(("method", "level"), [("fixed", 2.5), ("fixed", 4.0), ("relative", 0.41)])
def test_a_hot_ball_is_delineated_exactly(ball, method, level):
    found = threshold_mask(ball[0], method, level=level)
    np.testing.assert_array_equal(found.array, ball[1].array)


def test_relative_thresholds_of_a_cone_have_the_volume_of_its_level_set():
    # SUV = 20 − r: at least 50 % of the maximum 20 within r ≤ 10 mm
    pet, _ = a_pet(lambda p: 20 - np.linalg.norm(p, axis=-1), (1.5, 1.5, 1.5), (33, 33, 33))
    found = threshold_mask(pet, "relative", level=0.5)
    assert volume(found) == pytest.approx(4 / 3 * np.pi * 1000 / 1000, rel=0.02)


def test_percist_threshold_is_that_of_the_liver(ball, rng):
    liver = rng.normal(2.0, 0.2, ball[0].shape)
    pet = ball[0].replace(array=liver)
    threshold, how = suv_threshold(pet, "percist", background=pet.as_mask(np.ones(pet.shape, bool)))
    assert threshold == pytest.approx(1.5 * liver.mean() + 2 * liver.std())
    assert "liver" in how


def test_adaptive_threshold_lies_between_background_and_uptake(ball):
    threshold, _ = suv_threshold(ball[0], "adaptive", background=1.0)
    assert threshold == pytest.approx(0.15 * 8 + 1)
    assert suv_threshold(ball[0], "adaptive", background=1.0, weights=(0.5, 0.5))[0] == pytest.approx(4.5)


def test_adaptive_background_may_be_a_mask(ball):
    around = ball[0].as_mask(ball[1].array == 0)
    assert suv_threshold(ball[0], "adaptive", background=around)[0] == pytest.approx(2.2)


def test_a_seed_keeps_its_own_lesion_only():
    values = np.ones((5, 9, 9))
    values[2, 2, 2:4], values[2, 6, 6] = 6.0, 9.0
    pet = straight((2, 2, 2), values.shape).replace(array=values, units="SUVbw")
    assert threshold_mask(pet, level=4.0).array.sum() == 3
    assert threshold_mask(pet, level=4.0, seed=(2, 2, 3)).array.sum() == 2
    assert threshold_mask(pet, level=4.0, seed="max").array.sum() == 1


def test_a_seed_in_the_background_is_refused(ball):
    with pytest.raises(ValueError, match="below the threshold of SUV 4"):
        threshold_mask(ball[0], seed=(0, 0, 0))


def test_a_region_leaves_out_what_is_hotter_elsewhere():
    values = np.ones((5, 9, 9))
    values[2, 2, 2:4], values[2, 6, 6] = 6.0, 30.0
    pet = straight((2, 2, 2), values.shape).replace(array=values, units="SUVbw")
    box = np.zeros(values.shape, bool)
    box[:, :5, :5] = True
    assert threshold_mask(pet, "relative").array.sum() == 1
    assert threshold_mask(pet, "relative", region=pet.as_mask(box)).array.sum() == 2


def test_a_region_of_another_grid_is_refused(ball):
    other = straight((2, 2, 2), (24, 36, 30)).as_mask(np.ones((24, 36, 30), bool))
    with pytest.raises(ValueError, match=r"mask\.like\(image\)"):
        threshold_mask(ball[0], region=other)


def test_the_mask_says_what_its_threshold_was(ball):
    found = threshold_mask(ball[0], "relative")
    assert found.notes == ("Threshold SUV 3.28: 41 % of SUVmax 8.",)
    assert found.labels == {1: "SUV ≥ 3.28"}


@pytest.mark.parametrize("method", ["percist", "adaptive"])
def test_a_rule_without_its_background_is_refused(ball, method):
    with pytest.raises(ValueError, match="needs background="):
        threshold_mask(ball[0], method)


def test_spheres_of_the_simulated_phantom_have_their_metabolic_volume_and_true_uptake():
    case = tracers.nema_pet((24, 64, 64), seed=1)
    truth = suv(case.facts["activity"].replace(units="Bq/ml", meta=case.image.meta))
    factor = suv(case.image).array.max() / case.image.array.max()
    for number, diameter in enumerate(case.facts["diameters_mm"][4:], 5):
        found = suv_statistics(truth, case.masks["spheres"], number)
        assert found["MTV_ml"] == pytest.approx(np.pi / 6 * diameter**3 / 1000, rel=0.1)
        expected = case.facts["background"] * case.facts["ratio"] * factor
        assert found["SUVmax"] == pytest.approx(expected, rel=1e-4)
        assert found["SUVpeak"] == pytest.approx(expected, rel=0.02)


def test_a_sarcoma_has_the_uptake_that_its_voxels_have(public):
    case = public("sarcoma-sts-004")[1]
    found = suv_statistics(case.image, case.masks["GTV"])
    values = case.image.array[case.masks["GTV"].array > 0].astype(float)
    assert found["SUVmax"] == values.max()
    assert found["TLG_g"] == pytest.approx(values.sum() * np.prod(case.image.spacing) / 1000)
    assert found["SUVmean"] < found["SUVpeak"] < found["SUVmax"]
