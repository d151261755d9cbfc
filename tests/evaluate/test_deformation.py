import numpy as np
import pytest

from medlab.evaluate import folding, jacobian_determinant, target_registration_error


def test_distances_are_in_the_unit_of_the_positions(rng):
    true = rng.normal(size=(50, 3)) * 30
    table = target_registration_error(true, true + np.array([3, 0, 4]), before=true + np.array([0, 12, 5]))
    assert table["mean"].tolist() == pytest.approx([5, 13])
    assert table["worst"].tolist() == pytest.approx([5, 13])


def test_landmarks_of_one_patient_have_no_interval(rng):
    true = rng.normal(size=(20, 3))
    moved = true + rng.normal(size=(20, 3))
    assert np.isnan(target_registration_error(true, moved, groups=np.zeros(20)).low.item())
    assert np.isfinite(target_registration_error(true, moved).low.item())


def test_landmarks_of_other_numbers_are_refused():
    with pytest.raises(ValueError, match=r"shapes \(2, 3\) and \(3, 3\)"):
        target_registration_error(np.zeros((2, 3)), np.zeros((3, 3)))


def test_the_determinant_of_a_linear_field_is_that_of_its_matrix(rng):
    matrix = np.eye(3) + 0.2 * rng.normal(size=(3, 3))
    grid = np.stack(np.meshgrid(*[np.arange(5.0)] * 3, indexing="ij"), axis=-1)
    field = grid @ (matrix - np.eye(3)).T
    np.testing.assert_allclose(jacobian_determinant(field), np.linalg.det(matrix))


def test_a_mirrored_half_folds():
    rows = np.arange(40.0)
    shift = np.where(rows < 20, 0, -2 * (rows - 20))
    field = np.stack([np.tile(shift[:, None], (1, 10)), np.zeros((40, 10))], axis=-1)
    assert folding(field) == pytest.approx(0.5, abs=0.03)
    mask = np.zeros((40, 10))
    mask[:15] = 1
    assert folding(field, mask) == 0


def test_a_field_without_components_is_refused():
    with pytest.raises(ValueError, match=r"got shape \(4, 4, 3\)"):
        jacobian_determinant(np.zeros((4, 4, 3)))
