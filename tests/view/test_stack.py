import numpy as np
import pytest

from medlab import Image
from medlab.view.stack import as_image, stacked


@pytest.mark.parametrize(
    ("axes", "shape", "grid", "fast", "slow"),
    [
        ("yx", (4, 5), (1, 1, 4, 5), "slice", ""),
        ("zyx", (3, 4, 5), (1, 3, 4, 5), "slice", ""),
        ("tyx", (7, 4, 5), (1, 7, 4, 5), "frame", ""),
        ("tzyx", (7, 3, 4, 5), (7, 3, 4, 5), "slice", "time"),
        ("yxc", (4, 5, 10), (1, 10, 4, 5), "channel", ""),
        ("zyxc", (3, 4, 5, 10), (10, 3, 4, 5), "slice", "channel"),
        ("yxc", (4, 5, 1), (1, 1, 4, 5), "slice", ""),
    ],
)
def test_every_kind_of_image_becomes_time_slices_rows_columns(axes, shape, grid, fast, slow):
    stack = stacked(Image(np.zeros(shape), axes=axes))
    assert (stack.grid, stack.fast, stack.slow, stack.colour) == (grid, fast, slow, False)


@pytest.mark.parametrize("axes", ["yxc", "zyxc", "tyxc", "tzyxc"])
@pytest.mark.parametrize("channels", [3, 4])
def test_colour_keeps_red_green_and_blue(axes, channels, rng):
    shape = (2,) * (len(axes) - 3) + (4, 5, channels)
    image = Image(rng.integers(0, 256, shape, np.uint8), axes=axes)
    stack = stacked(image)
    assert stack.colour
    assert np.array_equal(stack.plane(0, 0), image.array.reshape(-1, 4, 5, channels)[0, ..., :3])


def test_a_channel_is_reached_without_a_copy(rng):
    image = Image(rng.random((4, 5, 10)), axes="yxc")
    stack = stacked(image)
    assert np.shares_memory(stack.values, image.array)
    assert np.array_equal(stack.plane(0, 7), image.array[..., 7].astype(np.float32))


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "int16", "uint16", ">i2", "int32", "uint32", "int64", "bool"]
)
def test_integers_are_sent_exactly(dtype, rng):
    values = rng.integers(0, 2 if dtype == "bool" else 120, (3, 4, 5)).astype(dtype)
    stack = stacked(Image(values))
    assert np.array_equal(stack.plane(0, 1), values[1])
    assert stack.plane(0, 1).itemsize <= 2


def test_large_integers_are_sent_as_floats():
    values = np.array([[-70000, 70000]])
    assert stacked(Image(values)).plane(0, 0).tolist() == [[-70000.0, 70000.0]]


def test_floats_are_sent_with_seven_digits(rng):
    values = rng.normal(0, 1e5, (3, 4, 5))
    assert np.allclose(stacked(Image(values)).plane(2, 4), values[:, :, 4], rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    ("values", "expected"), [([0.0, 0.5, 1.0], [0, 127, 255]), ([0.0, 100.0, 255.0], [0, 100, 255])]
)
def test_colour_floats_reach_0_to_255(values, expected):
    image = Image(np.array([[values]]), axes="yxc")
    assert stacked(image).plane(0, 0).ravel().tolist() == expected


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4, 5, 6), ()])
def test_an_array_must_have_two_or_three_dimensions(shape):
    with pytest.raises(TypeError, match=r"2-D or 3-D array"):
        as_image(np.zeros(shape))


def test_an_empty_image_is_refused():
    with pytest.raises(ValueError, match=r"nothing to show.*empty"):
        as_image(np.zeros((0, 4, 5)))


def test_complex_values_are_refused():
    with pytest.raises(ValueError, match=r"complex"):
        as_image(np.zeros((4, 5), complex))


def test_many_channels_over_time_are_refused():
    with pytest.raises(ValueError, match=r"pick a channel"):
        stacked(Image(np.zeros((2, 4, 5, 7)), axes="tyxc"))
