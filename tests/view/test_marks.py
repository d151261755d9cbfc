"""What is written on the picture that stands for a view where no JavaScript runs."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from medlab import Image, view
from medlab.view import marks
from medlab.view.png import encoded


def picture(viewer, **options):
    png = viewer.to_png(max_bytes=10_000_000, **options)
    return np.asarray(Pillow.open(io.BytesIO(png)).convert("RGB")).astype(int)


def written(viewer):
    """Where a picture differs from the one with nothing written on it."""
    plain, labelled = picture(viewer, labelled=False), picture(viewer)
    assert plain.shape == labelled.shape
    return (np.abs(labelled - plain) > 100).any(axis=-1)


@pytest.fixture
def ct():
    """Air of 512 × 512 pixels of 0.5 mm, so that a picture of 480 has 0.533 mm in a pixel."""
    affine = np.array([[0, 0, 0.5, 0], [0, 0.5, 0, 0], [2.0, 0, 0, 0], [0, 0, 0, 1]])
    return Image(np.full((9, 512, 512), -1000, np.int16), affine=affine, modality="CT", units="HU")


def test_place_window_letters_and_scale_stand_where_they_belong(ct):
    ink = written(view.slices(ct))
    corners = {"place": ink[:24, :120], "window": ink[-45:, :140], "scale": ink[-30:, -140:]}
    letters = {
        "A": ink[:24, 230:250],
        "P": ink[-24:, 230:250],
        "R": ink[230:250, :24],
        "L": ink[230:250, -24:],
    }
    assert all(part.sum() > 8 for part in (corners | letters).values())
    assert not ink[60:220, 60:220].any()


def test_the_scale_bar_is_as_long_as_it_says(ct):
    line = written(view.slices(ct))[-9]
    (columns,) = np.nonzero(line[300:])
    assert columns.max() - columns.min() == pytest.approx(50 / (512 * 0.5 / 480), abs=4)


def test_letters_and_scale_are_left_out_where_they_are_unknown():
    ink = written(view.slices(np.zeros((3, 480, 480), np.int16)))
    assert not ink[230:250, :24].any()
    assert not ink[-30:, -140:].any()
    assert ink[:24, :120].any()


def test_three_planes_stand_side_by_side_each_with_its_marks(ct):
    viewer = view.slices(ct, index=3)
    axial = picture(viewer)
    viewer.three_planes = True
    shown = picture(viewer)
    assert (shown[:, : axial.shape[1]] == axial).all()
    assert shown.shape[0] == axial.shape[0]
    assert shown.shape[1] > 2.5 * axial.shape[1]


def test_a_picture_without_slices_has_one_plane():
    flat = np.zeros((60, 80))
    assert picture(view.slices(flat, three_planes=True)).shape == picture(view.slices(flat)).shape


def test_words_name_slice_time_and_window(ct):
    viewer = view.slices(ct, window="lung", index=3)
    named = view.slices(ct, title="Simulated CT")._scene
    assert marks.place_text(named, viewer._planes[0], viewer._state()).startswith("Simulated CT\n")
    assert marks.place_text(viewer._scene, viewer._planes[0], viewer._state()) == "CT\naxial 3 / 8"
    assert marks.window_lines(viewer._scene, viewer.window) == ["lung", "C -600  W 1500 HU"]
    assert marks.window_lines(viewer._scene, (0.1234, 0.5)) == ["C 0.1234  W 0.5 HU"]
    cine = view.slices(Image(np.zeros((4, 3, 8, 8)), axes="tzyx"), time=2)
    assert marks.place_text(cine._scene, cine._planes[0], cine._state()) == "axis 0: 1 / 2, time 2 / 3"


def test_a_narrow_picture_gets_room_for_the_words():
    flat = view.slices(np.random.default_rng(0).random((4, 8, 200)))
    assert picture(flat, labelled=False).shape[0] < 20
    assert picture(flat).shape[0] >= 150


@pytest.mark.parametrize("mode", ["side by side", "blend", "checkerboard", "difference"])
def test_a_comparison_is_labelled_in_every_mode(ct, mode):
    other = ct.replace(array=ct.array + np.int16(3))
    assert written(view.compare(ct, other, mode=mode)).sum() > 200


def test_fewer_grey_levels_are_tried_before_a_smaller_picture(rng):
    noise = Pillow.fromarray(np.repeat(rng.integers(0, 256, (400, 400, 1), np.uint8), 3, axis=2))
    found = Pillow.open(io.BytesIO(encoded(noise, 140_000)))
    assert found.size == (400, 400)
    seen, given = (np.asarray(p.convert("RGB")).astype(int) for p in (found, noise))
    assert np.abs(seen - given).max() <= 3


def test_a_picture_of_many_colours_keeps_them():
    row, col = np.mgrid[:64, :64]
    photo = Pillow.fromarray(np.stack([4 * row, 4 * col, 2 * (row + col)], axis=-1).astype(np.uint8))
    seen = np.asarray(Pillow.open(io.BytesIO(encoded(photo, 12_000))).convert("RGB"))
    assert np.array_equal(seen, np.asarray(photo))
