"""Simulated CT: water is 0 HU, noise falls with the square root of the dose, spectra harden."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.transform import iradon, radon

from medlab.datasets import phantoms
from medlab.datasets.phantoms import ct
from medlab.datasets.phantoms.projection import ParallelBeam


def _disc(n, radius, at=(0, 0)):
    return np.hypot(*(np.indices((n, n)) - n // 2 - np.array(at)[:, None, None])) < radius


@pytest.mark.parametrize("n", [64, 65])
def test_projection_agrees_with_scikit_image(n):
    picture = _disc(n, 20, (4, -6)) + 2.0 * _disc(n, 6, (-10, 8))
    degrees = np.arange(0, 180, 7.5)
    theirs = radon(picture, degrees, circle=True).T
    ours = ParallelBeam(n, degrees).forward(picture)
    assert np.sqrt(np.mean((ours - theirs) ** 2)) < 0.01 * theirs.max()


def test_adjoint_is_the_transpose(rng):
    beam = ParallelBeam(24, np.arange(0, 180, 9))
    volume, rays = rng.random((3, 24, 24)), rng.random((3, 20, 24))
    assert (beam.forward(volume) * rays).sum() == pytest.approx((volume * beam.adjoint(rays)).sum(), rel=1e-4)


def test_stack_gives_what_its_slices_give(rng):
    stack = rng.random((3, 20, 20))
    together = ct.sinogram(stack, 2.0, views=12)
    alone = [ct.sinogram(s, 2.0, views=12) for s in stack]
    assert np.allclose(together, alone, rtol=1e-5)


def test_back_projection_agrees_with_scikit_image():
    rays = ct.sinogram(0.2 * _disc(128, 40, (10, 5)), 1.0, views=180)
    ours = ct.fbp(rays, 1.0, kernel="hann")
    theirs = iradon(rays.T, np.arange(180.0), filter_name="hann", circle=True) * 10
    inside = _disc(128, 60)
    assert np.abs(ours - theirs)[inside].max() < 0.01
    assert ours[_disc(128, 30, (10, 5))].mean() == pytest.approx(0.2, rel=0.005)


def test_unknown_kernel_is_refused():
    with pytest.raises(ValueError, match="kernel must be one of ramp"):
        ct.fbp(np.zeros((4, 8)), 1.0, kernel="bone")


def _core(case, radius=30):
    return case.image.array[0][_disc(case.image.size("y"), radius)]


def test_water_is_zero_hounsfield_within_its_noise():
    values = _core(phantoms.water_cylinder(128))
    assert values.std() > 2
    assert values.mean() == pytest.approx(0, abs=1.5)


def test_noise_falls_with_the_square_root_of_the_dose():
    still = _core(phantoms.water_cylinder(128, noise=False))
    noise = {d: (_core(phantoms.water_cylinder(128, dose=d)) - still).std() for d in (50.0, 200.0, 800.0)}
    assert noise[50.0] / noise[200.0] == pytest.approx(2, rel=0.1)
    assert noise[200.0] / noise[800.0] == pytest.approx(2, rel=0.1)


def test_thinner_slices_are_noisier():
    thick, thin = (_core(phantoms.water_cylinder(128, thickness=t)).std() for t in (8.0, 2.0))
    assert thin / thick == pytest.approx(2, rel=0.1)


def test_sharper_kernel_is_noisier():
    soft, sharp = (_core(phantoms.water_cylinder(128, kernel=k)).std() for k in ("hann", "ramp"))
    assert sharp > 1.5 * soft


def _cupping(**scan):
    case = phantoms.water_cylinder(128, noise=False, **scan)
    values, n = case.image.array[0], 128
    return values[_disc(n, 42) & ~_disc(n, 36)].mean() - values[_disc(n, 10)].mean()


def test_spectrum_cups_a_water_cylinder_and_calibration_corrects_it():
    assert _cupping(water_calibrated=False) > 15
    assert abs(_cupping()) < 2
    assert abs(_cupping(polychromatic=False)) < 2


def test_bone_leaves_a_dark_band_only_where_there_is_a_spectrum():
    body = np.where(_disc(128, 50), 0.0, -1000.0)
    body[_disc(128, 9, (0, -28)) | _disc(128, 9, (0, 28))] = 1500
    hard, mono = (ct.acquire(body, 2.0, polychromatic=p, noise=False) for p in (True, False))
    between = _disc(128, 6)
    assert hard[between].mean() < mono[between].mean() - 10


def test_inserts_have_their_nominal_values():
    case = phantoms.contrast_inserts(256, dose=1000)
    labels = case.masks["inserts"].array[0]
    for value, name in case.masks["inserts"].labels.items():
        rows, columns = np.nonzero(labels == value)
        core = np.hypot(rows - rows.mean(), columns - columns.mean()) < 7
        measured = case.image.array[0, rows[core], columns[core]].mean()
        assert measured == pytest.approx(case.facts["hu"][name], abs=12 + 0.02 * abs(case.facts["hu"][name]))


def test_two_voltages_tell_how_much_iodine_there_is():
    case = phantoms.iodine_inserts(128, dose=1000)
    plain, iodine = ct.decompose(case.image.array, case.facts["high"].array)
    for value, name in case.masks["inserts"].labels.items():
        inside = np.nonzero(case.masks["inserts"].array == value)
        near = np.hypot(*(c - c.mean() for c in inside[1:])) < 3
        rod = tuple(c[near] for c in inside)
        assert iodine[rod].mean() == pytest.approx(case.facts["iodine_mg_per_ml"][name], abs=0.4, rel=0.07)
        assert plain[rod].mean() == pytest.approx(0, abs=8)


def test_iodine_adds_more_at_lower_voltage():
    rise = [ct.iodine_enhancement(v) for v in (80, 100, 120, 140)]
    assert rise == sorted(rise, reverse=True)
    assert rise[2] == pytest.approx(
        26, abs=4
    )  # about 26 HU per mg/ml at 120 kV (Bae K. T. Radiology 256, 2010)


def test_field_outside_the_circle_is_air_and_a_wide_body_keeps_its_shape():
    hu = ct.acquire(np.zeros((2, 30, 64)), 4.0, views=60, noise=False)
    assert hu.shape == (2, 30, 64)
    assert (hu[:, 0, 0] == -1000).all()


@pytest.fixture(scope="module")
def chest():
    return phantoms.thorax_ct((12, 96, 96), nodules=2, difficulty=0.0, spacing=(12.0, 4.2, 4.2), seed=2)


def test_organs_have_the_hounsfield_units_of_organs(chest):
    organs, hu = chest.masks["organs"], chest.image.array
    mean = {
        name: np.median(hu[organs.array == v])
        for v, name in organs.labels.items()
        if (organs.array == v).any()
    }
    assert -900 < mean["right lung"] < -600
    assert 20 < mean["heart"] < 70
    assert mean["bone"] > 150
    assert mean["fat"] < 0


def test_nodules_lie_in_the_lungs_where_the_facts_say(chest):
    nodules = chest.masks["nodules"]
    for nodule in chest.facts["nodules"]:
        k, j, i = nodules.position_to_index((nodule["x"], nodule["y"], nodule["z"])).round().astype(int)
        assert nodules.array[k, j, i]


def test_same_seed_same_ct():
    one, two, other = (
        phantoms.thorax_ct((3, 48, 48), spacing=(20, 8.4, 8.4), seed=s).image.array.tobytes()
        for s in (1, 1, 2)
    )
    assert one == two != other
