"""A browser, pages with no network, and a stand-in for the notebook around the widget."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest

import medlab

FAKE_NOTEBOOK = Path(__file__).with_name("fake_notebook.html")
READBACK = "Multiple readback operations"  # the tests themselves read the canvas
LOCAL = ("file:", "about:", "data:", "blob:")


@pytest.fixture
def page(browser):
    """A page on which no request may leave and no error may be logged."""
    context = browser.new_context(viewport={"width": 900, "height": 800})
    opened = context.new_page()
    opened.problems = []

    def listen(message):
        if message.type in ("error", "warning") and READBACK not in message.text:
            opened.problems.append(message.text)

    opened.on("console", listen)
    opened.on("pageerror", lambda e: opened.problems.append(str(e)))

    def watch(route):
        if route.request.url.startswith(LOCAL):
            route.continue_()
        else:
            opened.problems.append(f"request to {route.request.url}")
            route.abort()

    context.route("**/*", watch)
    yield opened
    context.close()
    assert opened.problems == []


@pytest.fixture
def volume():
    """Distinct values everywhere, not symmetric in any direction, spacing 3 × 1 × 1 mm."""
    k, j, i = np.mgrid[:6, :20, :30]
    affine = np.array([[0, 0, 1, -10.0], [0, 1, 0, 20.0], [3, 0, 0, 5.0], [0, 0, 0, 1]])
    return medlab.Image((k * 600 + j * 30 + i).astype(np.int16), affine=affine, modality="MR")


def wait_drawn(page, place, pane=0):
    """Wait until a pane shows "axis:time:index"."""
    page.wait_for_function(
        "([place, pane]) => document.querySelectorAll('.medlab-pane')[pane]?.dataset.drawn === place",
        arg=[place, pane],
        timeout=15000,
    )


def open_page(page, viewer, tmp_path, **options):
    """Open the standalone page of a viewer and wait for its first picture."""
    path = tmp_path / "view.html"
    viewer.to_html(path, **options)
    page.goto(path.as_uri())
    wait_drawn(page, f"{viewer.axis}:{viewer.time}:{viewer.index}")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


class Notebook:
    """The kernel side of a page with a stand-in for anywidget's model; it answers with the real viewer."""

    def __init__(self, page, viewer):
        self.page = page
        self.asked, self.sent, self.holding = [], [], False
        page.expose_function("kernel", self.ask)
        self.start(viewer)

    def start(self, viewer):
        self.viewer = viewer
        viewer.send = lambda content, buffers=(): self.sent.append((content, buffers))
        page = self.page
        page.goto(FAKE_NOTEBOOK.as_uri())
        state = viewer.get_state(
            [name for name in viewer.keys if name in viewer._state() or name == "_scene"]
        )
        blocks = {
            n: base64.b64encode(v).decode() for n, v in viewer.get_state().items() if isinstance(v, bytes)
        }
        page.evaluate(
            "(given) => start(given)",
            {"esm": viewer._esm, "css": viewer._css, "state": state, "blocks": blocks},
        )

    def ask(self, message, buffers=()):
        content = json.loads(message)
        self.asked.append(content)
        return [] if self.holding else self.answer(content, buffers)

    def answer(self, content, buffers=()):
        self.viewer._answer(None, content, [memoryview(base64.b64decode(b)) for b in buffers])
        answers = [[c, [base64.b64encode(b).decode() for b in buffers]] for c, buffers in self.sent]
        self.sent.clear()
        return answers

    def settle(self):
        """Wait until all that was done in the browser has reached Python."""
        self.page.wait_for_timeout(120)
        self.page.wait_for_function("() => !model.sending")
        saved = self.page.evaluate("() => model.saved.at(-1)")
        if saved:
            self.viewer.set_state({n: v for n, v in saved.items() if n in self.viewer._state()})

    def push(self, *names):
        """Bring what Python has sent and set to the browser."""
        for content, buffers in self.sent:
            texts = [base64.b64encode(b).decode() for b in buffers]
            self.page.evaluate("(answer) => deliver(answer)", [content, texts])
        self.sent.clear()
        state = self.viewer.get_state(list(names))
        self.page.evaluate(
            "(s) => Object.entries(s).forEach(([name, value]) => model.set(name, value))", state
        )

    def restart(self, viewer):
        """Load the page again with the viewer of another kernel, and open it."""
        self.start(viewer)
        self.open_view()

    def open_view(self, number=0):
        self.page.evaluate("(n) => openView(n)", number)

    def release(self):
        """Answer all that was held back."""
        self.holding = False
        for content in self.asked:
            for answer in self.answer(content):
                self.page.evaluate("(answer) => deliver(answer)", answer)


@pytest.fixture
def notebook(page):
    return lambda viewer: Notebook(page, viewer)
