"""Statistics of values, and signal and contrast against noise."""

import numpy as np
import pytest
from shapes import flat, straight

import medlab
from medlab.measure import contrast_to_noise, hu_statistics, intensity_statistics, signal_to_noise


@pytest.fixture
def scan(rng):
    image = straight((3.0, 0.8, 0.7), (10, 40, 50))
    values = rng.normal(45, 12, image.grid)
    mask = np.zeros(image.grid, bool)
    mask[2:8, 10:30, 10:40] = True
    return image.replace(array=values, modality="CT", units="HU"), image.as_mask(mask)


def test_statistics_are_those_of_the_values(scan):
    image, mask = scan
    values = image.array[mask.array > 0]
    found = intensity_statistics(image, mask)
    assert found["mean"] == pytest.approx(values.mean())
    assert found["sd"] == pytest.approx(values.std())
    assert found["p5"] == pytest.approx(np.quantile(values, 0.05))
    assert found["median"] == pytest.approx(np.median(values))
    assert found["n"] == 6 * 20 * 30
    assert found["volume_ml"] == pytest.approx(3600 * 3.0 * 0.8 * 0.7 / 1000)


def test_a_picture_has_an_area_and_one_without_size_has_none():
    picture, mask = flat((4, 5), 0.5), np.ones((4, 5), bool)
    assert intensity_statistics(picture, picture.as_mask(mask))["area_mm2"] == pytest.approx(5)
    bare = medlab.Image(np.zeros((4, 5)))
    assert "area_mm2" not in intensity_statistics(bare, bare.as_mask(mask)).index


def test_shares_of_fat_and_air():
    image = straight((1, 1, 1), (1, 2, 5))
    values = np.array([[[-1000, -901, -899, -191, -190], [-30, -29, 0, 40, 1000]]])
    found = hu_statistics(image.replace(array=values, units="HU"), image.as_mask(np.ones(values.shape, bool)))
    assert (found["share_air"], found["share_fat"]) == (0.2, 0.2)


def test_ranges_may_be_chosen(scan):
    found = hu_statistics(*scan, ranges={"muscle": (30, 150)})
    values = scan[0].array[scan[1].array > 0]
    assert found["share_muscle"] == pytest.approx(((values >= 30) & (values <= 150)).mean())


def test_values_in_other_units_are_refused(scan):
    with pytest.raises(ValueError, match="intensity_statistics"):
        hu_statistics(scan[0].replace(units=""), scan[1])


def test_a_cine_is_refused(scan):
    cine = medlab.Image(np.zeros((3, 4, 5)), axes="tyx")
    with pytest.raises(ValueError, match="Choose one time"):
        intensity_statistics(cine, scan[1])


def halves(image):
    left = np.zeros(image.shape, bool)
    left[:, : image.shape[1] // 2] = True
    return image.as_mask(left), image.as_mask(~left)


def test_contrast_to_noise_of_a_step(rng):
    picture = flat((200, 200)).replace(array=rng.normal(0, 2.0, (200, 200)))
    picture.array[:, :100] += 10
    a, b = halves(picture)
    assert contrast_to_noise(picture, a, b) == pytest.approx(5, rel=0.02)
    assert contrast_to_noise(picture, b, a) == pytest.approx(5, rel=0.02)


def test_noise_of_both_regions_or_of_a_third(rng):
    values = rng.normal(0, 1.0, (200, 200))
    values[:, :100] = 10 + 3 * values[:, :100]
    picture = flat((200, 200)).replace(array=values)
    a, b = halves(picture)
    assert contrast_to_noise(picture, a, b, noise="both") == pytest.approx(10 / np.sqrt(5), rel=0.02)
    assert contrast_to_noise(picture, a, b, noise=a) == pytest.approx(10 / 3, rel=0.02)


def test_signal_to_noise_from_the_air_of_a_magnitude_image(rng):
    signal = np.zeros((300, 300))
    signal[:, :150] = 100
    real, imaginary = rng.normal(0, 4.0, (2, 300, 300))
    picture = flat((300, 300)).replace(array=np.hypot(signal + real, imaginary))
    tissue, air = halves(picture)
    assert signal_to_noise(picture, tissue, air, magnitude=True) == pytest.approx(25, rel=0.02)
    assert signal_to_noise(picture, tissue) == pytest.approx(25, rel=0.02)


def test_magnitude_needs_air():
    picture = flat((4, 4))
    with pytest.raises(ValueError, match="mask of air"):
        signal_to_noise(picture, picture.as_mask(np.ones((4, 4), bool)), magnitude=True)


def test_contrast_without_noise_is_infinite_and_nothing_against_nothing_undefined():
    picture = flat((4, 4)).replace(array=np.array([[1.0, 1, 2, 2]] * 4))
    a, b = halves(picture)
    assert contrast_to_noise(picture, a, b) == np.inf
    with pytest.raises(ValueError, match="not defined"):
        contrast_to_noise(picture, a, a)
