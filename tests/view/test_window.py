import numpy as np
import pytest

from medlab import Image
from medlab.view.window import PRESETS, offered, window


def ct(values=0):
    return Image(np.full((3, 4, 5), values, np.int16), modality="CT", units="HU")


def test_ct_in_hu_starts_with_soft_tissue():
    assert window(ct()) == (-160.0, 240.0)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_its_centre_plus_minus_half_its_width(name):
    centre, width = PRESETS[name]
    low, high = window(ct(), name)
    assert ((low + high) / 2, high - low) == (centre, width)


@pytest.mark.parametrize("name", ["Soft-Tissue", "soft_tissue", " SOFT  TISSUE "])
def test_preset_names_ignore_case_and_separators(name):
    assert window(ct(), name) == window(ct(), "soft tissue")


def test_suv_starts_at_0_to_7():
    pet = Image(np.zeros((3, 4, 5), np.float32), modality="PT", units="SUVbw")
    assert window(pet) == (0.0, 7.0)


def test_pet_without_suv_starts_at_percentiles(rng):
    values = rng.gamma(2, 1000, (20, 20, 20))
    pet = Image(values, modality="PT", units="Bq/ml")
    assert window(pet) == pytest.approx(tuple(np.percentile(values, [1, 99])))


def test_mr_starts_at_the_1st_to_99th_percentile(rng):
    values = rng.normal(500, 100, (10, 30, 30))
    assert window(Image(values, modality="MR")) == pytest.approx(tuple(np.percentile(values, [1, 99])))


def test_full_range_is_least_to_largest(rng):
    values = rng.normal(size=(4, 5, 6))
    assert window(Image(values), "full range") == (values.min(), values.max())


def test_colour_is_shown_as_it_is():
    assert window(Image(np.zeros((4, 5, 3), np.uint8), axes="yxc")) == (0.0, 255.0)


def test_the_window_of_the_file_comes_first():
    image = Image(
        np.arange(20.0).reshape(4, 5),
        modality="CR",
        meta={"WindowCenter": [2000, 5], "WindowWidth": [1000, 1]},
    )
    assert next(iter(offered(image))) == "from the file"
    assert window(image) == (1500.0, 2500.0)


@pytest.mark.parametrize("value", [0, -3.5, 1e30])
def test_a_flat_image_gets_a_window_of_positive_width(value):
    low, high = window(Image(np.full((4, 4), value)))
    assert low < high
    assert low <= value <= high


def test_voxels_that_are_not_finite_do_not_count():
    values = np.arange(100.0).reshape(10, 10)
    values[0, :3] = [np.nan, np.inf, -np.inf]
    assert window(Image(values), "full range") == (3.0, 99.0)


def test_an_image_without_finite_voxels_has_a_window_too():
    assert window(Image(np.full((4, 4), np.nan))) == (0.0, 1.0)


def test_a_preset_in_hu_is_refused_for_other_units():
    with pytest.raises(ValueError, match=r"preset in HU.*arbitrary units"):
        window(Image(np.zeros((4, 4)), modality="MR"), "lung")


def test_an_unknown_preset_names_the_known_ones():
    with pytest.raises(ValueError, match=r"Unknown window 'lungs'.*mediastinum"):
        window(ct(), "lungs")


@pytest.mark.parametrize("spec", [(40, 0), (40, -1), (40,), (np.nan, 3), ("a", "b"), 7])
def test_a_window_needs_a_positive_width(spec):
    with pytest.raises(ValueError, match=r"positive width"):
        window(ct(), spec)
