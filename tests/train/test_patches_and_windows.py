import numpy as np
import pytest

from medlab.train import Patches, ensemble, sliding_window, tta


@pytest.fixture
def volumes(rng):
    """Two volumes of other sizes whose masks hold two labels of very different size."""
    images, masks = [], []
    for shape in ((20, 40, 36), (12, 50, 30)):
        mask = np.zeros(shape, int)
        mask[2:10, 5:25, 5:25] = 1
        mask[5:6, 20:22, 20:22] = 2
        images.append((rng.normal(size=shape) + 10 * mask)[..., None].astype("float32"))
        masks.append(mask)
    return images, masks


def test_patches_are_cut_from_image_and_mask_at_the_same_place(volumes):
    x, y = Patches(*volumes, (8, 16, 16), per_epoch=8, batch_size=8)[0]
    assert (x.shape, y.shape) == ((8, 8, 16, 16, 1), (8, 8, 16, 16, 1))
    np.testing.assert_array_equal(np.round(x[y > 0].mean() / 10), np.round(y[y > 0].mean()))
    assert np.abs(x - 10 * y).max() < 6


def test_foreground_meets_rare_labels_as_often_as_frequent_ones(volumes):
    patches = Patches(*volumes, (4, 6, 6), per_epoch=200, batch_size=200, foreground=1)
    rare = (patches[0][1] == 2).any(axis=(1, 2, 3, 4)).mean()
    chance = (Patches(*volumes, (4, 6, 6), per_epoch=200, batch_size=200, foreground=0)[0][1] == 2).any(
        axis=(1, 2, 3, 4)
    )
    assert rare > 0.45 > 5 * chance.mean()


def test_each_epoch_has_other_patches_but_validation_keeps_its_own(volumes):
    training, validation = Patches(*volumes, (8, 16, 16)), Patches(*volumes, (8, 16, 16), seed=None)
    before = [p[0][0].copy() for p in (training, validation)]
    training.on_epoch_end(), validation.on_epoch_end()
    assert not np.array_equal(before[0], training[0][0])
    np.testing.assert_array_equal(before[1], validation[0][0])


def test_an_image_smaller_than_a_patch_is_padded(volumes):
    x, y = Patches(*volumes, (32, 64, 64), per_epoch=2)[0]
    assert x.shape[1:4] == y.shape[1:4] == (32, 64, 64)


def test_a_mask_of_another_shape_is_refused(volumes):
    images, masks = volumes
    with pytest.raises(ValueError, match=r"got \(20, 40, 36, 1\) and \(12, 50, 30\)"):
        Patches(images, masks[::-1], (8, 8, 8))


def test_the_last_batch_is_smaller(volumes):
    patches = Patches(*volumes, (4, 8, 8), per_epoch=5, batch_size=2)
    assert [len(patches[k][0]) for k in range(len(patches))] == [2, 2, 1]


@pytest.mark.parametrize("shape", [(50, 33), (16, 16), (10, 70), (17, 16)])
def test_a_window_leaves_a_pointwise_prediction_unchanged(rng, shape):
    image = rng.normal(size=(*shape, 2))
    whole = sliding_window(lambda x: x**2, image, (16, 16), overlap=0.4)
    np.testing.assert_allclose(whole, image**2, rtol=1e-4, atol=1e-5)


def test_a_window_trusts_the_middle_of_a_patch(rng):
    def poor_at_the_edge(x):
        wrong = np.ones(x.shape)
        wrong[:, 4:-4, 4:-4] = 0
        return wrong

    image = rng.normal(size=(64, 64, 1))
    blended = sliding_window(poor_at_the_edge, image, (16, 16), overlap=0.5)[16:48, 16:48]
    assert blended.mean() < 0.3 < (1 - 0.5**2)


def test_windows_of_volumes(rng):
    image = rng.normal(size=(9, 20, 30, 1))
    np.testing.assert_allclose(sliding_window(lambda x: -x, image, (8, 16, 16)), -image, rtol=1e-4, atol=1e-5)


def test_a_window_of_other_dimensions_is_refused():
    with pytest.raises(ValueError, match=r"got shape \(20, 30\)"):
        sliding_window(lambda x: x, np.zeros((20, 30)), (8, 8))


def test_flipped_masks_are_flipped_back(rng):
    x = rng.normal(size=(3, 8, 6, 1))

    def left_is_bright(x):
        return x + np.linspace(1, 0, 6)[None, None, :, None]

    np.testing.assert_allclose(tta(left_is_bright, x, flip=(1,)), x + 0.5, rtol=1e-5)


def test_flipped_classes_are_averaged():
    x = np.zeros((2, 4, 4, 1))
    x[:, :, 0] = 1
    np.testing.assert_allclose(tta(lambda x: x[:, 0, 0, :], x, flip=(1,)), 0.5)


def test_an_ensemble_gives_mean_and_spread(rng):
    x = rng.normal(size=(5, 2))
    mean, spread = ensemble([lambda x: x, lambda x: 3 * x], x)
    np.testing.assert_allclose(mean, 2 * x)
    np.testing.assert_allclose(spread, np.abs(x))
    with pytest.raises(ValueError, match="at least two models; got 1"):
        ensemble([lambda x: x], x)
