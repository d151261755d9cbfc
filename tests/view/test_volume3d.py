"""What volume3d sends, and how a still picture of it is made."""

import io

import nibabel
import numpy as np
import pytest
from PIL import Image as Pillow

from medlab import Image, view
from medlab.view import transfer
from medlab.view.camera import Camera
from medlab.view.coarse import coarse, solid
from medlab.view.nifti8 import nifti_bytes
from medlab.view.raycast import cast, cropped

LPS = np.eye(4)[:, [2, 1, 0, 3]]


def ct(values, affine=LPS):
    return Image(np.asarray(values), affine=affine, modality="CT", units="HU")


def block(shape=(20, 24, 28)):
    values = np.full(shape, -1000, np.int16)
    values[5:15, 6:18, 14:26] = 900
    return ct(values)


# -- transfer functions ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", transfer.PRESETS)
def test_every_preset_makes_a_table_that_is_clear_below_and_visible_above(name):
    unit = transfer.PRESETS[name].unit
    table = transfer.ramp(Image(np.random.default_rng(0).random((4, 5, 6)) * 9, units=unit), name).table()
    assert table.shape == (256, 4)
    assert table[0, 3] == 0
    assert table[:, 3].max() > 10


def test_the_table_holds_the_presets_points():
    ramp = transfer.ramp(block(), [(0, "#000000", 0), (255, "#ff8000", 1)])
    assert ramp.table()[51].tolist() == [51, 26, 0, 51]
    assert ramp.codes(np.array([-50, 0, 51, 255, 900])).tolist() == [0, 0, 51, 255, 255]


def test_relative_presets_follow_the_percentiles_of_the_image(rng):
    values = rng.normal(500, 100, (20, 30, 40))
    low, high = np.percentile(values, [1, 99.8])
    ramp = transfer.ramp(Image(values, modality="MR"), "MR")
    assert ramp.limits[1] == pytest.approx(high)
    assert ramp.limits[0] == pytest.approx(low + 0.16 * (high - low))


@pytest.mark.parametrize(
    ("modality", "units", "first"),
    [
        ("CT", "HU", "bone"),
        ("PT", "SUVbw", "PET hot"),
        ("PT", "Bq/ml", "hot"),
        ("MR", "", "MR"),
        ("", "", "dense"),
    ],
)
def test_the_default_preset_suits_the_image(modality, units, first):
    assert transfer.offered(Image(np.zeros((2, 3, 4)), modality=modality, units=units))[0] == first


@pytest.mark.parametrize(
    ("preset", "says"),
    [
        ("bones", "Unknown preset 'bones'; pass one of 'MR'"),
        ("lung", "made for HU; this image holds arbitrary units"),
        ([(3, "red", 0), (1, "red", 1)], "ascending"),
        ([(0, "red", 0), (1, "no colour", 1)], "Points must be"),
    ],
)
def test_a_preset_that_does_not_fit_is_refused(preset, says, rng):
    with pytest.raises(ValueError, match=says):
        view.volume3d(Image(rng.random((4, 5, 6)), modality="MR"), preset=preset)


# -- reduction ------------------------------------------------------------------------------------


def test_reducing_keeps_the_mean_and_the_field_of_view(rng):
    image = ct(rng.normal(0, 100, (50, 40, 30)).astype(np.float32))
    small = coarse(image, 16)
    assert small.shape == (16, 16, 16)
    assert small.array.mean() == pytest.approx(image.array.mean(), abs=0.5)
    corners = np.array([[-0.5, -0.5, -0.5], [15.5, 15.5, 15.5]])
    expected = image.index_to_position([[-0.5, -0.5, -0.5], [49.5, 39.5, 29.5]])
    assert np.allclose(small.index_to_position(corners), expected)


def test_a_thin_plate_does_not_vanish():
    values = np.zeros((64, 64, 64), np.float32)
    values[31] = 100
    assert coarse(ct(values), 16).array.max() == pytest.approx(25)


def test_a_volume_that_is_small_enough_is_not_touched():
    image = block()
    assert coarse(image, 64).array is image.array


def test_a_sheared_volume_comes_out_at_right_angles():
    affine = LPS.copy()
    affine[1, 0] = 0.4
    small = coarse(ct(block().array, affine), 64)
    assert not small.sheared
    where = np.argwhere(small.array > 400)
    truth = ct(block().array, affine).index_to_position([9.5, 11.5, 19.5])
    assert np.allclose(small.index_to_position(where.mean(axis=0)), truth, atol=0.6)


def test_nan_and_infinity_become_the_extremes():
    values = np.linspace(0, 10, 60).reshape(3, 4, 5)
    values[0, 0, :3] = np.nan, np.inf, -np.inf
    kept = solid(Image(values)).array
    finite = values[np.isfinite(values)]
    assert kept[0, 0, :3].tolist() == [finite.min(), finite.max(), finite.min()]


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (Image(np.arange(20).reshape(4, 5)), "at least 2 slices"),
        (Image(np.arange(20).reshape(1, 4, 5)), "at least 2 slices"),
        (Image(np.full((3, 4, 5), 7)), "every voxel holds 7"),
        (Image(np.full((3, 4, 5), np.nan)), "finite"),
        (Image(np.zeros((3, 4, 5, 3), np.uint8), axes="zyxc"), "not 3 channels"),
        (Image(np.zeros((3, 4, 5), complex)), "complex"),
    ],
)
def test_what_has_no_three_dimensions_is_refused(image, says):
    with pytest.raises(ValueError, match=says):
        view.volume3d(image)


def test_a_time_point_is_picked(rng):
    series = Image(rng.random((3, 4, 5, 6)), axes="tzyx")
    assert np.array_equal(view.volume3d(series, time=-1).scene.image.array, series.array[2])
    with pytest.raises(ValueError, match="3 time points; got 3"):
        view.volume3d(series, time=3)


# -- what niivue reads ------------------------------------------------------------------------------


def read(data):
    return nibabel.Nifti1Image.from_bytes(data)


def test_the_bytes_are_a_nifti_file_with_the_values_in_their_place(rng):
    codes = rng.integers(0, 256, (4, 5, 6)).astype(np.uint8)
    affine = np.array([[0.1, 0, 0.8, -20], [0, 1.2, 0, 7], [3, 0, 0, 40], [0, 0, 0, 1.0]])
    affine[:3, 0] = [0, 0, 3]
    nifti = read(nifti_bytes(codes, affine, (-100.0, 155.0)))
    assert np.allclose(nifti.get_fdata(), codes.T - 100.0)
    lps = affine @ [3, 4, 5, 1]
    ras = nifti.affine @ [5, 4, 3, 1]
    assert np.allclose(ras, lps * [-1, -1, 1, 1])
    assert np.allclose(nifti.get_qform(), nifti.affine, atol=1e-4)


def test_the_viewer_sends_the_volume_in_the_presets_range():
    viewer = view.volume3d(block(), preset="bone")
    nifti = read(viewer.niivue.volumes[0].data)
    assert nifti.get_data_dtype() == np.uint8
    back = nifti.get_fdata().T
    assert np.allclose(back[block().array == 900], 900, atol=(1500 - 180) / 255)
    assert (back[block().array == -1000] == 180).all()


def test_the_mask_travels_with_names_and_colours():
    mask = np.zeros((20, 24, 28), np.uint8)
    mask[5:8, 6:18, 14:26], mask[8:15, 6:18, 14:26] = 4, 9
    viewer = view.volume3d(block(), block().as_mask(mask, {4: "low", 9: "high"}), colors=["#102030"])
    sent = viewer.niivue.volumes[1]
    assert np.array_equal(np.asarray(read(sent.data).dataobj).T, np.where(mask == 4, 1, (mask == 9) * 2))
    assert sent.colormap_label.lut[4:7] == [0x10, 0x20, 0x30]
    assert "low" in viewer.children[2].value


def test_a_large_volume_is_sent_reduced_and_says_so():
    values = np.zeros((10, 70, 80), np.int16)
    values[:, 20:50, 30:60] = 1000
    viewer = view.volume3d(ct(values), ct(values).as_mask(values > 0), max_size=32)
    assert read(viewer.niivue.volumes[0].data).shape == (32, 32, 10)
    assert read(viewer.niivue.volumes[1].data).shape == (32, 32, 10)
    assert "Averaged from 10 × 70 × 80 to 10 × 32 × 32 voxels." in viewer.children[2].value


def test_another_preset_sends_the_volume_anew():
    viewer = view.volume3d(block(), preset="bone")
    viewer.preset = "skin"
    low = read(viewer.niivue.volumes[0].data).get_fdata().min()
    assert low == pytest.approx(-500)
    with pytest.raises(ValueError, match="Unknown preset"):
        viewer.preset = "steel"


@pytest.mark.parametrize(
    ("options", "says"),
    [({"backend": "vtk"}, "backend"), ({"opacity": 3}, "opacity"), ({"max_size": 4000}, "max_size")],
)
def test_options_out_of_range_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        view.volume3d(block(), **options)


def test_a_missing_itkwidgets_is_named_with_what_to_use(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ImportError, match="use backend='niivue'"):
        view.volume3d(block(), backend="itkwidgets")


# -- plotly ---------------------------------------------------------------------------------------


def test_the_plotly_figure_lies_in_patient_mm():
    affine = np.array([[0, 0, -2.0, 90], [0, 3.0, 0, 10], [-4.0, 0, 0, 200], [0, 0, 0, 1]])
    image = ct(block().array, affine)
    figure = view.volume3d(image, backend="plotly")
    trace = figure.data[0]
    shown = trace.value > 400
    middle = [np.mean(np.asarray(a)[shown]) for a in (trace.x, trace.y, trace.z)]
    assert np.allclose(middle, image.index_to_position([9.5, 11.5, 19.5]), atol=1.5)
    assert trace.isomin == 180
    assert figure.layout.scene.zaxis.title.text == "z (mm), F → H"


# -- stills ---------------------------------------------------------------------------------------

OPAQUE = np.zeros((256, 4), np.uint8)
OPAQUE[100:] = [255, 128, 0, 255]


def test_a_still_shows_the_object_at_its_place_and_in_its_colour():
    codes = np.zeros((30, 30, 30), np.uint8)
    codes[20:26, 10:20, 20:26] = 200
    picture = cast(codes, LPS, OPAQUE, Camera(), 90)
    rows, cols = np.nonzero(picture[..., 3] > 200)
    assert rows.max() < 45 < cols.min()
    step = np.sqrt(3 * 30**2) / 90
    assert np.ptp(cols) + 1 == pytest.approx(6 / step, abs=2)
    red, green, blue, _ = picture[int(rows.mean()), int(cols.mean())]
    assert green == pytest.approx(red / 2, abs=3)
    assert blue == 0


def test_anisotropic_voxels_keep_their_proportions():
    codes = np.zeros((20, 40, 40), np.uint8)
    codes[5:15, 10:30, 10:30] = 200
    affine = LPS @ np.diag([4.0, 1.0, 1.0, 1.0])
    covered = cast(codes, affine, OPAQUE, Camera(), 160)[..., 3] > 128
    tall, wide = (np.ptp(np.flatnonzero(covered.any(axis=axis))) + 1 for axis in (1, 0))
    assert tall / wide == pytest.approx(2.0, rel=0.1)


def test_opacity_follows_the_law_of_absorption():
    table = np.zeros((256, 4), np.uint8)
    table[1:] = [255, 255, 255, 26]  # about a tenth, for a 256th of the longest side
    codes = np.full((64, 64, 64), 200, np.uint8)
    cover = cast(codes, LPS, table, Camera(), 100)[50, 50, 3] / 255
    assert cover == pytest.approx(1.0, abs=0.04)
    codes[:, 8:] = 0
    cover = cast(codes, LPS, table, Camera(), 100)[50, 50, 3] / 255
    assert cover == pytest.approx(1 - (1 - 26 / 255) ** (256 * 8 / 64), abs=0.06)


def test_cropping_leaves_what_is_seen_in_its_place():
    codes = np.zeros((30, 30, 30), np.uint8)
    codes[20:26, 10:20, 5:9] = 200
    part, affine, _ = cropped(codes, LPS, OPAQUE)
    assert part.shape == (10, 14, 8)
    where = affine @ [*np.argwhere(part)[0], 1]
    assert np.allclose(where, LPS @ [20, 10, 5, 1])


def test_without_javascript_there_is_a_picture(monkeypatch):
    monkeypatch.delenv("MEDLAB_STATIC_VIEWS", raising=False)
    viewer = view.volume3d(block())
    assert {"image/png", "application/vnd.jupyter.widget-view+json"} <= set(viewer._repr_mimebundle_())
    picture = np.asarray(Pillow.open(io.BytesIO(viewer.to_png())).convert("RGB"))
    assert (picture.max(axis=2) > 100).mean() > 0.2
