import numpy as np
import pytest

from medlab.explain import show


def test_a_row_per_image_and_a_column_per_method(rng):
    images, heat = rng.random((3, 8, 8, 1)), rng.random((3, 8, 8))
    axes = show(images, {"Grad-CAM": heat, "saliency": heat}, titles=["a", "b", "c"])
    assert axes.shape == (3, 3)
    assert [ax.get_title() for ax in axes[0]] == ["image", "Grad-CAM", "saliency"]
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["a", "b", "c"]


def test_the_outline_of_the_mask_is_drawn_on_image_and_map(rng):
    mask = np.zeros((1, 8, 8), bool)
    mask[0, 2:5, 2:5] = True
    axes = show(rng.random((1, 8, 8, 1)), rng.random((1, 8, 8)), mask)
    assert [len(ax.collections) for ax in axes[0]] == [1, 1]


def test_of_a_volume_the_slice_with_most_of_the_mask_is_shown():
    volume = (
        np.arange(5.0)[:, None, None, None] * np.ones((1, 5, 6, 6, 1)) + np.eye(6)[None, None, ..., None] / 9
    )
    mask = np.zeros((1, 5, 6, 6), bool)
    mask[0, 3, 2:4, 2:4] = True
    heat = np.zeros((1, 5, 6, 6))
    heat[0, 3, 0, 0], heat[0, 1] = 1, 0.5
    axes = show(volume, heat, mask)
    np.testing.assert_array_equal(axes[0, 1].images[1].get_array(), heat[0, 3])


def test_colour_images_stay_in_colour(rng):
    axes = show(rng.random((1, 8, 8, 3)), rng.random((1, 8, 8)))
    assert axes[0, 0].images[0].get_array().shape == (8, 8, 3)


def test_maps_of_another_size_are_refused(rng):
    with pytest.raises(ValueError, match=r"'heat map' has \(1, 4, 4\)"):
        show(rng.random((1, 8, 8, 1)), rng.random((1, 4, 4)))
