"""Co-occurrence in pictures: the example of Haralick's paper, and PyRadiomics as a second opinion."""

from __future__ import annotations

import numpy as np
import pytest
from plain_pyradiomics import values_of

import medlab
from medlab import radiomics

#: Haralick, Shanmugam & Dinstein (1973), figure 3: the picture and its four matrices.
PICTURE = medlab.Image(np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 2, 2, 2], [2, 2, 3, 3]]))
MATRICES = {
    0: [[4, 2, 1, 0], [2, 4, 0, 0], [1, 0, 6, 1], [0, 0, 1, 2]],
    45: [[4, 1, 0, 0], [1, 2, 2, 0], [0, 2, 4, 1], [0, 0, 1, 0]],
    90: [[6, 0, 2, 0], [0, 4, 2, 0], [2, 2, 2, 2], [0, 0, 2, 0]],
    135: [[2, 1, 3, 0], [1, 2, 1, 0], [3, 1, 0, 2], [0, 0, 2, 0]],
}


#: How many pairs of neighbours there are in each direction, each counted both ways.
PAIRS = (24, 18, 24, 18)


def test_matrices_of_haralicks_example_come_out():
    found = radiomics.glcm(PICTURE, levels=4)
    counted = [np.rint(found[:, :, 0, n] * pairs).astype(int).tolist() for n, pairs in enumerate(PAIRS)]
    assert sorted(counted) == sorted(MATRICES.values())
    assert counted[0] == MATRICES[0]
    assert counted[2] == MATRICES[90]


def test_frequencies_add_up_to_one(scan, lesion):
    picture = medlab.Image(scan.array[11], affine=scan.affine)
    found = radiomics.glcm(picture, picture.as_mask(lesion.array[11]), distances=[0.8, 1.6])
    assert found.shape == (16, 16, 2, 4)
    assert found.sum(axis=(0, 1)) == pytest.approx(1)


def test_properties_are_those_of_pyradiomics_with_as_many_bins(scan, lesion):
    picture = medlab.Image(scan.array[11], affine=scan.affine)
    mask = picture.as_mask(lesion.array[11])
    found = radiomics.haralick(picture, mask, levels=16).mean()
    params = {"setting": {"binCount": 16}, "featureClass": {"glcm": []}}
    other = values_of(radiomics.extract(picture, mask, params))
    names = {
        "contrast": "Contrast",
        "ASM": "JointEnergy",
        "homogeneity": "Idm",
        "correlation": "Correlation",
        "dissimilarity": "DifferenceAverage",
    }
    for ours, theirs in names.items():
        assert found[ours] == pytest.approx(other[f"original_glcm_{theirs}"], rel=1e-9), ours
    assert found["entropy"] / np.log(2) == pytest.approx(other["original_glcm_JointEntropy"], rel=1e-9)


def test_distances_are_in_mm(scan):
    picture = medlab.Image(scan.array[11], affine=scan.affine)
    assert radiomics.haralick(picture, distances=[1.6], angles=[0])["distance"].tolist() == [1.6]
    in_pixels = medlab.Image(scan.array[11])
    near = radiomics.glcm(picture, distances=[1.6])
    assert np.array_equal(near, radiomics.glcm(in_pixels, distances=[2]))


def test_distance_below_a_pixel_is_refused(scan):
    picture = medlab.Image(scan.array[11], affine=scan.affine)
    with pytest.raises(ValueError, match="one pixel"):
        radiomics.glcm(picture, distances=[0.2])


def test_pixels_that_are_not_square_are_refused():
    with pytest.raises(radiomics.RegionError, match="resample"):
        radiomics.glcm(PICTURE.with_spacing([1.0, 2.0]))


def test_volumes_are_refused(scan):
    with pytest.raises(radiomics.RegionError, match="extract"):
        radiomics.glcm(scan)


def test_flat_picture_is_refused():
    with pytest.raises(radiomics.RegionError, match="no texture"):
        radiomics.glcm(medlab.Image(np.ones((4, 4))))


def test_pixels_outside_of_the_mask_do_not_count():
    values = np.array([[0, 1, 9, 9], [1, 0, 9, 9], [9, 9, 9, 9]])
    mask = np.zeros((3, 4), bool)
    mask[:2, :2] = True
    picture = medlab.Image(values)
    inside = radiomics.glcm(picture, picture.as_mask(mask), levels=2)
    assert np.array_equal(inside, radiomics.glcm(medlab.Image(values[:2, :2]), levels=2))
