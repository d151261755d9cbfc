"""The widget's browser side, answered by the real Python side through a stand-in for the notebook."""

import numpy as np
import pytest
from conftest import wait_drawn
from test_browser import agree, colours, expected_plane, press

from medlab import Image, view

pytestmark = pytest.mark.browser


@pytest.fixture
def large():
    """Twenty-four slices of half a megabyte: the first message holds one of them."""
    k, j, i = np.mgrid[:24, :512, :512]
    affine = np.array([[0, 0, 1.0, 0], [0, 1.0, 0, 0], [4.0, 0, 0, 0], [0, 0, 0, 1]])
    return Image((k * 20 + j + i // 2).astype(np.int16), affine=affine, modality="MR")


def asked_slices(kernel):
    return [n for request in kernel.asked if request["axis"] == 0 for n in request["indices"]]


def wait_loaded(page):
    page.wait_for_function("() => document.querySelector('.medlab-loaded').hidden", timeout=20000)


def test_the_first_slice_is_drawn_before_the_kernel_is_asked(page, notebook, large):
    viewer = view.slices(large, index=15, window="full range")
    kernel = notebook(viewer)
    kernel.holding = True
    kernel.open_view()
    wait_drawn(page, "0:0:15")
    press(page, "s")
    expected = expected_plane(viewer, 0, 15)[::8, ::8]
    assert agree(colours(page, 512, 512, step=8), expected, share=0.9, within=2)


def test_slices_are_asked_for_nearest_first_each_once(page, notebook, large):
    kernel = notebook(view.slices(large, index=15))
    kernel.open_view()
    wait_drawn(page, "0:0:15")
    wait_loaded(page)
    asked = asked_slices(kernel)
    assert sorted(asked) == sorted(set(range(24)) - {15})
    distance = np.abs(np.array(asked) - 15)
    assert (np.diff(distance) >= -1).all()


def test_the_browser_waits_for_answers_before_it_asks_for_more(page, notebook, large):
    kernel = notebook(view.slices(large, index=15))
    kernel.holding = True
    kernel.open_view()
    page.wait_for_timeout(400)
    assert len(kernel.asked) == 2
    assert sum(len(r["indices"]) for r in kernel.asked) * 512 * 512 * 2 <= 4_200_000
    kernel.release()
    wait_loaded(page)


def test_a_slice_that_is_not_there_jumps_the_queue(page, notebook, large):
    kernel = notebook(view.slices(large, index=15))
    kernel.holding = True
    kernel.open_view()
    page.wait_for_timeout(200)
    press(page, "Home")
    page.wait_for_timeout(200)
    assert kernel.asked[-1]["indices"] == [0]
    assert page.locator(".medlab-pane").get_attribute("data-drawn") == ""
    for answer in kernel.answer(kernel.asked[-1]):
        page.evaluate("(answer) => deliver(answer)", answer)
    wait_drawn(page, "0:0:0")


def test_a_plane_across_comes_from_the_kernel_until_all_slices_are_here(page, notebook, large):
    viewer = view.slices(large, index=15, window="full range")
    kernel = notebook(viewer)
    kernel.holding = True
    kernel.open_view()
    page.wait_for_timeout(200)
    press(page, "s", "a")
    page.wait_for_timeout(200)
    assert (kernel.asked[-1]["axis"], kernel.asked[-1]["indices"]) == (1, [viewer.position[1]])
    kernel.holding = False
    for answer in kernel.answer(kernel.asked[-1]):
        page.evaluate("(answer) => deliver(answer)", answer)
    wait_drawn(page, f"1:0:{viewer.position[1]}")
    expected = expected_plane(viewer, 1, viewer.position[1])[::8, ::8]
    assert agree(colours(page, 24, 512, step=8), expected, share=0.85, within=2)


def test_a_plane_across_is_cut_in_the_browser_once_all_slices_are_here(page, notebook, ball):
    viewer = view.slices(ball, ball.array > 0, window=(-480, 1200))
    kernel = notebook(viewer)
    kernel.open_view()
    wait_drawn(page, f"0:0:{viewer.index}")
    press(page, "a", "ArrowDown")
    wait_drawn(page, f"1:0:{viewer.position[1] + 1}")
    assert kernel.asked == []


def test_two_views_of_one_viewer_move_together(page, notebook, ball):
    kernel = notebook(view.slices(ball))
    kernel.open_view(0)
    kernel.open_view(1)
    wait_drawn(page, "0:0:8", pane=1)
    press(page, "ArrowDown")
    wait_drawn(page, "0:0:9", pane=0)
    wait_drawn(page, "0:0:9", pane=1)


def test_a_view_that_is_closed_leaves_the_other_alive(page, notebook, ball):
    kernel = notebook(view.slices(ball))
    kernel.open_view(0)
    kernel.open_view(1)
    wait_drawn(page, "0:0:8", pane=1)
    page.evaluate("() => closeView(0)")
    press(page, "ArrowDown")
    wait_drawn(page, "0:0:9")


def test_what_is_done_in_the_browser_reaches_python(page, notebook, ball):
    viewer = view.slices(ball)
    kernel = notebook(viewer)
    kernel.open_view()
    wait_drawn(page, "0:0:8")
    press(page, "ArrowDown", "ArrowDown")
    page.locator("select").select_option("lung")
    page.wait_for_timeout(200)
    saved = page.evaluate("() => model.saved.at(-1)")
    viewer.set_state({name: saved[name] for name in ("axis", "position", "time", "window", "three_planes")})
    assert (viewer.index, viewer.window) == (10, (-600.0, 1500.0))


def test_what_is_set_in_python_reaches_the_browser(page, notebook, ball):
    viewer = view.slices(ball)
    kernel = notebook(viewer)
    kernel.open_view()
    wait_drawn(page, "0:0:8")
    viewer.index, viewer.window = 3, "bone"
    state = viewer.get_state(["position", "window"])
    page.evaluate(
        "(state) => Object.entries(state).forEach(([name, value]) => model.set(name, value))", state
    )
    wait_drawn(page, "0:0:3")
    assert page.locator("select").input_value() == "bone"


def test_an_error_in_the_kernel_is_shown(page, notebook, large, monkeypatch):
    viewer = view.slices(large)
    kernel = notebook(viewer)
    monkeypatch.setattr(
        type(viewer._stack), "plane", lambda *_: (_ for _ in ()).throw(OSError("the file is gone"))
    )
    kernel.open_view()
    page.wait_for_selector(".medlab-note:not([hidden])")
    assert "OSError: the file is gone" in page.locator(".medlab-note").inner_text()


def test_a_view_that_cannot_be_drawn_says_so_in_its_place(page, notebook, ball):
    kernel = notebook(view.slices(ball))
    page.evaluate("() => { model.state.window = null; }")
    kernel.open_view()
    page.wait_for_selector(".medlab-failed")
    assert "could not be drawn" in page.locator(".medlab-failed").inner_text()
    page.problems.clear()


@pytest.mark.slow
def test_a_ct_of_600_slices_is_usable_at_once_and_all_of_it_arrives(page, notebook):
    k, j, i = np.ogrid[:600, :512, :512]
    affine = np.array([[0, 0, 0.8, 0], [0, 0.8, 0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1]])
    values = (
        k.astype(np.int16) + j.astype(np.int16) * np.int16(2) - i.astype(np.int16) - np.int16(800)
    ).astype(np.int16)
    viewer = view.slices(Image(values, affine=affine, modality="CT", units="HU"), window=(0, 2400))
    assert len(viewer._first) < 1_100_000
    kernel = notebook(viewer)
    kernel.holding = True
    kernel.open_view()
    wait_drawn(page, "0:0:300")
    press(page, "s")
    expected = expected_plane(viewer, 0, 300)[::8, ::8]
    assert agree(colours(page, 512, 512, step=8), expected, share=0.9, within=2)
    press(page, "End")
    page.wait_for_timeout(300)
    kernel.release()
    wait_drawn(page, "0:0:599")
    page.wait_for_function(
        "() => document.querySelector('.medlab-loaded').hidden", timeout=240_000, polling=500
    )
    asked = asked_slices(kernel)
    assert set(asked) == set(range(600)) - {300}
    press(page, "a")
    wait_drawn(page, f"1:0:{viewer.position[1]}")
    expected = expected_plane(viewer, 1, viewer.position[1])[::8, ::8]
    assert agree(colours(page, 600, 512, step=8), expected, share=0.85, within=2)
    assert [r for r in kernel.asked if r["axis"] == 1] == []
