"""Drawings as Python holds, saves and reloads them."""

import json

import numpy as np
import pytest

import medlab
from medlab import Image, view
from medlab.view import coco, packet

SHAPES = [
    {"kind": "box", "label": 1, "slice": 3, "points": [[4, 6], [10, 20]]},
    {"kind": "ellipse", "label": 2, "slice": 8, "points": [[14.0, 16.0], [34.0, 36.0]]},
    {"kind": "point", "label": 2, "slice": 8, "points": [[24.3, 26.9]]},
    {"kind": "length", "label": 1, "slice": 8, "points": [[10.5, 10.5], [40.5, 50.5]]},
]


@pytest.fixture
def drawing(ball):
    return view.annotate(ball, labels=["nodule", "vessel"])


@pytest.fixture
def drawn(drawing, rng):
    """A drawing whose mask holds both labels in ragged regions."""
    values = np.zeros(drawing.image.shape, np.uint8)
    values[2:9, 10:30, 5:40] = rng.integers(0, 3, (7, 20, 35))
    drawing.mask = values
    drawing._shapes = SHAPES
    return drawing


def sent_by(drawing):
    messages = []
    drawing.send = lambda content, buffers=(): messages.append((content, buffers))
    return messages


def test_it_starts_empty_on_the_images_grid(drawing):
    assert drawing.mask.same_grid(drawing.image)
    assert not drawing.mask.array.any()
    assert dict(drawing.mask.labels) == {1: "nodule", 2: "vessel"}
    assert len(drawing.boxes) == len(drawing.measurements) == 0


def test_it_goes_on_with_a_mask(ball):
    mask = ball.as_mask(ball.array > 0)
    assert np.array_equal(view.annotate(ball, ["ball"], mask).mask.array, mask.array)


def test_named_labels_are_matched_by_name(ball):
    mask = ball.as_mask(np.where(ball.array > 0, np.uint8(7), np.uint8(0)), {7: "vessel"})
    assert set(np.unique(view.annotate(ball, ["nodule", "vessel"], mask).mask.array)) == {0, 2}


def test_the_mask_handed_out_is_a_copy(drawing):
    drawing.mask.array[:] = 1
    assert not drawing.mask.array.any()


@pytest.mark.parametrize(
    ("labels", "mask", "message"),
    [
        ([], None, "labels must be a list"),
        ("nodule", None, "labels must be a list"),
        (["a", "a"], None, "different names"),
        (["a"], np.full((16, 48, 52), 2), "not among"),
        (["a"], np.zeros((3, 3), bool), "of shape"),
        (["a"], np.zeros((16, 48, 52)), "booleans or integers"),
    ],
)
def test_what_does_not_fit_is_refused(ball, labels, mask, message):
    with pytest.raises(ValueError, match=message):
        view.annotate(ball, labels, mask)


def test_a_mask_of_another_grid_is_refused(ball, drawing):
    other = ball.as_mask(ball.array > 0).replace(affine=ball.affine + np.eye(4, k=3))
    with pytest.raises(ValueError, match=r"another grid.*mask\.like\(image\)"):
        drawing.mask = other


def test_time_points_must_be_picked_first():
    with pytest.raises(ValueError, match="3 times"):
        view.annotate(Image(np.zeros((3, 4, 5, 6)), axes="tzyx"))


def test_the_frames_of_a_cine_have_a_mask_each():
    cine = Image(np.zeros((5, 20, 30, 3), np.uint8), axes="tyxc", modality="US")
    drawing = view.annotate(cine)
    drawing.mask = np.ones((5, 20, 30), bool)
    assert (drawing.mask.axes, drawing.mask.shape, int(drawing.mask.array.sum())) == (
        "tyx",
        (5, 20, 30),
        3000,
    )


def test_a_piece_of_a_slice_lands_where_it_belongs(drawing):
    messages = sent_by(drawing)
    codes = np.arange(100, dtype=np.uint8) % 3
    block, coding = packet.encode_runs(codes)
    content = {"kind": "draw", "index": 5, "start": 200, "size": 100, "coding": coding}
    drawing._answer(None, content, [memoryview(block)])
    expected = np.zeros(drawing.image.shape, np.uint8)
    expected[5].ravel()[200:300] = codes
    assert np.array_equal(drawing.mask.array, expected)
    assert messages == [({"kind": "taken"}, ())]


@pytest.mark.parametrize(
    ("change", "block"),
    [
        ({"index": 99}, b"\1" * 10),
        ({"index": -1}, b"\1" * 10),
        ({"start": 48 * 52 - 5}, b"\1" * 10),
        ({"start": -1}, b"\1" * 10),
        ({"size": 11}, b"\1" * 10),
        ({}, b"\3" * 10),
    ],
    ids=["slice", "slice before", "end", "start", "size", "label"],
)
def test_a_piece_that_does_not_fit_is_refused_and_changes_nothing(drawing, change, block):
    messages = sent_by(drawing)
    content = {"kind": "draw", "index": 5, "start": 0, "size": 10, "coding": "raw"} | change
    drawing._answer(None, content, [block])
    assert messages[0][0]["kind"] == "refused"
    assert not drawing.mask.array.any()


def test_a_mask_set_in_python_travels_in_small_pieces(rng):
    noisy = Image(np.zeros((12, 1000, 1000), np.int16))
    drawing = view.annotate(noisy)
    messages = sent_by(drawing)
    drawing.mask = rng.integers(0, 2, noisy.shape).astype(np.uint8)
    assert [k for content, _ in messages for k, _ in content["slices"]] == list(range(12))
    assert max(sum(map(len, buffers)) for _, buffers in messages) < 4_000_000


def test_boxes_are_half_open_like_slices(drawn):
    (box,) = drawn.boxes.itertuples()
    assert (box.label, box.slice) == ("nodule", 3)
    inside = drawn.image.array[box.slice, box.row_start : box.row_stop, box.col_start : box.col_stop]
    assert np.array_equal(inside, drawn.image.array[3, 4:10, 6:20])


def test_measurements_are_in_millimetres_and_in_the_images_unit(drawn):
    table = drawn.measurements.set_index("kind")
    assert table.loc["length", "length"] == pytest.approx(np.hypot(30 * 1.0, 40 * 0.8))
    assert table.loc["box", "area"] == pytest.approx(6 * 1.0 * 14 * 0.8)
    assert table.loc["ellipse", "area"] == pytest.approx(np.pi * 10 * 1.0 * 10 * 0.8)
    j, i = np.mgrid[:48, :52]
    inside = drawn.image.array[8][(j + 0.5 - 24) ** 2 + (i + 0.5 - 26) ** 2 <= 100]
    assert table.loc["ellipse", "mean"] == pytest.approx(inside.mean())
    assert table.loc["ellipse", "sd"] == pytest.approx(inside.std())
    assert table.loc["point", "mean"] == drawn.image.array[8, 24, 26]
    position = drawn.image.index_to_position([8, 23.8, 26.4])
    assert table.loc["point", ["x", "y", "z"]].to_numpy(float) == pytest.approx(position)


def test_a_length_follows_a_sheared_grid():
    affine = np.array([[0, 0.5, 1.0, 0], [0, 1.0, 0, 0], [2.0, 0, 0, 0], [0, 0, 0, 1]])
    drawing = view.annotate(Image(np.zeros((2, 20, 20)), affine=affine))
    drawing._shapes = [{"kind": "length", "label": 1, "slice": 0, "points": [[0, 0], [10, 0]]}]
    assert drawing.measurements["length"][0] == pytest.approx(np.hypot(5, 10))


@pytest.mark.parametrize("name", ["drawing.nii.gz", "drawing.nrrd", "drawing.mha", "drawing.npz"])
def test_a_mask_is_saved_and_reloaded_voxel_for_voxel(drawn, ball, tmp_path, name):
    expected = drawn.mask.array
    with pytest.warns(UserWarning, match="save the 4 shapes as .json"):
        drawn.save(tmp_path / name)
    again = view.annotate(ball, ["nodule", "vessel"])
    again.load(tmp_path / name)
    assert np.array_equal(again.mask.array, expected)


def test_coco_keeps_the_mask_and_every_shape(drawn, ball, tmp_path):
    drawn.save(tmp_path / "drawing.json")
    again = view.annotate(ball, ["vessel", "nodule", "other"])
    again.load(tmp_path / "drawing.json")
    swapped = np.array([0, 2, 1], np.uint8)
    assert np.array_equal(again.mask.array, swapped[drawn.mask.array])
    assert again.boxes.equals(drawn.boxes)
    key = ["kind", "slice", "row"]
    first, second = (d.measurements.sort_values(key).reset_index(drop=True) for d in (drawn, again))
    assert first.equals(second)


def test_coco_says_what_others_read(drawn, tmp_path):
    content = json.loads(drawn.save(tmp_path / "drawing.json").read_text())
    assert content["categories"] == [{"id": 1, "name": "nodule"}, {"id": 2, "name": "vessel"}]
    assert {i["id"] - 1 for i in content["images"]} == {2, 3, 4, 5, 6, 7, 8}
    box = next(a for a in content["annotations"] if not a["iscrowd"])
    assert (box["image_id"], box["bbox"], box["area"]) == (4, [6, 4, 14, 6], 84)
    region = next(a for a in content["annotations"] if a["iscrowd"])
    plane = drawn.mask.array[region["image_id"] - 1] == region["category_id"]
    assert region["area"] == plane.sum()
    runs = region["segmentation"]["counts"]
    assert np.array_equal(np.repeat(np.arange(len(runs)) % 2, runs), plane.ravel(order="F"))


def test_coco_polygons_are_read(ball, tmp_path):
    polygon = [5, 4, 15, 4, 15, 10, 5, 10]
    content = {
        "images": [{"id": 3, "height": 48, "width": 52}],
        "categories": [{"id": 9, "name": "nodule"}],
        "annotations": [{"image_id": 3, "category_id": 9, "segmentation": [polygon], "bbox": [5, 4, 10, 6]}],
    }
    (tmp_path / "polygon.json").write_text(json.dumps(content))
    drawing = view.annotate(ball, ["nodule"])
    drawing.load(tmp_path / "polygon.json")
    expected = np.zeros(ball.shape, np.uint8)
    expected[2, 4:10, 5:15] = 1
    assert np.array_equal(drawing.mask.array, expected)


@pytest.mark.parametrize("density", [0, 0.3, 1])
def test_run_lengths_are_undone_exactly(density, rng):
    region = rng.random((13, 17)) < density
    assert np.array_equal(coco.decoded({"counts": coco.counts(region)}, (13, 17)), region)


@pytest.mark.parametrize(
    ("labels", "shape", "message"),
    [
        (["nodule"], (16, 48, 52), "labels"),
        (["nodule", "vessel"], (16, 40, 52), "48, 52"),
        (["nodule", "vessel"], (4, 48, 52), "at most 4"),
    ],
)
def test_a_file_of_something_else_is_refused(drawn, tmp_path, labels, shape, message):
    drawn.save(tmp_path / "drawing.json")
    other = view.annotate(Image(np.zeros(shape, np.int16)), labels)
    with pytest.raises(ValueError, match=message):
        other.load(tmp_path / "drawing.json")


def test_a_dicom_segmentation_is_saved_and_reloaded(ball, tmp_path):
    medlab.write(ball, tmp_path / "series")
    scan = medlab.read(tmp_path / "series")
    drawing = view.annotate(scan, ["nodule", "vessel"])
    values = np.zeros(scan.shape, np.uint8)
    values[3:6, 10:20, 10:30] = 2
    drawing.mask = values
    drawing.save(tmp_path / "seg.dcm", source=tmp_path / "series")
    again = view.annotate(scan, ["nodule", "vessel"])
    again.load(tmp_path / "seg.dcm")
    assert np.array_equal(again.mask.array, values)


def test_a_dicom_segmentation_needs_its_series(drawn, tmp_path):
    drawn._shapes = []
    with pytest.raises(ValueError, match="pass source="):
        drawn.save(tmp_path / "seg.dcm")


def test_nothing_is_replaced_unasked(drawn, tmp_path):
    drawn.save(tmp_path / "drawing.json")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        drawn.save(tmp_path / "drawing.json")


def test_the_browser_hears_that_all_is_saved(drawn, tmp_path):
    messages = sent_by(drawn)
    with pytest.warns(UserWarning, match="shapes"):
        drawn.save(tmp_path / "mask.nii.gz")
    assert messages == []
    drawn.save(tmp_path / "all.json")
    assert messages == [({"kind": "saved"}, ())]


def test_the_same_image_and_labels_have_the_same_fingerprint(ball):
    name = lambda image, labels: view.annotate(image, labels)._scene["drawing"]["fingerprint"]  # noqa: E731
    first = name(ball, ["a"])
    assert name(ball.replace(array=ball.array.copy()), ["a"]) == first
    assert name(ball, ["b"]) != first
    assert name(ball.replace(array=ball.array + 1), ["a"]) != first
    assert name(ball.replace(affine=ball.affine * [[1, 1, 2, 1]]), ["a"]) != first


def test_the_picture_shows_mask_and_shapes(drawn):
    import io

    from PIL import Image as Pillow

    drawn.index = 3
    with_box = np.asarray(Pillow.open(io.BytesIO(drawn.to_png(labelled=False))).convert("RGB")).astype(int)
    drawn._shapes = []
    without = np.asarray(Pillow.open(io.BytesIO(drawn.to_png(labelled=False))).convert("RGB")).astype(int)
    rows, cols = np.nonzero((with_box != without).any(axis=-1))
    scale = with_box.shape[0] / 48, with_box.shape[1] / 52
    corners = (rows.min() / scale[0], rows.max() / scale[0], cols.min() / scale[1], cols.max() / scale[1])
    assert corners == pytest.approx((4, 10, 6, 20), abs=0.5)


def test_repr_names_it(drawing):
    assert repr(drawing).startswith("<Annotator axial slice 8 of <Image CT")
