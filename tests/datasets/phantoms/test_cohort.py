"""Cohorts: patients of several sites, lazy images, splits by patient, shortcuts that can be put in."""

from __future__ import annotations

import numpy as np
import pytest

from medlab import datasets, provenance
from medlab.datasets.phantoms import Scanner, Site, make_cohort
from medlab.datasets.phantoms.cohort import KINDS
from medlab.datasets.record import records


def test_split_keeps_all_images_of_a_patient_together():
    table = make_cohort("fundus", 60, images_per_patient=3).table
    assert (table.groupby("patient")["split"].nunique() == 1).all()
    assert len(table) == 180
    shares = table["split"].value_counts(normalize=True)
    assert shares["train"] == pytest.approx(0.6, abs=0.02)


def test_same_seed_same_cohort_other_seed_another():
    one, two, other = (make_cohort("skin", 8, seed=s, size=32) for s in (1, 1, 2))
    assert one.table.equals(two.table)
    assert np.array_equal(one[3].image.array, two[3].image.array)
    assert not np.array_equal(one[3].image.array, other[3].image.array)


def test_case_does_not_depend_on_the_order_of_asking():
    data = make_cohort("histology", 6, size=32)
    last = data[5].image.array
    assert np.array_equal([case.image.array for case in data][5], last)


@pytest.mark.parametrize("kind", KINDS)
def test_table_and_facts_agree(kind):
    data = make_cohort(kind, 2, seed=4)
    case, row = data[1], data.table.iloc[1]
    shared = [name for name in row.index if name in case.facts and name not in ("nodules", "seed")]
    assert {"patient", "label", "site", "age"} <= set(shared)
    for name in shared:
        assert case.facts[name] == row[name] or case.facts[name] == pytest.approx(row[name], rel=0.01), name


def test_prevalence_differs_by_site():
    sites = [
        Site("clinic", Scanner("A"), prevalence=0.9),
        Site("screening", Scanner("B"), prevalence=0.1),
    ]
    table = make_cohort("fundus", 400, sites=sites).table
    ill = table.groupby("site")["label"].mean()
    assert ill["clinic"] == pytest.approx(0.9, abs=0.07)
    assert ill["screening"] == pytest.approx(0.1, abs=0.07)


def test_marker_is_a_shortcut_in_the_corner():
    site = Site("only", Scanner("A"), marker=(0.0, 1.0))
    data = make_cohort("skin", 12, sites=[site], size=64)
    assert (data.table["marker"] == (data.table["label"] == 1)).all()
    images, labels = data.arrays()
    corner = images[:, 4:8, 4].mean((1, 2))
    assert (corner[labels == 1] == 255).all()
    assert (corner[labels == 0] < 250).all()


def test_noisier_scanner_makes_noisier_images():
    def grain(noise):
        site = Site("only", Scanner("A", noise=noise))
        images, _ = make_cohort("fetal-head", 4, sites=[site]).arrays()
        return np.abs(np.diff(images.astype(float), axis=2)).mean()

    assert grain(8.0) > 1.1 * grain(0.0)


def test_blurred_and_tinted_scanner_changes_what_it_should():
    sharp, soft = (Site("only", s) for s in (Scanner("A"), Scanner("B", blur=2.0, tint=(1.0, 1.0, 0.7))))
    one, two = (make_cohort("skin", 3, sites=[s]).arrays()[0].astype(float) for s in (sharp, soft))
    assert np.abs(np.diff(two, axis=2)).mean() < 0.6 * np.abs(np.diff(one, axis=2)).mean()
    ratio = two.mean((0, 1, 2)) / one.mean((0, 1, 2))
    assert ratio == pytest.approx([1, 1, 0.7], abs=0.02)


def test_ct_keeps_its_calibration_whatever_the_contrast():
    site = Site("only", Scanner("A", contrast=0.5))
    plain = Site("only", Scanner("A"))
    one, two = (make_cohort("haemorrhage", 1, sites=[s])[0].image.array for s in (site, plain))
    assert np.array_equal(one, two)


def test_images_of_a_patient_share_their_anatomy():
    """This is why a split by image leaks: the eyes of a patient have the same vessels."""
    data = make_cohort("fundus", 6, images_per_patient=2, size=64, difficulty=0.0)
    first = [case.masks["vessels"].array.astype(float).ravel() for case in data]
    same = [np.corrcoef(first[2 * i], first[2 * i + 1])[0, 1] for i in range(6)]
    other = [np.corrcoef(first[2 * i], first[2 * i + 2])[0, 1] for i in range(5)]
    assert np.mean(same) > np.mean(other)


def test_visits_grow_with_time():
    table = make_cohort("fetal-head", 20, images_per_patient=3).table
    for _, visits in table.groupby("patient"):
        assert np.allclose(np.diff(visits["weeks"]), 3, atol=0.02)
        assert (np.diff(visits["circumference_mm"]) > 0).all()


def test_arrays_of_a_part_fit_its_table():
    data = make_cohort("mammogram", 20)
    images, labels = data.arrays("test")
    part = data.table[data.table["split"] == "test"]
    assert images.shape == (len(part), 128, 96)
    assert labels.tolist() == part["label"].tolist()
    _, masks = data.arrays("test", target="mass")
    assert masks.shape == images.shape


def test_several_types_of_bleeding_are_several_labels():
    data = make_cohort("haemorrhage", 12)
    kinds = ["epidural", "subdural", "subarachnoid", "intraparenchymal", "intraventricular"]
    assert ((data.table[kinds].sum(axis=1) > 0) == (data.table["label"] == 1)).all()


def test_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind must be one of"):
        make_cohort("elbow")


@pytest.mark.parametrize("kind", KINDS)
def test_record_of_a_phantom_loads_by_name(kind):
    data = datasets.load(f"phantom-{kind}", n=2)
    assert data.record.simulated
    assert data.record.modality == data[0].image.modality
    assert len(data) == 2 * data.record.options["images_per_patient"]


def test_record_says_how_many_there_are():
    for kind in KINDS:
        record = records()[f"phantom-{kind}"]
        assert str(record.options["n"]) in record.n


@pytest.mark.parametrize("name", ["phantom-reports", "phantom-patients"])
def test_table_without_images_says_so(name):
    data = datasets.load(name, n=5)
    assert len(data.table) == 5
    with pytest.raises(TypeError, match="without images"):
        data[0]


def test_cohort_is_noted_with_its_seed():
    provenance.clear()
    make_cohort("skin", 5, seed=11)
    (noted,) = provenance.records("parameter")
    assert (noted["name"], noted["n"], noted["seed"]) == ("phantom-skin", 5, 11)
