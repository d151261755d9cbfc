"""Features of one region: PyRadiomics' own values, computed from as little as possible."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from plain_pyradiomics import plain_pyradiomics, values_of

import medlab
from medlab import radiomics

FIRST = {"firstorder": [], "glcm": []}
SETTINGS = {
    "defaults": None,
    "bin count, in 2-D": {
        "setting": {"binCount": 32, "force2D": True},
        "featureClass": {**FIRST, "glszm": []},
    },
    "resegmented": {"setting": {"resegmentRange": [-2, 2], "resegmentMode": "sigma"}},
    "normalised": {"setting": {"normalize": True, "normalizeScale": 100, "binWidth": 5, "removeOutliers": 3}},
    "resampled": {"setting": {"resampledPixelSpacing": [1.1, 1.1, 2]}, "featureClass": FIRST},
    "wavelet": {"imageType": {"Original": {}, "Wavelet": {}}, "featureClass": FIRST},
    "wavelet, two levels": {
        "imageType": {"Wavelet": {"wavelet": "haar", "level": 2}},
        "featureClass": {"firstorder": []},
    },
    "normalised wavelet": {
        "setting": {"normalize": True, "normalizeScale": 100},
        "imageType": {"Wavelet": {}},
        "featureClass": FIRST,
    },
    "gradient": {"imageType": {"Gradient": {}}, "featureClass": FIRST},
    "LoG": {"imageType": {"LoG": {"sigma": [1.0, 2.0]}}, "featureClass": FIRST},
    "scaled by the largest value": {
        "imageType": {"Square": {}, "SquareRoot": {}, "Logarithm": {}, "Exponential": {}},
        "featureClass": FIRST,
    },
    "LoG after preCrop": {
        "setting": {"preCrop": True, "padDistance": 4},
        "imageType": {"LoG": {"sigma": [2.0]}, "Square": {}},
        "featureClass": FIRST,
    },
}


@pytest.mark.parametrize("params", SETTINGS.values(), ids=SETTINGS.keys())
def test_values_are_bit_for_bit_those_of_the_whole_image(scan, lesion, params):
    expected = plain_pyradiomics(scan, lesion, params)
    assert len(expected) >= 18
    assert values_of(radiomics.extract(scan, lesion, params)) == expected


@pytest.mark.parametrize("corner", ["first", "last"])
def test_wavelet_of_a_region_at_the_edge_sees_the_opposite_edge(scan, corner):
    inside = np.zeros(scan.shape, bool)
    inside[(slice(0, 4), slice(0, 9), slice(12, 20)) if corner == "first" else np.s_[-4:, 20:29, -8:]] = True
    params = {"imageType": {"Wavelet": {}}, "featureClass": {"firstorder": []}}
    mask = scan.as_mask(inside)
    assert values_of(radiomics.extract(scan, mask, params)) == plain_pyradiomics(scan, mask, params)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32, np.float64])
def test_type_of_the_values_makes_no_difference_to_plain_pyradiomics(scan, lesion, dtype):
    image = scan.replace(array=np.clip(scan.array, 0, 255).astype(dtype))
    params = {"setting": {"binWidth": 10}}
    assert values_of(radiomics.extract(image, lesion, params)) == plain_pyradiomics(image, lesion, params)


def test_only_the_neighbourhood_is_used_where_that_is_enough(scan, lesion):
    assert radiomics.extract(scan, lesion)["used"].item() == "region + 1 voxels"


@pytest.mark.parametrize("name", ["LoG", "Square"])
def test_the_whole_image_is_used_where_a_filter_reaches_all_of_it(scan, lesion, name):
    row = radiomics.extract(scan, lesion, {"imageType": {name: {"sigma": [1]} if name == "LoG" else {}}})
    assert row["used"].item().startswith(f"whole image: {name}")


def test_volume_of_the_voxels_is_their_number_times_their_size(scan, lesion):
    row = radiomics.extract(scan, lesion, {"featureClass": {"shape": ["VoxelVolume"]}})
    expected = np.count_nonzero(lesion.array) * 2.5 * 0.8 * 0.8
    assert row["original_shape_VoxelVolume"].item() == pytest.approx(expected, rel=1e-12)


def test_label_is_chosen_by_value_or_by_name(scan, lesion):
    both = lesion.array.copy()
    both[2:6, 2:8, 2:9] = 7
    mask = scan.as_mask(both, labels={1: "lesion", 7: "node"})
    by_name = radiomics.extract(scan, mask, label="node")
    by_value = radiomics.extract(scan, mask, label=7)
    assert by_name["voxels"].item() == 4 * 6 * 7
    assert values_of(by_name) == values_of(by_value) == plain_pyradiomics(scan, mask, label=7)


def test_label_of_the_parameters_counts(scan, lesion):
    mask = lesion.replace(array=lesion.array * 3)
    assert radiomics.extract(scan, mask, {"setting": {"label": 3}})["label"].item() == 3


def test_row_tells_what_it_was_computed_from(scan, lesion):
    row = radiomics.extract(scan, lesion).iloc[0]
    assert (row["label"], row["label_name"], row["units"], row["modality"]) == (1, "lesion", "HU", "CT")
    assert (row["spacing_z"], row["spacing_y"], row["spacing_x"]) == (2.5, 0.8, 0.8)
    assert "pyradiomics 3." in row["versions"]
    assert "numpy" in row["versions"]


def test_checksums_change_with_one_voxel_and_with_one_setting(scan, lesion):
    first = radiomics.extract(scan, lesion).iloc[0]
    values = scan.array.copy()
    values[0, 0, 0] += 1
    second = radiomics.extract(scan.replace(array=values), lesion, {"setting": {"binWidth": 26}}).iloc[0]
    assert first["image_sha256"] != second["image_sha256"]
    assert first["params_sha256"] != second["params_sha256"]
    assert first["mask_sha256"] == second["mask_sha256"]


def test_report_is_told_which_parameters_were_used(scan, lesion):
    medlab.provenance.clear()
    radiomics.extract(scan, lesion)
    (noted,) = medlab.provenance.records("parameter")
    assert (noted["name"], noted["image_types"], noted["bins"]) == ("radiomics", "Original", "binWidth 25")
    assert noted["sha256"] == radiomics.extract(scan, lesion)["params_sha256"].item()


def test_parameters_count_the_same_from_a_file_and_from_a_mapping(scan, lesion, tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("setting:\n  binWidth: 10\nfeatureClass:\n  glcm:\n    - Contrast\n")
    same = {"setting": {"binWidth": 10}, "featureClass": {"glcm": ["Contrast"]}}
    from_file, from_mapping = radiomics.extract(scan, lesion, path), radiomics.extract(scan, lesion, same)
    assert from_file.equals(from_mapping)
    assert list(values_of(from_file)) == ["original_glcm_Contrast"]


@pytest.mark.parametrize(
    "params",
    [
        {"binWidth": 10},
        {"setting": {"binWidht": 10}},
        {"setting": {"binWidth": -1}},
        {"featureClass": {"glcm": ["Contrasst"]}},
        {"imageType": {"Wavelets": {}}},
    ],
)
def test_parameters_that_pyradiomics_does_not_know_are_refused(scan, lesion, params):
    with pytest.raises(ValueError, match="PyRadiomics does not accept these parameters"):
        radiomics.extract(scan, lesion, params)


def test_missing_parameter_file_is_named(scan, lesion):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.yaml"):
        radiomics.extract(scan, lesion, "nowhere.yaml")


def test_picture_has_shape_features_in_two_dimensions(scan, lesion):
    picture = medlab.Image(scan.array[11], affine=scan.affine, units="HU")
    row = radiomics.extract(picture, picture.as_mask(lesion.array[11]))
    area = np.count_nonzero(lesion.array[11]) * 0.8 * 0.8
    assert row["original_shape2D_PixelSurface"].item() == pytest.approx(area, rel=1e-12)
    assert "original_shape_VoxelVolume" not in row


def test_texture_of_a_picture_is_that_of_a_volume_of_one_slice(scan, lesion):
    picture = medlab.Image(scan.array[11], affine=scan.affine, units="HU")
    found = values_of(radiomics.extract(picture, picture.as_mask(lesion.array[11])))
    slab = scan.replace(array=scan.array[11:12])
    expected = plain_pyradiomics(slab, slab.as_mask(lesion.array[11:12]), {"featureClass": FIRST})
    thickness = expected["original_firstorder_TotalEnergy"] / found["original_firstorder_TotalEnergy"]
    assert thickness == pytest.approx(2.5)
    expected["original_firstorder_TotalEnergy"] = found["original_firstorder_TotalEnergy"]
    assert {name: found[name] for name in expected} == expected


def test_what_pyradiomics_refuses_after_resampling_is_told(scan):
    inside = np.zeros(scan.shape, bool)
    inside[8:10, 18:20, 18:20] = True
    params = {"setting": {"resampledPixelSpacing": [30, 30, 30]}}
    with pytest.raises(radiomics.RegionError, match="PyRadiomics refuses") as caught:
        radiomics.extract(scan, scan.as_mask(inside), params)
    assert caught.value.problem == "pyradiomics"


def test_nothing_is_printed_and_nothing_is_logged(scan, lesion, capfd, caplog):
    with caplog.at_level(logging.DEBUG):
        radiomics.extract(scan, lesion)
    assert capfd.readouterr() == ("", "")
    assert not [r for r in caplog.records if r.name.startswith("radiomics")]


def test_what_pyradiomics_leaves_out_is_told_in_the_row(scan, lesion):
    params = {"imageType": {"Original": {}, "LoG": {"sigma": [60.0]}}, "featureClass": {"firstorder": []}}
    row = radiomics.extract(scan, lesion, params)
    assert not [name for name in values_of(row) if name.startswith("log")]
    assert "sigma" in row["warnings"].item()


def test_pyradiomics_own_messages_are_back_afterwards(scan, lesion):
    logger = logging.getLogger("radiomics")
    before = (list(logger.handlers), logger.propagate)
    radiomics.extract(scan, lesion)
    assert (list(logger.handlers), logger.propagate) == before
