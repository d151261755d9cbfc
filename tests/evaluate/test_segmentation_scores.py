import numpy as np
import pytest
from scipy.spatial.distance import cdist

from medlab.evaluate import dice, segmentation, segmentation_cases, surface_distances


@pytest.fixture
def square():
    mask = np.zeros((1, 20, 20), np.uint8)
    mask[0, 5:15, 5:15] = 1
    return mask


@pytest.fixture
def balls():
    k, j, i = np.mgrid[:12, :30, :30]
    return [(2.0 * (k - 6)) ** 2 + (j - 15) ** 2 + (i - c) ** 2 < r**2 for c, r in [(14, 8), (16, 7)]]


def test_dice_by_hand():
    assert dice([1, 1, 1, 0], [0, 1, 1, 1]) == pytest.approx(2 * 2 / 6)


def test_dice_of_two_empty_masks_is_one_and_of_one_empty_mask_nought():
    assert (dice([0, 0], [0, 0]), dice([1, 0], [0, 0])) == (1.0, 0.0)


def test_a_shift_along_columns_is_measured_in_their_spacing(square):
    row = segmentation_cases(square, np.roll(square, 3, axis=2), spacing=(1.0, 0.5)).iloc[0]
    assert (row.dice, row.iou) == pytest.approx((0.7, 70 / 130))
    assert row.hd95_mm == pytest.approx(1.5)
    assert row.area_error_mm2 == 0


def test_volume_error_is_in_millilitres_and_signed(balls):
    row = segmentation_cases([balls[0]], [balls[1]], spacing=(2.0, 1.0, 1.0)).iloc[0]
    assert row.volume_error_ml == pytest.approx((balls[1].sum() - balls[0].sum()) * 2 / 1000)
    assert row.volume_error_ml < 0


def test_surface_distances_agree_with_all_pairs(balls):
    spacing = (2.0, 1.0, 1.0)
    edges = [np.argwhere(_edge(ball)) * spacing for ball in balls]
    pairs = cdist(*edges)
    there, back = surface_distances(*balls, spacing)
    np.testing.assert_allclose(np.sort(there), np.sort(pairs.min(axis=1)))
    np.testing.assert_allclose(np.sort(back), np.sort(pairs.min(axis=0)))
    row = segmentation_cases([balls[0]], [balls[1]], spacing).iloc[0]
    assert row.hd95_mm == pytest.approx(max(np.percentile(pairs.min(axis=k), 95) for k in (0, 1)))
    assert row.surface_distance_mm == pytest.approx(np.r_[pairs.min(axis=0), pairs.min(axis=1)].mean())


def test_a_mask_at_the_edge_of_the_image_has_a_surface_there():
    full = np.ones((5, 5))
    there, _ = surface_distances(full, full, (1, 1))
    assert len(there) == 16


def test_each_case_may_have_its_own_spacing(square):
    moved = np.roll(square, 2, axis=1)
    table = segmentation_cases([square[0]] * 2, [moved[0]] * 2, spacing=[(1, 1), (3, 1)])
    assert table.hd95_mm.tolist() == pytest.approx([2, 5]) or table.hd95_mm.tolist() == pytest.approx([2, 6])


def test_both_empty_agree_and_one_empty_leaves_distances_undefined(square):
    empty = np.zeros_like(square)
    table = segmentation_cases(np.r_[empty, square], np.r_[empty, empty], spacing=(1, 1))
    assert table[["dice", "iou", "hd95_mm"]].iloc[0].tolist() == [1, 1, 0]
    assert table.dice[1] == 0
    assert np.isnan(table[["hd95_mm", "surface_distance_mm"]].iloc[1]).all()


def test_the_summary_counts_cases_without_a_distance(square):
    true = np.repeat(square, 8, axis=0)
    predicted = np.roll(true, 1, axis=2)
    predicted[0] = 0
    table = segmentation(true, predicted, spacing=(1, 1))
    assert table.loc[(1, "hd95_mm"), ["n", "undefined"]].tolist() == [7, 1]
    assert table.loc[(1, "dice"), ["mean", "worst", "n"]].tolist() == pytest.approx([7 * 0.9 / 8, 0, 8])


def test_the_interval_is_by_patient(square, rng):
    shifts = rng.integers(0, 6, 12)
    true = np.repeat(square, 48, axis=0)
    predicted = np.stack([np.roll(square[0], shifts[case // 4], axis=1) for case in range(48)])
    by_case = segmentation(true, predicted, (1, 1)).loc[(1, "dice")]
    by_patient = segmentation(true, predicted, (1, 1), groups=np.arange(48) // 4).loc[(1, "dice")]
    assert by_patient.high - by_patient.low > 1.5 * (by_case.high - by_case.low)


def test_few_patients_get_no_interval(square):
    table = segmentation(np.repeat(square, 4, axis=0), np.repeat(np.roll(square, 1, 1), 4, axis=0), (1, 1))
    assert np.isnan(table.low).all()


def test_labels_are_scored_one_by_one(square):
    true = square.astype(int)
    true[0, :3, :3] = 2
    table = segmentation_cases(true, np.where(true == 2, 0, true), spacing=(1, 1)).set_index("label")
    assert table.dice.to_dict() == {1: 1.0, 2: 0.0}


def test_a_channel_axis_is_dropped(square):
    assert segmentation_cases(square[..., None], square[..., None], (1, 1)).dice.tolist() == [1.0]


def test_probabilities_are_refused(square):
    with pytest.raises(ValueError, match=r"predicted > 0\.5"):
        segmentation_cases(square, square * 0.4, (1, 1))


def test_masks_of_0_and_255_are_not_taken_for_a_complete_miss(square):
    with pytest.raises(ValueError, match=r"true holds labels \[1\], predicted \[255\]"):
        segmentation_cases(square, square.astype(int) * 255, (1, 1))


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="Resample one"):
        dice(np.zeros((3, 3)), np.zeros((3, 4)))


def test_distances_to_an_empty_mask_are_refused(square):
    with pytest.raises(ValueError, match="not empty"):
        surface_distances(square[0], 0 * square[0], (1, 1))


def _edge(mask):
    padded = np.pad(mask, 1)
    inside = np.ones_like(mask)
    for axis in range(mask.ndim):
        for step in (-1, 1):
            inside &= np.roll(padded, step, axis)[(slice(1, -1),) * mask.ndim]
    return mask & ~inside
