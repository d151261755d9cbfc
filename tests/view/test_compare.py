"""Two images together: what Python says about them, and its pictures."""

import io
import json

import numpy as np
import pytest
from PIL import Image as Pillow

from medlab import Image, view
from medlab.view.together import paired

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def later(ball):
    return ball.replace(array=ball.array + np.int16(30))


@pytest.fixture
def coarse():
    """A field that is linear in space, on a coarser and shifted grid that covers only part of the ball's."""
    k, j, i = np.mgrid[:8, :16, :16]
    affine = np.array([[0, 0, 2.0, -15.1], [0, 2.0, 0, -14.3], [3.0, 0, 0, -11.2], [0, 0, 0, 1]])
    x, y, z = 2 * i - 15.1, 2 * j - 14.3, 3 * k - 11.2
    return Image((2 * x + 3 * y - z).astype(np.float32), affine=affine, modality="PT", units="SUVbw")


def shown(viewer):
    return np.asarray(
        Pillow.open(io.BytesIO(viewer.to_png(max_bytes=10_000_000, labelled=False))).convert("RGB")
    ).astype(int)


def test_images_on_one_grid_stay_as_they_are(ball, later):
    pair = paired(ball, later)
    assert pair.second is later
    assert (pair.remark, pair.outside.layers) == ("", ())


def test_another_grid_is_resampled_and_the_view_says_so(ball, coarse):
    viewer = view.compare(ball, coarse)
    assert viewer.other.grid == ball.grid
    assert "resampled onto the grid of A" in viewer._scene["remark"]
    assert "3 × 2 × 2 mm → 2 × 1 × 0.8 mm" in viewer._scene["remark"]
    assert "resampled onto the grid of A" in viewer.to_html()


def test_resampled_values_lie_where_they_belong(ball, coarse):
    pair = paired(ball, coarse)
    inside = pair.outside.layers[0][0] == 0
    x, y, z = ball.index_to_position(np.argwhere(inside)).T
    index = coarse.position_to_index(np.stack([x, y, z], axis=-1))
    within = ((index >= 0) & (index <= np.array(coarse.grid) - 1)).all(axis=1)
    assert within.sum() > 2000
    assert pair.second.array[inside][within] == pytest.approx((2 * x + 3 * y - z)[within], abs=1e-3)


def test_where_the_second_image_ends_is_known(ball, coarse):
    outside = paired(ball, coarse).outside.layers[0][0]
    index = coarse.position_to_index(ball.index_to_position(np.argwhere(np.ones(ball.grid, bool))))
    beyond = ((index < -0.5) | (index > np.array(coarse.grid) - 0.5)).any(axis=1)
    assert np.array_equal(outside.ravel() == 1, beyond)
    assert 0 < outside.mean() < 1


def test_an_array_of_the_same_shape_lies_on_the_grid_of_the_first(ball):
    pair = paired(ball, ball.array * 0.5)
    assert "voxel for voxel" in pair.remark


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (lambda _: np.zeros((3, 4, 5)), "shapes are equal"),
        (lambda a: a.replace(affine=a.affine + np.eye(4, k=3) * 5000), "do not overlap"),
        (lambda a: Image(np.zeros((2, *a.shape)), axes="tzyx", affine=a.affine), "time points"),
        (lambda _: np.zeros((0, 4)), "empty"),
    ],
    ids=["shape", "place", "time", "empty"],
)
def test_images_that_do_not_go_together_are_refused(ball, second, message):
    with pytest.raises(ValueError, match=message):
        view.compare(ball, second(ball))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "overlay"}, "mode must be one of 'side by side'"),
        ({"blend": 1.2}, "blend must lie between 0 and 1"),
        ({"squares": 0}, "squares must lie"),
        ({"difference": 0}, "difference must be a positive"),
        ({"names": "two"}, "names must hold two"),
        ({"b_colormap": "rainbows"}, "Unknown colormap 'rainbows'"),
        ({"b_window": "lunge"}, "Unknown window"),
    ],
)
def test_impossible_options_are_refused(ball, later, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        view.compare(ball, later, **options)


def test_a_difference_of_different_units_is_refused(ball, coarse):
    with pytest.raises(ValueError, match="these hold HU and SUV"):
        view.compare(ball, coarse, mode="difference")
    assert view.compare(ball, coarse)._scene["difference"] is None


def test_images_of_one_unit_share_a_window(ball, later):
    viewer = view.compare(ball, later, window="lung")
    viewer.window = "bone"
    assert viewer.b_window == viewer.window == (400.0, 1800.0)


def test_images_of_different_units_have_windows_of_their_own(ball, coarse):
    viewer = view.compare(ball, coarse)
    viewer.window = "bone"
    assert viewer.b_window == (3.5, 7.0)


def test_a_second_window_is_kept_apart(ball, later):
    viewer = view.compare(ball, later, window="lung", b_window="bone")
    assert (viewer.window, viewer.b_window) == ((-600.0, 1500.0), (400.0, 1800.0))


def test_linked_positions_move_together_and_unlinked_ones_do_not(ball, later):
    viewer = view.compare(ball, later)
    viewer.index = 3
    assert viewer.b_position == viewer.position
    viewer.linked = False
    viewer.b_position = (9, 0, 0)
    viewer.index = 5
    assert (viewer.position[0], viewer.b_position[0]) == (5, 9)
    viewer.linked = True
    assert viewer.b_position == viewer.position


def test_the_default_difference_is_that_of_the_images(ball, later):
    assert view.compare(ball, later).difference == 30.0
    assert view.compare(ball, ball).difference == 1.0


def test_the_picture_of_a_blend_is_the_weighted_sum(ball):
    brighter = ball.replace(array=np.full_like(ball.array, 140))
    viewer = view.compare(ball, brighter, mode="blend", blend=0.25, window=(0, 400), index=0)
    assert shown(viewer)[20, 20] == pytest.approx([0.25 * 255 * 340 / 400] * 3, abs=1)


def test_the_picture_of_a_checkerboard_holds_both(ball):
    white = ball.replace(array=np.full_like(ball.array, 3000))
    viewer = view.compare(ball, white, mode="checkerboard", squares=4, index=0)
    picture = shown(viewer)
    rows, cols = picture.shape[:2]
    side = max(rows, cols) / 4
    at = lambda r, c: picture[int((r + 0.5) * side), int((c + 0.5) * side), 0]  # noqa: E731
    assert [[at(r, c) for c in range(3)] for r in range(4)] == [[0, 255, 0], [255, 0, 255]] * 2


def test_the_picture_of_a_difference_is_white_where_there_is_none(ball):
    values = ball.array.copy()
    values[:, :, 30:] += 100
    values[:, :, :10] -= 100
    picture = shown(view.compare(ball, ball.replace(array=values), mode="difference"))
    more, none, less = (picture[5, int(c / 52 * picture.shape[1])] for c in (40, 20, 5))
    assert more[0] > more[2] + 50
    assert less[2] > less[0] + 50
    assert none.min() > 240


def test_outside_of_the_second_image_the_first_is_shown_alone(ball, coarse):
    blend = view.compare(
        ball, coarse, mode="blend", blend=1.0, b_colormap="hot", window=(-1000, 1000), index=8
    )
    alone = shown(view.slices(ball, window=(-1000, 1000), index=8))
    assert np.array_equal(shown(blend)[0, 0], alone[0, 0])


def test_masks_of_the_first_image_lie_over_both(ball, later):
    plain = shown(view.compare(ball, later, index=8))
    marked = shown(view.compare(ball, later, mask=ball.array > 0, index=8, opacity=1, colors=["#00ff00"]))
    rows, cols = plain.shape[:2]
    for column in (cols // 4, 3 * cols // 4):
        assert tuple(marked[rows // 2, column]) == (0, 255, 0)
        assert tuple(plain[rows // 2, column]) != (0, 255, 0)


def test_requests_name_the_image(ball, later):
    viewer, sent = view.compare(ball, later), []
    viewer.send = lambda content, buffers=(): sent.append((content, buffers))
    viewer._answer(None, {"kind": "want", "id": "a", "image": 1, "axis": 0, "time": 0, "indices": [4]}, [])
    content, buffers = sent[0]
    assert content == {"kind": "planes", "id": "a", "image": 1}
    assert later.array[4].tobytes() in buffers[0]


def test_the_output_holds_a_widget_or_in_reports_a_page(ball, later, monkeypatch):
    data, _ = view.compare(ball, later)._repr_mimebundle_()
    assert WIDGET in data
    assert "image/png" in data
    monkeypatch.setenv("MEDLAB_STATIC_VIEWS", "1")
    data, _ = view.compare(ball, later)._repr_mimebundle_()
    assert WIDGET not in data
    assert data["text/html"].startswith("<iframe srcdoc=")


@pytest.mark.parametrize("most", [250_000, 600_000])
def test_the_page_of_two_images_is_never_larger_than_asked(most, rng):
    noise = Image(rng.integers(-1000, 1000, (20, 160, 160)).astype(np.int16), modality="CT", units="HU")
    page = view.compare(noise, noise.replace(array=noise.array[::-1].copy())).to_html(max_bytes=most)
    assert len(page.encode()) <= most
    assert "B CT: " in page


def test_repr_and_state_are_plain(ball, coarse):
    viewer = view.compare(ball, coarse, mode="blend")
    assert repr(viewer).startswith("<CompareViewer blend, axial slice 8 of <Image CT")
    json.dumps([viewer._scene, viewer._state()], allow_nan=False)


def test_no_trait_takes_the_place_of_one_of_ipywidgets():
    from ipywidgets import DOMWidget

    own = {n for n, t in view.CompareViewer.class_traits().items() if t.this_class is view.CompareViewer}
    assert own & set(DOMWidget.class_traits()) == set()
