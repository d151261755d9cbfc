"""Meshes against theory, and the figures made of them."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import medlab
from medlab import Image, view
from medlab.view.camera import Camera
from medlab.view.meshes import enclosed_volume, simplified
from medlab.view.zbuffer import Part, draw

AXES = np.array([14.0, 11.0, 9.0])  # half axes of the ellipsoid in mm
CENTRE = np.array([31.0, -22.0, 57.0])


def ellipsoid(labels=None):
    """An ellipsoid along x, y, z in LPS mm on an oblique grid of 2.0 × 0.9 × 1.3 mm."""
    turn = Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix()
    affine = np.eye(4)
    affine[:3, :3] = turn * [2.0, 0.9, 1.3]
    shape = (20, 44, 32)
    affine[:3, 3] = CENTRE - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    empty = Image(np.zeros(shape, np.uint8), affine=affine)
    index = np.stack(np.indices(shape), axis=-1)
    inside = (((empty.index_to_position(index) - CENTRE) / AXES) ** 2).sum(axis=-1) < 1
    return empty.as_mask(inside.astype(np.uint8) * 3, labels)


@pytest.mark.parametrize("smooth", [0, 15])
def test_the_mesh_of_an_ellipsoid_encloses_its_volume(smooth):
    volume = enclosed_volume(*view.mesh(ellipsoid(), smooth=smooth))
    assert volume == pytest.approx(4 / 3 * np.pi * AXES.prod(), rel=0.03)


def test_vertices_lie_on_the_ellipsoid_in_mm():
    vertices, _ = view.mesh(ellipsoid(), smooth=10)
    radius = np.sqrt((((vertices - CENTRE) / AXES) ** 2).sum(axis=1))
    assert np.median(np.abs(radius - 1)) < 0.04
    assert np.abs(radius - 1).max() < 0.2
    assert np.allclose((vertices.min(axis=0) + vertices.max(axis=0)) / 2, CENTRE, atol=0.7)
    assert np.allclose(np.ptp(vertices, axis=0), 2 * AXES, atol=1.6)


@pytest.mark.parametrize("flip", [1, -1])
def test_normals_point_outwards_whatever_the_handedness_of_the_grid(flip):
    mask = ellipsoid()
    affine = mask.affine.copy()
    affine[:3, 0] *= flip
    vertices, faces = view.mesh(mask.replace(affine=affine))
    a, b, c = np.moveaxis(vertices[faces].astype(float), 1, 0)
    outwards = ((a + b + c) / 3 - vertices.mean(axis=0)) * np.cross(b - a, c - a)
    assert (outwards.sum(axis=1) > 0).mean() > 0.99


def test_the_surface_is_closed_where_the_region_touches_the_border():
    _, faces = view.mesh(Image(np.ones((4, 5, 6), np.uint8)))
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    assert (counts == 2).all()


def test_a_label_in_two_pieces_gives_both():
    values = np.zeros((10, 10, 30), np.uint8)
    values[3:7, 3:7, 3:7] = values[3:7, 3:7, 20:27] = 2
    vertices, _ = view.mesh(Image(values), 2)
    x = vertices[:, 0]
    assert ((x > 2) & (x < 7)).any()
    assert ((x > 19) & (x < 27)).any()
    assert not ((x > 7) & (x < 19)).any()


def test_labels_are_found_by_name_and_by_value():
    mask = ellipsoid({3: "kidney"})
    by_name, by_value = view.mesh(mask, "kidney"), view.mesh(mask, 3)
    assert np.array_equal(by_name[0], by_value[0])


def test_an_absent_label_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="no label 'liver'; it holds 3: kidney"):
        view.mesh(ellipsoid({3: "kidney"}), "liver")


@pytest.mark.parametrize(
    ("mask", "says"),
    [
        (np.zeros((4, 5, 6), np.uint8), "mask is empty"),
        (np.ones((4, 5, 6)), "booleans or integer labels; got float64"),
        (np.ones((5, 6), np.uint8), "with slices"),
    ],
)
def test_what_is_no_mask_is_refused(mask, says):
    with pytest.raises(ValueError, match=says):
        view.mesh(mask)


def test_a_face_budget_is_kept_and_the_volume_nearly():
    vertices, faces = view.mesh(ellipsoid(), smooth=10)
    fewer = simplified(vertices, faces, len(faces) // 4)
    assert len(faces) // 8 < len(fewer[1]) <= len(faces) // 4
    assert enclosed_volume(*fewer) == pytest.approx(enclosed_volume(vertices, faces), rel=0.05)


def two_regions():
    values = np.zeros((20, 24, 28), np.uint8)
    values[4:17, 4:20, 16:25], values[4:17, 4:20, 3:12] = 1, 2
    affine = np.diag([1.5, 1.0, 2.0, 1.0])[:, [2, 1, 0, 3]]
    return Image(values, affine=affine, units="label", labels={1: "left lung", 2: "right lung"})


def test_the_figure_names_regions_units_and_directions():
    figure = view.surface(two_regions(), colors={"left lung": "#00ff00"})
    assert [trace.name for trace in figure.data] == ["left lung", "right lung"]
    assert figure.data[0].color == "rgb(0,255,0)"
    assert figure.layout.scene.aspectmode == "data"
    titles = [figure.layout.scene[f"{a}axis"].title.text for a in "xyz"]
    assert titles == ["x (mm), R → L", "y (mm), A → P", "z (mm), F → H"]
    assert figure.data[0].x.min() == pytest.approx(15.5 * 1.5, abs=0.8)


def test_an_unknown_size_is_called_pixels():
    figure = view.surface(two_regions().array)
    assert figure.layout.scene.xaxis.title.text == "x (px)"


def test_max_faces_is_shared_among_the_regions():
    assert sum(len(p.faces) for p in view.surface(two_regions(), max_faces=900).parts) <= 900


def test_a_slice_of_the_image_lies_where_the_image_lies():
    mask = two_regions()
    values = np.broadcast_to(np.arange(20)[:, None, None], mask.shape).astype(np.int16)
    part = view.surface(mask, image=mask.replace(array=values, units="", labels=None)).parts[-1]
    assert not part.shaded
    assert np.unique(part.vertices[:, 2]).tolist() == [2.0 * 10]
    assert part.vertices[:, 0].max() == pytest.approx(27 * 1.5)


@pytest.mark.parametrize(("options", "says"), [({"opacity": 2}, "opacity"), ({"max_faces": 5}, "max_faces")])
def test_options_out_of_range_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        view.surface(two_regions(), **options)


def test_without_javascript_there_is_a_picture(monkeypatch):
    monkeypatch.delenv("MEDLAB_STATIC_VIEWS", raising=False)
    bundle = view.surface(two_regions())._repr_mimebundle_()
    assert {"image/png", "application/vnd.jupyter.widget-view+json"} <= set(bundle)


def cube(low, high, colour, **options):
    values = np.zeros((24, 24, 24), np.uint8)
    values[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = 1
    vertices, faces = view.mesh(Image(values))
    colours = np.tile(np.array(colour, np.uint8), (len(vertices), 1))
    return Part("cube", vertices, faces, colours, **options)


RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.mark.parametrize(("azimuth", "nearer"), [(0, 0), (180, 2)])
def test_the_picture_shows_what_is_nearer_to_the_camera(azimuth, nearer):
    front, back = cube((8, 2, 8), (16, 8, 16), RED), cube((8, 16, 8), (16, 22, 16), BLUE)
    middle = draw([front, back], Camera(azimuth), 80)[40, 40]
    assert middle[nearer] > 100
    assert middle[2 - nearer] == 0
    assert middle[3] == 255


def test_a_transparent_part_lets_the_one_behind_through():
    front, back = cube((8, 2, 8), (16, 8, 16), RED, opacity=0.5), cube((8, 16, 8), (16, 22, 16), BLUE)
    red, _, blue, cover = draw([front, back], Camera(), 80)[40, 40]
    assert red == pytest.approx(blue, rel=0.1)
    assert cover == 255


def test_from_the_front_the_patients_left_is_on_the_right_and_the_head_up():
    left_top = cube((16, 8, 16), (22, 16, 22), RED)
    right_bottom = cube((2, 8, 2), (8, 16, 8), BLUE)
    picture = draw([left_top, right_bottom], Camera(), 80)
    rows, cols = np.nonzero(picture[..., 0] > 50)
    assert rows.max() < 40 < cols.min()


def test_a_drawn_surface_has_no_holes():
    picture = draw([cube((4, 4, 4), (20, 20, 20), RED)], Camera(33, 21), 150)
    covered = picture[..., 3] > 128
    from scipy.ndimage import binary_fill_holes

    assert np.array_equal(binary_fill_holes(covered), covered)
    assert picture[covered][:, 0].min() > 40


def test_surface_and_mesh_are_functions_of_the_room():
    assert callable(medlab.view.surface)
    assert callable(medlab.view.mesh)
