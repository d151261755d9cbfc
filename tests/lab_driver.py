"""A real JupyterLab, started by ``medlab lab`` on a copy of the course and driven in Chromium."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Route

START_SECONDS = 120
RUN_SECONDS = 400
VIEWER = "canvas.medlab-pane"

_INDICES = """
import ipywidgets, medlab
widgets = ipywidgets.widgets.widget._instances.values()
print([w.index for w in widgets if type(w).__name__ == "SliceViewer"])
"""


@contextlib.contextmanager
def server(folder: Path, scratch: Path, notebook: str) -> Iterator[str]:
    """Run ``medlab lab`` with settings of its own; give the address that it prints."""
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environment = {**os.environ, **{name: str(scratch / name.lower()) for name in places}}
    environment.pop("MPLBACKEND", None)
    config = Path(environment["JUPYTER_CONFIG_DIR"]) / "jupyter_lab_config.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"LabApp": {"expose_app_in_browser": true}}')
    words = ["lab", notebook, "--no-browser", "--folder", str(folder)]
    call = f"from medlab.cli import main; main({words!r})"
    log = scratch / "server.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-c", call],
            stderr=stream,
            stdout=stream,
            env=environment,
            start_new_session=True,
        )
    try:
        yield _wait_until_up(process, log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)


def _wait_until_up(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:\d+/\S+", log.read_text()):
            with contextlib.suppress(OSError), urllib.request.urlopen(found[0], timeout=10) as answer:  # noqa: S310
                if answer.status == 200:
                    return found[0]
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not come up:\n{log.read_text()}")


class LabPage:
    """The page of one notebook in JupyterLab, as a person meets it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.elsewhere: list[str] = []
        self.errors: list[str] = []
        page.context.route("**/*", self._only_here)
        page.on("pageerror", lambda error: self.errors.append(error.stack or str(error)))

    def _only_here(self, route: Route) -> None:
        address = route.request.url
        if re.match(r"(https?|wss?)://127\.0\.0\.1[:/]|data:|blob:", address):
            route.continue_()
        else:
            self.elsewhere.append(address)
            route.abort()

    def open(self, address: str) -> None:
        """Open the notebook and wait until its kernel is ready."""
        self.page.goto(address)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=START_SECONDS * 1000)
        self.page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=START_SECONDS * 1000,
        )

    def popups(self) -> list[str]:
        """Return what lies over the page: dialogs and notifications."""
        return self.page.locator(".jp-Dialog, .Toastify__toast").all_inner_texts()

    def run_all(self) -> None:
        """Choose 'Run All Cells' and wait until the last one is done."""
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        self._wait_until_run()

    def run_at_end(self, source: str) -> str:
        """Add a cell at the end, run it, and return what it prints."""
        self.page.evaluate(
            """(source) => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.model.sharedModel.addCell({cell_type: 'code', source});
                notebook.activeCellIndex = notebook.widgets.length - 1;
                window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            source,
        )
        self._wait_until_run()
        return "".join(output.get("text", "") for output in self.cells()[-1]["outputs"])

    def _wait_until_run(self) -> None:
        self.page.wait_for_function(
            """() => {
                const panel = window.jupyterapp.shell.currentWidget;
                const cells = panel.content.model.toJSON().cells
                    .filter(c => c.cell_type === 'code' && c.source.length);
                const failed = cells.some(c => c.outputs.some(o => o.output_type === 'error'));
                const idle = panel.sessionContext.session.kernel.status === 'idle';
                return idle && (failed || cells.every(c => c.execution_count));
            }""",
            timeout=RUN_SECONDS * 1000,
            polling=250,
        )

    def cells(self) -> list[dict[str, Any]]:
        """Return the notebook's code cells as they are now."""
        content = self.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.model.toJSON()")
        return [cell for cell in content["cells"] if cell["cell_type"] == "code"]

    def failures(self) -> list[str]:
        """Return the errors that cells show."""
        outputs = [output for cell in self.cells() for output in cell["outputs"]]
        return [f"{o['ename']}: {o['evalue']}" for o in outputs if o["output_type"] == "error"]

    def slice_numbers(self) -> list[int]:
        """Return the index of each slice viewer as Python sees it."""
        return [int(n) for n in re.findall(r"\d+", self.run_at_end(_INDICES))]

    def scroll(self, steps: int = 3) -> tuple[bytes, bytes]:
        """Turn the wheel over the first slice viewer; return its pixels before and after."""
        canvas = self.page.locator(VIEWER).first
        canvas.scroll_into_view_if_needed()
        self.page.wait_for_timeout(1500)
        before = canvas.screenshot()
        canvas.hover()
        for _ in range(steps):
            self.page.mouse.wheel(0, 120)
            self.page.wait_for_timeout(150)
        self.page.wait_for_timeout(700)
        return before, canvas.screenshot()


@contextlib.contextmanager
def lab_page(
    browser: Browser, folder: Path, scratch: Path, notebook: str, size: tuple[int, int] = (1280, 1000)
) -> Iterator[LabPage]:
    """Start JupyterLab on a copy of the course in `folder` and open a notebook in the browser."""
    scratch.mkdir(parents=True, exist_ok=True)
    with server(folder, scratch, notebook) as address:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        try:
            lab = LabPage(context.new_page())
            lab.open(address)
            yield lab
        finally:
            context.close()
