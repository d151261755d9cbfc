"""What makes radiomics wrong without a word is refused, and the message says what to do."""

from __future__ import annotations

import numpy as np
import pytest

import medlab
from medlab import radiomics


def problem_of(image, mask, label=None, params=None):
    """Return the problem and the message that an image and a mask are refused with."""
    with pytest.raises(radiomics.RegionError) as caught:
        radiomics.validate(image, mask, label, params)
    return caught.value.problem, str(caught.value)


def with_values(scan, change):
    """Return the scan as float32 with some values changed."""
    values = scan.array.astype(np.float32)
    change(values)
    return scan.replace(array=values)


def put(index, value):
    return lambda values: values.__setitem__(index, value)


def test_good_pair_is_described(scan, lesion):
    region = radiomics.validate(scan, lesion)
    assert (region.label, region.name, region.voxels) == (1, "lesion", np.count_nonzero(lesion.array))
    assert region.box == ((9, 14), (15, 26), (14, 23))
    assert region.warnings == ()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_in_the_region_are_counted(scan, lesion, value):
    image = with_values(scan, put((11, 20, slice(17, 20)), value))
    problem, message = problem_of(image, lesion)
    assert problem == "not finite"
    assert message.startswith(f"3 of {np.count_nonzero(lesion.array)} voxels")


def test_nan_far_away_is_no_problem_for_the_unfiltered_image(scan, lesion):
    radiomics.validate(with_values(scan, put((0, 0, 0), np.nan)), lesion)


@pytest.mark.parametrize(
    "params",
    [
        {"imageType": {"LoG": {"sigma": [2]}}},
        {"setting": {"normalize": True, "normalizeScale": 100}},
        {"setting": {"resampledPixelSpacing": [1, 1, 1]}},
    ],
)
def test_nan_far_away_is_refused_where_it_would_spread(scan, lesion, params):
    image = with_values(scan, put((0, 0, 0), np.nan))
    assert problem_of(image, lesion, params=params)[0] == "not finite"


def test_nan_out_of_a_wavelets_reach_is_no_problem(scan, lesion):
    image = with_values(scan, put((0, 0, 0), np.nan))
    radiomics.validate(image, lesion, params={"imageType": {"Wavelet": {}}})


def test_mask_of_another_size_is_refused_with_both_shapes(scan, lesion):
    smaller = lesion.replace(array=lesion.array[:-1])
    problem, message = problem_of(scan, smaller)
    assert problem == "geometry"
    assert "shape (23, 41, 38) and (22, 41, 38)" in message
    assert "mask.like(image)" in message


def test_mask_of_another_spacing_is_refused_with_both_spacings(scan, lesion):
    affine = lesion.affine.copy()
    affine[:, 2] *= 2
    message = problem_of(scan, lesion.replace(affine=affine))[1]
    assert "spacing (2.5, 0.8, 0.8) and (2.5, 0.8, 1.6) mm" in message


def test_mask_at_another_place_is_refused_with_the_distance(scan, lesion):
    affine = lesion.affine.copy()
    affine[:3, 3] += [3, 4, 0]
    message = problem_of(scan, lesion.replace(affine=affine))[1]
    assert "first voxels 5 mm apart" in message
    assert "shape" not in message


def test_mask_turned_by_an_angle_is_refused_with_the_angle(scan, lesion):
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(0.1), -np.sin(0.1)], [np.sin(0.1), np.cos(0.1)]]
    message = problem_of(scan, lesion.replace(affine=turn @ lesion.affine))[1]
    assert "turned by up to 5.73°" in message


def test_flipped_mask_of_the_same_shape_is_refused(scan, lesion):
    affine = lesion.affine.copy()
    affine[:3, 3] += affine[:3, 0] * 22
    affine[:3, 0] *= -1
    assert "turned by up to 180.00°" in problem_of(scan, lesion.replace(affine=affine))[1]


def test_way_out_of_another_grid_works(scan, lesion):
    apart = lesion.replace(array=lesion.array[1:], affine=lesion.crop(((1, 23), (0, 41), (0, 38))).affine)
    problem_of(scan, apart)
    assert radiomics.validate(scan, apart.like(scan)).voxels == np.count_nonzero(lesion.array)


def test_tiny_difference_of_geometry_is_no_problem(scan, lesion):
    affine = lesion.affine.copy()
    affine[:3, 3] += 1e-4
    assert radiomics.extract(scan, lesion.replace(affine=affine))["voxels"].item() > 0


def test_tolerance_of_the_parameters_counts(scan, lesion):
    affine = lesion.affine.copy()
    affine[0, 3] += 0.1
    params = {"setting": {"geometryTolerance": 0.2}}
    moved = lesion.replace(affine=affine)
    assert problem_of(scan, moved)[0] == "geometry"
    assert radiomics.validate(scan, moved, params=params).voxels == np.count_nonzero(lesion.array)


def test_correct_mask_resamples_and_says_so(scan, lesion):
    apart = lesion.crop(((1, 23), (0, 41), (0, 38)))
    region = radiomics.validate(scan, apart, params={"setting": {"correctMask": True}})
    assert "resampled onto the image" in region.warnings[0]


def test_label_that_is_not_there_is_refused_with_those_that_are(scan, lesion):
    problem, message = problem_of(scan, lesion, label=4)
    assert problem == "label"
    assert "1 (lesion)" in message


def test_name_that_is_not_there_is_refused_with_those_that_are(scan, lesion):
    assert "1 (lesion)" in problem_of(scan, lesion, label="liver")[1]


def test_mask_of_0_and_255_is_taken_as_it_is(scan, lesion):
    assert radiomics.validate(scan, lesion.replace(array=lesion.array * 255)).label == 255


def test_label_1_of_a_mask_of_0_and_255_is_explained(scan, lesion):
    message = problem_of(scan, lesion.replace(array=lesion.array * 255), label=1)[1]
    assert "255 instead of 1" in message


def test_several_labels_need_a_choice(scan, lesion):
    array = lesion.array.copy()
    array[0, :5, :5] = 2
    problem, message = problem_of(scan, lesion.replace(array=array))
    assert problem == "label"
    assert "1 (lesion), 2" in message


@pytest.mark.parametrize("label", [0, -1, 1.5])
def test_label_must_be_a_whole_number_above_0(scan, lesion, label):
    assert problem_of(scan, lesion, label=label)[0] == "label"


def test_empty_mask_is_refused(scan, lesion):
    assert problem_of(scan, lesion.replace(array=lesion.array * 0))[0] == "empty"


def test_mask_of_probabilities_is_refused_with_the_way_out(scan, lesion):
    problem, message = problem_of(scan, lesion.replace(array=lesion.array * np.float32(0.7)))
    assert problem == "mask"
    assert "> 0.5" in message


def test_mask_of_whole_numbers_as_floats_is_taken(scan, lesion):
    assert radiomics.validate(scan, lesion.replace(array=lesion.array.astype(np.float64))).label == 1


def test_mask_with_negative_values_is_refused(scan, lesion):
    assert problem_of(scan, lesion.replace(array=-lesion.array.astype(np.int16)))[0] == "mask"


@pytest.mark.parametrize("region", [np.s_[5, 5, 5], np.s_[5, 5, 5:12]], ids=["voxel", "line"])
def test_one_voxel_and_a_line_of_voxels_are_too_little(scan, region):
    inside = np.zeros(scan.shape, bool)
    inside[region] = True
    assert problem_of(scan, scan.as_mask(inside))[0] == "size"


def test_flat_region_is_refused_with_its_value(scan, lesion):
    problem, message = problem_of(scan.replace(array=np.full_like(scan.array, 12)), lesion)
    assert problem == "flat"
    assert "value 12" in message


def test_shape_of_a_flat_region_can_be_had(scan, lesion):
    flat = scan.replace(array=np.full_like(scan.array, 12))
    assert radiomics.extract(flat, lesion, {"featureClass": {"shape": []}})["voxels"].item() > 0


def test_too_many_grey_levels_are_refused_before_memory_is_taken(scan, lesion):
    problem, message = problem_of(scan.replace(array=scan.array * np.float64(1e9), units="Bq/ml"), lesion)
    assert problem == "bins"
    assert "Bq/ml" in message
    assert "medlab.measure.suv" in message


def test_number_of_grey_levels_is_the_one_pyradiomics_makes(scan, lesion):
    from radiomics.imageoperations import getBinEdges

    values = scan.array[lesion.array > 0]
    levels = radiomics.validate(scan, lesion, params={"setting": {"binWidth": 7}}).levels
    assert levels == np.digitize(values, getBinEdges(values, binWidth=7)).max()


def test_bins_too_wide_for_the_unit_are_warned_of(scan, lesion):
    pet = scan.replace(array=np.abs(scan.array) / np.float32(60), units="SUVbw")
    (warning,) = radiomics.validate(pet, lesion).warnings
    assert "SUVbw in bins of 25 makes 1 grey level(s)" in warning
    assert "binWidth of about" in warning


def test_resegmentation_that_leaves_nothing_is_refused(scan, lesion):
    params = {"setting": {"resegmentRange": [9000, 9999]}}
    assert problem_of(scan, lesion, params=params)[0] == "size"


def test_region_one_slice_thick_is_warned_of(scan, lesion):
    thin = np.zeros_like(lesion.array)
    thin[11] = lesion.array[11]
    assert any("one voxel thick along z" in w for w in radiomics.validate(scan, scan.as_mask(thin)).warnings)


def test_unknown_pixel_size_is_warned_of(scan, lesion):
    picture = medlab.Image(scan.array[11])
    region = radiomics.validate(picture, picture.as_mask(lesion.array[11]))
    assert "size of a pixel is unknown" in region.warnings[0]


def test_volume_with_a_picture_as_mask_is_refused(scan, lesion):
    picture = medlab.Image(scan.array[11], affine=scan.affine).as_mask(lesion.array[11])
    assert "axes 'zyx', the mask 'yx'" in problem_of(scan, picture)[1]


def test_colours_are_refused(lesion):
    colour = medlab.Image(np.zeros((8, 8, 3), np.uint8), axes="yxc")
    assert problem_of(colour, lesion)[0] == "axes"


def test_tilted_gantry_is_refused(scan, lesion):
    affine = scan.affine.copy()
    affine[1, 0] += 1.0
    problem, message = problem_of(scan.replace(affine=affine), lesion.replace(affine=affine))
    assert problem == "axes"
    assert "resample" in message


def test_shape_of_a_volume_is_refused_for_a_picture(scan, lesion):
    picture = medlab.Image(scan.array[11])
    params = {"featureClass": {"shape": []}}
    assert "shape2D" in problem_of(picture, picture.as_mask(lesion.array[11]), params=params)[1]


def test_filter_that_pyradiomics_would_leave_out_silently_is_refused(scan, lesion):
    assert problem_of(scan, lesion, params={"imageType": {"LBP3D": {}}})[0] == "parameters"


def test_spacing_of_a_volume_is_refused_for_a_picture(scan, lesion):
    picture = medlab.Image(scan.array[11], affine=scan.affine)
    params = {"setting": {"resampledPixelSpacing": [1, 1, 1]}}
    problem, message = problem_of(picture, picture.as_mask(lesion.array[11]), params=params)
    assert problem == "parameters"
    assert "(x, y)" in message


def test_array_instead_of_an_image_is_refused(scan, lesion):
    with pytest.raises(TypeError, match=r"medlab\.read"):
        radiomics.validate(scan.array, lesion)
