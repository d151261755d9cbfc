"""The turntable of a report in a browser: it turns, and asks nobody for anything."""

import json
import re

import numpy as np
import pytest

from medlab import Image, view
from medlab.report.offline import external_addresses
from medlab.view.turntable import STEPS

pytestmark = pytest.mark.browser

LPS = np.eye(4)[:, [2, 1, 0, 3]]


@pytest.fixture(scope="module")
def scene():
    """Two boxes, one on the patient's left and one on the right."""
    values = np.zeros((12, 14, 20), np.uint8)
    values[2:10, 3:11, 12:18], values[2:10, 3:11, 2:6] = 1, 2
    return Image(values, affine=LPS, units="label", labels={1: "left <box>", 2: "right box"})


def opened(page, text, tmp_path):
    path = tmp_path / "turntable.html"
    path.write_text(text, encoding="utf-8")
    page.goto(path.as_uri())
    page.wait_for_function("() => document.getElementById('view').complete")
    return page.locator("#view")


def shown(page):
    return page.evaluate(
        """async () => {
            const view = document.getElementById("view");
            await view.decode();
            const c = new OffscreenCanvas(view.naturalWidth, view.naturalHeight).getContext("2d");
            c.drawImage(view, 0, 0);
            const { data, width } = c.getImageData(0, 0, view.naturalWidth, view.naturalHeight);
            const columns = { red: [], blue: [] };
            for (let n = 0; n < data.length; n += 4) {
                const x = (n / 4) % width / width;
                if (data[n] > data[n + 2] + 60) columns.red.push(x);
                if (data[n + 2] > data[n] + 60) columns.blue.push(x);
            }
            const mean = (v) => v.reduce((a, b) => a + b, 0) / v.length;
            return [mean(columns.red), mean(columns.blue), columns.red.length];
        }"""
    )


def test_it_turns_with_keys_slider_and_drag(page, tmp_path, scene):
    image = opened(page, view.surface(scene).to_turntable(), tmp_path)
    red, blue, count = shown(page)
    assert count > 500
    assert blue < 0.5 < red  # the patient's left is on the right when seen from the front
    image.focus()
    for _ in range(STEPS // 2):
        page.keyboard.press("ArrowRight")
    assert image.get_attribute("data-shown") == str(STEPS // 2)
    red, blue, _ = shown(page)
    assert red < 0.5 < blue
    page.locator("#turn").fill("3")
    assert image.get_attribute("data-shown") == "3"
    box = image.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 20, steps=5)
    page.mouse.up()
    assert image.get_attribute("data-shown") not in ("3", str(STEPS // 2))


def test_names_are_shown_as_text(page, tmp_path, scene):
    opened(page, view.surface(scene, title="A & B").to_turntable(), tmp_path)
    assert "left <box>" in page.locator(".legend").inner_text()
    assert page.locator("h1").inner_text() == "A & B"


@pytest.mark.parametrize("kind", ["surface", "niivue", "plotly"])
def test_a_report_holds_the_whole_view_and_fetches_nothing(monkeypatch, page, tmp_path, scene, kind):
    monkeypatch.setenv("MEDLAB_STATIC_VIEWS", "1")
    ct = scene.replace(array=scene.array * np.int16(400), units="HU", modality="CT", labels=None)
    made = view.surface(scene) if kind == "surface" else view.volume3d(ct, backend=kind)
    text = made._repr_mimebundle_()["text/html"]
    assert external_addresses(text) == []
    assert len(text) < 1_500_000
    path = tmp_path / "report.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><title>report</title>{text}", encoding="utf-8")
    page.goto(path.as_uri())
    frame = page.frame_locator("iframe")
    frame.locator("#view[data-shown='0']").wait_for()
    assert frame.locator("#view").evaluate("view => view.naturalWidth") > 50
    assert "24 still pictures, computed without a graphics card" in frame.locator("p").inner_text()


def test_the_frames_differ(scene):
    page = view.surface(scene).to_turntable()
    frames = json.loads(re.search(r'id="frames">(.*?)</script>', page).group(1))
    assert len(frames) == len(set(frames)) == STEPS
