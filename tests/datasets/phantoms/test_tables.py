"""Reports say what their labels hold; tables follow the coefficients they were made with."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from medlab.datasets.phantoms import make_cohort, patient_table, radiology_reports
from medlab.datasets.phantoms.patients import EFFECTS
from medlab.datasets.phantoms.reports import FINDINGS


def test_same_seed_same_reports():
    assert radiology_reports(20).equals(radiology_reports(20))
    assert not radiology_reports(20)["report"].equals(radiology_reports(20, seed=1)["report"])


def test_labels_given_are_written_about():
    labels = pd.DataFrame({"patient": ["a", "b"], "pneumothorax": [1, 0], "effusion": [0, 0]})
    table = radiology_reports(labels=labels, difficulty=0.0)
    assert table["patient"].tolist() == ["a", "b"]
    assert "pneumothorax" in table.loc[0, "report"].lower()
    assert table["pneumothorax"].tolist() == [1, 0]


def test_finding_that_is_there_is_never_denied():
    names = {"pneumothorax": "pneumothorax", "effusion": "pleural effusion", "cardiomegaly": "cardiomegaly"}
    table = radiology_reports(300, difficulty=0.0)
    for _, row in table.iterrows():
        body = row["report"].split("FINDINGS:")[1].lower()
        for label, word in names.items():
            denied = any(
                f"{start} {word}" in body for start in ("no", "evidence of", "no sign of", "neither")
            )
            assert not (denied and row[label] == 1)


def test_counting_words_is_not_enough():
    """Many reports that name a pneumothorax deny it."""
    table = radiology_reports(500)
    named = table["report"].str.lower().str.contains("pneumothorax")
    assert (table.loc[named, "pneumothorax"] < 1).mean() > 0.5


def test_doubt_is_a_label_of_its_own():
    table = radiology_reports(400, difficulty=1.0)
    values = set(np.unique(table[[*FINDINGS]]))
    assert values == {-1, 0, 1}
    doubted = table[table["effusion"] == -1]["report"]
    assert doubted.str.contains("ossible|cannot be excluded|uestionable", regex=True).mean() > 0.8


def test_labels_without_findings_are_refused():
    with pytest.raises(ValueError, match="one or more of"):
        radiology_reports(labels=pd.DataFrame({"patient": ["a"]}))


def fitted(table):
    from sklearn.linear_model import LogisticRegression

    shown = table["image"]
    steps = pd.DataFrame(
        {
            "age": table["age"] / 10,
            "male": (table["sex"] == "M").astype(float),
            "pack_years": table["pack_years"] / 10,
            "crp": np.log2(np.maximum(table["crp"], 0.1)),
            "haemoglobin": table["haemoglobin"],
            "image": (shown - shown.mean()) / shown.std(),
        }
    )
    model = LogisticRegression(C=np.inf, max_iter=500).fit(steps, table["outcome"])
    return dict(zip(steps, model.coef_[0], strict=True))


def test_logistic_regression_finds_the_coefficients_again():
    assert fitted(patient_table(30_000)) == pytest.approx(EFFECTS, abs=0.08)


def test_effect_set_to_zero_is_gone():
    assert fitted(patient_table(30_000, effects={"image": 0.0}))["image"] == pytest.approx(0, abs=0.04)


def test_rate_of_the_outcome_is_the_rate_asked_for():
    table = patient_table(20_000, rate=0.2)
    assert table["outcome"].mean() == pytest.approx(0.2, abs=0.01)
    assert table["risk"].mean() == pytest.approx(0.2, abs=0.001)


def test_hazard_grows_by_the_effect():
    """Median survival of Weibull patients with shape 1.3 falls by exp(−effect / 1.3) per step."""
    flat = dict.fromkeys(EFFECTS, 0.0)
    table = patient_table(40_000, effects=flat | {"male": 1.0})
    early = table["years"] < 2.9
    deaths = table[early & (table["event"] == 1)].groupby("sex").size() / table.groupby("sex").size()
    ratio = np.log(1 - deaths["M"]) / np.log(1 - deaths["F"])  # of the cumulative hazards
    assert ratio == pytest.approx(np.e, rel=0.06)


def test_censored_patients_left_at_the_end_of_the_study():
    table = patient_table(2000)
    left = table[table["event"] == 0]["years"]
    assert left.between(3, 5).all()
    assert 0.2 < table["event"].mean() < 0.9


def test_missing_values_are_asked_for():
    assert not patient_table(500).isna().any().any()
    holes = patient_table(4000, missing=0.2)["crp"].isna().mean()
    assert 0.1 < holes < 0.3


def test_table_links_to_a_cohort_of_images():
    cohort = make_cohort("nodule-patch", 80).table
    table = patient_table(images=cohort, column="diameter")
    assert table["patient"].tolist() == cohort["patient"].tolist()
    assert table["age"].tolist() == cohort["age"].tolist()
    assert np.allclose(table["image"], cohort["diameter"])


def test_several_images_of_a_patient_are_refused():
    cohort = make_cohort("fundus", 4, images_per_patient=2).table
    with pytest.raises(ValueError, match="one row per patient"):
        patient_table(images=cohort)
