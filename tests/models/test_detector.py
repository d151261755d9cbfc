import numpy as np
import pandas as pd
import pytest

import medlab
from medlab.models import DetectionLoss, box_columns, detection_targets, detections


def _boxes(rows, ndim=2, *, kinds=False):
    return pd.DataFrame(rows, columns=["image", *box_columns(ndim), *(["class"] if kinds else [])])


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_boxes_come_back_from_their_targets(stride):
    boxes = _boxes([[0, 3, 10.5, 20, 33], [0, 40, 49, 1, 8.25], [2, 20, 33, 50, 60]])
    found = detections(detection_targets(boxes, 3, (50, 61, 1), stride=stride), (50, 61, 1), stride=stride)
    found = found.sort_values(["image", "row_start"])
    np.testing.assert_allclose(found[boxes.columns], boxes, atol=1e-4)
    assert (found["score"] == 1).all()


def test_boxes_in_volumes_come_back_with_their_class():
    boxes = _boxes([[0, 1, 5, 3, 9, 10, 20, 1], [0, 1, 5, 3, 9, 10, 20, 0]], 3, kinds=True)
    target = detection_targets(boxes, 1, (9, 17, 22, 1), classes=2, stride=2)
    assert target.shape == (1, 5, 9, 11, 8)
    found = detections(target, (9, 17, 22, 1), stride=2).sort_values("class", ascending=False)
    np.testing.assert_allclose(found[boxes.columns], boxes, atol=1e-4)


def test_only_the_cell_of_the_centre_is_1():
    target = detection_targets(_boxes([[0, 0, 64, 0, 64], [0, 8, 16, 8, 16]]), 1, (64, 64, 1))
    assert np.argwhere(target[0, ..., 0] == 1).tolist() == [[3, 3], [8, 8]]
    assert target[0, ..., 0].max() == 1


def test_of_two_overlapping_boxes_the_more_probable_stays():
    prediction = np.zeros((1, 16, 16, 5), "float32")
    prediction[0, 5, 5] = [0.9, 0.5, 0.5, 4, 4]
    prediction[0, 5, 7] = [0.8, 0.5, 0.5, 4, 4]  # shifted by half a box: intersection over union 1/3
    shape = (64, 64, 1)
    assert len(detections(prediction, shape, overlap=0.4)) == 2
    kept = detections(prediction, shape, overlap=0.3)
    assert kept["score"].tolist() == [np.float32(0.9)]


def test_threshold_and_number_of_boxes_limit_what_is_found():
    prediction = np.zeros((2, 16, 16, 5), "float32")
    for k, score in enumerate((0.9, 0.6, 0.3)):
        prediction[:, 4 * k + 2, 2] = [score, 0.5, 0.5, 1, 1]
    shape = (64, 64, 1)
    assert detections(prediction, shape, threshold=0.5).groupby("image").size().tolist() == [2, 2]
    assert detections(prediction, shape, most=1)["score"].tolist() == [np.float32(0.9)] * 2


def test_boxes_are_cut_at_the_edge_of_the_image():
    prediction = np.zeros((1, 4, 4, 5), "float32")
    prediction[0, 0, 3] = [0.9, 0.5, 0.5, 6, 6]
    found = detections(prediction, (15, 16, 1)).iloc[0]
    assert found[box_columns(2)].tolist() == [0, 14, 2, 16]


def test_nothing_found_is_an_empty_table():
    found = detections(np.zeros((1, 4, 4, 5)), (16, 16, 1))
    assert list(found) == ["image", "class", "score", *box_columns(2)]
    assert found.empty


def test_it_learns_to_find_bright_squares(rng):
    medlab.train.set_seed(0)
    images, rows = rng.normal(scale=0.1, size=(40, 32, 32, 1)).astype("float32"), []
    for n in range(len(images)):
        row, col, high, wide = *rng.integers(2, 18, 2), *rng.integers(6, 12, 2)
        images[n, row : row + high, col : col + wide] += 1
        rows.append([n, row, row + high, col, col + wide])
    truth = _boxes(rows)
    data = (images, detection_targets(truth, 40, (32, 32, 1)))
    model = medlab.models.detector((32, 32, 1), filters=(8, 16, 16))
    medlab.train.fit(
        model, data, data, loss=DetectionLoss(), epochs=20, learning_rate=0.01, batch_size=8, verbose=False
    )
    found = detections(model.predict(images, verbose=0), (32, 32, 1), threshold=0.3)
    best = found.groupby("image").first()
    error = np.abs(best[box_columns(2)] - truth.loc[best.index, box_columns(2)]).mean(axis=1)
    assert len(best) >= 36
    assert (error < 2).mean() > 0.8


def test_the_loss_is_small_for_the_targets_and_grows_with_each_error():
    target = detection_targets(_boxes([[0, 8, 24, 8, 24]]), 1, (32, 32, 1))
    loss = DetectionLoss()
    perfect = target.copy()
    perfect[..., 0] = perfect[..., 0] == 1
    errors = [float(loss(target, perfect))]
    for channel in range(5):
        worse = perfect.copy()
        worse[0, 4, 4, channel] -= 0.5
        errors.append(float(loss(target, worse)))
    assert errors[0] < 1e-3
    np.testing.assert_allclose(errors[1], 0.5**2 * np.log(2), atol=1e-3)
    np.testing.assert_allclose(errors[2:], [0.5, 0.5, 0.05, 0.05], atol=1e-3)


def test_boxes_do_not_count_where_there_is_no_object():
    target = detection_targets(_boxes([[0, 8, 24, 8, 24]]), 1, (32, 32, 1))
    other = target.copy()
    other[0, 0, 0, 1:] = 100
    assert float(DetectionLoss()(target, target)) == float(DetectionLoss()(target, other))


@pytest.mark.parametrize("row", [[0, 5, 5, 1, 2], [0, -1, 5, 1, 2], [0, 1, 5, 1, 40], [3, 1, 5, 1, 2]])
def test_a_box_that_cannot_be_is_refused(row):
    with pytest.raises(ValueError, match="A box must be larger than nothing"):
        detection_targets(_boxes([row]), 2, (32, 32, 1))


def test_missing_columns_are_named():
    with pytest.raises(ValueError, match="row_stop"):
        detection_targets(_boxes([[0, 1, 2, 3, 4]]).drop(columns="row_stop"), 1, (32, 32, 1))


def test_a_prediction_for_another_size_is_refused():
    with pytest.raises(ValueError, match="prediction must have the shape"):
        detections(np.zeros((1, 8, 8, 5)), (64, 64, 1))


def test_a_stride_that_the_network_does_not_reach_is_refused():
    with pytest.raises(ValueError, match=r"stride must be one of \[1, 2\]"):
        medlab.models.detector((32, 32, 1), filters=(4, 8), stride=4)
