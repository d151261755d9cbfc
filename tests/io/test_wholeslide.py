"""Whole slides: a pyramid written for the test, with SVS's marks."""

import numpy as np
import pytest
import tifffile

import medlab
from medlab.io.errors import TooLargeError

DESCRIPTION = "Aperio Image Library v1.0\n512x384 [0,0 512x384] (256x256)|AppMag = 20|MPP = 0.5"


@pytest.fixture
def slide(tmp_path):
    """Levels of 384 × 512 and 192 × 256, and the pixels of both."""
    rows, columns = np.mgrid[:384, :512]
    full = np.stack([rows // 2, columns // 2, (rows + columns) // 4], axis=-1).astype(np.uint8)
    half = full[::2, ::2].copy()
    path = tmp_path / "slide.svs"
    with tifffile.TiffWriter(path) as tiff:
        options = {"tile": (256, 256), "photometric": "rgb", "metadata": None}
        tiff.write(full, description=DESCRIPTION, **options)
        tiff.write(full[::8, ::8].copy(), description=DESCRIPTION, photometric="rgb", metadata=None)
        tiff.write(half, description=DESCRIPTION, **options)
    return path, full, half


def test_the_overview_is_read_by_default_with_its_spacing(slide):
    path, _, half = slide
    image = medlab.read(path)
    np.testing.assert_array_equal(image.array, half)
    assert (image.axes, image.modality, image.space) == ("yxc", "SM", "plane")
    np.testing.assert_allclose(image.spacing, (0.001, 0.001))
    assert "Level 1 of the levels 0: 384 × 512; 1: 192 × 256" in image.notes[0]


@pytest.mark.parametrize("level", [0, 1])
def test_a_region_is_read_at_its_level_and_knows_its_place(slide, level):
    path, *levels = slide
    image = medlab.read(path, level=level, region=(20, 30, 40, 50))
    np.testing.assert_array_equal(image.array, levels[level][20:60, 30:80])
    step = 0.0005 * 2**level
    np.testing.assert_allclose(image.origin[:2], (30.5 * step, 20.5 * step))


def test_a_region_without_a_level_is_of_full_resolution(slide):
    path, full, _ = slide
    np.testing.assert_array_equal(medlab.read(path, region=(300, 400, 84, 112)).array, full[300:, 400:])


@pytest.mark.parametrize("region", [(0, 0, 385, 1), (-1, 0, 5, 5), (0, 500, 5, 13), (0, 0, 0, 5)])
def test_a_region_that_leaves_the_level_is_refused(slide, region):
    with pytest.raises(ValueError, match="384 rows and 512 columns"):
        medlab.read(slide[0], level=0, region=region)


def test_a_level_that_is_not_there_is_refused(slide):
    with pytest.raises(ValueError, match="level must be 0"):
        medlab.read(slide[0], level=2)


def test_a_level_larger_than_allowed_is_refused(slide):
    with pytest.raises(TooLargeError):
        medlab.read(slide[0], level=0, max_bytes=384 * 512 * 3 - 1)


def test_a_slide_that_does_not_tell_its_resolution_has_no_size(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(np.zeros((300, 300, 3), np.uint8), tile=(256, 256), photometric="rgb", metadata=None)
    assert medlab.read(tmp_path / "a.tif", level=0).space == "pixel"
