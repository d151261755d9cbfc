"""Orientation: a phantom whose values say where in the patient they lie must be drawn the right way round."""

import itertools

import numpy as np
import pytest

from medlab import Image
from medlab.view.planes import axis_number, planes

DIRECTIONS = [
    np.array(signs)[None, :] * np.eye(3)[list(order)].T
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]


def phantom(direction, patient_axis):
    """A volume whose values are the voxels' patient coordinate along one axis (x, y or z), in mm."""
    affine = np.eye(4)
    affine[:3, :3] = direction * [2.0, 1.5, 1.0]
    affine[:3, 3] = [7, -3, 11]
    index = np.moveaxis(np.indices((4, 5, 6)), 0, -1)
    empty = Image(np.zeros((4, 5, 6)), affine=affine)
    return empty.replace(array=empty.index_to_position(index)[..., patient_axis])


def drawn(image, name):
    """The middle plane of that name as it is drawn."""
    axis = axis_number(image, name)
    return planes(image)[axis].arrange(np.take(image.array, 1, axis=axis))


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(
    ("name", "to_the_right", "downwards"),
    [("axial", (0, 1), (1, 1)), ("coronal", (0, 1), (2, -1)), ("sagittal", (1, 1), (2, -1))],
)
def test_planes_are_drawn_in_radiological_convention(direction, name, to_the_right, downwards):
    axis, sign = to_the_right
    assert (np.diff(drawn(phantom(direction, axis), name), axis=1) * sign > 0).all()
    axis, sign = downwards
    assert (np.diff(drawn(phantom(direction, axis), name), axis=0) * sign > 0).all()


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_letters_follow_the_convention_in_every_orientation(direction):
    image = phantom(direction, 0)
    letters = {p.name: p.letters for p in planes(image)}
    assert letters == {
        "axial": ("A", "L", "P", "R"),
        "coronal": ("H", "L", "F", "R"),
        "sagittal": ("H", "P", "F", "A"),
    }


def test_an_oblique_plane_shows_two_letters():
    angle = np.deg2rad(30)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.eye(3)[:, [2, 1, 0]]
    axial = planes(Image(np.zeros((3, 4, 5)), affine=affine))[0]
    assert axial.letters == ("AL", "LP", "PR", "RA")


def test_each_plane_gets_its_own_name_however_oblique():
    angle = np.deg2rad(44.9)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ turn @ np.eye(3)[:, [2, 1, 0]]
    assert sorted(p.name for p in planes(Image(np.zeros((3, 4, 5)), affine=affine))) == [
        "axial",
        "coronal",
        "sagittal",
    ]


def test_an_image_of_unknown_orientation_is_drawn_as_its_array_lies(rng):
    image = Image(rng.random((3, 4, 5)))
    for axis, plane in enumerate(planes(image)):
        assert plane.name == f"axis {axis}"
        assert plane.letters == ("", "", "", "")
        values = np.take(image.array, 1, axis=axis)
        assert np.array_equal(plane.arrange(values), values)


def test_a_radiograph_takes_its_letters_from_the_file():
    image = Image(np.zeros((4, 5)), space="plane", meta={"PatientOrientation": ["L", "F"]})
    assert planes(image)[0].letters == ("H", "L", "F", "R")


def test_names_of_planes_need_a_known_orientation():
    with pytest.raises(ValueError, match=r"'coronal' needs an image whose orientation"):
        axis_number(Image(np.zeros((3, 4, 5))), "coronal")


@pytest.mark.parametrize("axis", [3, -1, "oblique", True, 0.5])
def test_an_impossible_axis_is_refused(ball, axis):
    with pytest.raises(ValueError, match=r"axis must be 0, 1, 2 or one of"):
        axis_number(ball, axis)


def test_a_picture_has_one_plane():
    with pytest.raises(ValueError, match=r"axis must be 0"):
        axis_number(Image(np.zeros((4, 5))), 1)
