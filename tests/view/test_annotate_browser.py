"""Drawing in the browser: what arrives in Python, against what the pointer did."""

import itertools
import json

import numpy as np
import pytest
from conftest import open_page, wait_drawn
from test_browser import agree, colours, press, settle

from medlab import Image, view

pytestmark = pytest.mark.browser

#: Rows run to the front and columns to the right of the patient, so both are drawn the other way round.
AFFINE = np.array([[0, 0, -1.0, 30], [0, -1.5, 0, 20], [2.0, 0, 0, 0], [0, 0, 0, 1]])
ROWS, COLS = 40, 60


@pytest.fixture
def image():
    k, j, i = np.mgrid[:6, :ROWS, :COLS]
    return Image((k * 25 + j * 3 + i).astype(np.int16), affine=AFFINE, modality="MR")


@pytest.fixture
def drawing(image):
    return view.annotate(image, labels=["one", "two"], index=2)


@pytest.fixture
def kernel(page, notebook, drawing):
    running = notebook(drawing)
    running.open_view()
    wait_drawn(page, "0:0:2")
    page.locator(".medlab-pane").focus()
    return running


def screen_of(page, row, col):
    """Point of the page at (row, column) of the array, counted from the edge of its first voxel."""
    box = json.loads(page.locator(".medlab-pane").first.get_attribute("data-box"))
    pane = page.locator(".medlab-pane").first.bounding_box()
    x = pane["x"] + box["x"] + (COLS - col) / COLS * box["w"]
    return x, pane["y"] + box["y"] + (ROWS - row) / ROWS * box["h"]


def drag(page, *places):
    page.mouse.move(*screen_of(page, *places[0]))
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*screen_of(page, *place))
    page.mouse.up()


def covered(places, diameter):
    """Voxels whose centres lie within half the diameter (mm) of a line through places."""
    j, i = np.mgrid[:ROWS, :COLS] + 0.5
    centres = np.stack([j * 1.5, i * 1.0], axis=-1)
    result = np.zeros((ROWS, COLS), bool)
    corners = np.array([*places, places[-1]]) * [1.5, 1.0]
    for a, b in itertools.pairwise(corners):
        along = b - a
        length = max(along @ along, 1e-9)
        t = np.clip(((centres - a) @ along) / length, 0, 1)[..., None]
        result |= np.linalg.norm(centres - a - t * along, axis=-1) <= diameter / 2
    return result


def set_brush(page, diameter):
    page.get_by_role("spinbutton", name="Brush size").fill(str(diameter))
    page.keyboard.press("Enter")
    page.locator(".medlab-pane").first.focus()


STROKE = [(8.3, 10.4), (14.1, 22.7), (30.2, 41.3)]


def test_a_brush_stroke_arrives_in_python_voxel_for_voxel(page, kernel, drawing):
    set_brush(page, 7.3)
    drag(page, *STROKE)
    kernel.settle()
    expected = np.zeros(drawing.image.shape, np.uint8)
    expected[2] = covered(STROKE, 7.3)
    assert np.array_equal(drawing.mask.array, expected)
    assert expected.sum() > 100


def test_what_arrived_is_what_is_seen(page, kernel, drawing):
    press(page, "s")
    before = colours(page, ROWS, COLS)
    set_brush(page, 9)
    drag(page, *STROKE)
    page.mouse.move(5, 5)
    kernel.settle()
    changed = (np.abs(colours(page, ROWS, COLS) - before) > 20).any(axis=-1)
    assert agree(changed[..., None], drawing.mask.array[2, ::-1, ::-1, None] > 0, share=0.99, within=0)


def test_the_smallest_brush_draws_the_voxel_pointed_at(page, kernel, drawing):
    set_brush(page, 0.01)
    drag(page, (17.5, 33.5), (17.5, 33.5))
    kernel.settle()
    assert np.argwhere(drawing.mask.array).tolist() == [[2, 17, 33]]


def test_the_eraser_takes_away(page, kernel, drawing):
    set_brush(page, 10)
    drag(page, *STROKE)
    press(page, "e")
    drag(page, (14.1, 22.7), (14.1, 22.7))
    kernel.settle()
    expected = covered(STROKE, 10) & ~covered([(14.1, 22.7)], 10)
    assert np.array_equal(drawing.mask.array[2] > 0, expected)


def test_labels_are_drawn_over_each_other(page, kernel, drawing):
    set_brush(page, 8)
    drag(page, (10, 10), (10, 40))
    press(page, "2")
    drag(page, (5, 25), (20, 25))
    kernel.settle()
    expected = covered([(10, 10), (10, 40)], 8).astype(np.uint8)
    expected[covered([(5, 25), (20, 25)], 8)] = 2
    assert np.array_equal(drawing.mask.array[2], expected)


def test_undo_and_redo(page, kernel, drawing):
    states = [drawing.mask.array]
    for place in [(8, 10), (20, 30), (9, 12)]:
        drag(page, place, place)
        kernel.settle()
        states.append(drawing.mask.array)
    for state in states[-2::-1]:
        page.keyboard.press("Control+z")
        kernel.settle()
        assert np.array_equal(drawing.mask.array, state)
    for state in states[1:]:
        page.keyboard.press("Control+y")
        kernel.settle()
        assert np.array_equal(drawing.mask.array, state)
    assert len({s.tobytes() for s in states}) == 4


def test_undo_brings_back_a_shape(page, kernel, drawing):
    press(page, "x")
    drag(page, (5, 5), (10, 10))
    press(page, "v")
    drag(page, (20, 5), (30, 20))
    kernel.settle()
    assert [s["kind"] for s in drawing._shapes] == ["box", "ellipse"]
    page.get_by_role("button", name="Undo").click()
    kernel.settle()
    assert [s["kind"] for s in drawing._shapes] == ["box"]
    page.get_by_role("button", name="Redo").click()
    kernel.settle()
    assert [s["kind"] for s in drawing._shapes] == ["box", "ellipse"]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_box_holds_the_voxels_it_was_drawn_over(page, kernel, drawing, backwards):
    press(page, "x", "2")
    corners = [(7.4, 12.6), (19.2, 30.7)]
    drag(page, *(corners[::-1] if backwards else corners))
    kernel.settle()
    (box,) = drawing.boxes.itertuples(index=False)
    assert tuple(box) == ("two", 2, 7, 20, 12, 31)


def test_a_box_ends_at_the_images_edge(page, kernel, drawing):
    press(page, "x")
    drag(page, (30.5, 50.5), (ROWS + 3, COLS + 4))
    kernel.settle()
    assert drawing.boxes.iloc[0, 2:].tolist() == [30, ROWS, 50, COLS]


def test_lengths_are_in_millimetres(page, kernel, drawing):
    press(page, "l")
    drag(page, (10, 10), (20, 30))
    kernel.settle()
    (length,) = drawing.measurements["length"]
    assert length == pytest.approx(np.hypot(15, 20), abs=0.2)


def test_ellipse_and_point_lie_where_they_were_drawn(page, kernel, drawing):
    press(page, "v")
    drag(page, (10, 10), (30, 40))
    press(page, "n")
    drag(page, (12.5, 44.5), (12.5, 44.5))
    kernel.settle()
    ellipse, point = drawing.measurements.itertuples()
    assert (ellipse.row, ellipse.col) == pytest.approx((19.5, 24.5), abs=0.15)
    assert ellipse.area == pytest.approx(np.pi / 4 * 20 * 1.5 * 30, rel=0.02)
    assert (point.row, point.col) == pytest.approx((12, 44), abs=0.15)
    assert point.mean == drawing.image.array[2, 12, 44]


def test_a_shape_is_moved_resized_and_deleted(page, kernel, drawing):
    press(page, "x")
    drag(page, (10, 10), (19.9, 29.9))
    press(page, "g")
    drag(page, (15, 20), (20, 25))
    kernel.settle()
    assert drawing.boxes.iloc[0, 2:].tolist() == [15, 25, 15, 35]
    drag(page, (25, 35), (29.5, 39.5))
    kernel.settle()
    assert drawing.boxes.iloc[0, 2:].tolist() == [15, 30, 15, 40]
    page.keyboard.press("Delete")
    kernel.settle()
    assert drawing._shapes == []


def test_copy_to_the_next_slice(page, kernel, drawing):
    drag(page, *STROKE)
    press(page, "x")
    drag(page, (10, 10), (19, 29))
    page.get_by_role("button", name="Copy to the next slice").click()
    kernel.settle()
    wait_drawn(page, "0:0:3")
    assert np.array_equal(drawing.mask.array[3], drawing.mask.array[2])
    assert drawing.mask.array[3].any()
    assert drawing.boxes["slice"].tolist() == [2, 3]
    page.keyboard.press("Control+z")
    kernel.settle()
    assert not drawing.mask.array[3].any()
    assert drawing.boxes["slice"].tolist() == [2]


def test_the_other_planes_show_what_was_drawn(page, kernel, drawing):
    press(page, "s")
    set_brush(page, 12)
    drag(page, *STROKE)
    kernel.settle()
    press(page, "c")
    page.mouse.click(*screen_of(page, 14.1, 22.7))
    press(page, "a")
    wait_drawn(page, "1:0:14")
    with_mask = colours(page, 6, COLS)
    press(page, "m")
    changed = (np.abs(colours(page, 6, COLS) - with_mask) > 20).any(axis=-1)
    assert np.array_equal(np.flatnonzero(changed.any(axis=1)), [3])
    across = drawing.mask.array[2, 14, ::-1] > 0
    assert (changed[3] == across).mean() > 0.9


def test_drawing_on_another_plane_says_why_not(page, kernel, drawing):
    press(page, "a", "b")
    wait_drawn(page, f"1:0:{drawing.position[1]}")
    page.locator(".medlab-pane").click()
    assert "Drawing works on the axial plane" in page.locator(".medlab-note[role=status]").inner_text()
    kernel.settle()
    assert not drawing.mask.array.any()


def test_a_large_slice_travels_in_pieces_far_below_the_limit(page, notebook):
    large = view.annotate(Image(np.zeros((1700, 1500), np.int16)))
    kernel = notebook(large)
    sizes = []
    answer = kernel.answer
    kernel.answer = lambda content, buffers=(): sizes.extend(map(len, buffers)) or answer(content, buffers)
    kernel.open_view()
    wait_drawn(page, "0:0:0")
    box = page.locator(".medlab-pane").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 60, steps=3)
    page.mouse.up()
    kernel.settle()
    assert len([r for r in kernel.asked if r["kind"] == "draw"]) == 2
    assert max(sizes) < 4_000_000
    rows = np.flatnonzero(large.mask.array.any(axis=1))
    assert rows.min() < 400
    assert rows.max() > 1400
    assert len(rows) == rows.max() - rows.min() + 1


def test_a_mask_set_in_python_is_shown(page, kernel, drawing):
    press(page, "s")
    before = colours(page, ROWS, COLS)
    values = np.zeros(drawing.image.shape, np.uint8)
    values[2, 10:20, 5:30] = 1
    drawing.mask = values
    kernel.push("_shapes")
    changed = (np.abs(colours(page, ROWS, COLS) - before) > 20).any(axis=-1)
    assert (changed[::-1, ::-1] == (values[2] > 0)).mean() > 0.98


def test_after_a_restart_the_drawing_is_offered_again_and_restored(page, kernel, drawing, image):
    drag(page, *STROKE)
    press(page, "x")
    drag(page, (7.4, 12.6), (19.2, 30.7))
    kernel.settle()
    fresh = view.annotate(image, labels=["one", "two"], index=2)
    kernel.restart(fresh)
    wait_drawn(page, "0:0:2")
    assert not fresh.mask.array.any()
    page.get_by_role("button", name="Restore").click()
    kernel.settle()
    assert np.array_equal(fresh.mask.array, drawing.mask.array)
    assert fresh.mask.array.any()
    assert fresh.boxes.equals(drawing.boxes)
    assert page.get_by_role("button", name="Restore").count() == 0


def test_what_never_reached_the_kernel_is_offered_too(page, kernel, image):
    kernel.holding = True
    drag(page, *STROKE)
    page.wait_for_timeout(150)
    assert "the kernel has not answered" in page.get_by_role("status").first.inner_text()
    kernel.holding = False
    fresh = view.annotate(image, labels=["one", "two"], index=2)
    kernel.restart(fresh)
    page.get_by_role("button", name="Restore").click()
    kernel.settle()
    assert fresh.mask.array[2].sum() > 50


@pytest.mark.parametrize("how", ["saved", "discarded", "other labels", "nothing drawn"])
def test_nothing_is_offered_where_nothing_was_lost(page, kernel, drawing, image, tmp_path, how):
    if how != "nothing drawn":
        drag(page, *STROKE)
        kernel.settle()
    if how == "saved":
        drawing.save(tmp_path / "drawing.json")
        kernel.push()
        page.wait_for_timeout(150)
    if how == "discarded":
        kernel.restart(view.annotate(image, labels=["one", "two"], index=2))
        page.get_by_role("button", name="Discard").click()
        page.wait_for_timeout(150)
    labels = ["one", "two", "three"] if how == "other labels" else ["one", "two"]
    kernel.restart(view.annotate(image, labels=labels, index=2))
    wait_drawn(page, "0:0:2")
    page.wait_for_timeout(300)
    assert not page.locator(".medlab-offer").is_visible()


@pytest.mark.parametrize("broken", ["undefined", "{ open() { throw new Error('storage is off') } }"])
def test_a_browser_that_keeps_nothing_says_so_once(page, image, notebook, broken):
    page.add_init_script(f"Object.defineProperty(window, 'indexedDB', {{ value: {broken} }})")
    kernel = notebook(view.annotate(image, labels=["one", "two"], index=2))
    kernel.open_view()
    warning = page.get_by_text("lost when the kernel restarts")
    warning.wait_for(timeout=5000)
    page.get_by_role("button", name="Understood").click()
    set_brush(page, 7.3)
    drag(page, *STROKE)
    kernel.settle()
    assert kernel.viewer.mask.array[2].sum() > 50
    assert not warning.is_visible()


def test_a_browser_that_keeps_drawings_does_not_warn(page, kernel):
    drag(page, *STROKE)
    kernel.settle()
    assert not page.get_by_text("lost when the kernel restarts").is_visible()


def test_shift_drag_still_pans_and_draws_nothing(page, kernel, drawing):
    before = page.locator(".medlab-pane").get_attribute("data-box")
    page.keyboard.down("Shift")
    drag(page, *STROKE)
    page.keyboard.up("Shift")
    kernel.settle()
    assert page.locator(".medlab-pane").get_attribute("data-box") != before
    assert not drawing.mask.array.any()


def test_every_control_has_a_name(page, kernel):
    nameless = page.evaluate(
        "() => [...document.querySelectorAll('button, input, select, canvas[tabindex]')]"
        ".filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim())).map((e) => e.outerHTML)"
    )
    assert nameless == []
    assert kernel.asked == []


def test_a_page_shows_mask_and_shapes_and_offers_no_tools(page, drawing, tmp_path):
    values = np.zeros(drawing.image.shape, np.uint8)
    values[2, 10:20, 5:30] = 1
    drawing.mask = values
    open_page(page, drawing, tmp_path)
    press(page, "s")
    plain = colours(page, ROWS, COLS)
    press(page, "m")
    changed = (np.abs(colours(page, ROWS, COLS) - plain) > 20).any(axis=-1)
    assert (changed[::-1, ::-1] == (values[2] > 0)).mean() > 0.98
    assert page.get_by_role("button", name="Brush").count() == 0
    drawing._shapes = [{"kind": "box", "label": 2, "slice": 2, "points": [[22, 30], [34, 50]]}]
    open_page(page, drawing, tmp_path)
    settle(page)
    x, y = screen_of(page, 22, 40)
    shot = page.screenshot(clip={"x": x - 2, "y": y - 3, "width": 4, "height": 6})
    import io

    from PIL import Image as Pillow

    seen = np.asarray(Pillow.open(io.BytesIO(shot)).convert("RGB")).reshape(-1, 3).astype(int)
    assert (np.abs(seen - [0x3F, 0xB6, 0xFF]).max(axis=1) < 30).any()
