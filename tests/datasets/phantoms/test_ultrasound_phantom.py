"""Simulated ultrasound: Rayleigh speckle, attenuation in dB, a beam with a focus, shadows and enhancement."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from medlab.datasets import phantoms
from medlab.datasets.phantoms import cysts, ultrasound

SPACING = (0.1, 0.15)


@pytest.fixture(scope="module")
def speckle():
    return ultrasound.echoes(np.ones((900, 400)), 0.5, SPACING, rng=np.random.default_rng(0))


def test_fully_developed_speckle_is_rayleigh(speckle):
    sparse = speckle[5::12, 5::12].ravel()  # farther apart than the point spread: independent
    assert stats.kstest(sparse, stats.rayleigh(scale=np.sqrt((sparse**2).mean() / 2)).cdf).pvalue > 0.01


def test_mean_over_deviation_of_speckle_is_1_91(speckle):
    assert speckle.mean() / speckle.std() == pytest.approx(1.91, abs=0.05)


def test_compensated_speckle_is_as_bright_at_every_depth(speckle):
    power = (speckle[:, 30:-30] ** 2).reshape(3, 300, -1).mean(axis=(1, 2))
    assert power == pytest.approx(1, rel=0.1)


def test_echoes_weaken_by_twice_the_attenuation():
    envelope = ultrasound.echoes(
        np.ones((1000, 200)), 0.7, SPACING, frequency=4.0, compensation=0.0, rng=np.random.default_rng(1)
    )
    decibel = 10 * np.log10((envelope**2).mean(axis=1))
    slope = np.polyfit(np.arange(1000) * SPACING[0] / 10, decibel, 1)[0]
    assert slope == pytest.approx(-2 * 0.7 * 4.0, rel=0.05)


def _point(depth, **beam):
    """Full widths at half maximum in mm (axial, lateral) of the echo of a point at a depth in mm."""
    step = (0.02, 0.05)
    bright = np.zeros((3200, 161))
    bright[round(depth / step[0]), 80] = 1
    echo = ultrasound.echoes(np.zeros(bright.shape), 0.0, step, specular=bright, **beam)
    peak = np.unravel_index(echo.argmax(), echo.shape)
    return tuple(
        (line > line.max() / 2).sum() * s
        for line, s in zip((echo[:, peak[1]], echo[peak[0]]), step, strict=True)
    )


@pytest.mark.parametrize("depth", [10.0, 30.0, 55.0])
def test_echo_of_a_point_is_as_wide_as_the_beam(depth):
    beam = {"frequency": 5.0, "focus": 30.0, "aperture": 15.0}
    assert _point(depth, **beam)[1] == pytest.approx(ultrasound.beam_width(depth, **beam), abs=0.1)


def test_echo_of_a_point_is_as_long_as_the_pulse():
    microseconds = 0.88 / (0.6 * 5.0)
    assert _point(30.0, frequency=5.0, bandwidth=0.6)[0] == pytest.approx(1.54 * microseconds / 2, abs=0.03)


def test_beam_is_narrower_where_it_is_focused_and_at_higher_frequency():
    at = 35.0
    focused = ultrasound.beam_width(at, frequency=5, focus=35)
    assert focused < 0.9 * ultrasound.beam_width(at, frequency=5, focus=15)
    assert ultrasound.beam_width(at, frequency=10, focus=35) == pytest.approx(focused / 2)


def test_log_compression_spreads_its_dynamic_range():
    grey = ultrasound.compress([1.0, 10**-1.5, 1e-3, 1e-6], dynamic_range=60, reference=1.0)
    assert grey.tolist() == [255, 128, 0, 0]


def test_maps_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        ultrasound.echoes(np.ones((8, 8)), 0.5, SPACING, specular=np.ones((8, 9)))


def _behind(kind):
    """Grey value behind the lesion minus that at the same depth beside it."""
    case = phantoms.lesion_ultrasound(192, kind=kind, difficulty=0.0, seed=3)
    rows, columns = np.nonzero(case.masks["lesion"].array)
    depth = slice(rows.max() + 8, rows.max() + 30)
    under = case.image.array[depth, columns.min() + 8 : columns.max() - 8]
    beside = np.delete(case.image.array[depth], np.s_[columns.min() - 8 : columns.max() + 8], axis=1)
    return under.mean() - beside.mean()


def test_tissue_behind_a_cyst_is_brighter_and_behind_a_stone_dark():
    assert _behind("cyst") > 12
    assert _behind("stone") < -50


@pytest.mark.parametrize(("kind", "sign"), [("cyst", -1), ("hypoechoic", -1), ("hyperechoic", 1)])
def test_lesions_have_the_echo_of_their_kind(kind, sign):
    case = phantoms.lesion_ultrasound(128, kind=kind, difficulty=0.2, seed=5)
    inside = case.masks["lesion"].array > 0
    ring = case.image.array[40:110][~inside[40:110]]
    assert sign * (float(case.image.array[inside].mean()) - float(ring.mean())) > 12


def test_no_lesion_is_no_mask_and_area_is_in_mm2():
    assert phantoms.lesion_ultrasound(64, kind="none").facts["area_mm2"] == 0
    case = phantoms.lesion_ultrasound(64, kind="cyst")
    assert case.facts["area_mm2"] == pytest.approx(case.masks["lesion"].array.sum() * (50 / 64) ** 2)


def test_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind must be one of none, cyst"):
        cysts.lesion_ultrasound(64, kind="abscess")


def test_sector_is_black_outside_its_fan_and_speckled_inside(rng):
    picture = ultrasound.sector(np.ones((160, 200)), 0.5, (0.4, 0.4), rng=rng)
    fan = ultrasound.fan((160, 200), (0.4, 0.4))
    assert (picture[~fan] == 0).all()
    assert np.median(picture[fan]) > 60


def test_speckle_of_a_sector_is_coarser_far_from_the_probe(rng):
    picture = ultrasound.sector(np.ones((300, 300)), 0.5, (0.2, 0.2), rng=rng, lines=400).astype(float)

    def likeness(rows):
        part = picture[rows, 130:170]
        return np.corrcoef(part[:, :-3].ravel(), part[:, 3:].ravel())[0, 1]

    assert likeness(slice(230, 290)) > likeness(slice(60, 120))


def test_same_seed_same_picture():
    one, two, other = (phantoms.lesion_ultrasound(64, seed=s).image.array.tobytes() for s in (1, 1, 2))
    assert one == two != other
