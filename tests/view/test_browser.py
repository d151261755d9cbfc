"""What the browser draws, against the arrays; on standalone pages, which share all code but the transport."""

import numpy as np
import pytest
from conftest import open_page, wait_drawn

from medlab import Image, view
from medlab.view.paint import greys
from medlab.view.planes import planes

pytestmark = pytest.mark.browser

SAMPLE = """([rows, cols, pane, step]) => {
  // Colours at the centres of all voxels of a pane, worked out from the plane's place on the canvas alone.
  const canvas = document.querySelectorAll(".medlab-pane")[pane];
  const ratio = canvas.width / canvas.clientWidth;
  const { x, y, w, h } = JSON.parse(canvas.dataset.box);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const out = [];
  for (let r = 0; r < rows; r += step) for (let c = 0; c < cols; c += step) {
    const px = Math.floor((x + ((c + 0.5) / cols) * w) * ratio);
    const py = Math.floor((y + ((r + 0.5) / rows) * h) * ratio);
    const at = 4 * (py * canvas.width + px);
    out.push(data[at], data[at + 1], data[at + 2]);
  }
  return out;
}"""


def settle(page):
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def press(page, *keys):
    page.locator(".medlab-pane").first.focus()
    for key in keys:
        page.keyboard.press(key)
    settle(page)


def colours(page, rows, cols, pane=0, step=1):
    """Colours that a pane shows at the centres of its voxels, or of every `step`-th one."""
    settle(page)
    return np.array(page.evaluate(SAMPLE, [rows, cols, pane, step])).reshape(
        -(-rows // step), -(-cols // step), 3
    )


def agree(seen, expected, share=0.93, within=1):
    """Whether colours agree but for the few voxels that letters, numbers and lines cover."""
    close = (np.abs(seen.astype(int) - np.asarray(expected, int)) <= within).all(axis=-1)
    return close.mean() >= share


def expected_plane(viewer, axis, index, window=None):
    low, high = window or (viewer.window[0] - viewer.window[1] / 2, viewer.window[0] + viewer.window[1] / 2)
    values = greys(np.take(viewer.image.array, index, axis=axis), low, high)
    return np.repeat(planes(viewer.image)[axis].arrange(values)[..., None], 3, axis=-1)


def centre_of(page, pane=0):
    box = page.locator(".medlab-pane").nth(pane).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.fixture
def smooth_volume():
    """Distinct in each direction, so flat that neighbours look alike; oriented like a NIfTI file (RAS)."""
    k, j, i = np.mgrid[:10, :40, :50]
    affine = np.array([[0, 0, -1.0, 30], [0, -1.0, 0, 20], [2.0, 0, 0, 0], [0, 0, 0, 1]])
    return Image((k * 25 + j * 3 + i).astype(np.int16), affine=affine, modality="MR")


@pytest.mark.parametrize(("key", "axis"), [("", 0), ("a", 1), ("aa", 2)])
def test_each_plane_is_drawn_as_the_array_says(page, smooth_volume, tmp_path, key, axis):
    viewer = view.slices(smooth_volume, window="full range")
    open_page(page, viewer, tmp_path)
    press(page, "s", *key)
    wait_drawn(page, f"{axis}:0:{viewer.position[axis]}")
    expected = expected_plane(viewer, axis, viewer.position[axis])
    assert agree(colours(page, *expected.shape[:2]), expected)
    assert not agree(colours(page, *expected.shape[:2]), expected[::-1, ::-1])


def test_scrolling_shows_the_next_slices(page, smooth_volume, tmp_path):
    viewer = view.slices(smooth_volume, window="full range", index=4)
    open_page(page, viewer, tmp_path)
    press(page, "s")
    page.mouse.move(*centre_of(page))
    for index in (5, 6, 7):
        page.mouse.wheel(0, 100)
        wait_drawn(page, f"0:0:{index}")
        assert agree(colours(page, 40, 50), expected_plane(viewer, 0, index))
    page.mouse.wheel(0, -100)
    wait_drawn(page, "0:0:6")


@pytest.mark.parametrize(
    ("key", "index"), [("ArrowDown", 5), ("ArrowUp", 3), ("Home", 0), ("End", 9), ("PageDown", 9)]
)
def test_keys_change_the_slice(page, smooth_volume, tmp_path, key, index):
    open_page(page, view.slices(smooth_volume, index=4), tmp_path)
    press(page, key)
    wait_drawn(page, f"0:0:{index}")


def test_the_slider_changes_the_slice(page, smooth_volume, tmp_path):
    open_page(page, view.slices(smooth_volume, index=4), tmp_path)
    page.locator(".medlab-sliders input").fill("8")
    wait_drawn(page, "0:0:8")
    assert page.locator(".medlab-count").inner_text() == "8 / 9"


def test_dragging_changes_the_grey_values_as_computed(page, smooth_volume, tmp_path):
    viewer = view.slices(smooth_volume, window=(200, 250), index=4)
    open_page(page, viewer, tmp_path)
    press(page, "s")
    x, y = centre_of(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y + 40, steps=4)
    page.mouse.up()
    settle(page)
    centre, width = (float(v.input_value()) for v in page.locator(".medlab-number").all())
    assert (centre, width) == (160, 300)
    expected = expected_plane(viewer, 0, 4, (centre - width / 2, centre + width / 2))
    assert agree(colours(page, 40, 50), expected)


def test_a_preset_sets_the_window(page, ball, tmp_path):
    open_page(page, view.slices(ball), tmp_path)
    page.locator("select").select_option("bone")
    settle(page)
    assert [v.input_value() for v in page.locator(".medlab-number").all()] == ["400", "1800"]
    press(page, "r")
    assert page.locator("select").input_value() == "soft tissue"


def test_inverting_swaps_black_and_white(page, smooth_volume, tmp_path):
    viewer = view.slices(smooth_volume, window="full range")
    open_page(page, viewer, tmp_path)
    press(page, "s", "i")
    assert agree(colours(page, 40, 50), 255 - expected_plane(viewer, 0, viewer.index))


def test_the_value_under_the_pointer_is_the_arrays(page, smooth_volume, tmp_path):
    viewer = view.slices(smooth_volume, index=4)
    open_page(page, viewer, tmp_path)
    box = page.evaluate("() => JSON.parse(document.querySelector('.medlab-pane').dataset.box)")
    pane = page.locator(".medlab-pane").bounding_box()
    row, col = 7, 11  # on the screen; the array runs the other way in both
    page.mouse.move(
        pane["x"] + box["x"] + (col + 0.5) / 50 * box["w"], pane["y"] + box["y"] + (row + 0.5) / 40 * box["h"]
    )
    settle(page)
    index = (4, 39 - row, 49 - col)
    text = page.locator(".medlab-readout").inner_text()
    assert text.split("·")[0].strip() == str(smooth_volume.array[index])
    assert f"index {index}" in text
    x, y, z = smooth_volume.index_to_position(index)
    assert f"x {x:.1f}  y {y:.1f}  z {z:.1f} mm" in text


def test_the_value_follows_when_the_slice_changes_under_the_pointer(page, smooth_volume, tmp_path):
    open_page(page, view.slices(smooth_volume, index=4), tmp_path)
    page.mouse.move(*centre_of(page))
    page.mouse.wheel(0, 100)
    wait_drawn(page, "0:0:5")
    assert "index (5, " in page.locator(".medlab-readout").inner_text()


def test_a_click_moves_the_other_planes(page, smooth_volume, tmp_path):
    open_page(page, view.slices(smooth_volume, index=4, three_planes=True), tmp_path)
    box = page.evaluate("() => JSON.parse(document.querySelector('.medlab-pane').dataset.box)")
    pane = page.locator(".medlab-pane").first.bounding_box()
    page.mouse.click(pane["x"] + box["x"] + 11.5 / 50 * box["w"], pane["y"] + box["y"] + 7.5 / 40 * box["h"])
    wait_drawn(page, "1:0:32", pane=1)
    wait_drawn(page, "2:0:38", pane=2)
    wait_drawn(page, "0:0:4", pane=0)


def test_three_planes_are_all_drawn_right(page, smooth_volume, tmp_path):
    viewer = view.slices(smooth_volume, window="full range", three_planes=True)
    open_page(page, viewer, tmp_path)
    press(page, "s")
    for pane in range(3):
        expected = expected_plane(viewer, pane, viewer.position[pane])
        assert agree(colours(page, *expected.shape[:2], pane), expected, share=0.8)


@pytest.fixture
def masked(smooth_volume):
    inside = np.zeros(smooth_volume.shape, bool)
    inside[:, 5:15, 30:45] = True
    return view.slices(
        smooth_volume, {"box": inside}, window="full range", index=4, colors=["#00ff00"], opacity=0.5
    ), inside


def test_the_mask_is_drawn_where_it_lies(page, masked, tmp_path):
    viewer, inside = masked
    open_page(page, viewer, tmp_path)
    press(page, "s")
    expected = expected_plane(viewer, 0, 4).astype(float)
    region = planes(viewer.image)[0].arrange(inside[4])
    expected[region] = 0.5 * expected[region] + [0, 127.5, 0]
    assert agree(colours(page, 40, 50), expected, within=2)


def test_the_legend_hides_a_mask(page, masked, tmp_path):
    viewer, _ = masked
    open_page(page, viewer, tmp_path)
    press(page, "s")
    chip = page.get_by_role("button", name="box")
    chip.click()
    settle(page)
    assert chip.get_attribute("aria-pressed") == "false"
    assert agree(colours(page, 40, 50), expected_plane(viewer, 0, 4))


def test_one_button_hides_and_shows_all_masks(page, smooth_volume, tmp_path):
    low = smooth_volume.array < 60
    viewer = view.slices(smooth_volume, {"low": low, "high": ~low}, window="full range", index=4)
    open_page(page, viewer, tmp_path)
    press(page, "s")
    button = page.get_by_role("button", name="All")
    button.click()
    assert agree(colours(page, 40, 50), expected_plane(viewer, 0, 4))
    button.click()
    assert not agree(colours(page, 40, 50), expected_plane(viewer, 0, 4))


def test_an_outline_leaves_the_inside_free(page, masked, tmp_path):
    viewer, _ = masked
    open_page(page, viewer, tmp_path)
    press(page, "s", "o")
    assert agree(colours(page, 40, 50), expected_plane(viewer, 0, 4), share=0.9)
    green = (
        "() => { const c = document.querySelector('.medlab-pane'); const d = c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data; let n = 0;"
        "for (let i = 0; i < d.length; i += 4) n += d[i] < 60 && d[i + 1] > 200 && d[i + 2] < 60; return n; }"
    )
    box = page.evaluate("() => JSON.parse(document.querySelector('.medlab-pane').dataset.box)")
    around = 2 * (15 / 50 * box["w"] + 10 / 40 * box["h"])
    assert 0.8 * around < page.evaluate(green) < 2.5 * around


def test_zoom_keeps_the_point_under_the_pointer_and_fit_undoes_it(page, smooth_volume, tmp_path):
    open_page(page, view.slices(smooth_volume), tmp_path)
    x, y = centre_of(page)
    page.mouse.move(x + 60, y + 30)
    settle(page)
    before = page.locator(".medlab-readout").inner_text()
    box = page.locator(".medlab-pane").get_attribute("data-box")
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    settle(page)
    assert page.locator(".medlab-pane").get_attribute("data-box") != box
    page.mouse.move(x + 61, y + 30)
    page.mouse.move(x + 60, y + 30)
    settle(page)
    assert page.locator(".medlab-readout").inner_text() == before
    press(page, "0")
    assert page.locator(".medlab-pane").get_attribute("data-box") == box


def test_shift_drag_pans(page, smooth_volume, tmp_path):
    import json

    open_page(page, view.slices(smooth_volume), tmp_path)
    place = lambda: json.loads(page.locator(".medlab-pane").get_attribute("data-box"))  # noqa: E731
    before, (x, y) = place(), centre_of(page)
    page.keyboard.down("Shift")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y - 20, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    settle(page)
    assert (place()["x"] - before["x"], place()["y"] - before["y"]) == pytest.approx((30, -20))


def test_colour_frames_play(page, tmp_path):
    frames = np.zeros((5, 20, 30, 3), np.uint8)
    frames[..., 0] = np.arange(5)[:, None, None] * 50
    frames[:, :10, :, 2] = 200
    viewer = view.slices(Image(frames, axes="tyxc", modality="US"))
    open_page(page, viewer, tmp_path)
    press(page, "s", "ArrowRight")
    wait_drawn(page, "0:0:1")
    assert agree(colours(page, 20, 30), frames[1])
    page.get_by_role("button", name="Play").click()
    wait_drawn(page, "0:0:4")
    wait_drawn(page, "0:0:0")
    page.get_by_role("button", name="Pause").click()


def test_time_points_have_their_own_slider(page, tmp_path, rng):
    values = rng.integers(0, 1000, (3, 4, 20, 24)).astype(np.int16)
    viewer = view.slices(
        Image(values, axes="tzyx", times=[0, 2.5, 5], meta={"time_unit": "s"}), window="full range"
    )
    open_page(page, viewer, tmp_path)
    press(page, "s", "ArrowRight", "ArrowRight")
    wait_drawn(page, "0:2:2")
    assert page.get_by_role("slider", name="time").get_attribute("aria-valuetext") == "2 / 2 · 5 s"
    low, high = values.min(), values.max()
    expected = np.repeat(greys(values[2, 2], low, high)[..., None], 3, axis=-1)
    assert agree(colours(page, 20, 24), expected)


def test_floats_and_nan_are_drawn(page, tmp_path):
    values = np.linspace(-2, 2, 24 * 30).reshape(24, 30)
    values[10:14, 10:14] = np.nan
    viewer = view.slices(values.astype(np.float32), window=(0, 4))
    open_page(page, viewer, tmp_path)
    press(page, "s")
    expected = np.repeat(greys(values, -2, 2)[..., None], 3, axis=-1)
    assert (expected[11, 11] == 0).all()
    assert agree(colours(page, 24, 30), expected)


def test_a_reduced_page_shows_the_image_within_its_stated_error(page, tmp_path, rng):
    k, j, i = np.mgrid[:12, :200, :220]
    values = (500 * np.sin(j / 25) * np.cos(i / 31) + 20 * k + rng.normal(0, 12, k.shape)).astype(np.int16)
    viewer = view.slices(Image(values, modality="MR"), window=(0, 1600))
    open_page(page, viewer, tmp_path, max_bytes=300_000)
    assert "JPEG" in page.locator("footer").inner_text()
    scene = page.evaluate("() => JSON.parse(document.getElementById('medlab-scene').textContent).scene")
    rows, cols = scene["grid"][2:]
    press(page, "s")
    expected = expected_plane(viewer, 0, viewer.index)
    step = [
        np.minimum(((np.arange(m) + 0.5) * n / m).astype(int), n - 1) for m, n in ((rows, 200), (cols, 220))
    ]
    assert agree(colours(page, rows, cols), expected[np.ix_(*step)], within=14)


def test_letters_read_by_screen_readers_name_slice_and_window(page, ball, tmp_path):
    open_page(page, view.slices(ball, window="lung"), tmp_path)
    label = page.locator(".medlab-pane").get_attribute("aria-label")
    assert "axial 8 / 15" in label
    assert "lung" in label


def test_every_control_has_a_name(page, masked, tmp_path):
    open_page(page, masked[0], tmp_path)
    nameless = page.evaluate(
        "() => [...document.querySelectorAll('button, input, select, canvas[tabindex]')]"
        ".filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim())).map((e) => e.outerHTML)"
    )
    assert nameless == []


def test_help_opens_and_closes(page, ball, tmp_path):
    open_page(page, view.slices(ball), tmp_path)
    press(page, "?")
    assert page.get_by_role("dialog").is_visible()
    press(page, "Escape")
    assert not page.get_by_role("dialog").is_visible()


def test_a_page_that_is_damaged_says_so_in_its_place(page, ball, tmp_path):
    text = view.slices(ball).to_html()
    path = tmp_path / "damaged.html"
    path.write_text(text.replace('id="medlab-data">', 'id="medlab-data">AAAA'), encoding="utf-8")
    page.goto(path.as_uri())
    page.wait_for_selector(".medlab-failed")
    assert "could not be drawn" in page.locator(".medlab-failed").inner_text()
    assert page.problems
    page.problems.clear()


def test_the_page_works_inside_a_report(page, ball, tmp_path, monkeypatch):
    monkeypatch.setenv("MEDLAB_STATIC_VIEWS", "1")
    frame = view.slices(ball)._repr_mimebundle_()[0]["text/html"]
    path = tmp_path / "report.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><title>Report</title>{frame}", encoding="utf-8")
    page.goto(path.as_uri())
    inner = page.frame_locator("iframe")
    inner.locator(".medlab-pane[data-drawn='0:0:8']").wait_for()
    inner.locator(".medlab-pane").press("ArrowDown")
    inner.locator(".medlab-pane[data-drawn='0:0:9']").wait_for()


def test_a_step_is_drawn_at_once_and_the_next_one_with_the_next_frame(page, smooth_volume, tmp_path):
    open_page(page, view.slices(smooth_volume, index=2), tmp_path)
    settle(page)
    drawn = page.evaluate(
        """async () => {
            const canvas = document.querySelector(".medlab-pane");
            const press = async () => {
                canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
                await null;
                return canvas.dataset.drawn;
            };
            const seen = [await press(), await press(), await press()];
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            return [...seen, canvas.dataset.drawn];
        }"""
    )
    assert drawn == ["0:0:3", "0:0:3", "0:0:3", "0:0:5"]
