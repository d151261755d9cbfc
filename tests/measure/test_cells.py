"""Nuclei: size, shape, intensity, count, density."""

import numpy as np
import pytest
from shapes import flat

import medlab
from medlab.measure import nuclear_density, nuclei

MICRON = 0.001


@pytest.fixture(scope="module")
def discs():
    """Two discs of 20 and 30 µm radius and an ellipse of 40 × 10 µm half axes; pixels of 0.5 µm."""
    y, x = np.indices((400, 600)) * 0.5
    labels = np.zeros(y.shape, np.uint16)
    labels[np.hypot(y - 50, x - 50) <= 20] = 1
    labels[np.hypot(y - 100, x - 150) <= 30] = 2
    labels[np.hypot((y - 150) / 10, (x - 230) / 40) <= 1] = 7
    return flat(labels.shape, 0.5 * MICRON).as_mask(labels)


def test_areas_and_perimeters_are_in_micrometres(discs):
    table = nuclei(discs)
    assert table["label"].tolist() == [1, 2, 7]
    assert table["area_um2"].to_numpy() == pytest.approx(np.pi * np.array([400, 900, 400]), rel=0.01)
    assert table["perimeter_um"][:2].to_numpy() == pytest.approx(2 * np.pi * np.array([20, 30]), rel=0.02)


def test_circularity_tells_discs_from_ellipses(discs):
    table = nuclei(discs)
    assert table["circularity"][:2].to_numpy() == pytest.approx([1, 1], abs=0.04)
    # perimeter of an ellipse of 40 × 10: 171.57
    assert table["circularity"][2] == pytest.approx(4 * np.pi * np.pi * 400 / 171.57**2, rel=0.04)
    assert table["eccentricity"][2] == pytest.approx(np.sqrt(1 - 1 / 16), abs=0.01)


def test_centroids_are_in_pixels(discs):
    assert nuclei(discs)[["row", "column"]].to_numpy()[0] == pytest.approx([100, 100], abs=0.1)


def test_intensity_of_each_channel(discs):
    picture = np.zeros((*discs.shape, 3))
    picture[discs.array == 2] = [10, 20, 30]
    image = medlab.Image(picture, axes="yxc")
    row = nuclei(discs, image).iloc[1]
    assert row[["intensity_0", "intensity_1", "intensity_2"]].tolist() == [10, 20, 30]
    assert nuclei(discs, medlab.Image(picture[..., 1]))["intensity"].tolist() == [0, 20, 0]


def test_without_a_pixel_size_all_is_in_pixels(discs):
    table = nuclei(medlab.Image(discs.array))
    assert table["area_px"][0] == np.count_nonzero(discs.array == 1)


def test_nuclei_at_the_border_are_marked():
    labels = np.zeros((30, 30), np.uint8)
    labels[0:4, 10:14], labels[10:14, 10:14], labels[20:24, 28:30] = 1, 2, 3
    assert nuclei(medlab.Image(labels))["at_border"].tolist() == [True, False, True]


def test_oblong_pixels_are_refused(discs):
    with pytest.raises(ValueError, match="square pixels"):
        nuclei(flat(discs.shape, (0.001, 0.002)).as_mask(discs.array))


def test_a_picture_of_another_size_is_refused(discs):
    with pytest.raises(ValueError, match="of the mask's size"):
        nuclei(discs, medlab.Image(np.zeros((3, 3))))


def test_density_of_a_field_cut_out_of_a_regular_tissue():
    # discs every 20 px, 400 per mm² at 2.5 µm: wherever the field is cut, halves at the border make it right
    y, x = np.indices((420, 420))
    tissue = np.hypot(y % 20 - 10, x % 20 - 10) <= 6
    numbers = np.where(tissue, 1 + (y // 20) * 21 + x // 20, 0).astype(np.int32)
    for start in (5, 10, 15):
        field = numbers[start : start + 200, start : start + 400]
        found = nuclear_density(flat(field.shape, 2.5 * MICRON).as_mask(field))
        assert found["per_mm2"] == pytest.approx(400, rel=0.1)
        assert found["area_mm2"] == pytest.approx(0.5)


def test_density_counts_within_the_tissue_only():
    labels = np.zeros((100, 100), np.uint8)
    labels[10:14, 10:14], labels[10:14, 80:84], labels[50:54, 48:52] = 1, 2, 3
    half = np.zeros((100, 100), bool)
    half[:, :49] = True
    mask = flat(labels.shape, MICRON).as_mask(labels)
    found = nuclear_density(mask, mask.as_mask(half))
    assert found["count"] == 1  # of the third, only a quarter lies within
    assert found["area_mm2"] == pytest.approx(0.0049)


def test_density_needs_a_pixel_size(discs):
    with pytest.raises(ValueError, match="needs a known pixel size"):
        nuclear_density(medlab.Image(discs.array))


def test_all_nuclei_of_real_pictures_are_in_the_table(public):
    data = public("nuclei-bbbc038")
    for index in (0, 30):
        case = data[index]
        table = nuclei(case.masks["nuclei"], case.image)
        labels = case.masks["nuclei"].array
        assert len(table) == len(np.unique(labels)) - 1
        assert table["area_px"].sum() == np.count_nonzero(labels)
