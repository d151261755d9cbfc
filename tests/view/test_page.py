import base64
import io
import json
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image as Pillow

from medlab import Image, view
from medlab.view.reduce import Reduction
from medlab.view.stack import stacked


def parts(page):
    """Scene, data header, data and caption of a page."""
    scene = json.loads(re.search(r'id="medlab-scene">(.*?)</script>', page, re.DOTALL).group(1))["scene"]
    block = zlib.decompress(base64.b64decode(re.search(r'id="medlab-data">(.*?)</script>', page).group(1)))
    (length,) = struct.unpack_from("<I", block)
    caption = re.search(r'<footer class="medlab-caption">(.*?)</footer>', page).group(1)
    return scene, json.loads(block[4 : 4 + length]), block[4 + length :], caption


@pytest.fixture
def scan(rng):
    """A noisy simulated CT that does not fit a small page as it is."""
    _, j, i = np.mgrid[:20, :256, :256]
    body = (j - 128) ** 2 + (i - 128) ** 2 < 110**2
    values = np.where(body, 40 + 20 * np.sin(i / 9), -1000) + rng.normal(0, 15, body.shape)
    affine = np.diag([2.0, 0.8, 0.8, 1])[[2, 1, 0, 3]]
    return Image(values.astype(np.int16), affine=affine, modality="CT", units="HU")


def test_a_small_image_is_kept_value_for_value(ball):
    scene, header, data, caption = parts(view.slices(ball).to_html())
    assert caption == "All values as in the image."
    assert scene["grid"] == [1, *ball.shape]
    for piece in header:
        at, size = piece["image"]
        values = np.frombuffer(data[at : at + size], np.int16)
        assert np.array_equal(values, ball.array[piece["index"]].ravel())


@pytest.mark.parametrize("most", [150_000, 400_000, 1_500_000])
def test_the_page_is_never_larger_than_asked(scan, most):
    assert len(view.slices(scan, scan.array > -500).to_html(max_bytes=most).encode()) <= most


def test_less_room_means_a_coarser_picture_that_says_so(scan):
    scene, _, _, caption = parts(view.slices(scan).to_html(max_bytes=200_000))
    rows, cols = scene["grid"][2:]
    assert (rows, cols) < scan.shape[1:]
    assert f"averaged from 256 × 256 to {rows} × {cols}" in caption
    assert "JPEG quality" in caption


def test_the_stated_error_is_the_error(scan):
    scene, header, data, caption = parts(view.slices(scan).to_html(max_bytes=1_000_000))
    assert scene["coding"] == "jpeg"
    assert scene["grid"] == [1, *scan.shape]
    stated = float(re.search(r"typical error ([\d.]+) HU", caption).group(1))
    levels = np.array(scene["levels"])
    squares = []
    for piece in header:
        at, size = piece["image"]
        shown = levels[np.asarray(Pillow.open(io.BytesIO(data[at : at + size])))]
        squares.append((shown - np.clip(scan.array[piece["index"]], levels[0], levels[-1])) ** 2)
    assert stated == pytest.approx(np.sqrt(np.mean(squares)), rel=0.1)


def test_a_page_that_cannot_be_made_small_enough_says_so(scan):
    with pytest.raises(ValueError, match=r"does not fit.*allow more with max_bytes"):
        view.slices(scan).to_html(max_bytes=50_000)


def test_where_a_voxel_of_the_page_lies_in_the_image():
    stack = stacked(Image(np.zeros((9, 40, 60), np.int16)))
    scene = Reduction(rows=10, cols=20, every=3).scene(stack, {"spacing": [1.0, 1.0, 1.0]})
    assert scene["grid"] == [1, 3, 10, 20]
    assert scene["spacing"] == [3.0, 4.0, 3.0]
    (first, every), (row, tall), (col, wide) = scene["sampling"]
    assert [first + every * n for n in range(3)] == [1, 4, 7]
    assert row + tall * np.arange(2) == pytest.approx([1.5, 5.5])
    assert col + wide * np.arange(2) == pytest.approx([1.0, 4.0])


def test_the_page_fetches_nothing_and_may_not(ball):
    page = view.slices(ball, title="A <b>title</b> & more").to_html()
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", page)
    assert "<b>title" not in page


def test_the_page_is_written_where_asked(ball, tmp_path):
    path = tmp_path / "view.html"
    assert view.slices(ball).to_html(path) == path.read_text(encoding="utf-8")
