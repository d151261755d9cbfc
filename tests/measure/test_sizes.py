"""Volume, area, surface, sphericity."""

import json
from pathlib import Path

import numpy as np
import pytest
from shapes import ellipsoid, flat, straight, turned

import medlab
from medlab.measure import area, sphericity, surface_area, surface_mesh, volume
from medlab.view.meshes import enclosed_volume

HALF = np.array([14.0, 11.0, 9.0])


@pytest.fixture(scope="module")
def oblique():
    image = turned((2.0, 0.9, 0.7), (24, 48, 60))
    return ellipsoid(image, HALF, image.index_to_position((np.array(image.grid) - 1) / 2))


def test_volume_of_an_oblique_anisotropic_ellipsoid(oblique):
    assert volume(oblique) == pytest.approx(4 / 3 * np.pi * HALF.prod() / 1000, rel=0.01)


def test_volume_of_a_tilted_stack_is_that_of_its_parallelepipeds():
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, 0.5], [2.0, 0.5, 0], [5.0, 0, 0]])
    mask = medlab.Image(np.ones((4, 10, 10), np.uint8), affine=affine, units="label")
    assert mask.sheared
    assert volume(mask) == pytest.approx(4 * 10 * 10 * 5.0 * 0.5 * 0.5 / 1000)


def test_partial_voxels_count_their_share():
    shares = np.zeros((3, 3, 3))
    shares[1, 1] = [0.25, 1.0, 0.5]
    assert volume(straight((2, 2, 2), (3, 3, 3)).replace(array=shares)) == pytest.approx(1.75 * 8 / 1000)


def test_fractions_beyond_one_are_refused():
    with pytest.raises(ValueError, match="between 0 and 1; got 0 to 3"):
        volume(straight((1, 1, 1), (3, 3, 3)).replace(array=np.linspace(0, 3, 27).reshape(3, 3, 3)))


def test_a_label_is_found_by_value_and_by_name():
    image = straight((1, 1, 1), (4, 5, 5))
    labels = np.zeros(image.grid, np.uint8)
    labels[0], labels[1:3] = 1, 7
    mask = image.as_mask(labels, {1: "liver", 7: "spleen"})
    assert volume(mask, 7) == volume(mask, "spleen") == pytest.approx(0.05)
    assert volume(mask) == pytest.approx(0.075)
    assert volume(mask, 3) == 0


def test_an_unknown_name_lists_the_names():
    mask = straight((1, 1, 1), (2, 2, 2)).as_mask(np.ones((2, 2, 2), bool), {1: "liver"})
    with pytest.raises(ValueError, match="no label 'kidney'; it has 1: liver"):
        volume(mask, "kidney")


def test_a_plain_array_is_refused_because_it_has_no_size():
    with pytest.raises(TypeError, match="as_mask"):
        volume(np.ones((3, 3, 3), bool))


def test_a_volume_without_known_spacing_is_refused():
    with pytest.raises(ValueError, match="known spacing in mm"):
        volume(medlab.Image(np.ones((3, 3, 3), bool)))


def test_area_of_a_disc_with_oblong_pixels():
    image = flat((80, 200), (0.5, 0.2))
    y, x = np.mgrid[:80, :200]
    disc = (0.5 * (y - 40)) ** 2 + (0.2 * (x - 100)) ** 2 < 15**2
    assert area(image.as_mask(disc)) == pytest.approx(np.pi * 15**2, rel=0.005)


def test_mesh_surface_and_sphericity_are_those_of_the_ibsi_phantom():
    content = json.loads((Path(__file__).parents[1] / "radiomics/ibsi_digital_phantom.json").read_text())
    known = {row["ibsi_id"]: (row["reference"], row["tolerance"]) for row in content["reference"]}
    affine = np.diag([*content["spacing_mm"], 1.0])[:, [2, 1, 0, 3]]
    mask = medlab.Image(np.array(content["mask"], np.uint8), affine=affine, units="label")
    for code, value in {
        "YEKZ": 1000 * volume(mask),
        "RNU0": enclosed_volume(*surface_mesh(mask)),
        "C0JK": surface_area(mask),
        "QCFX": sphericity(mask),
    }.items():
        assert value == pytest.approx(known[code][0], abs=known[code][1]), code


def test_surface_of_a_ball_is_too_large_by_what_the_notes_say():
    image = turned((0.5, 0.5, 0.5), (60, 60, 60))
    ball = ellipsoid(image, (12, 12, 12), image.index_to_position((29.5, 29.5, 29.5)))
    assert surface_area(ball) / (4 * np.pi * 12**2) == pytest.approx(1.085, abs=0.01)
    assert sphericity(ball) == pytest.approx(1 / 1.085, abs=0.01)


def test_mesh_is_closed_where_the_region_touches_the_border(oblique):
    vertices, faces = surface_mesh(oblique.replace(array=np.ones((3, 4, 5), np.uint8)))
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
    assert enclosed_volume(vertices, faces) > 0


def test_a_box_has_a_surface_near_its_own():
    mask = straight((2.0, 1.0, 0.5), (20, 40, 80)).as_mask(np.ones((20, 40, 80), bool))
    assert surface_area(mask) == pytest.approx(6 * 40**2, rel=0.02)


def test_sarcoma_contours_and_published_voxels_have_one_volume(public):
    for case in public("sarcoma-sts-004"):
        assert volume(case.masks["GTV contour"]) == pytest.approx(volume(case.masks["GTV"]), rel=0.01)


def test_breast_tumour_has_the_published_volume(public):
    data = public("breast-dce-br06")
    cases = dict(zip(data.table["series"], data, strict=True))
    facts = cases["SER"].facts
    enhancing = cases["SER"].image.array > 0
    box = np.zeros(enhancing.shape, bool)
    box[tuple(slice(a, b + 1) for a, b in zip(*facts["region"], strict=True))] = True
    found = volume(cases["SER"].image.as_mask(enhancing & box))
    assert found == pytest.approx(facts["tumour_ml"]["FTVpe(PEearly>70%)"], rel=1e-6)
    assert found == pytest.approx(40.643, abs=0.001)
