"""NRRD files."""

import bz2
import gzip
import shutil

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

import medlab
from medlab.io.errors import CorruptFileError, TooLargeError, TruncatedFileError, UnsupportedFormatError

VALUES = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
NRRD = """NRRD0004
# a comment
type: short
dimension: 3
space: {space}
sizes: 4 3 2
space directions: (1,0,0) (0,2,0) (0,0.5,3)
kinds: domain domain domain
endian: little
encoding: {encoding}
space origin: (5,6,7)
"""


def a_nrrd(path, space="left-posterior-superior", encoding="raw", extra="", pack=lambda b: b):
    header = NRRD.format(space=space, encoding=encoding) + extra + "\n"
    path.write_bytes(header.encode() + pack(VALUES.astype("<i2").tobytes()))
    return path


@pytest.mark.parametrize(
    ("encoding", "pack"), [("raw", bytes), ("gzip", gzip.compress), ("bzip2", bz2.compress)]
)
def test_nrrd_agrees_with_simpleitk_shear_included(encoding, pack, tmp_path):
    path = a_nrrd(tmp_path / "a.nrrd", encoding=encoding, pack=pack)
    image = medlab.read(path)
    np.testing.assert_array_equal(image.array, VALUES)
    assert (image.sheared, image.space) == (True, "patient")
    if encoding != "bzip2":
        expected = medlab.Image.from_sitk(sitk.ReadImage(str(path)))
        np.testing.assert_allclose(image.affine, expected.affine)


def test_nrrd_as_text_is_read(tmp_path):
    text = " ".join(map(str, VALUES.ravel())).encode()
    path = a_nrrd(tmp_path / "a.nrrd", encoding="ascii", pack=lambda _: text)
    np.testing.assert_array_equal(medlab.read(path).array, VALUES)


@pytest.mark.parametrize(("space", "signs"), [("RAS", (-1, -1, 1)), ("left-anterior-superior", (1, -1, 1))])
def test_other_patient_spaces_are_turned_to_lps(space, signs, tmp_path):
    image = medlab.read(a_nrrd(tmp_path / "a.nrrd", space))
    np.testing.assert_allclose(image.origin, np.array([5, 6, 7]) * signs)
    np.testing.assert_allclose(image.affine[:3, 1], np.array([0, 2, 0]) * signs)


def test_an_nrrd_without_a_patient_space_says_so(tmp_path):
    image = medlab.read(a_nrrd(tmp_path / "a.nrrd", "scanner-xyz"))
    assert image.space == "plane"
    assert "names no patient space" in image.notes[0]


def test_an_nrrd_with_spacings_only_is_a_plane(tmp_path):
    (tmp_path / "a.nrrd").write_bytes(
        b"NRRD0001\ntype: uchar\ndimension: 2\nsizes: 3 2\nspacings: 0.5 0.25\nencoding: raw\n\n"
        + bytes(range(6))
    )
    image = medlab.read(tmp_path / "a.nrrd")
    assert (image.axes, image.spacing, image.space) == ("yx", (0.25, 0.5), "plane")


def test_a_list_axis_becomes_time_wherever_it_stands(tmp_path):
    values = np.arange(48, dtype=np.int16).reshape(2, 3, 4, 2)
    header = (
        "NRRD0005\ntype: int16\ndimension: 4\nspace: LPS\nsizes: 2 4 3 2\n"
        "space directions: none (1,0,0) (0,1,0) (0,0,1)\nkinds: list domain domain domain\n"
        "endian: little\nencoding: raw\nspace origin: (0,0,0)\n\n"
    )
    (tmp_path / "a.nrrd").write_bytes(header.encode() + values.tobytes())
    image = medlab.read(tmp_path / "a.nrrd")
    assert image.axes == "tzyx"
    np.testing.assert_array_equal(image.array[1], values[..., 1])


def test_a_detached_header_is_followed_but_not_out_of_its_folder(tmp_path):
    (tmp_path / "voxels.raw").write_bytes(VALUES.tobytes())
    path = a_nrrd(tmp_path / "a.nhdr", extra="data file: voxels.raw\n", pack=lambda _: b"")
    np.testing.assert_array_equal(medlab.read(path).array, VALUES)
    for name in ("../voxels.raw", str(tmp_path / "voxels.raw"), "LIST", "v%03d.raw 1 2 1"):
        bad = a_nrrd(tmp_path / "b.nhdr", extra=f"data file: {name}\n", pack=lambda _: b"")
        with pytest.raises(UnsupportedFormatError, match="own folder"):
            medlab.read(bad)


@pytest.mark.parametrize("encoding", ["raw", "gzip"])
def test_a_truncated_nrrd_is_named(encoding, tmp_path):
    path = a_nrrd(tmp_path / "a.nrrd", encoding=encoding, pack=gzip.compress if encoding == "gzip" else bytes)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(TruncatedFileError, match=r"a\.nrrd"):
        medlab.read(path)


def test_an_nrrd_bomb_does_not_fill_the_memory(tmp_path):
    path = a_nrrd(tmp_path / "a.nrrd", encoding="gzip", pack=lambda b: gzip.compress(b + bytes(50_000_000)))
    np.testing.assert_array_equal(medlab.read(path, max_bytes=48).array, VALUES)
    with pytest.raises(TooLargeError):
        medlab.read(path, max_bytes=47)


@pytest.mark.parametrize(
    "line", ["sizes: 4 3", "type: block", "sizes: 4 3 -2", "kinds: domain domain", "encoding: hex"]
)
def test_an_nrrd_that_makes_no_sense_is_refused(line, tmp_path):
    path = a_nrrd(tmp_path / "a.nrrd", extra=line + "\n")
    with pytest.raises((CorruptFileError, UnsupportedFormatError)):
        medlab.read(path)


def test_nrrd_of_the_public_sets_agrees_with_simpleitk(mirror, tmp_path):
    shutil.unpack_archive(mirror / "pyradiomics_testcases.zip", tmp_path)
    files = list(tmp_path.rglob("*.nrrd"))
    assert len(files) == 8
    for file in files:
        image, expected = medlab.read(file), medlab.Image.from_sitk(sitk.ReadImage(str(file)))
        np.testing.assert_array_equal(image.array, expected.array)
        np.testing.assert_allclose(image.affine, expected.affine, atol=1e-9)


def test_simpleitk_reads_the_nrrd_that_medlab_writes(tmp_path, rng):
    affine = np.array([[0.1, 0.2, 0.8, -20], [0.5, 1.0, 0, -24], [2.0, 0, 0, -15], [0, 0, 0, 1]])
    image = medlab.Image(rng.random((4, 5, 6)).astype(np.float32), affine=affine)
    medlab.write(image, tmp_path / "a.nrrd")
    result = medlab.Image.from_sitk(sitk.ReadImage(str(tmp_path / "a.nrrd")))
    np.testing.assert_array_equal(result.array, image.array)
    np.testing.assert_allclose(result.affine, image.affine, atol=1e-12)
