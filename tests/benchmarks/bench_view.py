"""How fast the slice viewer draws: first picture, and input event → changed pixels for each slice step.

Run ``python tests/benchmarks/bench_view.py``. A simulated 512×512×200 CT with a mask, the widget's own
browser code on a plain page in headless Chromium, answered by the real Python side. The transport of a
notebook is not part of it, so the first picture here is: Python's set-up, and the browser's drawing.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

import medlab

sys.path.append(str(Path(__file__).parents[1] / "view"))
from conftest import Notebook

STEPS = 40

FIRST = """async () => {
  const start = performance.now();
  openView(0);
  const canvas = document.querySelector(".medlab-pane");
  while (!canvas.dataset.drawn) await new Promise(requestAnimationFrame);
  canvas.getContext("2d").getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1);
  return performance.now() - start;
}"""

STEP = """async (steps) => {
  const canvas = document.querySelector(".medlab-pane");
  const context = canvas.getContext("2d");
  const channel = new MessageChannel();
  const next = () => new Promise((done) => { channel.port1.onmessage = done; channel.port2.postMessage(0); });
  const times = [];
  for (let n = 0; n < steps; n++) {
    await new Promise((done) => setTimeout(done, 60));
    const before = canvas.dataset.drawn;
    const start = performance.now();
    canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
    while (canvas.dataset.drawn === before || canvas.dataset.drawn === "") await next();
    context.getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1);
    times.push(performance.now() - start);
  }
  return times;
}"""


def scan() -> tuple[medlab.Image, medlab.Image]:
    """A simulated chest-sized CT with noise, and a ball as its mask."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 25, (512, 512)).astype(np.int16)
    j, i = np.mgrid[:512, :512]
    body = (j - 256) ** 2 + (i - 256) ** 2 < 220**2
    values = np.stack(
        [np.where(body, 40, -1000).astype(np.int16) + np.roll(noise, 7 * k) for k in range(200)]
    )
    affine = np.diag([1.5, 0.8, 0.8, 1])[[2, 1, 0, 3]]
    ct = medlab.Image(values.astype(np.int16), affine=affine, modality="CT", units="HU")
    k = np.arange(200)[:, None, None]
    return ct, ct.as_mask((k - 100) ** 2 + (j - 256) ** 2 + (i - 200) ** 2 < 80**2, {1: "ball"})


def main() -> None:
    """Measure and print."""
    ct, mask = scan()
    start = time.perf_counter()
    viewer = medlab.view.slices(ct, mask, index=100)
    made = time.perf_counter() - start
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        kernel = Notebook(page, viewer)
        kernel.holding = True  # the slice shown came first, and alone
        drawn = page.evaluate(FIRST)
        kernel.release()
        while sum(len(r["indices"]) for r in kernel.asked) < 2 * STEPS + 10:
            page.wait_for_timeout(100)
        kernel.holding = True
        page.wait_for_timeout(1500)
        times = np.array(page.evaluate(STEP, STEPS))
        browser.close()
    median, slow = np.percentile(times, [50, 95])
    print(f"slices() returns after        {made * 1000:7.0f} ms")
    print(f"first picture after render()  {drawn:7.0f} ms")
    print(f"slice step, median of {STEPS}      {median:7.1f} ms   (p95 {slow:.1f} ms)")


if __name__ == "__main__":
    main()
