"""Data sets by name: samples open offline, a stand-in says that it is one."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

import medlab
from medlab import datasets, provenance
from medlab.datasets.record import records

SAMPLES = [r.name for r in records().values() if r.kind == "sample" and r.loader != "samples:table"]


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_opens_and_is_not_empty(name):
    image = datasets.load(name).image
    assert image.modality == records()[name].modality
    assert np.ptp(image.array) > 0


@pytest.mark.parametrize("record", records().values(), ids=lambda r: r.name)
def test_record_says_whose_it_is_and_where_it_comes_from(record):
    for field in ("title", "modality", "task", "n", "licence", "citation", "source"):
        assert getattr(record, field), field
    assert not record.fallback or record.fallback in records()
    assert record.fallback or not (record.fit or record.fallback_options)
    assert record.kind != "phantom" or record.simulated


@pytest.mark.parametrize(
    "record", [r for r in records().values() if r.kind == "public"], ids=lambda r: r.name
)
def test_public_record_has_addresses_and_checksums(record):
    addresses = [record.files.url(path) for path in record.files.sha256] if record.files else []
    addresses += [url for archive in record.archives for url in archive.url]
    assert addresses
    assert all(address.startswith(("https://", "http://")) for address in addresses)
    assert record.sha256


def test_unknown_name_offers_the_nearest():
    with pytest.raises(KeyError, match="lidc-0314"):
        datasets.load("lidc-314")


def test_list_has_a_row_per_record():
    table = datasets.list()
    assert list(table.index) == list(records())
    assert table.loc["retina", "available"]
    assert table.loc["retina", "origin"] == "sample of scikit-image"
    assert table.loc["breastmnist", "size_mb"] == 0.56
    assert "nodule" in table.loc["ct-thorax-slice-nodule", "simulated"]


def test_card_shows_licence_and_limits_in_a_notebook():
    page = datasets.card("lidc-0314")._repr_html_()
    assert "CC BY 3.0" in page
    assert "Not for clinical use" in page


@pytest.mark.usefixtures("no_data")
def test_stand_in_is_announced_and_noted():
    provenance.clear()
    with pytest.warns(UserWarning, match=r"stands in.*simulated parts"):
        data = datasets.load("lidc-0314")
    assert data.record.name == "phantom-lung-nodules"
    (noted,) = provenance.records("data")
    assert noted["stands_in_for"] == "lidc-0314"
    assert noted["simulated"]


@pytest.mark.usefixtures("no_data")
def test_strict_takes_no_stand_in():
    with pytest.raises(datasets.DatasetUnavailable, match="MEDLAB_DATA_MIRROR"):
        datasets.load("lidc-0314", strict=True)


@pytest.mark.usefixtures("no_data")
def test_a_stand_in_in_a_notebook_is_a_box(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.get_ipython", object)
    monkeypatch.setattr("IPython.display.display", shown.append)
    datasets.load("lidc-0314")
    (box,) = shown
    assert 'role="note"' in box.data
    assert "stands in for it" in box.data


@pytest.mark.parametrize(("options", "size"), [({}, 28), ({"size": 64, "strange": 1}, 64)])
def test_a_stand_in_gets_the_options_that_it_takes(monkeypatch, blank, options, size):
    given = {}

    def original(record, *, size=0, strange=0):  # noqa: ARG001
        raise datasets.DatasetUnavailable(record.name)

    def stand_in(record, *, size=0):
        given["size"] = size
        return datasets.Dataset(record, [], None)

    wanted = dataclasses.replace(blank, fallback="other", fallback_options={"size": 28, "odd": 1})
    known = {"tiny": wanted, "other": dataclasses.replace(blank, name="other")}
    loaders = {"tiny": original, "other": stand_in}
    monkeypatch.setattr("medlab.datasets.catalogue.record", known.__getitem__)
    monkeypatch.setattr("medlab.datasets.catalogue._loader", lambda r: loaders[r.name])
    with pytest.warns(UserWarning, match="stands in"):
        datasets.load("tiny", **options)
    assert given == {"size": size}


def test_a_stand_in_may_have_a_stand_in_and_the_first_reason_counts(monkeypatch, blank):
    def missing(record):
        raise datasets.DatasetUnavailable(f"no {record.name}")

    known = {
        "tiny": dataclasses.replace(blank, fallback="other"),
        "other": dataclasses.replace(blank, name="other", fallback="last"),
        "last": dataclasses.replace(blank, name="last"),
    }
    loaders = {"tiny": missing, "other": missing, "last": lambda r: datasets.Dataset(r, [], None)}
    monkeypatch.setattr("medlab.datasets.catalogue.record", known.__getitem__)
    monkeypatch.setattr("medlab.datasets.catalogue._loader", lambda r: loaders[r.name])
    with pytest.warns(UserWarning, match="Reason: no tiny"):
        assert datasets.load("tiny").record.name == "last"
    loaders["last"] = missing
    with pytest.raises(datasets.DatasetUnavailable, match="no tiny"):
        datasets.load("tiny")


@pytest.mark.parametrize("name", records())
def test_stand_ins_come_to_an_end(name):
    seen = []
    while name:
        assert name not in seen
        seen.append(name)
        name = records()[name].fallback


def test_a_stand_in_takes_the_form_of_the_set_it_stands_for(monkeypatch, blank):
    def missing(record):
        raise datasets.DatasetUnavailable(record.name)

    def fit(wanted, data, *, colour="grey"):
        return datasets.Dataset(data.record, [wanted.name, *data.table, colour], None)

    known = {
        "tiny": dataclasses.replace(blank, fallback="other", fit="f:f", fallback_options={"colour": "red"}),
        "other": dataclasses.replace(blank, name="other", fallback="last", fit="f:f"),
        "last": dataclasses.replace(blank, name="last"),
    }
    loaders = {"tiny": missing, "other": missing, "last": lambda r: datasets.Dataset(r, ["last"], None)}
    monkeypatch.setattr("medlab.datasets.catalogue.record", known.__getitem__)
    monkeypatch.setattr("medlab.datasets.catalogue._loader", lambda r: loaders[r.name])
    monkeypatch.setattr("medlab.datasets.catalogue._function", lambda _: fit)
    with pytest.warns(UserWarning, match="stands in"):
        assert datasets.load("tiny").table == ["tiny", "other", "last", "red", "red"]


def test_an_option_that_a_set_does_not_take_is_named():
    with pytest.raises(TypeError, match="breastmnist takes no option sizes; its options are: size"):
        datasets.load("breastmnist", sizes=64)


def test_a_loader_may_pass_its_options_on(monkeypatch, blank):
    seen = []

    def loader(record, **same):
        seen.append(same)
        return datasets.Dataset(record, [], None)

    monkeypatch.setattr("medlab.datasets.catalogue.record", {"tiny": blank}.__getitem__)
    monkeypatch.setattr("medlab.datasets.catalogue._loader", lambda _: loader)
    datasets.load("tiny", size=5)
    assert seen == [{"size": 5}]


def test_looking_at_the_catalogue_loads_no_package_that_ships_images():
    source = (
        "import sys, medlab\n"
        "medlab.datasets.list()\n"
        "medlab.datasets.card('mni152')._repr_html_()\n"
        "print(sorted({'nilearn', 'dipy', 'skimage', 'nibabel', 'pydicom', 'keras'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_dataset_of_one_case_refuses_another_index():
    data = datasets.load("ct-thorax-slice")
    assert isinstance(data[-1].image, medlab.Image)
    with pytest.raises(IndexError, match="1 cases"):
        data[1]
