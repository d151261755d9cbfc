import json
import zipfile

import numpy as np
import pytest

import medlab
from medlab import provenance
from medlab.models import UnsafeModelError


@pytest.fixture
def model():
    return medlab.models.classifier((8, 8, 1), filters=(2,), name="small")


def _rewritten(file, **replaced):
    """Write the archive again with other contents for some of its files."""
    with zipfile.ZipFile(file) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    contents.update(replaced)
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def test_what_is_told_and_what_is_known_come_back(model, tmp_path):
    file = medlab.models.save(model, tmp_path / "m.keras", {"scores": {"auc": 0.9, "interval": (0.8, 0.95)}})
    card = medlab.models.card(file)
    assert card["scores"] == {"auc": 0.9, "interval": [0.8, 0.95]}
    assert card["name"] == "small"
    assert card["parameters"] == model.count_params()
    assert card["inputs"] == {"image": [8, 8, 1]}
    assert "Not a medical device" in card["intended_use"]
    assert {"medlab", "keras", "numpy", "python", "backend"} <= set(card["versions"])


def test_data_seed_and_training_come_from_this_session(model, tmp_path, rng):
    provenance.clear()
    provenance.record("data", name="set", sha256="abc", source="here", licence="CC0")
    x, y = rng.uniform(size=(8, 8, 8, 1)), np.arange(8) % 2
    medlab.train.fit(model, (x, y), (x, y), epochs=1, seed=7, verbose=False)
    card = medlab.models.card(medlab.models.save(model, tmp_path / "m.keras"))
    provenance.clear()
    assert card["data"] == [{"name": "set", "sha256": "abc", "source": "here", "licence": "CC0"}]
    assert card["seeds"][0]["seed"] == 7
    assert [t["name"] for t in card["training"]] == ["small"]


def test_a_model_with_a_card_loads_safely_and_predicts_the_same(model, tmp_path, rng):
    file = medlab.models.save(model, tmp_path / "m.keras")
    images = rng.uniform(size=(2, 8, 8, 1)).astype("float32")
    loaded = medlab.models.load(file)
    np.testing.assert_allclose(np.asarray(loaded(images)), np.asarray(model(images)), atol=1e-6)


def test_saving_again_replaces_the_file_and_leaves_nothing_else(model, tmp_path):
    medlab.models.save(model, tmp_path / "m.keras", {"limits": "first"})
    medlab.models.save(model, tmp_path / "m.keras", {"limits": "second"})
    assert medlab.models.card(tmp_path / "m.keras")["limits"] == "second"
    assert [f.name for f in tmp_path.iterdir()] == ["m.keras"]


def test_numbers_of_numpy_are_written_as_numbers(model, tmp_path):
    file = medlab.models.save(model, tmp_path / "m.keras", {"scores": np.float32(0.5), "ages": np.arange(2)})
    assert (medlab.models.card(file)["scores"], medlab.models.card(file)["ages"]) == (0.5, [0, 1])


@pytest.mark.parametrize("value", [float("nan"), object()])
def test_what_json_cannot_hold_is_refused_before_anything_is_written(value, model, tmp_path):
    with pytest.raises(ValueError, match="only what JSON can"):
        medlab.models.save(model, tmp_path / "m.keras", {"scores": value})
    assert not list(tmp_path.iterdir())


def test_a_card_for_other_weights_is_not_believed(model, tmp_path):
    file = medlab.models.save(model, tmp_path / "m.keras")
    other = medlab.models.save(medlab.models.classifier((8, 8, 1), filters=(2,)), tmp_path / "o.keras")
    with zipfile.ZipFile(other) as archive:
        weights = archive.read("model.weights.h5")
    _rewritten(file, **{"model.weights.h5": weights})
    with pytest.raises(ValueError, match="other weights"):
        medlab.models.card(file)


def test_a_checksum_cannot_be_told(model, tmp_path):
    file = medlab.models.save(model, tmp_path / "m.keras", {"weights_sha256": "0"})
    assert len(medlab.models.card(file)["weights_sha256"]) == 64


def test_a_model_without_a_card_says_so(model, tmp_path):
    model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="carries no card"):
        medlab.models.card(tmp_path / "m.keras")


def test_a_card_that_is_too_large_is_not_read(model, tmp_path):
    file = medlab.models.save(model, tmp_path / "m.keras")
    _rewritten(file, **{"card.json": json.dumps({"x": "a" * 2**20}).encode()})
    with pytest.raises(ValueError, match="larger than"):
        medlab.models.card(file)


def test_any_other_file_in_the_archive_is_still_refused(model, tmp_path):
    file = medlab.models.save(model, tmp_path / "m.keras")
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("more.json", "{}")
    with pytest.raises(UnsafeModelError, match=r"more\.json"):
        medlab.models.load(file)


def test_only_keras_files_carry_a_card(model, tmp_path):
    with pytest.raises(ValueError, match=r"end in '\.keras'"):
        medlab.models.save(model, tmp_path / "m.weights.h5")
