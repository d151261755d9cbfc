import numpy as np
import pytest

from medlab import Image
from medlab.view.masks import layered
from medlab.view.stack import stacked


def regions(masks, time=0):
    """Name → voxels, as the browser works them out."""
    return {e.name: masks.layers[e.layer][time] == e.code for e in masks.entries}


@pytest.fixture
def stack(ball):
    return stacked(ball)


@pytest.fixture
def disks(ball):
    k, j, i = np.indices(ball.shape)
    return (j - 20) ** 2 + (i - 20) ** 2 < 60, (j - 24) ** 2 + (i - 26) ** 2 < 60, (j > 40) & (k > 3)


def test_without_a_mask_there_are_no_regions(stack):
    assert layered(stack, None).entries == ()


def test_a_boolean_array_is_one_region(stack, disks):
    found = regions(layered(stack, disks[0]))
    assert list(found) == ["mask"]
    assert np.array_equal(found["mask"], disks[0])


def test_every_label_of_a_mask_is_a_region_with_its_name(stack, ball, disks):
    values = np.where(disks[2], 300, 0) + np.where(disks[0], 7, 0)
    found = regions(layered(stack, ball.as_mask(values, {7: "disk", 300: "corner"})))
    assert np.array_equal(found["disk"], disks[0])
    assert np.array_equal(found["corner"], disks[2])


def test_several_masks_keep_every_voxel_even_where_they_overlap(stack, disks):
    given = dict(zip("abc", disks, strict=True))
    masks = layered(stack, given)
    found = regions(masks)
    assert all(np.array_equal(found[name], given[name]) for name in given)


def test_masks_that_do_not_overlap_share_a_layer(stack, disks):
    assert len(layered(stack, {"a": disks[0], "c": disks[2]}).layers) == 1
    assert len(layered(stack, {"a": disks[0], "b": disks[1]}).layers) == 2


def test_the_given_arrays_stay_as_they_are(stack, disks):
    before = [d.copy() for d in disks]
    layered(stack, dict(zip("abc", disks, strict=True)))
    assert all(np.array_equal(a, b) for a, b in zip(before, disks, strict=True))


def test_colours_go_by_name_or_by_order(stack, disks):
    given = {"a": disks[0], "c": disks[2]}
    assert layered(stack, given, {"c": "lime"}).entries[1].colour == "#00ff00"
    assert layered(stack, given, ["#ABCDEF"]).entries[0].colour == "#abcdef"


def test_a_mask_of_another_shape_is_refused(stack):
    with pytest.raises(
        ValueError, match=r"The mask must have the image's shape \(16, 48, 52\); got \(16, 48, 50\)"
    ):
        layered(stack, np.zeros((16, 48, 50), bool))


def test_a_mask_on_another_grid_says_what_differs(stack, ball, disks):
    affine = ball.affine.copy()
    affine[2, 3] += 4
    moved = ball.as_mask(disks[0]).replace(affine=affine)
    with pytest.raises(
        ValueError, match=r"Mask 'tumour' lies on another grid.*origin.*-15.0.*-11.0.*Resample"
    ):
        layered(stack, {"tumour": moved})


def test_a_mask_of_floats_is_refused(stack, ball):
    with pytest.raises(ValueError, match=r"booleans or integer labels.*overlay"):
        layered(stack, np.zeros(ball.shape))


def test_too_many_labels_are_refused(stack, ball):
    with pytest.raises(ValueError, match=r"at most 255"):
        layered(stack, np.arange(ball.array.size).reshape(ball.shape))


@pytest.mark.parametrize(("axes", "shape"), [("tyx", (5, 6, 7)), ("tzyx", (3, 5, 6, 7)), ("yxc", (6, 7, 10))])
def test_a_mask_without_time_lies_on_every_frame(axes, shape):
    image = Image(np.zeros(shape, np.uint8), axes=axes)
    stack = stacked(image)
    still = np.zeros([image.size(a) for a in axes if a in "zyx"], bool)
    still[..., 2:4, 1:3] = True
    layer = layered(stack, still).layers[0]
    assert layer.shape == stack.grid
    assert (layer[:, :, 2:4, 1:3] == 1).all()
    assert layer.sum() == 4 * stack.grid[0] * stack.grid[1]


def test_a_mask_may_change_over_time():
    image = Image(np.zeros((3, 4, 5, 6)), axes="tzyx")
    mask = np.zeros(image.shape, bool)
    mask[1, 2] = True
    assert np.array_equal(regions(layered(stacked(image), mask), time=1)["mask"], mask[1])


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int32, np.int64])
def test_negative_labels_are_regions_like_others(stack, ball, kind):
    values = np.zeros(ball.shape, kind)
    values[2:4], values[5, :9], values[7] = -3, 4, 100
    found = regions(layered(stack, values))
    assert list(found) == ["label -3", "label 4", "label 100"]
    assert all(np.array_equal(found[f"label {v}"], values == v) for v in (-3, 4, 100))


def test_labels_far_apart_are_told_apart(stack, ball):
    values = np.zeros(ball.shape, np.int64)
    values[3], values[9] = 7, 10**12
    found = regions(layered(stack, values))
    assert np.array_equal(found["label 1000000000000"], values == 10**12)
    assert np.array_equal(found["label 7"], values == 7)
