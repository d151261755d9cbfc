"""Data sets by name: samples open offline, a stand-in says that it is one."""

from __future__ import annotations

import numpy as np
import pytest

import medlab
from medlab import datasets, provenance
from medlab.datasets.record import records

SAMPLES = [r.name for r in records().values() if r.kind == "sample"]


@pytest.fixture
def _no_data(monkeypatch, tmp_path):
    """No mirror, an empty cache, and a network on which nothing answers."""
    monkeypatch.delenv("MEDLAB_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MEDLAB_CACHE", str(tmp_path))

    def refuse(*_args, **_kwargs):
        msg = "no network"
        raise OSError(msg)

    monkeypatch.setattr("pooch.core.stream_download", refuse)


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
    assert record.kind != "phantom" or record.simulated


def test_unknown_name_offers_the_nearest():
    with pytest.raises(KeyError, match="lidc-0314"):
        datasets.load("lidc-314")


def test_list_has_a_row_per_record():
    table = datasets.list()
    assert list(table.index) == list(records())
    assert table.loc["retina", "available"]
    assert "nodule" in table.loc["ct-thorax-slice-nodule", "simulated"]


def test_card_shows_licence_and_limits_in_a_notebook():
    page = datasets.card("lidc-0314")._repr_html_()
    assert "CC BY 3.0" in page
    assert "Not for clinical use" in page


@pytest.mark.usefixtures("_no_data")
def test_stand_in_is_announced_and_noted():
    provenance.clear()
    with pytest.warns(UserWarning, match="stands in.*simulated parts"):
        data = datasets.load("lidc-0314")
    assert data.record.name == "ct-thorax-slice-nodule"
    (noted,) = provenance.records("data")
    assert noted["stands_in_for"] == "lidc-0314"
    assert noted["simulated"]


@pytest.mark.usefixtures("_no_data")
def test_strict_takes_no_stand_in():
    with pytest.raises(datasets.DataError, match="MEDLAB_DATA_MIRROR"):
        datasets.load("lidc-0314", strict=True)


def test_dataset_of_one_case_refuses_another_index():
    data = datasets.load("ct-thorax-slice")
    assert isinstance(data[-1].image, medlab.Image)
    with pytest.raises(IndexError, match="1 cases"):
        data[1]
