"""Images that other viewers trip over: the right picture, in Python and in the browser, or a clear error."""

import io

import numpy as np
import pytest
from conftest import wait_drawn
from PIL import Image as Pillow
from test_browser import colours, press

from medlab import Image, view

NAN, INF = np.nan, np.inf

#: Values, window (low, high), and the grey levels that they have to show.
UNUSUAL = {
    "nan": ([[NAN, 0.0], [50.0, 100.0]], (0, 100), [[0, 0], [128, 255]]),
    "all nan": (np.full((2, 2), NAN), None, np.zeros((2, 2))),
    "infinite": ([[-INF, INF], [0.0, 100.0]], (0, 100), [[0, 255], [0, 255]]),
    "infinite, own window": ([[-INF, INF], [0.0, 100.0]], None, [[0, 255], None]),
    "huge": ([[-1e300, 1e300], [1e38, -1e38]], (0, 1), [[0, 255], [255, 0]]),
    "huge integers": ([[-(2**62), 2**62], [2**40, 0]], (0, 2), [[0, 255], [255, 0]]),
    "tiny": ([[0.0, 1e-30], [2e-30, 4e-30]], (0, 4e-30), [[0, 64], [128, 255]]),
    "flat": (np.full((2, 2), 7), (0, 14), np.full((2, 2), 128)),
    "one pixel": ([[5.0]], (0, 5), [[255]]),
    "one voxel": ([[[5.0]]], (0, 10), [[128]]),
    "one slice": ([[[0.0, 5.0], [10.0, 10.0]]], (0, 10), [[0, 128], [255, 255]]),
    "boolean": ([[False, True], [True, False]], None, [[0, 255], [255, 0]]),
}


def viewer_of(values, limits):
    window = None if limits is None else (sum(limits) / 2, limits[1] - limits[0])
    return view.slices(np.array(values), window=window)


def pixels(viewer, rows, cols):
    """Grey levels at the centres of the voxels of the picture that stands for a view."""
    png = viewer.to_png(max_bytes=10_000_000, labelled=False)
    picture = np.asarray(Pillow.open(io.BytesIO(png)).convert("L")).astype(int)
    tall, wide = picture.shape
    at = [((np.arange(n) + 0.5) * size / n).astype(int) for n, size in ((rows, tall), (cols, wide))]
    return picture[np.ix_(*at)]


def differing(seen, expected):
    """Rows of levels that are not as expected; None stands for a row of any."""
    pairs = zip(seen, expected, strict=True)
    return [(row.tolist(), e) for row, e in pairs if e is not None and np.abs(row - np.array(e)).max() > 2]


@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_image_has_the_right_picture(name):
    values, limits, expected = UNUSUAL[name]
    assert differing(pixels(viewer_of(values, limits), *np.shape(values)[-2:]), expected) == []


@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_image_has_a_page(name):
    values, limits, _ = UNUSUAL[name]
    assert "medlab-data" in viewer_of(values, limits).to_html()


@pytest.mark.browser
@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_image_is_drawn_right_in_the_browser(page, notebook, name):
    values, limits, expected = UNUSUAL[name]
    running = notebook(viewer_of(values, limits))
    running.open_view()
    wait_drawn(page, "0:0:0")
    press(page, "s")
    rows, cols = np.shape(values)[-2:]
    seen = colours(page, rows, cols)[..., 0].astype(int)
    if rows * cols > 1:  # the crosshair's value is written elsewhere, letters and bars beside the picture
        assert differing(seen, expected) == []
    else:
        assert abs(seen[0, 0] - expected[0][0]) <= 1


@pytest.mark.parametrize("axes", ["yxc", "zyxc"])
def test_of_ten_channels_each_can_be_looked_at(axes):
    values = np.zeros((3,) * (len(axes) - 3) + (4, 4, 10), np.uint8)
    values[..., 7] = 255
    image = Image(values, axes=axes)
    options = [{"index" if axes == "yxc" else "time": n} for n in (6, 7)]
    low, high = (pixels(view.slices(image, window=(127.5, 255), **o), 4, 4) for o in options)
    assert low.max() == 0
    assert high.min() == 255


@pytest.mark.parametrize("opened", [view.slices, view.annotate, view.show, view.mosaic])
@pytest.mark.parametrize("shape", [(0, 4, 4), (4, 0, 4), (0, 0)])
def test_an_empty_image_is_refused_in_words(opened, shape):
    with pytest.raises(ValueError, match=r"nothing to show.*empty"):
        opened(np.zeros(shape))


@pytest.mark.parametrize("opened", [view.slices, view.annotate, view.show, view.mosaic])
def test_a_mask_of_another_geometry_is_refused_with_what_differs(opened, ball):
    affine = ball.affine.copy()
    affine[:3, 3] += 5
    moved = ball.as_mask(ball.array > 0).replace(affine=affine)
    with pytest.raises(ValueError, match=r"grid.*origin"):
        opened(ball, mask=moved)


@pytest.mark.parametrize("opened", [view.slices, view.annotate, view.show])
def test_a_mask_of_another_shape_is_refused_with_both_shapes(opened, ball):
    with pytest.raises(ValueError, match=r"\(16, 48, 52\).*\(16, 48, 50\)"):
        opened(ball, mask=np.zeros((16, 48, 50), bool))
