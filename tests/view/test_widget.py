import base64
import io
import json
import struct

import numpy as np
import pytest
from PIL import Image as Pillow

from medlab import Image, view
from medlab.view import SliceViewer

WIDGET = "application/vnd.jupyter.widget-view+json"


def header(block):
    (length,) = struct.unpack_from("<I", block)
    return json.loads(block[4 : 4 + length])


@pytest.fixture
def viewer(ball):
    return view.slices(ball)


@pytest.fixture
def sent(viewer):
    messages = []
    viewer.send = lambda content, buffers=(): messages.append((content, buffers))
    return messages


def test_slices_returns_a_widget_at_the_middle_slice(viewer):
    assert isinstance(viewer, SliceViewer)
    assert (viewer.axis, viewer.index, viewer.time, viewer.window) == (0, 8, 0, (40.0, 400.0))


def test_with_a_mask_it_starts_where_most_of_the_mask_is(ball):
    mask = np.zeros(ball.shape, bool)
    mask[2, 5, 5] = True
    mask[11, 20:30, 10:14] = True
    viewer = view.slices(ball, mask)
    assert viewer.position == (11, 24, 12)


def test_an_array_is_wrapped_with_its_spacing_unknown():
    assert view.slices(np.zeros((5, 6, 7))).image.space == "pixel"


def test_a_plane_can_be_named(ball):
    viewer = view.slices(ball, axis="coronal", index=-1)
    assert (viewer.axis, viewer.index) == (1, 47)


def test_index_axis_and_position_follow_each_other(viewer):
    viewer.index = 3
    assert viewer.position == (3, 23, 25)
    viewer.axis = "sagittal"
    assert (viewer.axis, viewer.index) == (2, 25)
    viewer.position = (1, 2, 4)
    assert viewer.index == 4
    viewer.index = 9
    assert viewer.position == (1, 2, 9)


def test_what_lies_outside_is_moved_inside(viewer):
    viewer.index = 999
    assert viewer.index == 15
    viewer.position = [-4, 1000, 3.4]
    assert viewer.position == (0, 47, 3)


def test_a_window_may_be_set_by_name_or_numbers(viewer):
    viewer.window = "lung"
    assert viewer.window == (-600.0, 1500.0)
    viewer.window = [10, 20]
    assert viewer.window == (10.0, 20.0)
    with pytest.raises(ValueError, match=r"Unknown window"):
        viewer.window = "lunge"
    assert viewer.window == (10.0, 20.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"index": 16}, "index must lie between 0 and 15"),
        ({"axis": 3}, "axis must be"),
        ({"time": 1}, "time must lie between 0 and 0"),
        ({"opacity": 1.5}, "opacity"),
        ({"colormap": "rainbows"}, "Unknown colormap 'rainbows'"),
        ({"mask": np.zeros((3, 3), bool)}, "must have the image's shape"),
    ],
)
def test_impossible_options_are_refused(ball, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        view.slices(ball, **options)


def test_the_slice_shown_travels_first_and_alone_when_slices_are_large():
    viewer = view.slices(Image(np.zeros((30, 800, 800), np.int16)), index=17)
    assert [p["index"] for p in header(viewer._first)] == [17]


def test_the_first_slice_is_part_of_the_state_the_browser_opens_with(ball, monkeypatch):
    opened = []
    monkeypatch.setattr(SliceViewer, "open", lambda self: opened.append(len(self._first)))
    view.slices(ball)
    assert opened[0] > ball.array[0].nbytes


def test_a_small_image_travels_at_once_nearest_first(ball):
    assert [p["index"] for p in header(view.slices(ball, index=2)._first)] == [2, 3, 1, 4, 0, *range(5, 16)]


def test_the_first_message_stays_small_however_many_slices_there_are():
    image = Image(np.broadcast_to(np.zeros((512, 512), np.int16), (600, 512, 512)), modality="CT", units="HU")
    assert len(view.slices(image)._first) < 1_100_000


def test_planes_are_sent_in_the_order_asked_for(viewer, sent):
    viewer._answer(None, {"kind": "want", "id": "a", "axis": 0, "time": 0, "indices": [9, 2, 11]}, [])
    ((content, buffers),) = sent
    assert content == {"kind": "planes", "id": "a"}
    assert [p["index"] for p in header(buffers[0])] == [9, 2, 11]


def test_a_plane_across_the_slices_is_cut_in_python(viewer, sent, ball):
    viewer._answer(None, {"kind": "want", "id": "a", "axis": 2, "time": 0, "indices": [30]}, [])
    block = sent[0][1][0]
    at, size = header(block)[0]["image"]
    start = 4 + struct.unpack_from("<I", block)[0] + at
    assert np.array_equal(np.frombuffer(block[start : start + size], np.int16), ball.array[:, :, 30].ravel())


def test_planes_outside_are_left_out(viewer, sent):
    viewer._answer(None, {"kind": "want", "id": "a", "axis": 0, "time": 0, "indices": [-1, 5, 16]}, [])
    assert [p["index"] for p in header(sent[0][1][0])] == [5]


@pytest.mark.parametrize("content", [None, "want", {}, {"kind": "other"}])
def test_foreign_messages_are_not_answered(viewer, sent, content):
    viewer._answer(None, content, [])
    assert sent == []


def test_a_request_that_makes_no_sense_is_answered_with_its_error(viewer, sent):
    viewer._answer(None, {"kind": "want", "id": "a", "axis": "x", "time": 0, "indices": [1]}, [])
    content, _ = sent[0]
    assert content["kind"] == "error"
    assert "ValueError" in content["message"]


def test_the_output_holds_a_widget_and_a_picture(viewer):
    data, _ = viewer._repr_mimebundle_()
    assert data[WIDGET]["model_id"] == viewer.model_id
    assert "text/html" not in data
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")


def test_for_reports_the_output_is_a_page_and_no_widget(viewer, monkeypatch):
    monkeypatch.setenv("MEDLAB_STATIC_VIEWS", "1")
    data, _ = viewer._repr_mimebundle_()
    assert WIDGET not in data
    assert data["text/html"].startswith("<iframe srcdoc=")
    assert 'title="Slice viewer CT"' in data["text/html"]
    assert "image/png" in data


@pytest.mark.parametrize(("axis", "shown"), [(0, (48, 42)), (1, (32, 42)), (2, (32, 48))])
def test_the_picture_has_the_shape_of_the_patient(ball, axis, shown):
    picture = Pillow.open(io.BytesIO(view.slices(ball, axis=axis).to_png(labelled=False)))
    assert picture.width / picture.height == pytest.approx(shown[1] / shown[0], rel=0.02)


def test_the_picture_is_drawn_with_the_head_up(ball):
    values = ball.array.copy()
    values[12:] = 3000
    viewer = view.slices(ball.replace(array=values), axis="coronal", index=0)
    picture = np.asarray(Pillow.open(io.BytesIO(viewer.to_png(labelled=False))).convert("RGB"))
    assert picture[: len(picture) // 5].mean() > 250
    assert picture[-len(picture) // 2 :].mean() < 5


def test_the_picture_is_small_even_for_noise(rng):
    noise = rng.integers(0, 60000, (1500, 1500)).astype(np.uint16)
    assert len(view.slices(noise).to_png()) <= 120_000


def test_monochrome1_is_inverted_for_display_only():
    values = np.tile(np.arange(64, dtype=np.uint16), (64, 1))
    image = Image(values, modality="CR", meta={"PhotometricInterpretation": "MONOCHROME1"})
    viewer = view.slices(image)
    row = np.asarray(Pillow.open(io.BytesIO(viewer.to_png(labelled=False))).convert("RGB"))[100, :, 0]
    assert row[0] == 255
    assert row[-1] == 0
    assert np.array_equal(viewer.image.array, values)


@pytest.mark.parametrize(
    "image",
    [
        np.full((3, 8, 8), np.nan),
        np.array([[np.inf, -np.inf], [0, 1]]),
        np.zeros((1, 1)),
        np.zeros((1, 1, 1)),
        np.array([[1e300, -1e300], [0, 1]]),
        np.array([[2**62, -(2**62)], [0, 1]]),
        np.zeros((4, 5), bool),
    ],
    ids=["nan", "infinite", "one pixel", "one voxel", "huge", "huge integers", "boolean"],
)
def test_unusual_values_have_a_picture_and_a_page(image):
    viewer = view.slices(image)
    assert viewer.to_png()
    assert "medlab-data" in viewer.to_html()


def test_the_state_of_every_view_is_plain_json(ball):
    viewer = view.slices(ball, {"a": ball.array > 0}, colormap="hot")
    json.dumps(viewer._scene, allow_nan=False)
    json.dumps(viewer._state(), allow_nan=False)


def test_repr_says_what_is_shown(viewer):
    assert repr(viewer).startswith("<SliceViewer axial slice 8 of <Image CT zyx (16, 48, 52)")


def test_no_trait_takes_the_place_of_one_of_ipywidgets():
    from ipywidgets import DOMWidget

    own = {n for n, t in SliceViewer.class_traits().items() if t.this_class is SliceViewer}
    assert own & set(DOMWidget.class_traits()) == set()
