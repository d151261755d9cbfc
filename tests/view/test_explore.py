"""Pictures under sliders: every combination drawn once, the right one shown, with and without a kernel."""

import base64
import io

import lab_driver
import nbformat
import numpy as np
import pytest
from matplotlib import pyplot as plt
from PIL import Image as Pillow

from medlab import view
from medlab.report.offline import external_addresses

LEVELS = (0, 60, 120)
TINTS = ("grey", "red")


def plain(level, tint):
    """A picture of one colour that tells which setting it was drawn for."""
    return Pillow.new("RGB", (200, 120), (level, level, level) if tint == "grey" else (255, level, level))


def colour(png):
    return Pillow.open(io.BytesIO(png)).convert("RGB").getpixel((50, 50))


def explored(**options):
    return view.explore(plain, level=LEVELS, tint=TINTS, **options)


def test_every_combination_is_drawn_once_in_order():
    drawn = []

    def draw(**given):
        drawn.append(tuple(given.values()))
        return plain(**given)

    explorer = view.explore(draw, level=LEVELS, tint=TINTS)
    assert drawn == [(level, tint) for level in LEVELS for tint in TINTS]
    shown = [base64.b64decode(frame.partition(",")[2]) for frame in explorer._frames]
    expected = [plain(*given).getpixel((0, 0)) for given in drawn]
    assert [colour(png) for png in shown] == expected


def test_it_begins_where_start_says_and_else_with_the_first():
    assert explored().values == {"level": 0, "tint": "grey"}
    assert explored(start={"tint": "red"}).values == {"level": 0, "tint": "red"}


def test_assigned_values_change_the_picture():
    explorer = explored()
    explorer.values = {"level": 120}
    assert explorer.values == {"level": 120, "tint": "grey"}
    assert colour(explorer.to_png()) == (120, 120, 120)


def test_figures_are_drawn_whole_and_closed():
    def draw(n):
        figure, axes = plt.subplots(figsize=(3, 2), dpi=100)
        axes.plot(range(n))
        return figure

    before = plt.get_fignums()
    picture = Pillow.open(io.BytesIO(view.explore(draw, n=[2, 3]).to_png()))
    assert plt.get_fignums() == before
    assert picture.size == (300, 200)


def test_a_drawing_function_may_leave_its_figure_to_pyplot():
    def draw(n):
        plt.figure(figsize=(2, 1), dpi=100)
        plt.plot(range(n))

    assert Pillow.open(io.BytesIO(view.explore(draw, n=[2, 3]).to_png())).size == (200, 100)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ValueError, "at least one parameter"),
        ({"a": []}, ValueError, "at least one parameter"),
        ({"a": range(20), "b": range(11)}, ValueError, "20 × 11 = 220 pictures, at most 200"),
        ({"a": [1, "x"]}, TypeError, "all numbers or all strings"),
        ({"a": [1], "labels": {"c": "C"}}, ValueError, "'c' is no parameter; there are a"),
        ({"a": [1, 2], "start": {"a": 3}}, ValueError, "a cannot be 3; it may be one of"),
    ],
)
def test_what_cannot_be_explored_is_refused_before_anything_is_drawn(options, error, message):
    def draw(**_):
        raise AssertionError("drawn")

    with pytest.raises(error, match=message):
        view.explore(draw, **options)


def test_an_answer_that_is_no_picture_is_refused():
    with pytest.raises(TypeError, match="a matplotlib figure or a Pillow image, it returned int"):
        view.explore(lambda a: a, a=[1])


def test_an_error_while_drawing_names_the_values():
    with pytest.raises(ZeroDivisionError) as caught:
        view.explore(lambda a: 1 / a, a=[0])
    assert caught.value.__notes__ == ["While drawing {'a': 0}."]


def test_a_notebook_keeps_the_picture_and_a_report_the_sliders(monkeypatch):
    explorer = explored(start={"level": 60})
    data, _ = explorer._repr_mimebundle_()
    assert colour(base64.b64decode(data["image/png"])) == (60, 60, 60)
    monkeypatch.setenv("MEDLAB_STATIC_VIEWS", "1")
    data, _ = explorer._repr_mimebundle_()
    assert set(data) == {"text/html", "image/png", "text/plain"}
    assert "<iframe srcdoc=" in data["text/html"]
    assert external_addresses(data["text/html"]) == []


@pytest.mark.browser
def test_the_page_follows_its_controls(page, tmp_path):
    explored(labels={"level": "Level in <HU>"}).to_html(tmp_path / "page.html")
    page.goto((tmp_path / "page.html").as_uri())
    picture = page.locator("img")
    assert picture.get_attribute("alt") == "Level in <HU>: 0, tint: grey"
    page.locator("input").focus()
    page.keyboard.press("ArrowRight")
    page.locator("select").select_option(label="red")
    assert picture.get_attribute("alt") == "Level in <HU>: 60, tint: red"
    assert colour(picture.screenshot()) == (255, 60, 60)
    page.keyboard.press("End")
    assert page.locator("output").inner_text() == "120"


@pytest.mark.browser
@pytest.mark.slow
def test_slider_and_python_follow_each_other_in_jupyterlab(browser, tmp_path):
    setup = """
import medlab
from PIL import Image
shown = medlab.view.explore(lambda level: Image.new("RGB", (200, 120), (level,) * 3), level=[0, 60, 120])
shown
"""
    folder, scratch = tmp_path / "course", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    cells = [nbformat.v4.new_code_cell(setup.strip())]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "explore.ipynb")
    with lab_driver.lab_page(browser, folder, scratch, str(folder / "explore.ipynb")) as lab:
        lab.run_all()
        picture = lab.page.locator(".medlab-explore img")
        lab.page.locator(".medlab-explore input").focus()
        lab.page.keyboard.press("End")
        assert picture.get_attribute("alt") == "level: 120"
        lab.run_at_end("print(shown.values); shown.values = {'level': 60}")
        lab.page.wait_for_function("() => document.querySelector('.medlab-explore img').alt === 'level: 60'")
        assert "{'level': 120}" in lab.page.locator(".jp-CodeCell >> nth=-1").inner_text()
        assert np.abs(np.array(colour(picture.screenshot())) - 60).max() <= 1
        assert lab.errors == []
