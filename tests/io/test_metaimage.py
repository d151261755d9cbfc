"""MetaImage files."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

import medlab
from medlab.io.errors import TooLargeError, TruncatedFileError, UnsupportedFormatError

VALUES = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
MHA = """ObjectType = Image
NDims = 3
BinaryData = True
BinaryDataByteOrderMSB = False
CompressedData = False
{place}ElementSpacing = 1 2 3
DimSize = 4 3 2
ElementType = MET_SHORT
ElementDataFile = {data}
"""
PLACE = "TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 5 6 7\n"


def an_mha(path, place=PLACE, data="LOCAL"):
    path.write_bytes(
        MHA.format(place=place, data=data).encode() + (VALUES.tobytes() if data == "LOCAL" else b"")
    )
    return path


def test_mha_and_mhd_are_read(tmp_path):
    (tmp_path / "voxels.raw").write_bytes(VALUES.tobytes())
    for path in (an_mha(tmp_path / "a.mha"), an_mha(tmp_path / "a.mhd", data="voxels.raw")):
        image = medlab.read(path)
        np.testing.assert_array_equal(image.array, VALUES)
        assert (image.spacing, image.origin, image.space) == ((3.0, 2.0, 1.0), (5.0, 6.0, 7.0), "patient")


def test_an_mha_without_a_place_says_so(tmp_path):
    image = medlab.read(an_mha(tmp_path / "a.mha", place=""))
    assert image.space == "plane"
    assert "does not say" in image.notes[0]


def test_a_truncated_mha_is_named(tmp_path):
    path = an_mha(tmp_path / "a.mha")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(TruncatedFileError, match="47 of 48 bytes"):
        medlab.read(path)


def test_a_truncated_compressed_mha_is_an_error(tmp_path, rng, capfd):
    itk = sitk.GetImageFromArray(rng.integers(0, 999, (20, 20, 20)).astype(np.int16))
    sitk.WriteImage(itk, str(tmp_path / "a.mha"), useCompression=True)
    content = (tmp_path / "a.mha").read_bytes()
    (tmp_path / "a.mha").write_bytes(content[: len(content) // 2])
    with pytest.raises(medlab.LoadError, match=r"a\.mha"):
        medlab.read(tmp_path / "a.mha")
    assert capfd.readouterr().err == ""


def test_an_mhd_does_not_reach_out_of_its_folder(tmp_path):
    with pytest.raises(UnsupportedFormatError, match="own folder"):
        medlab.read(an_mha(tmp_path / "a.mhd", data="../../etc/passwd"))


def test_max_bytes_is_kept_by_mha(tmp_path):
    with pytest.raises(TooLargeError):
        medlab.read(an_mha(tmp_path / "a.mha"), max_bytes=47)


def test_shear_time_and_colour_agree_with_simpleitk(tmp_path, rng):
    affine = np.array([[0.1, 0.2, 0.8, -20], [0.5, 1.0, 0, -24], [2.0, 0, 0, -15], [0, 0, 0, 1]])
    image = medlab.Image(
        rng.random((2, 4, 5, 6, 3)).astype(np.float32), axes="tzyxc", affine=affine, times=[1, 3]
    )
    itk = image.to_sitk()
    itk.EraseMetaData("medlab")
    sitk.WriteImage(itk, str(tmp_path / "a.mha"))
    result = medlab.read(tmp_path / "a.mha")
    np.testing.assert_array_equal(result.array, image.array)
    np.testing.assert_allclose(result.affine, image.affine, atol=1e-9)
    np.testing.assert_allclose(result.times, [1, 3])


def test_a_direction_that_is_not_its_own_transpose_is_read_as_simpleitk_does(tmp_path):
    itk = sitk.GetImageFromArray(VALUES)
    itk.SetDirection((0, 0, 1, 1, 0, 0, 0, 1, 0))
    itk.SetSpacing((1.5, 2.5, 3.5))
    sitk.WriteImage(itk, str(tmp_path / "a.mha"), useCompression=True)
    np.testing.assert_allclose(medlab.read(tmp_path / "a.mha").affine, medlab.Image.from_sitk(itk).affine)
