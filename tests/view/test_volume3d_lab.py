"""Three dimensions in a real JupyterLab, with neither a graphics card nor a network."""

import io

import lab_driver
import nbformat
import numpy as np
import pytest
from PIL import Image as Pillow

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = """
import medlab, numpy as np
values = np.full((30, 40, 50), -1000, np.int16)
values[3:27, 8:32, 34:46] = 900
values[20:27, 8:32, 4:16] = 900
marks = np.zeros(values.shape, np.uint8)
marks[3:27, 8:32, 34:46] = 1
marks[20:27, 8:32, 4:16] = 2
affine = np.diag([2.0, 2.0, 3.0, 1.0])[:, [2, 1, 0, 3]]
ct = medlab.Image(values, affine=affine, modality="CT", units="HU")
mask = ct.as_mask(marks, {1: "left", 2: "right"})
"""


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("three")
    notebook = folder / "three.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SETUP)]), notebook)
    scratch = tmp_path_factory.mktemp("scratch")
    with lab_driver.lab_page(browser, folder, scratch, str(notebook)) as running:
        running.run_all()
        yield running


def picture(lab, selector):
    """Return the pixels of the last cell's canvas once it shows something."""
    canvas = lab.page.locator(f".jp-Notebook .jp-CodeCell >> nth=-1 >> {selector}").first
    canvas.wait_for(timeout=60_000)
    canvas.scroll_into_view_if_needed()
    for _ in range(60):
        lab.page.wait_for_timeout(500)
        pixels = np.asarray(Pillow.open(io.BytesIO(canvas.screenshot())).convert("RGB")).astype(int)
        if (pixels.max(axis=2) > 120).mean() > 0.02:
            return pixels
    raise AssertionError("the canvas stayed dark")


def centres(pixels):
    """Return the mean columns, as a share of the width, of what is red and what is blue."""
    red, _, blue = np.moveaxis(pixels, -1, 0)
    shares = []
    for found in (red > blue + 40, blue > red + 40):
        assert found.sum() > 300
        shares.append(np.nonzero(found)[1].mean() / pixels.shape[1])
    return shares


def test_a_volume_is_drawn_with_its_mask_the_right_way_round(lab):
    lab.run_at_end("viewer = medlab.view.volume3d(ct, mask, opacity=1)\nviewer")
    lab.page.wait_for_timeout(3000)
    left, right = centres(picture(lab, "canvas")[:, 100:])  # without the cube with the letters
    assert right < left
    assert "left" in lab.page.locator(".jp-CodeCell >> nth=-1").inner_text()
    assert lab.errors == []
    assert lab.elsewhere == []


def test_another_preset_changes_the_picture_and_python_knows(lab):
    lab.run_at_end("second = medlab.view.volume3d(ct)\nsecond")
    cell = lab.page.locator(".jp-CodeCell >> nth=-1")
    before = picture(lab, "canvas")
    cell.locator("select").select_option("hot")
    lab.page.wait_for_timeout(4000)
    after = picture(lab, "canvas")
    assert np.abs(after - before).max(axis=2)[:, 100:].max() > 30
    assert "-715 HU" in cell.inner_text()  # the 1st percentile and 0.15 of the way to the 99.8th
    assert "hot" in lab.run_at_end("print(second.preset)")
    assert lab.errors == []


def test_a_surface_is_drawn_lit_and_the_right_way_round(lab):
    lab.run_at_end("medlab.view.surface(mask)")
    pixels = picture(lab, ".js-plotly-plot")
    left, right = centres(pixels)
    assert right < left
    red = pixels[(pixels[..., 0] > pixels[..., 2] + 40)][:, 0]
    assert np.percentile(red, 95) - np.percentile(red, 5) > 30
    assert lab.errors == []
    assert lab.elsewhere == []


def test_what_is_saved_holds_a_picture_and_not_the_data(lab):
    outputs = [o["data"] for c in lab.cells() for o in c["outputs"] if "image/png" in o.get("data", {})]
    assert len(outputs) == 3
    assert all(len(str(data)) < 250_000 for data in outputs)
