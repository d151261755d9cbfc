"""The box says plainly what a report was made from."""

from __future__ import annotations

import pytest

from medlab.report.box import data_sets, rows

MADE = {
    "command": "medlab report a",
    "notebook": "a",
    "notebook_sha256": "ab" * 32,
    "date": "2026-01-01T12:00:00+00:00",
    "seconds": 61.5,
    "parameters": {},
    "records": [],
    "medlab": "1.0",
    "revision": "",
    "python": "3.11.7",
    "system": "Linux",
    "packages": {},
    "backend": "",
    "processor": "A processor",
    "memory_gib": 8.0,
    "graphics": [],
    "devices": [],
}


def row(name, **changes):
    return dict(rows({**MADE, **changes}))[name]


def kind_of(**facts):
    return data_sets({**MADE, "records": [{"kind": "data", "name": "a", **facts}]})[0]["kind"]


def test_what_is_missing_is_said():
    assert row("Seeds") == "none noted"
    assert row("Parameters") == "none"
    assert row("Keras backend") == "Keras was not used"
    assert row("Graphics") == "none"
    assert "Models" not in dict(rows(MADE))


def test_each_seed_stands_with_its_place():
    seeds = [{"kind": "seed", "where": "medlab.train.fit", "seed": 3}, {"kind": "seed", "seed": 4}]
    assert row("Seeds", records=seeds) == "seed=3 in medlab.train.fit; seed=4"
    assert seeds[0]["where"] == "medlab.train.fit"


def test_a_clone_names_its_revision():
    assert row("medlab", revision="abc-dirty") == "1.0 (git abc-dirty)"
    assert row("medlab") == "1.0"


@pytest.mark.parametrize(
    ("graphics", "devices", "said"),
    [
        (["A card"], [], "none used; present: A card"),
        (["A card"], ["TensorFlow /GPU:0"], "used through TensorFlow /GPU:0; A card"),
    ],
)
def test_a_card_that_is_not_used_is_not_called_used(graphics, devices, said):
    assert row("Graphics", graphics=graphics, devices=devices) == said


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"simulated": ""}, "real"),
        ({"simulated": False}, "real"),
        ({"simulated": True}, "simulated"),
        ({"simulated": "the nodule"}, "simulated: the nodule"),
        ({"simulated": True, "stands_in_for": "lidc"}, "simulated; stands in for lidc"),
    ],
)
def test_what_is_simulated_is_called_so(facts, kind):
    assert kind_of(**facts) == kind


def test_a_fact_that_nobody_noted_is_a_dash():
    (found,) = data_sets({**MADE, "records": [{"kind": "data", "name": "a"}]})
    assert (found["licence"], found["sha256"], found["source"]) == ("–", "–", "–")
