"""Wide and tidy tables of features."""

from __future__ import annotations

import pandas as pd
import pytest

from medlab import radiomics

WIDE = pd.DataFrame(
    {
        "patient": ["a", "b"],
        "original_glcm_Contrast": [1.0, 2.0],
        "log-sigma-1-0-mm-3D_firstorder_10Percentile": [3.0, 4.0],
        "original_shape2D_Perimeter": [5.0, 6.0],
    }
)


def test_features_and_provenance_share_out_the_columns():
    assert list(radiomics.provenance(WIDE)) == ["patient"]
    assert list(radiomics.features(WIDE)) == list(WIDE)[1:]


def test_every_feature_that_pyradiomics_names_is_recognised(scan, lesion):
    params = {"imageType": {"Original": {}, "Wavelet": {}, "Gradient": {}, "LoG": {"sigma": [1.5]}}}
    row = radiomics.extract(scan, lesion, params | {"setting": {"binWidth": 60}})
    assert len(radiomics.features(row).columns) == 107 + 93 * 10
    assert "original_shape_Sphericity" not in radiomics.provenance(row)


def test_tidy_table_has_a_row_for_each_feature_case_by_case():
    long = radiomics.tidy(WIDE)
    assert long["value"].tolist() == [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]
    assert long["patient"].tolist() == ["a"] * 3 + ["b"] * 3
    assert long["image_type"].tolist()[:3] == ["original", "log-sigma-1-0-mm-3D", "original"]
    assert long["feature_class"].tolist()[:3] == ["glcm", "firstorder", "shape2D"]
    assert long["feature"].tolist()[:3] == ["Contrast", "10Percentile", "Perimeter"]


def test_table_is_replaced_as_a_whole_or_not_at_all(tmp_path):
    path = radiomics.write_table(WIDE, tmp_path / "t.csv")
    broken = WIDE.assign(patient=[b"\xff", object()])
    broken.to_csv = None
    with pytest.raises(TypeError):
        radiomics.write_table(broken, path)
    assert radiomics.read_table(path).equals(WIDE)
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]
