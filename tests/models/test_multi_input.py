import numpy as np
import pytest

import medlab


def test_image_and_table_train_together_and_the_table_is_used(rng):
    medlab.train.set_seed(0)
    table = rng.normal(size=(64, 2)).astype("float32")
    x = {"image": rng.uniform(size=(64, 6, 6, 1)).astype("float32"), "table": table}
    y = (table[:, 1] > 0).astype(int)
    model = medlab.models.multi_input((6, 6, 1), table=2, filters=(2,), hidden=8)
    medlab.train.fit(model, (x, y), (x, y), epochs=20, learning_rate=0.02, verbose=False)
    accuracy = ((model.predict(x, verbose=0)[:, 0] > 0.5) == y).mean()
    assert accuracy > 0.9


def test_the_table_alone_has_one_input_and_no_image():
    model = medlab.models.multi_input(table=4, classes=3)
    assert model.input_shape == (None, 4)
    assert model(np.zeros((2, 4))).shape == (2, 3)


def test_the_image_alone_has_one_input_and_no_table():
    assert medlab.models.multi_input((9, 9, 1), filters=(2,)).input_shape == (None, 9, 9, 1)


def test_several_images_of_different_dimensions():
    model = medlab.models.multi_input({"ct": (4, 9, 9, 1), "xray": (11, 13, 1)}, filters=(2, 4))
    assert set(model.input) == {"ct", "xray"}
    images = {"ct": np.zeros((1, 4, 9, 9, 1)), "xray": np.zeros((1, 11, 13, 1))}
    assert model(images).shape == (1, 1)


def test_the_order_of_words_matters():
    model = medlab.models.multi_input(text=(10, 4), hidden=8)
    one, other = np.asarray(model(np.array([[1, 2, 3, 0], [3, 2, 1, 0]])))
    assert abs(one - other) > 1e-6


def test_nothing_to_look_at_is_refused():
    with pytest.raises(ValueError, match="nothing to look at"):
        medlab.models.multi_input()


def test_an_image_cannot_be_named_as_the_table():
    with pytest.raises(ValueError, match="cannot be named"):
        medlab.models.multi_input({"table": (8, 8, 1)}, table=3)


def test_a_table_without_columns_is_refused():
    with pytest.raises(ValueError, match="number of table must be at least 1"):
        medlab.models.multi_input(table=0)
