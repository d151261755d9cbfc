"""Radiographs follow Beer–Lambert, magnify, scatter and count photons as they should."""

from __future__ import annotations

import numpy as np
import pytest

import medlab
from medlab.datasets import phantoms
from medlab.datasets.phantoms import materials, xray

# xraylib (Schoonjans et al. 2011), cm²/g at 25, 70, 140 and 511 keV, which the table does not hold
XRAYLIB = {
    "water": (0.50824, 0.19285, 0.15383, 0.09599),
    "polyethylene": (0.32073, 0.18880, 0.15658, 0.09857),
    "acrylic": (0.38566, 0.18250, 0.14872, 0.09324),
}


@pytest.mark.parametrize("material", XRAYLIB)
def test_attenuation_agrees_with_another_library(material):
    assert materials.mass_attenuation(material, [25, 70, 140, 511]) == pytest.approx(
        XRAYLIB[material], rel=0.012
    )


def test_iodine_attenuates_more_above_its_k_edge():
    below, above = materials.mass_attenuation("iodine", [33.0, 33.3])
    assert above > 5 * below


def test_water_and_bone_attenuate_as_the_hounsfield_units_say():
    hu = np.array([-1000.0, -500.0, 0.0, 80.0, 300.0, 1200.0])
    water, bone = materials.water_and_bone(hu)
    mixed = water * materials.mass_attenuation("water", 70) + bone * materials.mass_attenuation("bone", 70)
    assert materials.hounsfield(mixed, 70) == pytest.approx(hu, abs=0.5)


def test_spectrum_is_a_distribution_that_ends_at_the_voltage_and_hardens_behind_a_filter():
    energy, weight = materials.spectrum(100)
    assert weight.sum() == pytest.approx(1)
    assert energy.max() < 100
    harder = materials.spectrum(100, aluminium=20)[1]
    assert energy @ harder > energy @ weight


@pytest.mark.parametrize("arguments", [("lead", 60), ("water", 5), ("water", 700)])
def test_attenuation_outside_the_table_is_refused(arguments):
    with pytest.raises(ValueError, match="must"):
        materials.mass_attenuation(*arguments)


def test_slab_obeys_beer_lambert_exactly():
    counts = xray.project(np.full((6, 20, 6), 0.19), (3.0, 5.0, 3.0), photons=1e6, noise=False)
    assert counts == pytest.approx(1e6 * np.exp(-0.19 * 10), rel=1e-5)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_rays_run_along_the_axis_asked_for(axis):
    slab = np.full((4, 5, 6), 0.1)
    spacing = (2.0, 3.0, 4.0)
    integrals = xray.line_integrals(slab, spacing, axis=axis)
    assert integrals == pytest.approx(0.1 * slab.shape[axis] * spacing[axis] / 10)


def test_point_source_magnifies_by_the_ratio_of_distances():
    plate = np.zeros((101, 40, 101))
    plate[:, 0][np.hypot(*(np.indices((101, 101)) - 50)) < 20] = 1.0
    wide = xray.line_integrals(plate, (1.0, 5.0, 1.0), source_to_detector=1000.0)[50]
    expected = 40 * 1000 / (1000 - 39.5 * 5)
    assert (wide > wide.max() / 2).sum() == pytest.approx(expected, abs=1.5)


def test_source_inside_the_body_is_refused():
    with pytest.raises(ValueError, match="larger than the volume"):
        xray.line_integrals(np.zeros((4, 40, 4)), (5, 5, 5), source_to_detector=150)


def test_counts_are_poisson_and_the_read_out_adds_its_variance(rng):
    counts = xray.detect(np.full((300, 300), 1.0), 1.0, photons=1000, electronic=10, rng=rng)
    mean = 1000 * np.exp(-1)
    assert counts.mean() == pytest.approx(mean, rel=0.002)
    assert counts.var() == pytest.approx(mean + 100, rel=0.03)


def test_scatter_has_the_fraction_asked_for():
    primary = xray.detect(np.ones((64, 64)), 2.0, noise=False)
    total = xray.detect(np.ones((64, 64)), 2.0, scatter=0.6, noise=False)
    assert ((total - primary) / total)[32, 32] == pytest.approx(0.6, rel=1e-3)


def test_scatter_lowers_contrast_and_blur_keeps_the_mean():
    edge = np.where(np.arange(128) < 64, 0.5, 2.0) + np.zeros((128, 1))
    sharp, foggy, soft = (
        xray.detect(edge, 1.0, noise=False, **kw) for kw in ({}, {"scatter": 0.8}, {"blur": 6.0})
    )
    assert foggy[64, 20] / foggy[64, 108] < 0.9 * sharp[64, 20] / sharp[64, 108]
    assert soft.mean() == pytest.approx(sharp.mean(), rel=1e-3)


@pytest.fixture
def ball_and_rod():
    """Water of 120 mm depth with a bone-like rod and a dense ball, on an anisotropic oblique-free grid."""
    affine = np.array([[0, 0, 2.0, -63], [0, 3.0, 0, -60], [4.0, 0, 0, -62], [0, 0, 0, 1]])
    k, j, i = np.mgrid[:32, :41, :64]
    x, y, z = 2.0 * i - 63, 3.0 * j - 60, 4.0 * k - 62
    hu = np.zeros(k.shape)
    hu[np.hypot(x - 20, y - 10) < 8] = 1200
    ball = (x + 30) ** 2 + (y + 20) ** 2 + (z - 24) ** 2 < 100
    hu[ball] = 2000
    ct = medlab.Image(hu, affine=affine, modality="CT", units="HU")
    return ct, ct.as_mask(ball)


@pytest.mark.parametrize("view", ["PA", "LAT"])
def test_radiograph_shows_structures_where_they_lie_in_the_patient(ball_and_rod, view):
    ct, ball = ball_and_rod
    shadow = xray.shadow(ball, view=view)
    film = xray.radiograph(ct, view=view, photons=1e9, noise=False)
    assert film.same_grid(shadow)
    expected = film.position_to_index((-30.0, -20.0, 24.0))[1:]
    assert np.argwhere(shadow.array).mean(0) == pytest.approx(expected, abs=1)
    inside, row = shadow.array > 0, film.array[round(float(expected[0]))]
    assert film.array[inside].mean() > np.median(row) + 300


def test_radiograph_has_square_pixels_and_head_up(ball_and_rod):
    film = xray.radiograph(ball_and_rod[0], noise=False)
    assert film.spacing == (2.0, 2.0)
    assert film.orientation == "FL"
    assert film.modality == "DX"


def test_dual_energy_takes_the_bone_out(ball_and_rod):
    films = xray.dual_energy(ball_and_rod[0], photons=1e12, noise=False)
    bone = films["low"].position_to_index((20.0, 10.0, -40.0)).round().astype(int)
    plain = films["low"].position_to_index((45.0, 10.0, -40.0)).round().astype(int)

    def contrast(name):
        values = films[name].array.astype(float)
        return abs(values[bone[1], bone[2]] - values[plain[1], plain[2]])

    assert contrast("soft") < 0.25 * contrast("low")
    assert contrast("bone") > 0.25 * contrast("low")


@pytest.mark.parametrize(("units", "view"), [("", "PA"), ("HU", "oblique")])
def test_radiograph_needs_a_ct_and_a_known_view(ball_and_rod, units, view):
    with pytest.raises(ValueError, match="radiograph"):
        xray.radiograph(ball_and_rod[0].replace(units=units), view=view)


def test_chest_has_the_nodules_asked_for_where_its_facts_say():
    case = phantoms.chest_radiograph(96, nodules=2, difficulty=0.0, seed=4)
    nodules = case.masks["nodules"].array
    assert len(case.facts["nodules"]) == 2
    for nodule in case.facts["nodules"]:
        assert nodules[round(nodule["row"]), round(nodule["column"])]
    healthy = phantoms.chest_radiograph(96, nodules=0, seed=4)
    assert not healthy.facts["nodule"]
    assert not healthy.masks["nodules"].array.any()


def test_difficult_nodules_are_smaller():
    easy, hard = (phantoms.chest_radiograph(64, difficulty=d, seed=1).facts["nodules"][0] for d in (0, 1))
    assert hard["diameter_mm"] < 0.5 * easy["diameter_mm"]


def test_same_seed_same_chest_and_another_seed_another():
    one, two, other = (phantoms.chest_radiograph(64, seed=s).image.array.tobytes() for s in (7, 7, 8))
    assert one == two != other


def test_pneumonia_darkens_no_lung_and_whitens_where_it_is():
    ill, well = (phantoms.chest_radiograph(96, nodules=0, pneumonia=p, seed=4) for p in ("lobar", "none"))
    added = ill.image.array.astype(float) - well.image.array
    inside = ill.masks["pneumonia"].array > 0
    elsewhere = (ill.masks["lungs"].array > 0) & ~inside
    assert added[inside].mean() > 5 * abs(added[elsewhere].mean())
    assert ill.facts["filled"] > 0 == well.facts["filled"]


def test_unknown_pneumonia_is_refused():
    with pytest.raises(ValueError, match="lobar"):
        phantoms.chest_radiograph(48, pneumonia="bilateral")
