"""Two images together in the browser, against the arrays."""

import numpy as np
import pytest
from conftest import open_page, wait_drawn
from test_browser import agree, centre_of, colours, press, settle

from medlab import Image, view
from medlab.view.paint import greys
from medlab.view.planes import planes

pytestmark = pytest.mark.browser

AFFINE = np.array([[0, 0, 1.0, 0], [0, 1.0, 0, 0], [2.0, 0, 0, 0], [0, 0, 0, 1]])


@pytest.fixture
def first():
    k, j, i = np.mgrid[:8, :40, :48]
    return Image((k * 40 + j * 5 + i).astype(np.int16), affine=AFFINE, modality="MR")


@pytest.fixture
def second(first):
    return first.replace(array=first.array[:, ::-1, ::-1].copy())


def grey(image, index, window, axis=0):
    low, high = window[0] - window[1] / 2, window[0] + window[1] / 2
    values = greys(np.take(image.array, index, axis=axis), low, high)
    return np.repeat(planes(image)[axis].arrange(values)[..., None], 3, axis=-1).astype(float)


def test_side_by_side_shows_both(page, first, second, tmp_path):
    viewer = view.compare(first, second, window="full range", index=3)
    open_page(page, viewer, tmp_path)
    press(page, "s")
    for pane, image in enumerate((first, second)):
        assert agree(colours(page, 40, 48, pane), grey(image, 3, viewer.window), share=0.85)
        assert not agree(colours(page, 40, 48, pane), grey(image, 6, viewer.window), share=0.85)


@pytest.mark.parametrize("pane", [0, 1])
def test_linked_slices_scroll_together(page, first, second, tmp_path, pane):
    open_page(page, view.compare(first, second, index=3), tmp_path)
    page.mouse.move(*centre_of(page, pane))
    page.mouse.wheel(0, 100)
    wait_drawn(page, "0:0:4", pane=0)
    wait_drawn(page, "0:0:4", pane=1)


def test_unlinked_slices_scroll_alone_and_meet_again(page, first, second, tmp_path):
    open_page(page, view.compare(first, second, index=3), tmp_path)
    page.get_by_role("button", name="Linked", exact=True).click()
    page.mouse.move(*centre_of(page, 1))
    page.mouse.wheel(0, 100)
    wait_drawn(page, "0:0:4", pane=1)
    wait_drawn(page, "0:0:3", pane=0)
    page.get_by_role("button", name="Linked", exact=True).click()
    wait_drawn(page, "0:0:3", pane=1)


def boxes(page):
    return page.evaluate("() => [...document.querySelectorAll('.medlab-pane')].map((c) => c.dataset.box)")


def test_zoom_is_linked_until_it_is_not(page, first, second, tmp_path):
    open_page(page, view.compare(first, second), tmp_path)
    wait_drawn(page, "0:0:4", pane=1)
    fitted = boxes(page)
    press(page, "+")
    assert boxes(page)[0] == boxes(page)[1] != fitted[0]
    press(page, "l", "+")
    assert boxes(page)[0] != boxes(page)[1]


def test_dragging_changes_the_window_of_both(page, first, second, tmp_path):
    viewer = view.compare(first, second, window=(250, 400), index=3)
    open_page(page, viewer, tmp_path)
    press(page, "s")
    x, y = centre_of(page, 1)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y, steps=3)
    page.mouse.up()
    settle(page)
    window = [float(v.input_value()) for v in page.locator(".medlab-number").all()[:2]]
    assert window == [250, 480]
    for pane, image in enumerate((first, second)):
        assert agree(colours(page, 40, 48, pane), grey(image, 3, window), share=0.85)


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_the_blend_slider_mixes(page, first, second, tmp_path, weight):
    viewer = view.compare(first, second, mode="blend", window="full range", index=3)
    open_page(page, viewer, tmp_path)
    press(page, "s")
    page.get_by_role("slider", name="B over A").fill(str(weight))
    expected = (1 - weight) * grey(first, 3, viewer.window) + weight * grey(second, 3, viewer.window)
    assert agree(colours(page, 40, 48), expected, within=2, share=0.9)


def test_each_image_has_its_own_colours(page, first, second, tmp_path):
    import matplotlib as mpl

    hot = second.replace(units="SUVbw", modality="PT")
    viewer = view.compare(
        first, hot, mode="blend", blend=0.5, window="full range", b_window=(200, 400), b_colormap="hot"
    )
    open_page(page, viewer, tmp_path)
    press(page, "s")
    level = planes(hot)[0].arrange(greys(hot.array[viewer.index], 0, 400))
    coloured = mpl.colormaps["hot"](level)[..., :3] * 255
    expected = 0.5 * grey(first, viewer.index, viewer.window) + 0.5 * coloured
    assert agree(colours(page, 40, 48), expected, within=3, share=0.85)
    page.get_by_role("combobox", name="Window of B preset").select_option("SUV 0–7")
    assert not agree(colours(page, 40, 48), expected, within=3, share=0.85)


def test_the_checkerboard_alternates(page, first, second, tmp_path):
    viewer = view.compare(first, second, mode="checkerboard", squares=6, window="full range", index=3)
    open_page(page, viewer, tmp_path)
    press(page, "s")

    def board(count):
        j, i = np.mgrid[:40, :48]
        from_second = ((j + 0.5) // (48 / count) + (i + 0.5) // (48 / count)) % 2 == 1
        return np.where(from_second[..., None], grey(second, 3, viewer.window), grey(first, 3, viewer.window))

    assert agree(colours(page, 40, 48), board(6), share=0.9)
    page.get_by_role("slider", name="Number of squares").fill("12")
    assert agree(colours(page, 40, 48), board(12), share=0.9)


def test_the_difference_has_its_colours(page, first, second, tmp_path):
    import matplotlib as mpl

    viewer = view.compare(first, second, mode="difference", difference=200, index=3)
    open_page(page, viewer, tmp_path)
    press(page, "s")

    def expected(limit):
        level = greys(second.array[3].astype(float) - first.array[3], -limit, limit)
        return mpl.colormaps["RdBu_r"](planes(first)[0].arrange(level))[..., :3] * 255

    assert agree(colours(page, 40, 48), expected(200), within=2, share=0.85)
    page.get_by_role("spinbutton", name="Largest difference").fill("80")
    page.keyboard.press("Enter")
    assert agree(colours(page, 40, 48), expected(80), within=2, share=0.85)


def test_the_read_out_tells_both_values_and_their_difference(page, first, second, tmp_path):
    open_page(page, view.compare(first, second, mode="blend", index=3), tmp_path)
    box = page.evaluate("() => JSON.parse(document.querySelector('.medlab-pane').dataset.box)")
    pane = page.locator(".medlab-pane").bounding_box()
    row, col = 7, 11
    page.mouse.move(
        pane["x"] + box["x"] + (col + 0.5) / 48 * box["w"], pane["y"] + box["y"] + (row + 0.5) / 40 * box["h"]
    )
    settle(page)
    a, b = int(first.array[3, 7, 11]), int(second.array[3, 7, 11])
    parts = [t.strip() for t in page.locator(".medlab-readout").inner_text().split("·")]
    assert parts[:4] == [f"A {a}", f"B {b}", f"B − A {b - a}", "index (3, 7, 11)"]


def test_outside_of_the_second_image_the_first_is_seen_and_the_view_says_why(page, first, tmp_path):
    part = first.crop([(0, 8), (0, 20), (0, 48)])
    viewer = view.compare(first, part, mode="blend", blend=1.0, window="full range", b_window=(0, 1), index=3)
    open_page(page, viewer, tmp_path)
    press(page, "s")
    expected = grey(first, 3, viewer.window)
    expected[:20] = 255
    assert agree(colours(page, 40, 48), expected, share=0.9)
    assert "resampled onto the grid of A" in page.get_by_role("note").inner_text()


@pytest.mark.parametrize(
    ("name", "count"), [("Side by side", 2), ("Blend", 1), ("Checkerboard", 1), ("Difference", 1)]
)
def test_every_way_of_comparing_is_one_click_away(page, first, second, tmp_path, name, count):
    open_page(page, view.compare(first, second, mode="blend"), tmp_path)
    page.get_by_role("button", name=name).click()
    settle(page)
    assert page.locator(".medlab-pane").count() == count
    assert page.get_by_role("button", name=name).get_attribute("aria-pressed") == "true"


def test_every_control_has_a_name(page, first, second, tmp_path):
    open_page(page, view.compare(first, second, b_window=(1, 2)), tmp_path)
    nameless = page.evaluate(
        "() => [...document.querySelectorAll('button, input, select, canvas[tabindex]')]"
        ".filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim())).map((e) => e.outerHTML)"
    )
    assert nameless == []


def test_a_reduced_page_shows_both_at_one_sampling(page, tmp_path, rng):
    k, j, i = np.mgrid[:12, :160, :170]
    values = 500 * np.sin(j / 25) * np.cos(i / 31) + 20 * k + rng.normal(0, 12, k.shape)
    one = Image(values.astype(np.int16), affine=AFFINE, modality="MR")
    viewer = view.compare(one, one.replace(array=-one.array), window=(0, 1600))
    open_page(page, viewer, tmp_path, max_bytes=350_000)
    scene = page.evaluate("() => JSON.parse(document.getElementById('medlab-scene').textContent).scene")
    rows, cols = scene["grid"][2:]
    assert scene["other"]["grid"] == scene["grid"]
    press(page, "s")
    step = [
        np.minimum(((np.arange(m) + 0.5) * n / m).astype(int), n - 1) for m, n in ((rows, 160), (cols, 170))
    ]
    assert scene["sampling"][0] == [0, 1]
    for pane, image in enumerate((one, viewer.other)):
        expected = grey(image, viewer.index, viewer.window)[np.ix_(*step)]
        assert agree(colours(page, rows, cols, pane), expected, within=16, share=0.85)


def test_slices_of_both_are_streamed_from_the_kernel(page, notebook):
    k, j, i = np.mgrid[:24, :512, :512]
    image = Image((k * 20 + j + i // 2).astype(np.int16), affine=AFFINE, modality="MR")
    viewer = view.compare(image, image.replace(array=-image.array), index=15, window="full range")
    kernel = notebook(viewer)
    kernel.open_view()
    wait_drawn(page, "0:0:15", pane=0)
    wait_drawn(page, "0:0:15", pane=1)
    press(page, "s", "Home")
    wait_drawn(page, "0:0:0", pane=0)
    wait_drawn(page, "0:0:0", pane=1)
    page.wait_for_function("() => document.querySelector('.medlab-loaded').hidden", timeout=20000)
    for number in (0, 1):
        asked = [n for r in kernel.asked if r["image"] == number and r["axis"] == 0 for n in r["indices"]]
        assert set(asked) == set(range(24)) - {15}


def test_what_is_done_in_the_browser_reaches_python(page, notebook, first, second):
    viewer = view.compare(first, second)
    notebook(viewer).open_view()
    wait_drawn(page, "0:0:4", pane=1)
    press(page, "ArrowDown", "d")
    page.get_by_role("slider", name="B over A").fill("0.2")
    page.wait_for_timeout(200)
    saved = page.evaluate("() => model.saved.at(-1)")
    viewer.set_state({name: saved[name] for name in viewer._state()})
    assert (viewer.mode, viewer.blend, viewer.index, viewer.b_position[0]) == ("blend", 0.2, 5, 5)
