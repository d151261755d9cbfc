"""The IBSI's digital phantom: which features equal the standard, and which differ by definition."""

from __future__ import annotations

import math
from collections import defaultdict

import pytest
from plain_pyradiomics import values_of

from medlab import radiomics

#: PyRadiomics does not subtract 3, and divides by n instead of n − 1 in the covariance of the voxels.
BY_DEFINITION = {
    "original_firstorder_Kurtosis",
    "original_shape_LeastAxisLength",
    "original_shape_MinorAxisLength",
}


@pytest.fixture(scope="module")
def measured(ibsi):
    image, mask, reference = ibsi
    classes = defaultdict(list)
    for _, name, feature in (row["pyradiomics"].split("_") for row in reference):
        classes[name].append(feature)
    return values_of(radiomics.extract(image, mask, {"setting": {"binWidth": 1}, "featureClass": classes}))


def test_104_of_107_rows_equal_the_reference_and_three_deviate(ibsi, measured):
    reference = ibsi[2]
    deviating = [
        row["pyradiomics"]
        for row in reference
        if abs(measured[row["pyradiomics"]] - row["reference"]) > row["tolerance"]
    ]
    assert len(reference) == 107
    assert sorted(deviating) == sorted(BY_DEFINITION)


def test_kurtosis_deviates_by_three(ibsi, measured):
    expected = next(r["reference"] for r in ibsi[2] if r["pyradiomics"] == "original_firstorder_Kurtosis")
    assert measured["original_firstorder_Kurtosis"] - 3 == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("name", ["LeastAxisLength", "MinorAxisLength"])
def test_axis_lengths_deviate_by_the_divisor_of_the_variance(ibsi, measured, name):
    row = next(r for r in ibsi[2] if r["pyradiomics"] == f"original_shape_{name}")
    corrected = measured[row["pyradiomics"]] * math.sqrt(74 / 73)
    assert corrected == pytest.approx(row["reference"], abs=row["tolerance"])
