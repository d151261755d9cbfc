"""The type that flows through the house."""

import numpy as np
import pytest

from medlab import Image


def test_axes_follow_from_the_number_of_dimensions():
    assert [Image(np.zeros((3,) * n)).axes for n in (2, 3, 4)] == ["yx", "zyx", "tzyx"]


@pytest.mark.parametrize("axes", ["xy", "zyxt", "zzyx", "yx"])
def test_axes_that_do_not_fit_are_refused(axes):
    with pytest.raises(ValueError, match="axes must name each"):
        Image(np.zeros((2, 3, 4)) if axes != "xy" else np.zeros((2, 3)), axes=axes)


def test_a_singular_affine_is_refused():
    with pytest.raises(ValueError, match="must be invertible"):
        Image(np.zeros((2, 3, 4)), affine=np.diag([1, 1, 0, 1]))


def test_spacing_is_in_array_order(ball):
    assert ball.spacing == (2.0, 1.0, 0.8)


def test_orientation_says_where_the_axes_run_to(ball):
    assert ball.orientation == "HPL"


def test_index_and_position_are_inverse(ball, rng):
    index = rng.uniform(0, 15, (20, 3))
    np.testing.assert_allclose(ball.position_to_index(ball.index_to_position(index)), index, atol=1e-9)


def test_voxel_volume_of_a_sheared_grid_is_the_determinant():
    affine = np.array([[0, 0, 1, 0], [0.5, 1, 0, 0], [2, 0, 0, 0], [0, 0, 0, 1.0]])
    image = Image(np.zeros((2, 2, 2)), affine=affine)
    assert image.sheared
    assert image.voxel_volume == pytest.approx(2.0)


def test_same_grid_sees_a_shift_of_one_hundredth_of_a_voxel(ball):
    affine = ball.affine.copy()
    affine[0, 3] += 0.008
    assert ball.same_grid(ball.replace(array=ball.array * 0))
    assert not ball.same_grid(ball.replace(affine=affine))


def test_a_mask_keeps_the_grid_and_drops_time_and_colour():
    image = Image(np.zeros((2, 3, 4, 5, 3)), axes="tzyxc")
    mask = image.as_mask(np.ones((3, 4, 5), bool), {1: "all"})
    assert (mask.axes, mask.dtype, mask.labels[1], mask.is_mask) == ("zyx", np.uint8, "all", True)


def test_a_mask_of_fractions_is_refused(ball):
    with pytest.raises(ValueError, match="booleans or integers"):
        ball.as_mask(np.zeros(ball.shape))


def test_numpy_takes_the_array_without_copying(ball):
    assert np.asarray(ball) is ball.array or np.shares_memory(np.asarray(ball), ball.array)


def test_times_must_fit_the_time_axis():
    with pytest.raises(ValueError, match="2 time points"):
        Image(np.zeros((2, 3, 4)), axes="tyx", times=[0, 1, 2])


def test_with_spacing_gives_a_picture_a_size():
    picture = Image(np.zeros((4, 5, 3)), axes="yxc").with_spacing((0.5, 0.25))
    assert (picture.spacing, picture.space, picture.orientation) == ((0.5, 0.25), "plane", "")


def test_with_spacing_does_not_move_what_lies_in_a_patient(ball):
    with pytest.raises(ValueError, match="whose place is unknown"):
        ball.with_spacing(1)
