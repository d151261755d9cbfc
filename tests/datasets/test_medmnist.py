"""MedMNIST: the published pictures, labels and parts."""

from __future__ import annotations

import dataclasses
import hashlib
import io

import numpy as np
import pytest
from loopback import Behaviour

from medlab import datasets
from medlab.datasets import medmnist
from medlab.datasets.record import Archive, records

SETS = [r for r in records().values() if r.loader == "medmnist:load"]


def packed(shape, labels, rng):
    """An npz of MedMNIST's form: 5, 2 and 3 pictures."""
    arrays = {}
    for part, n in (("train", 5), ("val", 2), ("test", 3)):
        arrays[f"{part}_images"] = rng.integers(0, 256, (n, *shape), np.uint8)
        arrays[f"{part}_labels"] = rng.integers(0, 2, (n, labels), np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return arrays, buffer.getvalue()


@pytest.fixture
def published(cache, blank, web, rng):  # noqa: ARG001
    """Serve a set of MedMNIST's form; give its record and its arrays."""

    def publish(shape=(28, 28), labels=1, variant=""):
        arrays, content = packed(shape, labels, rng)
        web.files["x.npz"] = Behaviour(content)
        archive = Archive(
            (web.url + "x.npz",),
            md5=hashlib.md5(content).hexdigest(),  # noqa: S324
            file="x.npz",
            variant=variant,
        )
        names = {str(i): f"class {i}" for i in range(max(labels, 2))}
        channels = 3 if shape[-1] == 3 else 1
        return dataclasses.replace(
            blank, archives=(archive,), labels=names, options={"channels": channels}
        ), arrays

    return publish


def test_there_are_eighteen_sets_each_with_all_sizes_that_were_published():
    volumes = [r for r in SETS if r.name.endswith("3d")]
    assert (len(SETS), len(volumes)) == (18, 6)
    assert {r.variants for r in volumes} == {("64",)}
    assert {r.variants for r in SETS if r not in volumes} == {("64", "128", "224")}
    digests = [a.md5 for r in SETS for a in r.archives]
    assert len(set(digests)) == len(digests) == 6 * 2 + 12 * 4


@pytest.mark.parametrize(("shape", "axes"), [((28, 28), "yx"), ((28, 28, 3), "yxc"), ((28, 28, 28), "zyx")])
def test_pictures_and_volumes_have_their_axes(published, shape, axes):
    record, arrays = published(shape)
    case = medmnist.load(record)[6]
    assert case.image.axes == axes
    np.testing.assert_array_equal(case.image.array, arrays["val_images"][1])
    assert case.facts["split"] == "val"
    assert case.facts["label"] == arrays["val_labels"][1, 0]


def test_arrays_of_a_part_are_those_of_the_file(published):
    record, arrays = published()
    x, y = medmnist.load(record).arrays("test")
    np.testing.assert_array_equal(x, arrays["test_images"])
    np.testing.assert_array_equal(y, arrays["test_labels"][:, 0])


def test_arrays_of_chosen_rows_keep_their_order(published):
    record, arrays = published()
    data = medmnist.load(record)
    x, y = data.select([9, 0, 5]).arrays()
    first = [arrays["test_images"][2], arrays["train_images"][0], arrays["val_images"][0]]
    np.testing.assert_array_equal(x, first)
    assert [*y] == [data.table["label"][i] for i in (9, 0, 5)]
    assert data.select([]).arrays()[0].shape == (0, 28, 28)


def test_several_labels_have_a_column_each(published):
    record, arrays = published(labels=3)
    data = medmnist.load(record)
    names = ["class 0", "class 1", "class 2"]
    _, y = data.arrays("train", names)
    np.testing.assert_array_equal(y, arrays["train_labels"])
    for row in data.table.itertuples():
        said = [name for name in names if name in row.label_name]
        assert len(said) == sum(data.table.loc[row.Index, names])


def test_patients_are_said_to_be_unknown(published):
    table = medmnist.load(published()[0]).table
    assert table["patient"].str.startswith("unknown").all()
    assert table["patient"].is_unique


def test_another_size_is_another_file(published):
    record, arrays = published((64, 64), variant="64")
    x, _ = medmnist.load(record, size=64).arrays("val")
    np.testing.assert_array_equal(x, arrays["val_images"])


def test_a_size_that_was_not_published_is_refused():
    with pytest.raises(ValueError, match="28, 64, 128, 224; got size=32"):
        datasets.load("breastmnist", size=32)


@pytest.mark.mirror
@pytest.mark.usefixtures("mirror")
@pytest.mark.parametrize("name", ["breastmnist", "adrenalmnist3d", "pneumoniamnist"])
def test_the_real_sets_have_the_published_counts(name, cache, mirror, monkeypatch):  # noqa: ARG001
    monkeypatch.setenv("MEDLAB_DATA_MIRROR", str(mirror))
    data = datasets.load(name, strict=True)
    counts = data.table["split"].value_counts()
    for part, said in data.record.splits.items():
        assert f"{counts[part]:,}" == said.split()[0]
        assert len(data.arrays(part)[0]) == counts[part]


@pytest.mark.mirror
def test_pneumonia_has_the_published_classes(cache, mirror, monkeypatch):  # noqa: ARG001
    monkeypatch.setenv("MEDLAB_DATA_MIRROR", str(mirror))
    table = datasets.load("pneumoniamnist", strict=True).table
    found = table.groupby(["split", "label_name"], observed=True).size()
    expected = {"train": (1214, 3494), "val": (135, 389), "test": (234, 390)}
    for part, (normal, pneumonia) in expected.items():
        assert (found[part, "normal"], found[part, "pneumonia"]) == (normal, pneumonia)
