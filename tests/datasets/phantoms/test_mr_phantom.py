"""MR signals follow the Bloch equations; noise, bias field, motion and missing lines follow their models."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from medlab.datasets import phantoms
from medlab.datasets.phantoms import brain_scan, mr

T1, T2 = 800.0, 90.0


def _pulse(m, degrees, about="x"):
    """Turn magnetisation (x, y, z) about an axis."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    turn = {"x": [[1, 0, 0], [0, c, -s], [0, s, c]], "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]]}[about]
    return np.array(turn) @ m


def _wait(m, ms):
    e1, e2 = np.exp(-ms / T1), np.exp(-ms / T2)
    return np.array([m[0] * e2, m[1] * e2, 1 + (m[2] - 1) * e1])


def _spoiled(m):
    return np.array([0.0, 0.0, m[2]])


def _spin_echo(tr, te, inversion=None):
    """Simulate repetitions of a spin echo, of which one may start with an inversion, until they repeat."""
    m = np.array([0.0, 0.0, 1.0])
    for _ in range(30):
        if inversion is not None:
            m = _spoiled(_wait(_pulse(m, 180), inversion))
        m = _wait(_pulse(m, 90), te / 2)
        m = _wait(_pulse(m, 180, "y"), te / 2)
        signal = m[1]
        m = _spoiled(_wait(m, tr - te - (inversion or 0)))
    return abs(signal)


def test_spin_echo_is_what_a_bloch_simulation_gives():
    assert mr.spin_echo(1.0, T1, T2, tr=600, te=40) == pytest.approx(_spin_echo(600, 40), rel=1e-6)


def test_inversion_recovery_is_what_a_bloch_simulation_gives():
    signal = mr.inversion_recovery(1.0, T1, T2, tr=2500, te=30, ti=300)
    assert abs(signal) == pytest.approx(_spin_echo(2500, 30, inversion=300), rel=1e-6)


def test_spoiled_gradient_echo_is_what_a_bloch_simulation_gives():
    m = np.array([0.0, 0.0, 1.0])
    for _ in range(2000):
        m = _pulse(m, 25)
        signal = np.hypot(*_wait(m, 4)[:2])
        m = _spoiled(_wait(m, 15))
    assert mr.gradient_echo(1.0, T1, T2, tr=15, te=4, flip=25) == pytest.approx(signal, rel=1e-6)


def test_balanced_ssfp_is_what_a_bloch_simulation_gives():
    m = np.array([0.0, 0.0, 1.0])
    for k in range(3000):
        m = _pulse(m, 50 if k % 2 else -50)
        signal = np.hypot(*_wait(m, 2.5)[:2])
        m = _wait(m, 5)
    assert mr.balanced_ssfp(1.0, T1, T2, tr=5, flip=50) == pytest.approx(signal, rel=1e-5)


def test_long_tr_and_short_te_show_proton_density():
    assert mr.spin_echo(0.8, T1, T2, tr=1e6, te=1e-6) == pytest.approx(0.8)


def test_ernst_angle_gives_the_largest_signal():
    angles = np.linspace(1, 90, 891)
    signal = [mr.gradient_echo(1, T1, T2, tr=12, te=3, flip=a) for a in angles]
    assert angles[np.argmax(signal)] == pytest.approx(mr.ernst_angle(T1, 12), abs=0.1)


def test_flair_silences_fluid_and_keeps_the_lesion_bright():
    tissue = mr.TISSUES[1.5]
    signal = {n: brain_scan.signal(tissue[n], "FLAIR") for n in ("CSF", "white matter", "lesion")}
    assert signal["CSF"] < 0.01
    assert signal["lesion"] > 1.3 * signal["white matter"]


@pytest.mark.parametrize(("contrast", "brighter"), [("T1", "white matter"), ("T2", "grey matter")])
@pytest.mark.parametrize("field", [1.5, 3.0])
def test_grey_and_white_matter_swap_between_t1_and_t2(contrast, brighter, field):
    tissue = mr.TISSUES[field]
    signals = {n: brain_scan.signal(tissue[n], contrast) for n in ("grey matter", "white matter")}
    assert max(signals, key=signals.get) == brighter


@pytest.mark.parametrize("shape", [(16, 16), (15, 18), (3, 16, 17)])
def test_kspace_keeps_energy_and_comes_back(shape, rng):
    image = rng.random(shape)
    k = mr.kspace(image)
    assert np.linalg.norm(k) == pytest.approx(np.linalg.norm(image))
    assert mr.reconstruct(k) == pytest.approx(image)


def test_a_flat_image_is_one_point_in_the_middle_of_kspace():
    k = mr.kspace(np.ones((12, 16)))
    assert np.argwhere(abs(k) > 1e-9).tolist() == [[6, 8]]


def test_noise_is_rayleigh_in_air_and_rician_in_tissue():
    air = mr.acquire(np.zeros((128, 128)), noise=3.0, rng=np.random.default_rng(0)).ravel()
    assert stats.kstest(air, stats.rayleigh(scale=3.0).cdf).pvalue > 0.01
    tissue = mr.acquire(np.full((128, 128), 6.0), noise=3.0, rng=np.random.default_rng(1)).ravel()
    assert stats.kstest(tissue, stats.rice(6.0 / 3.0, scale=3.0).cdf).pvalue > 0.01


def test_bias_field_multiplies_and_stays_in_its_range(rng):
    signal = 1 + rng.random((4, 24, 24))
    field = mr.bias_field((4, 24, 24), 0.3, rng=rng)
    assert (mr.acquire(signal, bias=field) / signal) == pytest.approx(field, rel=1e-5)
    assert field.min() == pytest.approx(np.exp(-0.3))
    assert field.max() == pytest.approx(np.exp(0.3))


def test_bias_field_is_a_polynomial_of_its_order(rng):
    field = np.log(mr.bias_field((64, 64), 0.3, order=2, rng=rng))
    third = np.diff(field, 3, axis=0)
    assert np.abs(third).max() < 1e-9 < np.abs(np.diff(field, 2, axis=0)).max()


def test_the_same_shift_in_every_line_shifts_the_image(rng):
    image = rng.random((32, 32))
    moved = mr.acquire(image, motion=np.tile([3, -5], (32, 1)))
    assert moved == pytest.approx(np.roll(image, (3, -5), (0, 1)), abs=1e-5)


def test_motion_in_every_second_line_makes_a_ghost_half_a_field_away():
    image = np.zeros((64, 64))
    image[24:40, 24:40] = 1
    motion = np.zeros((64, 2))
    motion[::2, 1] = 4
    ghosted = mr.acquire(image, motion=motion)
    far = np.roll(image, 32, axis=0) > 0
    assert ghosted[far].max() > 0.3
    assert (ghosted**2).sum() == pytest.approx((image**2).sum(), rel=1e-5)


def test_every_second_line_folds_the_image_onto_itself(rng):
    image = rng.random((32, 16))
    mask = mr.undersampling((32, 16), 2, centre=0, pattern="regular")
    folded = (image + np.roll(image, 16, axis=0)) / 2
    assert mr.acquire(image, mask=mask) == pytest.approx(folded, abs=1e-5)


def test_random_undersampling_keeps_the_centre_and_its_share(rng):
    mask = mr.undersampling((128, 8), 4, centre=0.1, rng=rng)
    assert mask[:, 0].sum() == 32
    assert mask[59:70].all()


@pytest.mark.parametrize("arguments", [{"factor": 0.5}, {"factor": 2, "pattern": "spiral"}])
def test_impossible_undersampling_is_refused(arguments):
    with pytest.raises(ValueError, match="factor must be at least 1"):
        mr.undersampling((8, 8), **arguments)


def test_motion_of_another_length_is_refused():
    with pytest.raises(ValueError, match="each of 8 lines"):
        mr.acquire(np.zeros((8, 8)), motion=np.zeros((4, 2)))


SMALL = (6, 64, 64)


def test_contrasts_of_a_seed_show_the_same_head():
    t1, t2 = (phantoms.brain_mr(SMALL, contrast=c, seed=3) for c in ("T1", "T2"))
    assert np.array_equal(t1.masks["tissues"].array, t2.masks["tissues"].array)
    assert not np.array_equal(t1.image.array, t2.image.array)


def test_brain_without_noise_has_the_signals_of_its_tissues():
    case = phantoms.brain_mr(SMALL, contrast="T2", noise=0, bias=0, lesions=0)
    tissue = mr.TISSUES[1.5]
    labels = case.masks["tissues"].array
    white = brain_scan.signal(tissue["white matter"], "T2")
    for value, name in ((2, "grey matter"), (3, "white matter")):
        expected = 500 * brain_scan.signal(tissue[name], "T2") / white
        # voxels are shared between tissues, so the median comes near only
        assert np.median(case.image.array[labels == value]) == pytest.approx(expected, rel=0.25)


def test_lesions_are_bright_on_flair_and_counted():
    case = phantoms.brain_mr((12, 96, 96), contrast="FLAIR", lesions=6, difficulty=0.0, noise=0.01, bias=0)
    lesion, white = case.masks["lesions"].array > 0, case.masks["tissues"].array == 3
    assert case.facts["lesion_volume_ml"] == pytest.approx(lesion.sum() * case.image.voxel_volume / 1000)
    assert case.image.array[lesion].mean() > 1.3 * case.image.array[white].mean()
    assert not phantoms.brain_mr(SMALL, lesions=0).masks["lesions"].array.any()


def test_unknown_contrast_is_refused():
    with pytest.raises(ValueError, match="contrast must be one of T1"):
        phantoms.brain_mr(SMALL, contrast="T3")


def test_same_seed_same_brain():
    one, two, other = (phantoms.brain_mr(SMALL, motion=1.0, seed=s).image.array.tobytes() for s in (1, 1, 2))
    assert one == two != other
