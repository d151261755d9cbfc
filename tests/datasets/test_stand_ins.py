"""Stand-ins fit: code that was written for a set runs on what stands in for it."""

from __future__ import annotations

import dataclasses
import itertools
import re

import numpy as np
import pytest
from loopback import refuse

from medlab import datasets
from medlab.datasets import catalogue, download
from medlab.datasets.places import in_mirror
from medlab.datasets.record import records

NAMES = [r.name for r in records().values() if r.fallback]

#: Columns that name files: a stand-in has none.
FILES = {"file", "folder", "image", "mask"}

#: Other options of the stand-in, so that the tests are quick.
SMALL = {
    "breastmnist": {"n": 20},
    "chase-db1": {"n": 2, "size": 96},
    "hippocampus-130": {"n": 3, "size": [50, 75, 63]},
    "kermany-cxr-224": {"n": 20, "size": 48},
    "lidc-0314": {"size": [40, 128, 192], "spacing": [2.0, 2.2, 2.2]},
    "msd-hippocampus": {"n": 3, "size": [50, 75, 63]},
    "nuclei-bbbc038": {"n": 2, "size": 96},
    "pneumoniamnist": {"n": 20},
    "msd-brain-tumour": {"size": [12, 48, 40]},
    "msd-lung": {"size": [40, 64, 80], "spacing": [5.0, 4.5, 4.5]},
    "sarcoma-sts-001-pet": {"size": [12, 56, 56]},
    "sarcoma-sts-004": {"size": [12, 56, 56]},
    "sunnybrook-lv": {"n": 6, "size": [10, 48, 48]},
}


@dataclasses.dataclass
class Form:
    """What code that uses a set relies on."""

    columns: set[str]
    splits: set[str]
    masks: dict[str, dict[int, str]]
    axes: set[str]
    spaces: set[str]


def form(data: datasets.Dataset) -> Form:
    """Return the form of a set, seen in a few of its cases."""
    cases = [data[i] for i in sorted({0, len(data) // 2, len(data) - 1})]
    masks = {name: dict(mask.labels or {}) for case in cases for name, mask in case.masks.items()}
    return Form(
        set(data.table) - FILES,
        set(data.table["split"]) if "split" in data.table else set(),
        masks,
        {case.image.axes for case in cases},
        {case.image.space for case in cases},
    )


def told(record) -> Form:
    """Return the form that a set has by its record, where the set itself is not at hand."""
    named = {int(value): name for value, name in record.labels.items()}
    splits = set(record.splits)
    if record.loader == "medmnist:load":
        axes = ("zyx" if "3d" in record.name else "yx") + ("c" if record.options["channels"] == 3 else "")
        return Form({"patient", "split", "label", "label_name"}, splits, {}, {axes}, {"pixel"})
    if record.loader == "decathlon:load":
        axes = "tzyx" if "four" in record.title else "zyx"
        return Form({"patient", "split"}, splits, {"truth": named}, {axes}, {"patient"})
    assert record.loader == "fetal_head:load", "say here what form the set has"
    masks = {"head": {1: "fetal head"}, "outline": {1: "outline"}}
    return Form({"patient", "pixel_mm", "circumference_mm"}, splits, masks, {"yx"}, {"plane"})


@pytest.fixture(scope="module", params=NAMES)
def pair(request, tmp_path_factory):
    """Give the form of a set, and what stands in for it where there is neither mirror nor network."""
    record = records()[request.param]
    original = form(datasets.load(record.name, strict=True)) if in_mirror(record) else told(record)
    find = catalogue.record

    def small(name):
        found = find(name)
        options = {**found.fallback_options, **SMALL.get(name, {})}
        return dataclasses.replace(found, fallback_options=options) if found.fallback else found

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("MEDLAB_DATA_MIRROR", raising=False)
        patch.setattr("socket.getaddrinfo", refuse)
        patch.setattr(download, "_PAUSE", 0.001)
        patch.setattr(catalogue, "record", small)
        with pytest.warns(UserWarning, match=re.escape(record.title) + ".* stands in for it"):
            data = datasets.load(record.name)
        yield original, form(data), data, record


def test_stand_in_has_the_columns_of_the_set(pair):
    original, _, data, _ = pair
    assert original.columns <= set(data.table)
    assert not data.table[sorted(original.columns)].isna().to_numpy().any()


def test_stand_in_has_the_parts_of_the_set_and_no_patient_in_two(pair):
    original, found, data, _ = pair
    assert found.splits == original.splits
    if original.splits:
        assert (data.table.groupby("patient")["split"].nunique() == 1).all()


def test_stand_in_has_the_masks_of_the_set(pair):
    original, found, _, record = pair
    for name, labels in original.masks.items():
        if record.name == "pyradiomics-cases" and name == "regions":
            continue  # one of its four cases is an object with four labels, not a tumour
        assert name in found.masks
        if name not in {"nuclei", "GTV contour"}:  # a number each; a name out of the structure set
            assert found.masks[name] == labels


def test_stand_in_has_the_axes_of_the_set(pair):
    original, found, _, _ = pair
    assert found.axes <= original.axes
    assert found.spaces <= original.spaces


def test_masks_of_a_stand_in_lie_on_its_images_and_are_not_empty(pair):
    _, _, data, _ = pair
    for case in itertools.islice(data, 2):
        for name, mask in case.masks.items():
            assert mask.same_grid(case.image), name
            assert mask.array.any(), name


def test_labels_of_a_stand_in_are_those_of_the_set(pair):
    _, _, data, record = pair
    if "label" not in data.table:
        pytest.skip("a set without labels")
    assert data.table["label"].nunique() > 1
    assert [record.labels[str(v)] for v in data.table["label"]] == data.table["label_name"].tolist()
    assert data[0].facts["label"] == data.table["label"][0]


def test_stand_in_says_that_it_is_simulated(pair):
    _, _, data, _ = pair
    if data.record.kind != "phantom":
        pytest.skip("a real image stands in")
    assert data.record.simulated
    assert any("imulated" in note for note in data[0].image.notes)


@pytest.mark.usefixtures("no_data")
@pytest.mark.parametrize("name", NAMES)
def test_strict_says_what_to_do_instead(name):
    with pytest.raises(datasets.DatasetUnavailable, match=rf"(?s){name}.*(MEDLAB_DATA_MIRROR|fetch)"):
        datasets.load(name, strict=True)


@pytest.mark.usefixtures("no_data")
def test_pictures_of_a_stand_in_have_the_size_asked_for():
    for size in (28, 64):
        with pytest.warns(UserWarning, match="stands in"):
            image = datasets.load("pathmnist", size=size)[0].image
        assert (image.shape, image.dtype) == ((size, size, 3), np.uint8)


@pytest.mark.usefixtures("no_data")
def test_pixel_size_in_the_table_is_that_of_the_picture():
    with pytest.warns(UserWarning, match="stands in"):
        data = datasets.load("hc18-112")
    for index in (0, 100):
        assert data[index].image.spacing[0] == pytest.approx(data.table["pixel_mm"][index])


@pytest.mark.usefixtures("no_data")
def test_outline_of_a_simulated_head_encloses_the_head():
    from medlab.datasets.fetal_head import inside

    with pytest.warns(UserWarning, match="stands in"):
        case = datasets.load("hc18-112")[0]
    assert np.array_equal(inside(case.masks["outline"].array > 0), case.masks["head"].array > 0)


@pytest.mark.usefixtures("no_data")
def test_first_observer_is_the_truth_and_the_second_differs_a_little(monkeypatch):
    find = catalogue.record
    small = dataclasses.replace(find("chase-db1"), fallback_options={"n": 1, "size": 128})
    monkeypatch.setattr(catalogue, "record", lambda name: small if name == "chase-db1" else find(name))
    with pytest.warns(UserWarning, match="stands in"):
        data = datasets.load("chase-db1")
    assert data.table["eye"].tolist() == ["L", "R"]
    one, two = (data[0].masks[f"observer {n}"].array > 0 for n in (1, 2))
    dice = 2 * (one & two).sum() / (one.sum() + two.sum())
    assert 0.6 < dice < 0.97
    left, right = (case.image.array.mean(axis=(0, 2)) for case in data)
    assert (left[:64].mean() > left[64:].mean()) != (right[:64].mean() > right[64:].mean())


@pytest.mark.usefixtures("no_data")
def test_heart_of_a_stand_in_is_smaller_in_systole(monkeypatch):
    find = catalogue.record
    small = dataclasses.replace(find("sunnybrook-lv"), fallback_options={"n": 3, "size": [10, 48, 48]})
    monkeypatch.setattr(catalogue, "record", lambda name: small if name == "sunnybrook-lv" else find(name))
    with pytest.warns(UserWarning, match="stands in"):
        data = datasets.load("sunnybrook-lv")
    table = data.table.assign(area=[int(case.masks["left ventricle"].array.sum()) for case in data])
    volume = table.groupby(["patient", "moment"])["area"].sum().unstack()
    assert (volume["ES"] < volume["ED"]).all()
    base = table[table["moment"] == "ED"].groupby("patient")["area"]
    assert (base.first() > base.last()).all()
