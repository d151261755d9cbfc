"""The ventricle has the volumes, the ejection fraction and the muscle that were asked for."""

from __future__ import annotations

import numpy as np
import pytest

from medlab.datasets.phantoms import left_ventricle
from medlab.measure.heart import volume_curve


def volumes(case, label):
    mask = case.masks["heart"]
    return (mask.array == label).sum((1, 2, 3)) * mask.voxel_volume / 1000


@pytest.mark.parametrize("ef", [15, 35, 60, 75])
def test_ef_counted_in_the_masks_is_the_ef_asked_for(ef):
    case = left_ventricle(ef=ef, edv=140, size=(10, 64, 64), frames=10)
    left = volumes(case, 3)
    assert 100 * (left.max() - left.min()) / left.max() == pytest.approx(ef, abs=0.5)
    assert left.max() == pytest.approx(140, rel=0.005)


def test_frames_of_both_ends_are_where_the_facts_say():
    case = left_ventricle(size=(10, 48, 48), frames=12)
    left = volumes(case, 3)
    assert left.argmax() == case.facts["end_diastole"]
    assert left.argmin() == case.facts["end_systole"]


def test_muscle_keeps_its_volume_and_its_mass():
    case = left_ventricle(mass=120, size=(10, 64, 64), frames=8)
    muscle = volumes(case, 2)
    assert muscle == pytest.approx(120 / 1.05, rel=0.01)  # density of muscle: 1.05 g/ml


def test_wall_thickens_in_systole():
    case = left_ventricle(ef=65, size=(10, 128, 128), frames=8)
    middle = case.masks["heart"].array[:, 5]
    ring = [frame[64] for frame in (middle[0], middle[case.facts["end_systole"]])]
    thick = [(row == 2).sum() / 2 for row in ring]
    assert thick[1] > 1.25 * thick[0]


def test_infarct_moves_less_than_the_rest_of_the_wall():
    case = left_ventricle(seed=2, infarct=0.25, ef=35, edv=200, size=(10, 96, 96), frames=8)
    scar = case.masks["infarct"].array
    cavity = case.masks["heart"].array == 3
    swept = cavity[0] & ~cavity[case.facts["end_systole"]]
    from scipy.ndimage import binary_dilation

    beside = binary_dilation(scar, np.ones((1, 5, 5)))
    inner = cavity[0] & beside
    elsewhere = cavity[0] & binary_dilation((case.masks["heart"].array[0] == 2) & ~beside, np.ones((1, 5, 5)))
    assert swept[inner].mean() < 0.6 * swept[elsewhere].mean()


def test_late_enhancement_shows_the_scar_bright_and_the_muscle_dark():
    case = left_ventricle(infarct=0.3, sequence="late", difficulty=0.1, edv=180, ef=35)
    heart, scar = case.masks["heart"].array, case.masks["infarct"].array > 0
    assert case.image.axes == "zyx"
    assert case.image.array[scar].mean() > 2.5 * case.image.array[(heart == 2) & ~scar].mean()


def test_right_ventricle_lies_to_the_patients_right_and_empties():
    case = left_ventricle(size=(10, 64, 64), frames=8)
    heart = case.masks["heart"].array[0]
    left, right = (np.argwhere(heart == label)[:, 2].mean() for label in (3, 1))
    assert right < left  # columns run to the patient's left
    counts = volumes(case, 1)
    assert counts.min() < 0.8 * counts.max()


def test_times_cover_one_beat():
    case = left_ventricle(heart_rate=60, frames=10, size=(10, 32, 32))
    assert case.image.times[-1] == pytest.approx(900)
    assert case.image.meta["time_unit"] == "ms"


def test_impossible_ejection_fraction_is_refused():
    with pytest.raises(ValueError, match="ef must be"):
        left_ventricle(ef=95)


def test_measuring_the_cine_gives_the_ejection_fraction_back():
    case = left_ventricle(ef=42, size=(10, 64, 64), frames=10)
    curve = volume_curve(case.masks["heart"], "left ventricle").to_numpy()
    assert 100 * (1 - curve.min() / curve.max()) == pytest.approx(42, abs=0.5)
