"""PET and SPECT: decay, attenuation, resolution and counts follow their laws; SUV comes out right."""

from __future__ import annotations

import numpy as np
import pytest

import medlab
from medlab.datasets import phantoms
from medlab.datasets.phantoms import nuclear
from medlab.measure import suv


@pytest.mark.parametrize("nuclide", nuclear.HALF_LIFE)
def test_activity_halves_in_one_half_life(nuclide):
    assert nuclear.decay_factor(nuclide, nuclear.HALF_LIFE[nuclide]) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("nuclide", "minutes"), [("F-18", 109.77), ("Tc-99m", 6.0067 * 60), ("C-11", 20.364), ("Ga-68", 67.71)]
)
def test_half_lives_are_the_published_ones(nuclide, minutes):
    assert nuclear.HALF_LIFE[nuclide] / 60 == pytest.approx(minutes, rel=1e-3)


def test_unknown_nuclide_is_refused():
    with pytest.raises(ValueError, match="nuclide must be one of"):
        nuclear.decay_factor("Xx-1", 1.0)


N, SPACING = 48, (6.0, 6.0, 6.0)


def _cylinder(radius_mm, slices=6):
    away = np.hypot(*(np.indices((N, N)) - N // 2)) * SPACING[1]
    return np.broadcast_to(away < radius_mm, (slices, N, N)).astype(np.float32)


CAMERAS = {
    "PET": lambda mu: nuclear.PetCamera(mu, SPACING, views=24),
    "SPECT": lambda mu: nuclear.SpectCamera(mu, SPACING, views=24),
}


@pytest.mark.parametrize("kind", CAMERAS)
def test_adjoint_of_a_camera_is_the_transpose(kind, rng):
    camera = CAMERAS[kind](0.1 * _cylinder(100))
    activity = rng.random((6, N, N), dtype=np.float32)
    counts = rng.random((6, 24, N), dtype=np.float32)
    there, back = (camera.forward(activity) * counts).sum(), (activity * camera.adjoint(counts)).sum()
    assert there == pytest.approx(back, rel=1e-4)


def test_pet_attenuates_along_the_whole_line_wherever_the_source_lies():
    mu = 0.096 * _cylinder(110)
    camera = nuclear.PetCamera(mu, SPACING, views=4, fwhm=0.0)
    for row in (14, 24, 34):
        source = np.zeros_like(mu)
        source[3, row, N // 2] = 1.0
        length = mu[3, :, N // 2].sum() * SPACING[1] / 10
        assert camera.forward(source)[3, 0, N // 2] == pytest.approx(0.6 * np.exp(-length), rel=1e-3)


def test_spect_attenuates_from_the_source_to_the_camera_only():
    mu = 0.15 * _cylinder(120)
    camera = nuclear.SpectCamera(mu, SPACING, views=2, intrinsic=0.5, hole=0.1)
    near, far = np.zeros_like(mu), np.zeros_like(mu)
    near[3, 14, N // 2], far[3, 34, N // 2] = 1.0, 1.0
    ratio = camera.forward(far)[:, 0].sum() / camera.forward(near)[:, 0].sum()
    assert ratio == pytest.approx(np.exp(-0.15 * 20 * 0.6), rel=0.02)
    opposite = camera.forward(near)[:, 1].sum() / camera.forward(far)[:, 1].sum()
    assert opposite == pytest.approx(np.exp(-0.15 * 20 * 0.6), rel=0.1)


@pytest.mark.parametrize("row", [10, 38])
def test_spect_blurs_more_the_farther_the_source_is_from_the_camera(row):
    camera = nuclear.SpectCamera(np.zeros((6, N, N)), SPACING, views=1)
    source = np.zeros((6, N, N), np.float32)
    source[3, row, N // 2] = 1.0
    profile = camera.forward(source)[:, 0].sum(axis=0)
    offset = (np.arange(N) - N // 2) * SPACING[2]
    fwhm = 2.3548 * np.sqrt((profile * offset**2).sum() / profile.sum())
    distance = N * SPACING[1] / 2 + (row - N // 2) * SPACING[1]
    assert fwhm == pytest.approx(np.hypot(3.8, 1.4 * (24 + distance) / 24), rel=0.05)


def test_likelihood_rises_with_every_mlem_iteration(rng):
    camera = CAMERAS["PET"](0.096 * _cylinder(100))
    counts = rng.poisson(camera.forward(50 * _cylinder(80))).astype(np.float32)
    likelihood = []
    for iterations in (1, 2, 4, 8):
        mean = np.maximum(
            camera.forward(nuclear.osem(counts, camera, iterations=iterations, subsets=1)), 1e-9
        )
        likelihood.append(float((counts * np.log(mean) - mean).sum()))
    assert likelihood == sorted(likelihood)


@pytest.mark.parametrize("kind", CAMERAS)
def test_osem_finds_the_activity_in_the_middle_of_a_noiseless_cylinder(kind):
    camera = CAMERAS[kind](0.12 * _cylinder(120))
    counts = camera.forward(1000 * _cylinder(120))
    image = nuclear.osem(counts, camera, iterations=6, subsets=4)
    assert image[2:4][_cylinder(60)[2:4] > 0].mean() == pytest.approx(1000, rel=0.03)


def test_leaving_attenuation_out_hollows_the_cylinder():
    counts = CAMERAS["SPECT"](0.15 * _cylinder(120)).forward(1000 * _cylinder(120))
    image = nuclear.osem(counts, CAMERAS["SPECT"](0 * _cylinder(120)), iterations=6, subsets=4)
    rim = (_cylinder(110) - _cylinder(90))[2:4] > 0
    assert image[2:4][_cylinder(30)[2:4] > 0].mean() < 0.6 * image[2:4][rim].mean()


def test_more_subsets_than_views_are_refused():
    camera = CAMERAS["PET"](0 * _cylinder(10))
    with pytest.raises(ValueError, match="subsets must lie between 1"):
        nuclear.osem(np.zeros((6, 24, N)), camera, subsets=99)


@pytest.mark.parametrize("kind", CAMERAS)
def test_fbp_finds_value_and_place_without_attenuation(kind):
    truth = np.zeros((6, N, N), np.float32)
    truth[:, 12:22, 28:38] = 100.0
    camera = CAMERAS[kind](np.zeros_like(truth))
    scale = (
        1.0 if kind == "PET" else camera.forward(truth).sum() / CAMERAS["PET"](0 * truth).forward(truth).sum()
    )
    image = nuclear.fbp(camera.forward(truth) / scale, SPACING[1], full_turn=kind == "SPECT")
    weights = np.clip(image[3], 0, None) ** 2
    centre = [(weights * axis).sum() / weights.sum() for axis in np.indices((N, N))]
    assert centre == pytest.approx([16.5, 32.5], abs=0.5)
    assert image[3, 14:20, 30:36].mean() == pytest.approx(100, rel=0.1)


def _uniform_pet(**scan):
    activity, weight, dose = 4000.0, 70.0, 300e6
    truth = activity * _cylinder(110, slices=8)
    mu = 0.096 * _cylinder(110, slices=8)
    volume = nuclear.pet(truth, mu, SPACING, views=48, rng=np.random.default_rng(0), **scan)
    facts = nuclear.pet_facts(weight=weight, dose=dose)
    affine = np.diag([*SPACING[::-1], 1.0])[:, [2, 1, 0, 3]]
    image = medlab.Image(volume, affine=affine, modality="PT", units="Bq/ml", meta=facts)
    expected = activity * 1000 * weight / (dose * 0.5 ** (60 / 109.77))
    return image.array, suv(image), expected


def test_suv_of_a_uniform_body_is_right():
    _, image, expected = _uniform_pet(iterations=4)
    middle = image.array[2:6][_cylinder(70)[:4] > 0]
    assert middle.mean() == pytest.approx(expected, rel=0.02)


def test_pet_noise_falls_with_the_square_root_of_the_time():
    middle = _cylinder(70)[:4] > 0
    short, long = (_uniform_pet(seconds=s)[0][2:6][middle].std() for s in (45.0, 180.0))
    assert short / long == pytest.approx(2, rel=0.25)


def test_a_short_lived_tracer_is_corrected_for_decay_during_the_scan():
    values = _uniform_pet(nuclide="Rb-82", seconds=300.0)[0][2:6]
    assert values[_cylinder(70)[:4] > 0].mean() == pytest.approx(4000, rel=0.03)


@pytest.fixture(scope="module")
def nema():
    return phantoms.nema_pet((16, 96, 96), seconds=1200.0, iterations=4)


def test_recovery_grows_with_the_size_of_the_sphere(nema):
    spheres, volume = nema.masks["spheres"].array, nema.image.array / nema.facts["background"]
    mean = [volume[spheres == k].mean() for k in range(1, 7)]
    assert mean[0] < mean[2] < mean[5] < nema.facts["ratio"] + 0.2
    assert mean[5] > 0.7 * nema.facts["ratio"]


def test_background_of_the_nema_phantom_is_what_was_filled_in(nema):
    values = nema.image.array[nema.masks["background"].array > 0]
    assert values.mean() == pytest.approx(5300, rel=0.03)


def test_known_activity_is_given_on_the_image_grid(nema):
    assert nema.facts["activity"].same_grid(nema.image)
    assert nema.facts["activity"].array.max() == pytest.approx(4 * 5300, rel=1e-5)


def test_middle_of_a_large_lesion_has_its_true_suv():
    case = phantoms.thorax_pet((24, 72, 72), lesions=1, difficulty=0.0, seed=5, seconds=900.0, iterations=4)
    (lesion,) = case.facts["lesions"]
    k, j, i = case.image.position_to_index((lesion["x"], lesion["y"], lesion["z"])).round().astype(int)
    measured = suv(case.image).array[k - 1 : k + 2, j, i].max()
    assert measured == pytest.approx(lesion["suv"], rel=0.25)
    assert case.masks["lesions"].array[k, j, i]
    assert case.facts["ct"].same_grid(case.image)


def test_perfusion_defect_is_cold_and_a_healthy_heart_is_not():
    size = (20, 48, 48)
    ill = phantoms.heart_spect(size, severity=0.9, extent=100.0, difficulty=0.0, views=40, seconds=60.0)
    heart, values = ill.masks["heart"].array, ill.image.array
    assert values[heart == 2].mean() < 0.75 * values[heart == 1].mean()
    well = phantoms.heart_spect(size, severity=0.0, views=12)
    assert not (well.masks["heart"].array == 2).any()


def test_liver_lesion_is_cold():
    case = phantoms.liver_spect((20, 48, 48), difficulty=0.0, views=40, seconds=60.0, seed=3)
    lesion = case.masks["lesions"].array > 0
    liver = (case.masks["organs"].array == 1) & ~lesion
    assert case.image.array[lesion].mean() < 0.6 * case.image.array[liver].mean()


@pytest.mark.parametrize("make", [phantoms.thorax_pet, phantoms.heart_spect])
def test_same_seed_same_bytes(make):
    one, two, other = (make((6, 32, 32), views=12, seed=s).image.array.tobytes() for s in (1, 1, 2))
    assert one == two != other
