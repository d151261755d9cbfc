import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from medlab import Image, view


def picture(ax, n=0):
    return np.ma.filled(ax.images[n].get_array(), np.nan)


def test_show_draws_the_slice_asked_for(ball):
    ax = view.show(ball, index=5, window=(0, 100))
    assert np.array_equal(picture(ax), ball.array[5])
    assert ax.images[0].get_clim() == (-50, 50)


def test_show_names_plane_place_and_window(ball):
    title = view.show(ball, axis="coronal", index=24, window="lung").get_title()
    assert "coronal" in title
    assert "y = 0.0 mm" in title
    assert "lung" in title
    assert "-600" in title
    assert "1500 HU" in title


def test_show_draws_coronal_slices_with_the_head_up(ball):
    assert np.array_equal(picture(view.show(ball, axis="coronal", index=20)), ball.array[::-1, 20])


@pytest.mark.parametrize(("axis", "size"), [(0, (41.6, 48)), (1, (41.6, 32)), (2, (48, 32))])
def test_axes_are_in_millimetres(ball, axis, size):
    ax = view.show(ball, axis=axis)
    left, right, bottom, top = ax.images[0].get_extent()
    assert (right - left, bottom - top) == pytest.approx(size)
    assert ax.get_aspect() == 1
    assert ax.get_xlabel() == "mm"


def test_letters_stand_on_the_four_sides(ball):
    assert [t.get_text() for t in view.show(ball).texts] == ["A", "L", "P", "R"]


def test_the_colour_bar_names_the_unit(ball):
    (bar,) = view.show(ball).child_axes
    assert bar.get_ylabel() == "HU"


def test_suv_is_drawn_black_on_white_from_0_to_7():
    pet = Image(np.zeros((3, 4, 5), np.float32), affine=np.eye(4)[[2, 1, 0, 3]], modality="PT", units="SUVbw")
    drawn = view.show(pet).images[0]
    assert (drawn.get_clim(), drawn.get_cmap().name) == ((0, 7), "gray_r")


def test_the_mask_is_drawn_where_it_lies_in_its_colour(ball):
    mask = ball.array > 0
    ax = view.show(ball, {"ball": mask}, index=8, colors=["#ff0000"], opacity=0.5)
    layer = ax.images[1].get_array()
    assert np.array_equal(layer[..., 3] > 0, mask[8])
    assert layer[24, 25].tolist() == [*to_rgb("#ff0000"), 0.5]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["ball"]


def test_an_outline_runs_around_the_mask(ball):
    mask = ball.array > 0
    ax = view.show(ball, mask, index=8, outline=True)
    (contour,) = ax.collections
    x, y = contour.get_paths()[0].vertices.T
    j, i = np.nonzero(mask[8])
    assert (x.min(), x.max()) == pytest.approx((0.8 * i.min(), 0.8 * (i.max() + 1)), abs=0.5)
    assert (y.min(), y.max()) == pytest.approx((j.min(), j.max() + 1), abs=0.6)


def test_colour_pictures_keep_their_colours(rng):
    image = Image(rng.integers(0, 256, (8, 9, 3), np.uint8), axes="yxc")
    assert np.allclose(picture(view.show(image)), image.array / 255)


def test_show_draws_on_the_axes_given(ball):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert view.show(ball, ax=ax) is ax


def test_mosaic_shows_the_slices_named(ball):
    figure = view.mosaic(ball, slices=[2, 9, -1])
    shown = [picture(ax) for ax in figure.axes if ax.images and ax.get_title()]
    assert all(np.array_equal(a, ball.array[n]) for a, n in zip(shown, [2, 9, 15], strict=True))


def test_mosaic_spreads_over_the_mask(ball):
    mask = np.zeros(ball.shape, bool)
    mask[5:9] = True
    figure = view.mosaic(ball, mask, slices=4)
    assert [ax.get_title().split(",")[0] for ax in figure.axes if ax.get_title()] == ["5", "6", "7", "8"]


def test_mosaic_has_the_rows_and_columns_asked_for(ball):
    figure = view.mosaic(ball, rows=2, cols=3)
    assert figure.axes[0].get_subplotspec().get_gridspec().get_geometry() == (2, 3)
    assert len([ax for ax in figure.axes if ax.get_title()]) == 6


def test_mosaic_names_the_window_once(ball):
    assert "lung" in view.mosaic(ball, window="lung").get_suptitle()


@pytest.mark.parametrize(
    "options", [{"slices": [99]}, {"slices": 0}, {"slices": []}, {"slices": 5, "rows": 1, "cols": 2}]
)
def test_impossible_mosaics_are_refused(ball, options):
    with pytest.raises(ValueError, match=r"slice"):
        view.mosaic(ball, **options)


def test_overlay_shows_the_slice_with_the_largest_value(ball):
    heat = np.zeros(ball.shape)
    heat[3, 10, 12] = 5
    ax = view.overlay(ball, heat)
    assert np.array_equal(picture(ax), ball.array[3])
    assert picture(ax, 1)[10, 12] == 5
    assert ax.images[1].get_clim() == (0, 5)


def test_overlay_leaves_what_is_not_a_number_transparent(ball):
    heat = np.full(ball.shape, np.nan)
    heat[8, :5] = 1
    assert np.ma.getmaskarray(view.overlay(ball, heat, index=8).images[1].get_array()).sum() == 43 * 52


def test_overlay_fits_a_radiograph(rng):
    image, heat = rng.random((2, 20, 30))
    assert np.array_equal(picture(view.overlay(image, heat), 1), heat)


def test_overlay_refuses_a_map_of_another_shape(ball):
    with pytest.raises(ValueError, match=r"shape \(16, 48, 52\); got \(16, 48, 48\)"):
        view.overlay(ball, np.zeros((16, 48, 48)))


def test_overlay_refuses_a_map_on_another_grid(ball):
    moved = ball.replace(
        affine=ball.affine + np.eye(4)[:, [3, 0, 1, 2]] * 0 + np.array([[0, 0, 0, 5]] * 3 + [[0] * 4])
    )
    with pytest.raises(ValueError, match=r"another grid"):
        view.overlay(ball, moved)


def test_figures_leave_matplotlibs_settings_alone(ball):
    before = dict(mpl.rcParams)
    view.show(ball, ball.array > 0)
    assert dict(mpl.rcParams) == before
