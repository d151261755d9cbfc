"""medlab.view.slices against ``interact`` + imshow, ipympl and ipyniivue, in one run of a real JupyterLab.

Run ``python tests/benchmarks/bench_view_lab.py`` (some minutes; ipyniivue needs most of them where there is
no graphics card), or name those to compare with: ``bench_view_lab.py interact niivue``. The
same simulated 512×512×200 CT with a mask for all, in one headless Chromium on this machine (WebGL in
software), one view at a time. One metric:

- First picture: from "run this cell" until the page shows the image in pixels that have been read back;
  median of three cells (ipyniivue: one).
- Slice step: from a key event on the viewer or the slider until the picture has changed and all of it has
  been read back; one slice at a time, a tenth of a second apart, after all slices have arrived.
- Memory: growth of all Chromium processes while the view opens and its slices arrive.

The picture's way to the screen is in none of them. WebGL canvases keep their drawing buffer, so that they
can be read. Prints medians, ratios and whether the goals are met.
"""

from __future__ import annotations

import dataclasses
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import psutil
from playwright.sync_api import TimeoutError as TooLate
from playwright.sync_api import sync_playwright

sys.path.append(str(Path(__file__).parents[1]))
import lab_driver

STEPS = 25
OPENED = 3
LIMIT = 400_000
NUMBERS = (50, 200, 600)

DATA = f"""
import sys
sys.path.append({str(Path(__file__).parent)!r})
import medlab, ipywidgets, matplotlib.pyplot as plt, nibabel, numpy as np
from bench_view import scan
from ipyniivue import NiiVue, SliceType, Volume
ct, mask = scan()
_ = medlab.view.slices(ct.replace(array=ct.array[:2]))._repr_mimebundle_()
plt.plot(); plt.close()
def thick(count):
    order = np.arange(count) % 200
    return [i.replace(array=i.array[order]) for i in (ct, mask)]
def nifti(array):
    return nibabel.Nifti1Image(array.transpose(2, 1, 0), np.diag([0.8, 0.8, 1.5, 1])).to_bytes()
"""
MEDLAB = "medlab.view.slices(ct, mask, index=100)"
INTERACT = """
def show(k):
    plt.figure(figsize=(5, 5))
    plt.imshow(ct.array[k], cmap="gray", vmin=-160, vmax=240)
    plt.imshow(np.ma.masked_equal(mask.array[k], 0), alpha=0.4, vmin=0, vmax=1)
    plt.axis("off")
    plt.show()
_ = ipywidgets.interact(show, k=(0, 199))
"""
IPYMPL = """
%matplotlib widget
fig, ax = plt.subplots(figsize=(5, 5))
ax.axis("off")
below = ax.imshow(ct.array[100], cmap="gray", vmin=-160, vmax=240)
above = ax.imshow(np.ma.masked_equal(mask.array[100], 0), alpha=0.4, vmin=0, vmax=1)
def move(change):
    below.set_data(ct.array[change["new"]])
    above.set_data(np.ma.masked_equal(mask.array[change["new"]], 0))
    fig.canvas.draw_idle()
slider = ipywidgets.IntSlider(100, 0, 199)
slider.observe(move, "value")
display(slider)
plt.show()
"""
NIIVUE = """
view = NiiVue(height=480)
view.set_slice_type(SliceType.AXIAL)
view.load_volumes([
    Volume(name="ct.nii", data=nifti(ct.array), colormap="gray", cal_min=-160, cal_max=240),
    Volume(name="mask.nii", data=nifti(mask.array), colormap="red", opacity=0.4, cal_min=0, cal_max=1),
])
view
"""

KINDS = {"medlab": MEDLAB, "interact": INTERACT, "ipympl": IPYMPL, "niivue": NIIVUE}

READABLE = """() => {
  const getContext = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, options) {
    const kept = /^webgl/.test(kind) ? { ...options, preserveDrawingBuffer: true } : options;
    return getContext.call(this, kind, kept);
  };
}"""
COMMON = """
  const tick = () => new Promise((done) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  });
  const cell = () => window.jupyterapp.shell.currentWidget.content.widgets.at(-1).node;
  const [pictures, keyed, key] = {
    medlab: [".medlab-pane", ".medlab-pane", { key: "ArrowDown" }],
    interact: [".jp-OutputArea-output img", ".noUi-handle", { key: "ArrowRight" }],
    ipympl: [".jupyter-matplotlib-canvas-container canvas", ".noUi-handle", { key: "ArrowRight" }],
    niivue: [".jp-OutputArea-output canvas", ".jp-OutputArea-output canvas", { code: "KeyU", ctrlKey: true }],
  }[kind];
  const SIDE = 24;
  const sheet = (side) => new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
  const sheets = [sheet(SIDE), sheet(0)];
  const find = () => {
    const found = cell().querySelector(pictures);
    if (!found || found.complete === false) return [];
    return [found, found.naturalWidth ?? found.width, found.naturalHeight ?? found.height];
  };
  const centre = () => {
    const [source, w, h] = find();
    if (!w) return null;
    sheets[0].drawImage(source, (w - SIDE) >> 1, (h - SIDE) >> 1, SIDE, SIDE, 0, 0, SIDE, SIDE);
    const words = new Uint32Array(sheets[0].getImageData(0, 0, SIDE, SIDE).data.buffer);
    return new Set(words).size > 20 ? words.join() : null;  // the image's noise, not words on plain ground
  };
  const changed = async (before) => {
    let now = null;
    for (;;) {
      const start = performance.now();
      now = centre();
      if (now && now !== before) break;
      const cost = performance.now() - start;
      // looking must not slow down what is looked at
      await (cost < 2 ? tick() : new Promise((done) => setTimeout(done, 20 * cost)));
    }
    const [source, w, h] = find();
    Object.assign(sheets[1].canvas, { width: w, height: h });
    sheets[1].drawImage(source, 0, 0);
    sheets[1].getImageData(0, 0, w, h);
    return now;
  };
"""
FIRST = f"""async (kind) => {{ {COMMON}
  const start = performance.now();
  window.jupyterapp.commands.execute("notebook:run-cell");
  await changed(null);
  return performance.now() - start;
}}"""
STEP = f"""async ([kind, steps]) => {{ {COMMON}
  const target = cell().querySelector(keyed);
  const times = [];
  let shown = await changed(null);
  for (let n = 0; n < steps; n++) {{
    await new Promise((done) => setTimeout(done, 100));
    const start = performance.now();
    target.dispatchEvent(new KeyboardEvent("keydown", {{ ...key, bubbles: true, cancelable: true }}));
    shown = await changed(shown);
    times.push(performance.now() - start);
  }}
  return times;
}}"""
STILL = f"""async (kind) => {{ {COMMON}
  let before = null;
  let since = performance.now();
  while (performance.now() - since < 3000) {{
    await new Promise((done) => setTimeout(done, 250));
    const now = centre();
    if (now !== before) since = performance.now();
    before = now;
    const loading = [...document.querySelectorAll(".medlab-loaded")].some((line) => !line.hidden);
    if (loading) since = performance.now();
  }}
  return true;
}}"""


@dataclasses.dataclass
class Result:
    """Times in ms, memory in MB."""

    first: float
    steps: np.ndarray
    memory: float

    @property
    def step(self) -> float:
        """Median time of a step."""
        return float(np.median(self.steps))


class Bench:
    """A notebook in which views are opened one after the other."""

    def __init__(self, lab: lab_driver.LabPage) -> None:
        self.lab = lab
        lab.run_all()
        if lab.failures():
            raise RuntimeError(lab.failures()[0])

    def first(self, kind: str, source: str) -> float:
        """Open a view in a cell of its own; return the time until its first picture."""
        self.lab.page.evaluate(
            """(source) => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.model.sharedModel.addCell({cell_type: "code", source});
                notebook.activeCellIndex = notebook.widgets.length - 1;
                notebook.scrollToCell(notebook.activeCell);
            }""",
            source,
        )
        self.lab.page.wait_for_timeout(1000)
        return float(self.ask(FIRST, kind))

    def ask(self, script: str, given: Any) -> Any:
        """Run a script that may block the page, with a time limit."""
        start = f"(given) => {{ window.answer = null; ({script})(given).then((a) => (window.answer = a)); }}"
        self.lab.page.evaluate(start, given)
        answer = self.lab.page.wait_for_function("() => window.answer", timeout=LIMIT, polling=500)
        return answer.json_value()

    def still(self, kind: str) -> None:
        """Wait until all that belongs to the view has arrived."""
        self.ask(STILL, kind)

    def close(self) -> None:
        """Remove the view from the page and its models from both sides."""
        self.lab.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:delete-cell'); }")
        self.lab.run_at_end("plt.close('all'); ipywidgets.Widget.close_all()")
        self.lab.page.wait_for_timeout(500)

    def measure(self, kind: str, source: str, opened: int = OPENED) -> Result:
        """Measure one kind of view."""
        firsts = []
        for _ in range(opened):
            before = memory()
            firsts.append(self.first(kind, source))
            self.still(kind)
            if len(firsts) < opened:
                self.close()
        grown = memory() - before
        steps = np.array(self.ask(STEP, [kind, STEPS]))
        self.close()
        if self.lab.elsewhere:
            raise RuntimeError(str(self.lab.elsewhere))
        return Result(float(np.median(firsts)), steps, grown)


def memory() -> float:
    """Resident memory in MB of the Chromium that this process started."""
    sizes = [p.memory_info().rss for p in psutil.Process().children(recursive=True) if "chrom" in p.name()]
    return sum(sizes) / 1e6


def by_number(bench: Bench) -> dict[int, float]:
    """Return the time to medlab's first picture for several numbers of slices."""
    found = {}
    for count in NUMBERS:
        bench.lab.run_at_end(f"deep = thick({count})")
        firsts = []
        for _ in range(OPENED):
            firsts.append(bench.first("medlab", "medlab.view.slices(*deep, index=25)"))
            bench.close()
        found[count] = float(np.median(firsts))
    return found


def run(bench: Bench, others: list[str]) -> tuple[dict[str, Result], dict[int, float]]:
    """Measure medlab and the others, and medlab's first picture for several numbers of slices."""
    found = {"medlab": bench.measure("medlab", MEDLAB)}
    numbers = by_number(bench)
    for kind in others:
        try:
            found[kind] = bench.measure(kind, KINDS[kind], 1 if kind == "niivue" else OPENED)
        except TooLate:
            print(f"{kind}: no picture within {LIMIT // 1000} s")
            break
    return found, numbers


def report(found: dict[str, Result], numbers: dict[int, float]) -> None:
    """Print the figures, and which goals are met."""
    print(f"{'':10}{'first picture':>15}{'step median':>14}{'p95':>10}{'memory':>10}{'first':>10}{'step':>8}")
    medlab = found["medlab"]
    for kind, r in found.items():
        slow = np.percentile(r.steps, 95)
        print(
            f"{kind:10}{r.first:12.0f} ms{r.step:11.1f} ms{slow:7.1f} ms{r.memory:+7.0f} MB"
            f"{r.first / medlab.first:8.1f} ×{r.step / medlab.step:6.1f} ×"
        )
    print("first picture by number of slices: " + ", ".join(f"{n}: {t:.0f} ms" for n, t in numbers.items()))
    goals = {
        "first picture at most 1 s after the cell": medlab.first <= 1000,
        f"so for {NUMBERS[-1]} slices, too": numbers[NUMBERS[-1]] <= 1000,
    }
    for kind, times in (("interact", 20), ("niivue", 5)):
        if kind in found:
            goals[f"step at least {times} × faster than {kind}"] = found[kind].step >= times * medlab.step
    if "interact" in found:
        goals["first picture not later than interact's"] = medlab.first <= found["interact"].first
    for goal, met in goals.items():
        print(f"{'met    ' if met else 'NOT MET'}  {goal}")


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
                lab.page.evaluate(READABLE)
                report(*run(Bench(lab), sys.argv[1:] or [k for k in KINDS if k != "medlab"]))
            browser.close()


if __name__ == "__main__":
    main()
