"""Another grid for the same image."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from medlab import Image

SHEARED = np.array([[0.1, 0.2, 0.8, -20], [0.6, 1.0, 0, -24], [2.0, 0.1, 0, -15], [0, 0, 0, 1]])


def linear(positions):
    return 3 * positions[..., 0] - 2 * positions[..., 1] + 5 * positions[..., 2] + 7


def a_ramp(affine, shape=(12, 14, 16)):
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    image = Image(np.zeros(shape, np.float32), affine=affine)
    return image.replace(array=linear(image.index_to_position(index)).astype(np.float32))


def positions_of(image):
    return image.index_to_position(np.stack(np.meshgrid(*map(np.arange, image.grid), indexing="ij"), axis=-1))


def inside(image, other, margin=0.0):
    index = other.position_to_index(positions_of(image))
    return ((index >= margin) & (index <= np.array(other.grid) - 1 - margin)).all(axis=-1)


@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize("spacing", [0.7, (1.0, 2.0, 1.5)])
def test_a_linear_ramp_stays_the_same_function_of_position(spacing, order):
    image = a_ramp(SHEARED)
    result = image.resample(spacing, order=order)
    there = inside(result, image, 3 if order == 3 else 0)
    assert there.sum() > 50
    np.testing.assert_allclose(
        result.array[there], linear(positions_of(result))[there], atol=0.05 if order == 3 else 1e-3
    )


def test_resample_makes_right_angles_and_covers_every_voxel():
    image = a_ramp(SHEARED)
    result = image.resample(1.0)
    assert not result.sheared
    index = result.position_to_index(positions_of(image))
    assert (index > -1).all()
    assert (index < np.array(result.grid)).all()


def test_resample_keeps_the_field_of_view(ball):
    result = ball.resample((1.0, 0.5, 0.4))
    assert result.shape == (32, 96, 104)
    for corner in (-0.5, 0.5):
        low = ball.index_to_position(np.array(ball.grid) * (corner + 0.5) - 0.5)
        np.testing.assert_allclose(
            result.index_to_position(np.array(result.grid) * (corner + 0.5) - 0.5), low
        )


def test_the_same_spacing_changes_nothing(ball):
    result = ball.resample(ball.spacing)
    np.testing.assert_array_equal(result.array, ball.array)
    np.testing.assert_allclose(result.affine, ball.affine, atol=1e-9)


def test_integers_are_rounded_not_cut():
    image = Image(np.array([[[0, 3]]], np.int16).repeat(2, 0).repeat(2, 1), affine=np.eye(4)[:, [2, 1, 0, 3]])
    result = image.resample((1, 1, 0.5))
    assert result.dtype == np.int16
    np.testing.assert_array_equal(result.array[0, 0], [0, 1, 2, 3])


def test_a_mask_keeps_its_labels_whatever_order_is_asked(ball):
    mask = ball.as_mask(np.where(ball.array > 0, 7, 0), {7: "ball"})
    result = mask.resample(0.9, order=3)
    assert set(np.unique(result.array)) == {0, 7}
    before, after = ((m.array > 0).sum() * m.voxel_volume for m in (mask, result))
    assert after == pytest.approx(before, rel=0.02)


def test_time_points_and_channels_are_all_resampled(rng):
    image = Image(rng.random((2, 4, 6, 8, 3)).astype(np.float32), axes="tzyxc", affine=SHEARED)
    part = Image(image.array[1, ..., 2], affine=SHEARED)
    np.testing.assert_allclose(image.resample(1.3).array[1, ..., 2], part.resample(1.3).array)


def test_a_picture_is_resampled_in_its_plane(rng):
    picture = Image(rng.random((20, 30)).astype(np.float32)).with_spacing((2.0, 1.0))
    result = picture.resample(1.0, order=3)
    assert (result.axes, result.shape, result.spacing) == ("yx", (40, 30), (1.0, 1.0))


@pytest.mark.parametrize("spacing", [0, -1, (1, 2), (1, 2, np.nan)])
def test_a_spacing_that_makes_no_grid_is_refused(ball, spacing):
    with pytest.raises(ValueError, match="one positive number"):
        ball.resample(spacing)


def test_an_unknown_order_is_refused(ball):
    with pytest.raises(ValueError, match="order must be 0"):
        ball.resample(1, order=2)


def test_like_brings_a_sheared_image_to_an_oblique_grid():
    image = a_ramp(SHEARED)
    turn = np.array([[0, -0.6, 0.8], [0, 0.8, 0.6], [1.0, 0, 0]])
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * 0.9, image.index_to_position([3, 4, 5])
    other = Image(np.zeros((5, 6, 7), np.uint8), affine=affine)
    result = image.like(other)
    assert result.same_grid(other)
    there = inside(result, image)
    assert there.sum() > 20
    np.testing.assert_allclose(result.array[there], linear(positions_of(other))[there], atol=1e-3)


def test_like_agrees_with_simpleitk(ball, rng):
    image = ball.replace(array=rng.random(ball.shape).astype(np.float32), units="")
    affine = np.array([[0.1, 0, 1.0, -12], [0.05, 1.0, 0, -11], [1.3, 0, 0.02, -9], [0, 0, 0, 1]])
    other = Image(np.zeros((9, 20, 22), np.uint8), affine=affine).resample((1.2, 1.1, 0.9))
    expected = sitk.GetArrayFromImage(
        sitk.Resample(image.to_sitk(), other.to_sitk(), sitk.Transform(), sitk.sitkLinear)
    )
    np.testing.assert_allclose(image.like(other).array, expected, atol=1e-4)


def test_like_fills_air_outside_of_a_ct(ball):
    affine = ball.affine.copy()
    affine[0, 3] -= 1000
    far = ball.replace(affine=affine)
    assert (ball.like(far).array == -1000).all()
    assert (ball.like(far, fill=5).array == 5).all()


def test_like_refuses_to_mix_patient_and_plane(ball):
    with pytest.raises(ValueError, match="same space"):
        ball.like(Image(np.zeros(ball.shape)))


@pytest.mark.parametrize("letters", ["RAS", "SAR", "LPI", "HPL", "AFL", "PRH"])
def test_reorient_moves_no_voxel(letters, rng):
    image = Image(rng.random((4, 5, 6)), affine=SHEARED)
    result = image.reorient(letters)
    assert result.orientation == letters.replace("S", "H").replace("I", "F")
    order = np.argsort(positions_of(image).reshape(-1, 3) @ [1, 1e3, 1e6])
    other = np.argsort(positions_of(result).reshape(-1, 3) @ [1, 1e3, 1e6])
    np.testing.assert_allclose(
        positions_of(result).reshape(-1, 3)[other], positions_of(image).reshape(-1, 3)[order], atol=1e-9
    )
    np.testing.assert_array_equal(result.array.ravel()[other], image.array.ravel()[order])


def test_reorient_there_and_back_is_the_same_image(rng):
    image = Image(rng.random((2, 4, 5, 6)), affine=SHEARED)
    back = image.reorient("RAS").reorient(image.orientation)
    np.testing.assert_array_equal(back.array, image.array)
    np.testing.assert_allclose(back.affine, image.affine)


def test_reorient_agrees_with_simpleitk(rng):
    image = Image(
        rng.random((4, 5, 6)), affine=np.array([[0, 0, -1, 3], [0.1, 1, 0, 4], [2, 0, 0, 5], [0, 0, 0, 1.0]])
    )
    itk = sitk.DICOMOrient(image.to_sitk(), "LPS")
    np.testing.assert_array_equal(image.reorient("SPL").array, sitk.GetArrayFromImage(itk))


@pytest.mark.parametrize("letters", ["RA", "RLS", "XYZ", "RRS", "", "RASR"])
def test_letters_that_name_no_orientation_are_refused(ball, letters):
    with pytest.raises(ValueError, match="each of 3 directions once"):
        ball.reorient(letters)


def test_a_plane_cannot_be_turned_out_of_itself(ball):
    with pytest.raises(ValueError, match="cannot be turned"):
        Image(ball.array[0], affine=np.eye(4)[:, [2, 1, 0, 3]]).reorient("HL")


def test_a_picture_without_a_patient_is_not_reoriented():
    with pytest.raises(ValueError, match="Nobody said"):
        Image(np.zeros((3, 4, 5))).reorient("RAS")


def test_crop_to_a_mask_keeps_positions_and_margin(ball):
    mask = ball.as_mask(ball.array > 0)
    part = ball.crop(mask, margin_mm=2.5)
    found = np.argwhere(mask.array)
    margin = np.array([2, 3, 4])
    start = found.min(axis=0) - margin
    np.testing.assert_allclose(part.index_to_position([0, 0, 0]), ball.index_to_position(start))
    assert part.shape == tuple(found.max(axis=0) + margin + 1 - start)
    assert (part.array > 0).sum() == mask.array.sum()


def test_crop_to_a_box_does_not_hold_on_to_the_whole(ball):
    part = ball.crop([(2, 4), (0, 48), (10, 20)])
    assert part.shape == (2, 48, 10)
    assert part.array.base is None
    np.testing.assert_array_equal(part.array, ball.array[2:4, :, 10:20])


def test_the_margin_ends_at_the_image(ball):
    assert ball.crop(ball.array > 0, margin_mm=1e6).shape == ball.shape


def test_crop_keeps_time_and_colour(rng):
    image = Image(rng.random((2, 4, 5, 6, 3)), axes="tzyxc", affine=SHEARED)
    np.testing.assert_array_equal(image.crop([(1, 3), (0, 5), (2, 4)]).array, image.array[:, 1:3, :, 2:4])


def test_an_empty_mask_is_refused(ball):
    with pytest.raises(ValueError, match="empty"):
        ball.crop(ball.array > 9999)


def test_a_mask_on_another_grid_is_refused(ball):
    mask = ball.as_mask(ball.array > 0)
    with pytest.raises(ValueError, match=r"mask\.like\(image\)"):
        ball.crop(mask.resample(3.0))


def test_a_box_outside_of_the_image_is_refused(ball):
    with pytest.raises(ValueError, match="within the image"):
        ball.crop([(0, 17), (0, 48), (0, 52)])
