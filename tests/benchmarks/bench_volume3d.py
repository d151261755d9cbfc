"""medlab.view.volume3d against ipyniivue given the whole volume, in one run of a real JupyterLab.

Run ``python tests/benchmarks/bench_volume3d.py``. The same simulated 512×512×200 CT for both, in headless
Chromium with software graphics. From "run this cell" to a canvas on which more than one pixel in a hundred
is not dark, as a screenshot shows it. Both have had their script loaded once, on a small volume.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np
from PIL import Image as Pillow
from playwright.sync_api import Locator, TimeoutError, sync_playwright  # noqa: A004

sys.path.append(str(Path(__file__).parents[1]))
import lab_driver

LONGEST = 150

DATA = f"""
import sys
sys.path.append({str(Path(__file__).parent)!r})
import medlab, numpy as np, nibabel, ipyniivue
from ipyniivue import NiiVue, SliceType
from bench_view import scan
ct, _ = scan()
small = ct.replace(array=ct.array[::20, ::16, ::16].copy())
def whole(image):
    viewer = NiiVue(height=480, slice_type=SliceType.RENDER)
    nifti = nibabel.Nifti1Image(image.array.T, np.diag([-1, -1, 1, 1.0]) @ image.affine[:, [2, 1, 0, 3]])
    limits = dict(cal_min=-200, cal_max=300)
    viewer.load_volumes([dict(name="a.nii", data=nifti.to_bytes(), colormap="gray", **limits)])
    return viewer
"""
WAYS = {"medlab.view.volume3d": "medlab.view.volume3d({}, preset='skin')", "ipyniivue, whole": "whole({})"}


def shown(canvas: Locator) -> bool:
    """Whether more than one pixel in a hundred is bright."""
    pixels = np.asarray(Pillow.open(io.BytesIO(canvas.screenshot())).convert("L"))
    return bool((pixels[20:-80] > 60).mean() > 0.01)


def seconds(lab: lab_driver.LabPage, source: str) -> float:
    """Time from running a cell to its picture; infinite if there is none in time."""
    start = time.monotonic()
    lab.page.evaluate(
        """(source) => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            notebook.model.sharedModel.addCell({cell_type: "code", source});
            notebook.activeCellIndex = notebook.widgets.length - 1;
            window.jupyterapp.commands.execute("notebook:run-cell");
        }""",
        source,
    )
    canvas = lab.page.locator(".jp-Notebook .jp-CodeCell >> nth=-1 >> canvas").first
    try:
        canvas.wait_for(timeout=LONGEST * 1000)
    except TimeoutError:
        return float("inf")
    canvas.scroll_into_view_if_needed()
    while time.monotonic() - start < LONGEST:
        if shown(canvas):
            return time.monotonic() - start
        lab.page.wait_for_timeout(100)
    return float("inf")


def main() -> None:
    """Print seconds and their ratio."""
    folder = Path(tempfile.mkdtemp())
    notebook = folder / "bench.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(DATA)]), notebook)
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or ""
    arguments = ["--no-sandbox", "--disable-gpu"]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=arguments)
        with lab_driver.lab_page(browser, folder, folder / "scratch", str(notebook)) as lab:
            lab.run_all()
            if lab.failures():
                raise RuntimeError(lab.failures())
            times = {}
            for name, call in WAYS.items():
                seconds(lab, call.format("small"))
                times[name] = seconds(lab, call.format("ct"))
                print(f"{name:24} {times[name]:6.1f} s until shown, 512×512×200", flush=True)
        browser.close()
    own, other = times.values()
    print(f"ratio {other / own:.1f}")
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
