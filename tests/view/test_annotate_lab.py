"""Drawing in a real JupyterLab: what arrives in Python, and what a kernel restart leaves."""

import json

import lab_driver
import nbformat
import numpy as np
import pytest
from test_annotate_browser import AFFINE, COLS, ROWS, STROKE, covered, drag, set_brush

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOURCE = f"""
import json, medlab, numpy as np
values = np.arange(6 * {ROWS} * {COLS}, dtype=np.int16).reshape(6, {ROWS}, {COLS})
drawing = medlab.view.annotate(medlab.Image(values, affine={AFFINE.tolist()!r}, modality="MR"), index=2)
drawing
"""
REPORT = "print(json.dumps([np.argwhere(drawing.mask.array).tolist(), drawing.boxes.values.tolist()]))"


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawing")
    notebook = folder / "drawing.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SOURCE)]), notebook)
    scratch = tmp_path_factory.mktemp("scratch")
    with lab_driver.lab_page(browser, folder, scratch, str(notebook)) as running:
        running.run_all()
        running.page.wait_for_selector(".medlab-pane[data-drawn='0:0:2']")
        yield running


def drawn(lab):
    """What Python has; ipywidgets holds a change back while the kernel is still busy with the one before."""
    for _ in range(10):
        voxels, boxes = json.loads(lab.run_at_end(REPORT))
        if boxes:
            break
        lab.page.wait_for_timeout(500)
    mask = np.zeros((6, ROWS, COLS), bool)
    mask[tuple(np.array(voxels, int).reshape(-1, 3).T)] = True
    return mask, boxes


def test_a_drawing_arrives_in_python_and_outlives_the_kernel(lab):
    page = lab.page
    page.locator(".medlab-pane").scroll_into_view_if_needed()
    set_brush(page, 7.3)
    drag(page, *STROKE)
    page.keyboard.press("x")
    drag(page, (7.4, 12.6), (19.2, 30.7))
    expected = np.zeros((6, ROWS, COLS), bool)
    expected[2] = covered(STROKE, 7.3)
    mask, boxes = drawn(lab)
    assert np.array_equal(mask, expected)
    assert boxes == [["region", 2, 7, 20, 12, 31]]

    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    page.evaluate(
        """() => {
            window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0;
            window.jupyterapp.commands.execute("notebook:run-cell");
        }"""
    )
    page.get_by_role("button", name="Restore").click(timeout=60_000)
    page.wait_for_timeout(500)
    mask, boxes = drawn(lab)
    assert np.array_equal(mask, expected)
    assert boxes == [["region", 2, 7, 20, 12, 31]]
    assert lab.errors == []
    assert lab.elsewhere == []
