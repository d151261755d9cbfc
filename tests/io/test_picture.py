"""PNG, JPEG, BMP and TIFF."""

import numpy as np
import PIL.Image
import pytest
import tifffile

import medlab
from medlab.io.errors import CorruptFileError, MultipleSeriesError, TooLargeError, TruncatedFileError
from medlab.io.picture import oriented

GREY = np.arange(48, dtype=np.uint8).reshape(6, 8)
COLOUR = np.stack([GREY, GREY + 60, GREY + 120], axis=-1)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif"])
@pytest.mark.parametrize(("values", "axes"), [(GREY, "yx"), (COLOUR, "yxc")])
def test_lossless_pictures_come_back_as_they_were(suffix, values, axes, tmp_path):
    PIL.Image.fromarray(values).save(tmp_path / f"a.{suffix}")
    image = medlab.read(tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(image.array, values)
    assert (image.axes, image.space) == (axes, "pixel")


def test_the_content_decides_and_not_the_name(tmp_path):
    PIL.Image.fromarray(GREY).save(tmp_path / "a.jpg", format="PNG")
    np.testing.assert_array_equal(medlab.read(tmp_path / "a.jpg").array, GREY)


def test_jpeg_is_read(tmp_path):
    PIL.Image.fromarray(COLOUR).save(tmp_path / "a.jpg", quality=95)
    image = medlab.read(tmp_path / "a.jpg")
    assert image.axes == "yxc"
    assert np.abs(image.array.astype(int) - COLOUR).max() < 30


def test_sixteen_bits_stay_sixteen_bits(tmp_path):
    import imagecodecs

    deep = GREY.astype(np.uint16) * 1000
    PIL.Image.fromarray(deep).save(tmp_path / "grey.png")
    (tmp_path / "colour.png").write_bytes(imagecodecs.png_encode(COLOUR.astype(np.uint16) * 200))
    grey, colour = medlab.read(tmp_path / "grey.png"), medlab.read(tmp_path / "colour.png")
    assert (grey.dtype, colour.dtype) == (np.uint16, np.uint16)
    np.testing.assert_array_equal(grey.array, deep)
    np.testing.assert_array_equal(colour.array, COLOUR.astype(np.uint16) * 200)


def test_a_one_bit_picture_is_a_mask(tmp_path):
    PIL.Image.fromarray(GREY > 20).save(tmp_path / "a.png")
    image = medlab.read(tmp_path / "a.png")
    np.testing.assert_array_equal(image.array, GREY > 20)
    assert image.is_mask


def test_a_palette_becomes_colour_with_a_note(tmp_path):
    PIL.Image.fromarray(COLOUR).convert("P", palette=PIL.Image.Palette.ADAPTIVE, colors=48).save(
        tmp_path / "a.png"
    )
    image = medlab.read(tmp_path / "a.png")
    np.testing.assert_array_equal(image.array, COLOUR)
    assert "palette" in image.notes[0]


def test_equal_channels_and_transparency_are_noted(tmp_path):
    rgba = np.stack([GREY, GREY, GREY, np.full_like(GREY, 255)], axis=-1)
    PIL.Image.fromarray(rgba).save(tmp_path / "a.png")
    image = medlab.read(tmp_path / "a.png")
    assert "three colour channels are equal" in image.notes[0]
    assert "fourth channel is transparency" in image.notes[1]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_as_pillow_does(orientation, tmp_path):
    picture = PIL.Image.fromarray(GREY)
    exif = picture.getexif()
    exif[0x0112] = orientation
    picture.save(tmp_path / "a.png", exif=exif)
    image = medlab.read(tmp_path / "a.png")
    with PIL.Image.open(tmp_path / "a.png") as stored:
        expected = np.asarray(PIL.ImageOps.exif_transpose(stored))
    np.testing.assert_array_equal(image.array, expected)
    assert len(image.notes) == (orientation != 1)


def test_an_orientation_beyond_the_standard_changes_nothing():
    assert oriented(GREY, 9)[0] is GREY


def test_a_resolution_for_printing_is_not_taken_for_a_size(tmp_path):
    PIL.Image.fromarray(GREY).save(tmp_path / "a.png", dpi=(300, 300))
    image = medlab.read(tmp_path / "a.png")
    assert image.space == "pixel"
    assert "300 dpi" in image.notes[0]


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif"])
def test_a_truncated_picture_is_an_error(suffix, tmp_path, rng):
    path = tmp_path / f"a.{suffix}"
    PIL.Image.fromarray(rng.integers(0, 255, (60, 80), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises((TruncatedFileError, CorruptFileError), match=path.name):
        medlab.read(path)


def test_deep_colour_cut_short_is_an_error(tmp_path, rng):
    import imagecodecs

    content = imagecodecs.png_encode(rng.integers(0, 65535, (60, 80, 3), dtype=np.uint16))
    (tmp_path / "a.png").write_bytes(content[: len(content) // 2])
    with pytest.raises((TruncatedFileError, CorruptFileError)):
        medlab.read(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_max_bytes_is_kept(suffix, tmp_path):
    PIL.Image.fromarray(GREY).save(tmp_path / f"a.{suffix}")
    with pytest.raises(TooLargeError):
        medlab.read(tmp_path / f"a.{suffix}", max_bytes=47)


def test_pages_of_unknown_meaning_become_slices_with_a_note(tmp_path, rng):
    stack = rng.integers(0, 60000, (5, 6, 8), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack", metadata=None)
    image = medlab.read(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.array, stack)
    assert image.axes == "zyx"
    assert "taken as slices" in image.notes[0]


@pytest.mark.parametrize(("options", "expected"), [({"imagej": True}, "tyx"), ({"ome": True}, "tyx")])
def test_time_lapses_say_that_they_are(options, expected, tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((5, 6, 8), np.uint8), metadata={"axes": "TYX"}, **options)
    assert medlab.read(tmp_path / "a.tif").axes == expected


def test_channels_come_last(tmp_path, rng):
    values = rng.integers(0, 255, (2, 6, 8), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.ome.tif", values, metadata={"axes": "CYX"})
    image = medlab.read(tmp_path / "a.ome.tif")
    assert image.axes == "yxc"
    np.testing.assert_array_equal(image.array, np.moveaxis(values, 0, -1))


def test_imagej_microns_become_millimetres(tmp_path):
    metadata = {"spacing": 3.0, "unit": "um", "axes": "ZYX"}
    tifffile.imwrite(
        tmp_path / "a.tif",
        np.zeros((5, 6, 8), np.uint8),
        imagej=True,
        resolution=(1 / 0.5, 1 / 0.25),
        metadata=metadata,
    )
    image = medlab.read(tmp_path / "a.tif")
    np.testing.assert_allclose(image.spacing, (0.003, 0.00025, 0.0005), rtol=1e-5)
    assert image.space == "plane"


def test_ome_sizes_become_millimetres(tmp_path):
    metadata = {"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "mm", "PhysicalSizeY": 250.0}
    tifffile.imwrite(tmp_path / "a.ome.tif", GREY, metadata=metadata)
    np.testing.assert_allclose(medlab.read(tmp_path / "a.ome.tif").spacing, (0.25, 0.5))


@pytest.mark.parametrize(
    ("resolution", "unit", "space"), [((400, 400), "CENTIMETER", "plane"), ((72, 72), "INCH", "pixel"),
                                      ((118.11, 118.11), "CENTIMETER", "pixel")],
)  # fmt: skip
def test_only_a_physical_resolution_is_trusted(resolution, unit, space, tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, resolution=resolution, resolutionunit=unit, metadata=None)
    image = medlab.read(tmp_path / "a.tif")
    assert image.space == space
    if space == "plane":
        np.testing.assert_allclose(image.spacing, (0.025, 0.025))
    else:
        assert "setting for printing" in image.notes[0]


def test_pictures_of_several_shapes_are_listed(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(GREY, metadata=None)
        tiff.write(GREY[:3], metadata=None)
    with pytest.raises(MultipleSeriesError, match=r"1: YX \(3, 8\)"):
        medlab.read(tmp_path / "a.tif")
    np.testing.assert_array_equal(medlab.read(tmp_path / "a.tif", series=1).array, GREY[:3])
    with pytest.raises(CorruptFileError, match="no picture 2"):
        medlab.read(tmp_path / "a.tif", series=2)
    with pytest.raises(ValueError, match="number of a picture"):
        medlab.read(tmp_path / "a.tif", series="first")


def test_a_tiff_without_its_last_page_is_not_filled_with_zeros(tmp_path, rng):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, rng.integers(1, 255, (9, 60, 80), dtype=np.uint8), imagej=True)
    path.write_bytes(path.read_bytes()[:30_000])
    with pytest.raises(TruncatedFileError, match=r"a\.tif"):
        medlab.read(path)


def test_a_tiff_palette_becomes_colour(tmp_path):
    PIL.Image.fromarray(COLOUR).convert("P", palette=PIL.Image.Palette.ADAPTIVE, colors=48).save(
        tmp_path / "a.tif"
    )
    image = medlab.read(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.array, COLOUR)
    assert (image.axes, image.dtype) == ("yxc", np.uint8)


def test_white_is_zero_is_noted_and_the_values_kept(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, photometric="miniswhite", metadata=None)
    image = medlab.read(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.array, GREY)
    assert "0 is white" in image.notes[0]


def test_an_option_that_means_nothing_here_is_refused(tmp_path):
    PIL.Image.fromarray(GREY).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="series= means nothing"):
        medlab.read(tmp_path / "a.png", series=1)


def test_reading_prints_nothing(tmp_path, capfd):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY, metadata={"axes": "YX"})
    path.write_bytes(path.read_bytes().replace(b'"shape": [6, 8]', b'"shape": [7, 9]'))
    assert "does not match page shape" in medlab.read(path).notes[-1]
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
