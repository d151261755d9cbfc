"""What kind of file is this, and who reads it."""

import gzip
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import medlab
from medlab.io.errors import CorruptFileError, EmptySeriesError, MultipleSeriesError, UnsupportedFormatError
from medlab.io.sniff import kind_of

CT = Path(get_testdata_file("CT_small.dcm", download=False))


def test_a_path_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.dcm"):
        medlab.read(tmp_path / "nothing.dcm")


def test_an_empty_file_says_so(tmp_path):
    (tmp_path / "a.nii").touch()
    with pytest.raises(CorruptFileError, match="empty"):
        medlab.read(tmp_path / "a.nii")


@pytest.mark.parametrize("content", [b"Dear patient,", b"\0" * 2000, b"%PDF-1.7 ..."])
def test_an_unknown_format_lists_the_known(content, tmp_path):
    (tmp_path / "a.dcm").write_bytes(content)
    with pytest.raises(UnsupportedFormatError, match=r"NIfTI, NRRD[\s\S]*a\.dcm"):
        medlab.read(tmp_path / "a.dcm")


def test_a_packed_file_of_another_kind_is_explained(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"text"))
    with pytest.raises(UnsupportedFormatError, match="unpack it first"):
        medlab.read(tmp_path / "a.gz")


def test_a_dicom_file_is_known_by_its_content(tmp_path):
    shutil.copy(CT, tmp_path / "IM0001")
    image = medlab.read(str(tmp_path / "IM0001"))
    assert (image.modality, image.units, image.shape[-2:]) == ("CT", "HU", (128, 128))


def test_a_folder_of_dicom_is_read(tmp_path, ball):
    folder = medlab.write(ball, tmp_path / "ct")
    (folder / "notes.txt").write_text("junk")
    image = medlab.read(folder)
    np.testing.assert_array_equal(image.array, ball.array)
    assert "notes.txt" in image.notes[0]


def test_a_folder_with_one_other_image_is_read(tmp_path, ball):
    (tmp_path / "deep").mkdir()
    medlab.write(ball, tmp_path / "deep" / "a.nii.gz")
    (tmp_path / "readme.txt").write_text("junk")
    assert medlab.read(tmp_path).shape == ball.shape


def test_a_folder_with_several_other_images_lists_them(tmp_path, ball):
    for name in ("a.nii", "b.nrrd"):
        medlab.write(ball, tmp_path / name)
    with pytest.raises(MultipleSeriesError, match=r"a\.nii[\s\S]*b\.nrrd"):
        medlab.read(tmp_path)


def test_a_pair_in_a_folder_is_one_image(tmp_path):
    import nibabel as nib

    nib.save(nib.Nifti1Pair(np.zeros((3, 4, 5), np.int16), np.eye(4)), tmp_path / "a.img")
    assert medlab.read(tmp_path).shape == (5, 4, 3)


def test_an_empty_folder_says_so(tmp_path):
    with pytest.raises(EmptySeriesError):
        medlab.read(tmp_path)


@pytest.mark.parametrize("option", [{"series": "x"}, {"level": 1}, {"region": (0, 0, 1, 1)}, {"axes": "zyx"}])
def test_an_option_that_means_nothing_is_refused(option, tmp_path, ball):
    path = medlab.write(ball, tmp_path / "a.nii")
    with pytest.raises(ValueError, match=f"{next(iter(option))}= means nothing"):
        medlab.read(path, **option)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.npz", "ct"])
def test_dtype_and_max_bytes_work_for_every_format(name, tmp_path, ball):
    path = medlab.write(ball, tmp_path / name)
    assert medlab.read(path, dtype=np.float32).dtype == np.float32
    with pytest.raises(medlab.io.TooLargeError):
        medlab.read(path, max_bytes=1000)


def test_every_kind_is_told_from_its_first_bytes(tmp_path, ball):
    expected = {"a.nii": "nifti", "b.nii.gz": "nifti", "c.nrrd": "nrrd", "d.mha": "metaimage", "e.npz": "npz"}
    for name, kind in expected.items():
        assert kind_of(medlab.write(ball, tmp_path / name)) == kind
    assert kind_of(CT) == "dicom"


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nrrd", "a.mha", "a.npz", "a.nii"])
def test_a_damaged_file_gives_an_image_or_a_load_error(name, tmp_path, ball, rng):
    """Random bytes flipped and cut; the header is hit as often as the voxels."""
    whole = medlab.write(ball, tmp_path / name).read_bytes()
    path = tmp_path / ("damaged-" + name)
    for turn in range(150):
        content = bytearray(whole)
        reach = len(content) if turn % 2 else min(len(content), 700)
        for place in rng.integers(0, reach, rng.integers(1, 6)):
            content[place] = rng.integers(0, 256)
        path.write_bytes(content[: rng.integers(1, len(content))] if turn % 5 == 0 else content)
        try:
            image = medlab.read(path, max_bytes=10_000_000)
        except medlab.LoadError:
            continue
        assert image.nbytes <= 10_000_000


def test_the_functions_keep_their_names_whoever_imports_the_modules():
    code = (
        "import medlab.io.read, medlab.io.write, medlab.io.series, medlab;"
        "assert all(callable(f) for f in (medlab.io.read, medlab.io.write, medlab.io.series, medlab.read))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_importing_the_room_loads_no_reader():
    code = (
        "import medlab.io, sys;"
        "heavy = {'SimpleITK', 'nibabel', 'pydicom', 'tifffile', 'PIL', 'tensorflow', 'pandas'} & "
        "set(sys.modules);assert not heavy, heavy"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
