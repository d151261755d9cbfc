"""SimpleITK, nibabel and xarray: there and back."""

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from medlab import Image
from medlab.convert import from_nibabel, from_sitk, from_xarray, to_nibabel, to_sitk, to_xarray

SHEARED = np.array([[0.1, 0.2, 0.8, -20], [0.5, 1.0, 0, -24], [2.0, 0, 0, -15], [0, 0, 0, 1]])
SHAPES = {"yx": (5, 6), "zyx": (4, 5, 6), "tyx": (3, 5, 6), "tzyx": (2, 4, 5, 6), "yxc": (5, 6, 3)}
SHAPES |= {"zyxc": (4, 5, 6, 3), "tyxc": (2, 5, 6, 3), "tzyxc": (2, 4, 5, 6, 3)}
ROUND_TRIPS = {
    "sitk": lambda image: from_sitk(to_sitk(image)),
    "nibabel": lambda image: from_nibabel(to_nibabel(image)),
    "xarray": lambda image: from_xarray(to_xarray(image)),
}


def an_image(axes, dtype, rng, space="patient"):
    values = (rng.random(SHAPES[axes]) * 200).astype(dtype)
    affine = None if space == "pixel" else SHEARED
    times = np.cumsum(rng.random(SHAPES[axes][0])) if axes[0] == "t" else None
    return Image(values, axes=axes, affine=affine, space=space, units="HU", modality="CT", times=times)


def assert_same(result, image):
    np.testing.assert_array_equal(result.array, image.array)
    np.testing.assert_allclose(result.affine, image.affine, atol=2e-6)
    assert (result.axes, result.space, result.units, result.modality) == (
        image.axes, image.space, image.units, image.modality
    )  # fmt: skip
    if image.times is not None:
        np.testing.assert_allclose(result.times, image.times)


@pytest.mark.parametrize("axes", SHAPES)
@pytest.mark.parametrize("library", ROUND_TRIPS)
@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.uint8])
def test_round_trips_keep_voxels_geometry_and_units(axes, library, dtype, rng):
    image = an_image(axes, dtype, rng)
    assert_same(ROUND_TRIPS[library](image), image)


@pytest.mark.parametrize("library", ROUND_TRIPS)
@pytest.mark.parametrize("space", ["plane", "pixel"])
def test_round_trips_keep_that_nobody_knows_the_place(library, space, rng):
    image = an_image("yxc", np.uint8, rng, space)
    assert_same(ROUND_TRIPS[library](image), image)


@pytest.mark.parametrize("library", ROUND_TRIPS)
def test_labels_travel_with_a_mask(library, ball):
    mask = ball.as_mask(ball.array > 0, {1: "ball \\ n"})
    result = ROUND_TRIPS[library](mask)
    assert (dict(result.labels), result.units) == ({1: "ball \\ n"}, "label")


def test_the_unit_does_not_travel_with_values_that_somebody_changed(ball):
    nifti = to_nibabel(ball)
    changed = nib.Nifti1Image(np.asarray(nifti.dataobj) + 1, nifti.affine, nifti.header)
    assert from_nibabel(changed).units == ""


def test_sitk_puts_every_voxel_where_the_affine_says(rng):
    image = an_image("zyx", np.int16, rng)
    itk = to_sitk(image)
    for k, j, i in ((0, 0, 0), (3, 4, 5), (1, 2, 3)):
        np.testing.assert_allclose(
            itk.TransformIndexToPhysicalPoint((i, j, k)), image.index_to_position([k, j, i]), atol=1e-9
        )
        assert itk[i, j, k] == image.array[k, j, i]


def test_nibabel_puts_every_voxel_where_the_affine_says_in_ras(rng):
    image = an_image("zyx", np.int16, rng)
    nifti = to_nibabel(image)
    x, y, z = image.index_to_position([1, 2, 3])
    np.testing.assert_allclose(nifti.affine @ [3, 2, 1, 1], [-x, -y, z, 1], atol=1e-5)
    assert np.asarray(nifti.dataobj)[3, 2, 1] == image.array[1, 2, 3]


def test_the_result_outlives_the_sitk_image():
    image = from_sitk(sitk.Image(50, 60, 70, sitk.sitkInt16) + 7)
    assert (image.array == 7).all()


def test_a_two_dimensional_slice_keeps_its_place_in_sitk(ball):
    affine = ball.affine.copy()
    flat = Image(ball.array[3], affine=affine, units="HU")
    itk = to_sitk(flat)
    assert itk.GetSize() == (52, 48, 1)
    np.testing.assert_allclose(itk.GetOrigin(), flat.origin)


def test_a_shear_leaves_the_qform_unset(rng):
    nifti = to_nibabel(an_image("zyx", np.int16, rng))
    assert (int(nifti.header["sform_code"]), int(nifti.header["qform_code"])) == (1, 0)


def a_nifti(**changes):
    nifti = nib.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.diag([2.0, 3.0, 4.0, 1.0]))
    nifti.set_qform(np.diag([2.0, 3.0, 4.0, 1.0]), code=1)
    nifti.set_sform(np.diag([2.0, 3.0, 4.0, 1.0]), code=1)
    for field, value in changes.items():
        nifti.header[field] = value
    return nifti


def test_sform_and_qform_that_agree_leave_no_note():
    image = from_nibabel(a_nifti())
    assert image.notes == ()
    assert (image.orientation, image.spacing) == ("HAR", (4.0, 3.0, 2.0))


def test_sform_wins_and_a_note_says_how_far_the_qform_is_away():
    nifti = a_nifti(qoffset_x=5)
    image = from_nibabel(nifti)
    assert image.origin == (0.0, 0.0, 0.0)
    assert "up to 5 mm apart; the sform was used" in image.notes[0]


def test_qform_is_used_where_the_sform_is_not_set():
    image = from_nibabel(a_nifti(sform_code=0, qoffset_x=5))
    assert (image.origin[0], image.space) == (-5.0, "patient")


def test_without_both_forms_only_the_voxel_size_is_known():
    image = from_nibabel(a_nifti(sform_code=0, qform_code=0))
    assert (image.space, image.spacing, image.orientation) == ("plane", (4.0, 3.0, 2.0), "")
    assert "Neither sform nor qform" in image.notes[0]


def test_a_matrix_that_no_code_vouches_for_is_not_used():
    image = from_nibabel(a_nifti(sform_code=0, qform_code=0, srow_x=[9, 0, 0, 50]))
    assert (image.spacing, image.origin) == ((4.0, 3.0, 2.0), (0.0, 0.0, 0.0))


def test_a_picture_that_somebody_registered_lies_in_the_patient():
    nifti = to_nibabel(Image(np.zeros((4, 5), np.uint8)).with_spacing(0.5))
    assert from_nibabel(nifti).space == "plane"
    nifti.set_sform(np.diag([0.5, 0.5, 2, 1]), code=2)
    assert from_nibabel(nifti).space == "patient"


def test_a_singular_sform_gives_way_to_the_qform():
    image = from_nibabel(a_nifti(srow_x=0, srow_y=0, srow_z=0))
    assert image.spacing == (4.0, 3.0, 2.0)
    assert "sform is not invertible" in image.notes[0]


@pytest.mark.parametrize(("code", "factor"), [(1, 1000.0), (2, 1.0), (3, 0.001)])
def test_lengths_become_millimetres(code, factor):
    image = from_nibabel(a_nifti(xyzt_units=code))
    np.testing.assert_allclose(image.spacing, np.array([4, 3, 2]) * factor)


@pytest.mark.parametrize(("code", "factor"), [(8, 1.0), (16, 1e-3), (24, 1e-6)])
def test_times_become_seconds(code, factor):
    nifti = nib.Nifti1Image(np.zeros((2, 3, 4, 3), np.int16), np.eye(4))
    nifti.header["pixdim"][4], nifti.header["xyzt_units"], nifti.header["toffset"] = 2.5, 2 + code, 1.0
    image = from_nibabel(nifti)
    np.testing.assert_allclose(image.times, np.array([1, 3.5, 6]) * factor)
    assert image.meta["time_unit"] == "s"


def test_nifti_colour_becomes_a_channel_axis():
    voxels = np.zeros((2, 3, 4), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    voxels["G"] = 9
    image = from_nibabel(nib.Nifti1Image(voxels, np.eye(4)))
    assert (image.axes, image.shape) == ("zyxc", (4, 3, 2, 3))
    assert (image.array == [0, 9, 0]).all()


def test_xarray_coordinates_survive_slicing(ball):
    part = from_xarray(to_xarray(ball).isel(z=slice(2, 10, 2), x=slice(None, None, -1)))
    np.testing.assert_array_equal(part.array, ball.array[2:10:2, :, ::-1])
    np.testing.assert_allclose(part.index_to_position([1, 0, 0]), ball.index_to_position([4, 0, 51]))
    assert part.units == "HU"


def test_uneven_xarray_coordinates_are_refused(ball):
    with pytest.raises(ValueError, match="evenly spaced"):
        from_xarray(to_xarray(ball).isel(z=[0, 1, 3]))


def test_the_methods_do_what_the_functions_do(ball):
    for there, back in (
        ("to_sitk", "from_sitk"),
        ("to_nibabel", "from_nibabel"),
        ("to_xarray", "from_xarray"),
    ):
        assert_same(getattr(Image, back)(getattr(ball, there)()), ball)
