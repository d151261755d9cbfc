"""Brains: volumes counted in the masks are those that were asked for; bleeding lies where its name says."""

from __future__ import annotations

import numpy as np
import pytest

from medlab.datasets.phantoms import atrophy_visits, brain_atrophy, brain_haemorrhage, brain_tumour
from medlab.datasets.phantoms.brain import head
from medlab.datasets.phantoms.haemorrhage import BLEEDINGS

SIZE = (20, 56, 48)


def millilitres(mask, label):
    return (mask.array == label).sum() * mask.voxel_volume / 1000


def test_tumour_has_the_volumes_asked_for():
    case = brain_tumour(size=(28, 96, 80), necrosis=5, enhancing=14, oedema=35)
    found = [millilitres(case.masks["tumour"], label) for label in (1, 3, 2)]
    assert found == pytest.approx([5, 14, 35], abs=0.02)


def test_necrosis_lies_within_the_enhancing_rim():
    case = brain_tumour(size=(40, 96, 80), necrosis=6, enhancing=20, oedema=0, seed=3)
    from scipy.ndimage import binary_dilation

    labels = case.masks["tumour"].array
    around = binary_dilation(labels == 1, np.ones((3, 3, 3))) & (labels != 1)
    assert (labels[around] == 3).mean() > 0.9


def test_enhancing_tumour_lights_up_with_contrast_agent_only():
    case = brain_tumour(difficulty=0.1, enhancing=20, size=SIZE)
    rim = case.masks["tumour"].array == 3
    names = case.image.meta["channels"]
    before, after = (case.image.array[names.index(c)][rim].mean() for c in ("T1", "T1c"))
    assert after > 1.8 * before


def test_flair_shows_oedema_bright_and_fluid_dark():
    case = brain_tumour(difficulty=0.1, oedema=40, size=SIZE)
    flair = case.image.array[case.image.meta["channels"].index("FLAIR")]
    tissue = case.masks["tissue"].array
    oedema, white = flair[case.masks["tumour"].array == 2].mean(), flair[tissue == 3].mean()
    assert oedema > 1.2 * white


def test_healthy_brain_has_no_tumour():
    case = brain_tumour(necrosis=0, enhancing=0, oedema=0, size=SIZE)
    assert not case.masks["tumour"].array.any()
    assert case.facts["centre_mm"] is None


def test_one_contrast_alone_is_one_volume():
    assert brain_tumour(contrasts=("FLAIR",), size=SIZE).image.shape == (1, *SIZE)
    with pytest.raises(ValueError, match="contrasts"):
        brain_tumour(contrasts=("DWI",), size=SIZE)


def test_tissue_volumes_are_those_of_an_adult():
    case = brain_tumour(necrosis=0, enhancing=0, oedema=0, size=(28, 96, 80))
    whole = sum(case.facts["tissue_ml"].values())
    assert 1200 < whole < 2300


@pytest.mark.parametrize(("hippocampus", "ventricles", "brain"), [(7.0, 25, 0.81), (4.5, 60, 0.75)])
def test_atrophied_brain_has_the_volumes_asked_for(hippocampus, ventricles, brain):
    case = brain_atrophy(hippocampus=hippocampus, ventricles=ventricles, brain=brain)
    structures = case.masks["structures"]
    both = millilitres(structures, 1) + millilitres(structures, 2)
    assert both == pytest.approx(hippocampus, abs=0.02)
    assert millilitres(structures, 3) == pytest.approx(ventricles, abs=0.02)
    assert case.facts["brain_ml"] / case.facts["skull_ml"] == pytest.approx(brain, abs=0.01)


def test_right_hippocampus_lies_on_the_right_and_may_be_larger():
    case = brain_atrophy(asymmetry=0.2)
    structures = case.masks["structures"]
    right, left = (
        structures.index_to_position(np.argwhere(structures.array == v))[:, 0].mean() for v in (1, 2)
    )
    assert right < 0 < left  # x runs to the left
    ratio = case.facts["hippocampus_right_ml"] / case.facts["hippocampus_left_ml"]
    assert ratio == pytest.approx(1.1 / 0.9, rel=0.02)


def test_visits_of_a_patient_shrink_at_the_rate_in_the_table():
    table = atrophy_visits(30, years=(0.0, 1.0, 2.0))
    for _, visits in table.groupby("patient"):
        volume = visits["hippocampus"].to_numpy()
        rate = visits["hippocampus_rate"].iloc[0]
        assert 100 * (1 - volume[1] / volume[0]) == pytest.approx(rate, abs=0.01)
        assert 100 * (1 - volume[2] / volume[1]) == pytest.approx(rate, abs=0.01)


def test_groups_shrink_at_the_published_rates():
    table = atrophy_visits(1500, years=(0.0,))
    rates = table.groupby("group")["hippocampus_rate"].mean()
    assert rates["healthy"] == pytest.approx(1.41, rel=0.05)  # Barnes 2009
    assert rates["MCI"] == pytest.approx(2.55, rel=0.05)  # Jack 2000
    assert rates["AD"] == pytest.approx(4.66, rel=0.05)  # Barnes 2009


@pytest.mark.parametrize("kind", BLEEDINGS)
def test_bleeding_has_the_volume_asked_for(kind):
    case = brain_haemorrhage(types=[kind], volumes=[6.0], size=SIZE)
    label = BLEEDINGS.index(kind) + 1
    assert millilitres(case.masks["haemorrhage"], label) == pytest.approx(6, abs=0.1)
    assert set(np.unique(case.masks["haemorrhage"].array)) == {0, label}
    assert case.facts["types"] == (kind,)


@pytest.fixture(scope="module")
def patient():
    """The anatomy that `brain_haemorrhage(seed=0, size=(28, 96, 96))` is made from."""
    size = (28, 96, 96)
    spacing = (150 / 28, 210 / 96, 210 / 96)
    return size, head(size, spacing, np.random.default_rng([0, 0]))


def bleeding(kind, size, volume):
    case = brain_haemorrhage(types=[kind], volumes=[volume], size=size)
    return case.masks["haemorrhage"].array > 0


def test_epidural_is_a_lens_and_subdural_a_long_crescent(patient):
    size, anatomy = patient
    lens, crescent = bleeding("epidural", size, 30), bleeding("subdural", size, 30)
    reach = [np.ptp(anatomy.y[m]) for m in (lens, crescent)]
    depth = [np.percentile(anatomy.hull[m], 98) for m in (lens, crescent)]
    assert reach[1] > 1.3 * reach[0]
    assert depth[0] > 1.3 * depth[1]
    assert min(anatomy.hull[m].min() for m in (lens, crescent)) < 3  # both lie against the bone


def test_intraventricular_blood_lies_in_the_ventricles(patient):
    size, anatomy = patient
    assert (anatomy.ventricle[bleeding("intraventricular", size, 5)] > -2).all()


def test_subarachnoid_blood_lies_in_fluid(patient):
    size, anatomy = patient
    blood = bleeding("subarachnoid", size, 15)
    assert anatomy.fluid[blood].mean() > 2 * anatomy.fluid[anatomy.hull > 0].mean()
    assert (anatomy.ventricle[blood] < 0).all()


def test_intraparenchymal_blood_lies_in_brain(patient):
    size, anatomy = patient
    blood = bleeding("intraparenchymal", size, 15)
    assert anatomy.hull[blood].min() > 4
    assert (anatomy.grey + anatomy.white)[blood].mean() > 0.8


def test_blood_is_denser_than_brain_and_slices_are_listed():
    case = brain_haemorrhage(types=["intraparenchymal"], difficulty=0.2, size=SIZE)
    mask = case.masks["haemorrhage"].array > 0
    assert 45 < np.median(case.image.array[mask]) < 80
    assert [bool(s) for s in case.facts["slices"]] == mask.any((1, 2)).tolist()


def test_brain_without_bleeding_is_about_thirty_units_dense():
    case = brain_haemorrhage(types=[], difficulty=0.0, size=SIZE)
    _, y, x = np.array(SIZE) // 2
    assert np.median(case.image.array[8:14, y - 10 : y + 10, x - 12 : x + 12]) == pytest.approx(32, abs=5)
    assert not case.facts["present"]


def test_unknown_bleeding_is_refused():
    with pytest.raises(ValueError, match="types must be"):
        brain_haemorrhage(types=["nosebleed"])
