"""Pictures of eye, breast, tissue and skin: lesions as counted, labels as named, light as physics has it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from medlab.datasets.phantoms import fundus_photograph, histology_tile, mammogram_view, skin_lesion
from medlab.datasets.phantoms.fundus import LESIONS
from medlab.datasets.phantoms.histology import STAINS
from medlab.datasets.phantoms.skin import TONES, skin_colour


@pytest.mark.parametrize("grade", range(5))
def test_lesions_by_grade_follow_the_international_scale(grade):
    """Wilkinson 2003: none; microaneurysms only; more than those; > 20 haemorrhages; new vessels."""
    for seed in range(3):
        counts = fundus_photograph(grade=grade, seed=seed, size=48).facts["counts"]
        assert (counts["microaneurysm"] > 0) == (grade > 0)
        others = counts["haemorrhage"] + counts["hard exudate"] + counts["cotton wool"]
        assert (others > 0) == (grade > 1)
        assert (counts["haemorrhage"] > 20) or grade != 3
        assert (counts["neovascularisation"] > 0) == (grade == 4)


def test_mild_eye_has_as_many_blobs_as_it_counts():
    case = fundus_photograph(grade=1, size=320, seed=4)
    labels = case.masks["lesions"].array
    assert ndimage.label(labels == 1)[1] == case.facts["counts"]["microaneurysm"]
    assert set(np.unique(labels)) == {0, 1}


def test_labels_of_lesions_are_those_that_are_counted():
    case = fundus_photograph(grade=4, size=192, seed=1)
    shown = {LESIONS[v] for v in np.unique(case.masks["lesions"].array) if v}
    counted = {name for name, n in case.facts["counts"].items() if n}
    assert shown == counted


def test_oedema_puts_exudate_near_the_fovea():
    case = fundus_photograph(grade=2, oedema=True, size=256, seed=2)
    fovea = np.argwhere(case.masks["macula"].array).mean(0)
    exudate = np.argwhere(case.masks["lesions"].array == 3)
    nearest = np.linalg.norm((exudate - fovea) * case.image.spacing[0], axis=1).min()
    assert nearest < 1.5  # one disc diameter


def test_vessels_and_haemorrhages_are_seen_best_in_green():
    case = fundus_photograph(grade=3, size=256, difficulty=0.1, seed=3)
    values = case.image.array.astype(float)
    vessels, lesions = case.masks["vessels"].array > 0, case.masks["lesions"].array == 2
    field = np.linalg.norm(np.indices((256, 256)) - 127.5, axis=0) < 100
    plain = field & ~vessels & (case.masks["lesions"].array == 0) & (case.masks["disc"].array == 0)
    for mask in (vessels & field, lesions & field):
        loss = 1 - values[mask].mean(0) / values[plain].mean(0)
        assert loss[1] > loss[0]
        assert loss[1] > 0.03


def test_disc_lies_to_the_nasal_side():
    for seed in range(4):
        case = fundus_photograph(seed=seed, size=64)
        disc = np.argwhere(case.masks["disc"].array)[:, 1].mean()
        assert (disc > 32) == (case.facts["eye"] == "right")


@pytest.mark.parametrize(("density", "low", "high"), [("a", 0.06, 0.22), ("b", 0.25, 0.45), ("d", 0.75, 0.9)])
def test_gland_takes_the_share_of_its_density_class(density, low, high):
    case = mammogram_view(density=density)
    share = case.masks["gland"].array.sum() / case.masks["breast"].array.sum()
    assert low - 0.01 <= share <= high + 0.01
    assert share == pytest.approx(case.facts["gland_fraction"])


def test_tissue_of_the_breast_has_a_power_law_spectrum():
    """Burgess 2001: power falls as 1/f^β with β around 3."""
    slopes = []
    for seed in range(4):
        case = mammogram_view(seed=seed, size=(380, 285), density="b", difficulty=0.2)
        row, column = (int(v) for v in ndimage.center_of_mass(case.masks["breast"].array))
        patch = case.image.array[row - 64 : row + 64, column - 64 : column + 64].astype(float)
        patch = (patch - patch.mean()) * np.outer(np.hanning(128), np.hanning(128))
        power = np.abs(np.fft.fft2(patch)) ** 2
        f = np.hypot(np.fft.fftfreq(128)[:, None], np.fft.fftfreq(128))
        band = (f > 0.03) & (f < 0.15)
        slopes.append(-np.polyfit(np.log(f[band]), np.log(power[band]), 1)[0])
    assert 2.2 < np.mean(slopes) < 3.8


def test_mass_is_as_large_as_asked_for_and_brighter_than_around():
    case = mammogram_view(finding="benign", diameter=24, density="a", difficulty=0.1, size=(256, 192))
    mass = case.masks["mass"].array > 0
    diameter = 2 * np.sqrt(mass.sum() * case.image.spacing[0] ** 2 / np.pi)
    assert diameter == pytest.approx(24, rel=0.08)
    around = ndimage.binary_dilation(mass, iterations=10) & ~ndimage.binary_dilation(mass, iterations=4)
    values = case.image.array
    assert values[ndimage.binary_erosion(mass, iterations=4)].mean() > values[around].mean() + 200


def test_malignant_mass_has_a_longer_outline():
    def outline(finding):
        ratio = []
        for seed in range(8):
            case = mammogram_view(
                finding=finding, diameter=30, size=(256, 192), seed=seed, difficulty=0.2, density="a"
            )
            mass = case.masks["mass"].array > 0
            edge = mass & ~ndimage.binary_erosion(mass)
            ratio.append(edge.sum() / np.sqrt(mass.sum()))
        return np.mean(ratio)

    assert outline("malignant") > 1.08 * outline("benign")


def test_calcifications_are_counted_and_bright():
    case = mammogram_view(finding="malignant", calcifications=True, size=(384, 288), difficulty=0.1, seed=5)
    mask = case.masks["calcifications"].array > 0
    assert mask.any()
    assert case.facts["calcifications"] >= 10
    near = ndimage.binary_dilation(mask, iterations=4) & ~ndimage.binary_dilation(mask, iterations=1)
    assert case.image.array[mask].mean() > case.image.array[near].mean() + 100
    assert mammogram_view(finding="benign", calcifications=False).facts["calcifications"] == 0


@pytest.mark.parametrize("tissue", ["normal", "tumour"])
def test_every_nucleus_has_a_number_and_a_kind(tissue):
    case = histology_tile(tissue=tissue, seed=2)
    labels, kind = case.masks["nuclei"].array, case.masks["kind"].array
    assert np.array_equal(np.unique(labels), np.arange(case.facts["nuclei"] + 1))
    assert np.array_equal(labels > 0, kind > 0)
    assert sum(case.facts["kinds"].values()) == case.facts["nuclei"]
    assert (3 in kind) == (tissue == "tumour")


def test_stains_can_be_taken_apart_again():
    """Inverting the stain matrix of Ruifrok and Johnston gives haematoxylin where the nuclei are."""
    case = histology_tile(difficulty=0.0, seed=1)
    density = -np.log10(np.clip(case.image.array / 255 / 0.96, 1e-3, 1))
    vectors = np.array([np.array(v) / np.linalg.norm(v) for v in STAINS.values()])
    stain = density @ np.linalg.pinv(vectors)
    nuclei = case.masks["nuclei"].array > 0
    assert stain[nuclei][:, 0].mean() > 3 * stain[~nuclei][:, 0].mean()
    assert case.facts["stain_vectors"] == pytest.approx(vectors, abs=1e-3)


def test_twice_the_stain_is_twice_the_density():
    def density(**stain):
        array = histology_tile(difficulty=0.0, seed=1, **stain).image.array
        return np.median(-np.log10(array[..., 0] / 255 / 0.96)[histology_nuclei])

    histology_nuclei = histology_tile(seed=1, difficulty=0.0).masks["nuclei"].array > 0
    assert density(haematoxylin=1.0) == pytest.approx(2 * density(haematoxylin=0.5), rel=0.1)


def test_tumour_nuclei_are_larger():
    normal, tumour = (
        np.mean([histology_tile(tissue=t, seed=s, difficulty=0.0).facts["mean_area_um2"] for s in range(3)])
        for t in ("normal", "tumour")
    )
    assert tumour > 1.2 * normal


@pytest.mark.parametrize("tone", TONES)
def test_skin_has_the_typology_angle_of_its_tone(tone):
    from skimage.color import rgb2lab

    ita = np.mean(TONES[tone])
    lightness, _, b = rgb2lab(skin_colour(ita)[None, None])[0, 0]
    assert np.rad2deg(np.arctan2(lightness - 50, b)) == pytest.approx(ita, abs=3)


def test_skin_around_the_lesion_is_darker_for_darker_tones():
    shown = []
    for tone in TONES:
        case = skin_lesion(tone=tone, hairs=0, seed=1)
        shown.append(case.image.array[case.masks["lesion"].array == 0].mean())
    assert (np.diff(shown) < 0).all()


def test_lesion_stands_out_less_on_dark_skin():
    def contrast(tone):
        case = skin_lesion(tone=tone, hairs=0, seed=3, difficulty=0.0)
        lesion = case.masks["lesion"].array > 0
        return case.image.array[~lesion].mean() - case.image.array[lesion].mean()

    assert contrast("II") > 1.3 * contrast("VI")


def test_malignant_lesions_are_less_symmetric():
    benign, malignant = (
        np.mean([skin_lesion(malignant=m, seed=s, size=64).facts["asymmetry"] for s in range(12)])
        for m in (False, True)
    )
    assert malignant > 1.3 * benign


def test_tint_of_the_camera_changes_its_colour_only():
    plain, blue = (skin_lesion(seed=1, tint=t, hairs=0).image.array for t in ((1, 1, 1), (1, 1, 0.8)))
    ratio = blue.astype(float).mean((0, 1)) / plain.mean((0, 1))
    assert ratio == pytest.approx([1, 1, 0.8], abs=0.02)


def test_hairs_are_where_their_mask_is():
    case = skin_lesion(hairs=12, tone="I", seed=2)
    hair = (case.masks["hairs"].array > 0) & (case.masks["lesion"].array == 0)
    skin = (case.masks["hairs"].array == 0) & (case.masks["lesion"].array == 0)
    assert case.image.array[hair].mean() < 0.75 * case.image.array[skin].mean()
    assert not skin_lesion(hairs=0).masks["hairs"].array.any()
