"""A finished report in a browser that has no network."""

from __future__ import annotations

import pytest
from report_cells import code, text

from medlab import report

pytestmark = pytest.mark.browser

LOOK = """
import numpy as np
import medlab
k, j, i = np.mgrid[:12, :40, :40]
values = np.where((j - 20) ** 2 + (i - 20) ** 2 < (2 + k) ** 2, 40, -1000).astype("int16")
medlab.view.slices(medlab.Image(values, modality="CT", units="HU"), index=3)
"""


@pytest.fixture
def chest(write_notebook, tmp_path):
    notebook = write_notebook(text("# What?\n\nWith $x^2$."), text("## Look"), code(LOOK))
    return report.build(notebook, tmp_path / "out.html")


@pytest.fixture
def offline_page(browser):
    """A page whose browser has no network; what it complains about is in `page.complaints`."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, offline=True)
    page = context.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda m: page.complaints.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("request", lambda r: page.complaints.append(r.url) if r.url.startswith("http") else None)
    yield page
    context.close()


def test_slices_scroll_without_kernel_and_network(chest, offline_page):
    offline_page.goto(chest.as_uri())
    canvas = offline_page.frame_locator("iframe").locator("canvas.medlab-pane").first
    canvas.scroll_into_view_if_needed()
    offline_page.wait_for_timeout(500)
    before = canvas.screenshot()
    canvas.hover()
    for _ in range(4):
        offline_page.mouse.wheel(0, 120)
        offline_page.wait_for_timeout(100)
    offline_page.wait_for_timeout(300)
    assert canvas.screenshot() != before
    assert offline_page.complaints == []


def test_the_contents_lead_to_the_sections(chest, offline_page):
    offline_page.goto(chest.as_uri())
    offline_page.get_by_role("navigation").get_by_role("link", name="Look").click()
    assert offline_page.url.endswith("#look")
    assert offline_page.locator("h2#look").is_visible()


def test_the_browser_refuses_what_the_check_might_miss(write_notebook, tmp_path, offline_page):
    """The page forbids requests to anywhere, so even an address put together in a script leads nowhere."""
    fetch = 'fetch(["https:", "", "example.org"].join("/")).catch(e => document.title = "refused")'
    source = f"from IPython.display import HTML\nHTML('<script>{fetch}</script>')"
    page = report.build(write_notebook(code(source)), tmp_path / "out.html")
    offline_page.goto(page.as_uri())
    offline_page.wait_for_function("() => document.title === 'refused'")
    assert any("Content Security Policy" in complaint for complaint in offline_page.complaints)


def test_a_report_prints_on_a4(chest):
    pdf = report.print_to_pdf(chest)
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    width, height = (float(v) for v in content.split(b"/MediaBox [")[1].split(b"]")[0].split()[2:])
    assert (round(width), round(height)) == (595, 842)
