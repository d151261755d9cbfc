"""medlab.view.slices against ``interact`` + imshow, in one run of a real JupyterLab.

Run ``python tests/benchmarks/bench_view_lab.py``. The same simulated 512×512×200 CT with a mask for both, in
headless Chromium on this machine. First picture: from "run this cell" to pixels in the page that can be read
back. Slice step: from the key event on the viewer or the slider to changed pixels that can be read back; the
picture's way to the screen is in neither. Memory: growth of all Chromium processes while the view opens and
its slices arrive. Prints medians and ratios.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
import numpy as np
import psutil
from playwright.sync_api import sync_playwright

sys.path.append(str(Path(__file__).parents[1]))
import lab_driver

STEPS = 25

DATA = f"""
import sys
sys.path.append({str(Path(__file__).parent)!r})
import medlab, matplotlib.pyplot as plt, numpy as np
from bench_view import scan
from ipywidgets import interact
ct, mask = scan()
_ = medlab.view.slices(ct.array[:2])
plt.plot(); plt.close()
"""
MEDLAB = "medlab.view.slices(ct, mask, index=100)"
INTERACT = """
def show(k):
    plt.figure(figsize=(5, 5))
    plt.imshow(ct.array[k], cmap="gray", vmin=-160, vmax=240)
    plt.imshow(np.ma.masked_equal(mask.array[k], 0), alpha=0.4, vmin=0, vmax=1)
    plt.axis("off")
    plt.show()
_ = interact(show, k=(0, 199))
"""

COMMON = """
  const tick = () => new Promise((done) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  });
  const cell = () => window.jupyterapp.shell.currentWidget.content.widgets.at(-1).node;
  const read = (source, w, h) => {
    const c = new OffscreenCanvas(1, 1).getContext("2d");
    c.drawImage(source, w >> 1, h >> 1, 1, 1, 0, 0, 1, 1);
    return c.getImageData(0, 0, 1, 1).data;
  };
  const pane = async (before) => {
    const find = () => cell().querySelector(".medlab-pane");
    while (!find()?.dataset.drawn || find().dataset.drawn === before) await tick();
    const canvas = find();
    read(canvas, canvas.width, canvas.height);
    return canvas.dataset.drawn;
  };
  const image = async (before) => {
    const find = () => cell().querySelector(".jp-OutputArea-output img");
    while (!find() || find().src === before) await tick();
    const img = find();
    await img.decode();
    read(img, img.naturalWidth, img.naturalHeight);
    return img.src;
  };
"""
FIRST = f"""async (kind) => {{ {COMMON}
  const start = performance.now();
  window.jupyterapp.commands.execute("notebook:run-cell");
  await (kind === "medlab" ? pane : image)(null);
  return performance.now() - start;
}}"""
STEP = f"""async ([kind, steps]) => {{ {COMMON}
  const medlab = kind === "medlab";
  const target = cell().querySelector(medlab ? ".medlab-pane" : ".noUi-handle");
  const times = [];
  let shown = await (medlab ? pane : image)(null);
  for (let n = 0; n < steps; n++) {{
    await new Promise((done) => setTimeout(done, 100));
    const start = performance.now();
    const key = medlab ? "ArrowDown" : "ArrowRight";
    target.dispatchEvent(new KeyboardEvent("keydown", {{ key, bubbles: true, cancelable: true }}));
    shown = await (medlab ? pane : image)(shown);
    times.push(performance.now() - start);
  }}
  return times;
}}"""
ADD = """(source) => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.model.sharedModel.addCell({cell_type: "code", source});
  notebook.activeCellIndex = notebook.widgets.length - 1;
}"""


def memory() -> float:
    """Resident memory in MB of the Chromium that this process started."""
    sizes = [p.memory_info().rss for p in psutil.Process().children(recursive=True) if "chrom" in p.name()]
    return sum(sizes) / 1e6


def measure(lab: lab_driver.LabPage, kind: str, source: str) -> tuple[float, np.ndarray, float]:
    """Time to the first picture and of each step (ms), and growth of memory (MB)."""
    before = memory()
    lab.page.evaluate(ADD, source)
    first = lab.page.evaluate(FIRST, kind)
    if kind == "medlab":
        done = "() => [...document.querySelectorAll('.medlab-loaded')].every((c) => c.hidden)"
        lab.page.wait_for_function(done, timeout=120_000)
    lab.page.wait_for_timeout(1500)
    grown = memory() - before
    return first, np.array(lab.page.evaluate(STEP, [kind, STEPS])), grown


def compared(lab: lab_driver.LabPage) -> dict[str, tuple[float, np.ndarray, float]]:
    """Measure both in one notebook."""
    lab.run_all()
    if lab.failures():
        raise RuntimeError(lab.failures()[0])
    found = {kind: measure(lab, kind, s) for kind, s in (("medlab", MEDLAB), ("interact", INTERACT))}
    if lab.errors or lab.elsewhere:
        raise RuntimeError(f"{lab.errors} {lab.elsewhere}")
    return found


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        notebook = Path(folder) / "bench.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(DATA)]), notebook)
        scratch = Path(folder) / "scratch"
        with sync_playwright() as driver:
            browser = driver.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            with lab_driver.lab_page(browser, Path(folder), scratch, str(notebook)) as lab:
                found = compared(lab)
            browser.close()
    for kind, (first, times, grown) in found.items():
        median, slow = np.percentile(times, [50, 95])
        print(
            f"{kind:9} first picture {first:6.0f} ms   step {median:7.1f} ms (p95 {slow:.1f}, n={len(times)})"
            f"   browser memory +{grown:.0f} MB"
        )
    (a, steps, _), (b, others, _) = found["medlab"], found["interact"]
    print(f"interact : medlab   first picture {b / a:.2f}   step {np.median(others) / np.median(steps):.1f}")


if __name__ == "__main__":
    main()
