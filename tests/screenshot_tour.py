"""Make the README's picture: the tour in JupyterLab, run and scrolled.

``uv run python tests/screenshot_tour.py notebooks/00-start/tour.png``
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

import browsers
import lab_driver
from PIL import Image

from medlab import machine

MOST_BYTES = 300_000
SIZE = (1280, 860)


def picture(lab: lab_driver.LabPage) -> bytes:
    """Return the page with the first slice viewer in its middle, without the side bar."""
    lab.page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    lab.scroll(2)
    viewer = lab.page.locator(lab_driver.VIEWER).first
    viewer.evaluate("element => element.scrollIntoView({block: 'center'})")
    lab.page.wait_for_timeout(800)
    return lab.page.screenshot()


def squeezed(png: bytes) -> bytes:
    """Return the picture in as many colours as fit into `MOST_BYTES`."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (None, 256, 128, 64):
        buffer = io.BytesIO()
        reduced = image if colours is None else image.quantize(colours, dither=Image.Dither.NONE)
        reduced.save(buffer, "PNG", optimize=True)
        if buffer.tell() <= MOST_BYTES:
            return buffer.getvalue()
    raise RuntimeError(f"The picture does not fit into {MOST_BYTES} bytes: choose a smaller size.")


def main(target: Path) -> None:
    chromium = machine.chromium()
    if chromium is None:
        sys.exit("No Chromium on PATH (Debian: apt-get install chromium)")
    scratch = Path(tempfile.mkdtemp(prefix="medlab-shot-"))
    try:
        with (
            browsers.chromium_browser(chromium) as browser,
            lab_driver.lab_page(
                browser, scratch / "course", scratch / "settings", "00-start/00-tour", SIZE
            ) as lab,
        ):
            lab.run_all()
            if lab.failures():
                sys.exit(f"The tour fails: {lab.failures()}")
            target.write_bytes(squeezed(picture(lab)))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"wrote {target} ({target.stat().st_size / 1000:.0f} kB)")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("notebooks/00-start/tour.png"))
