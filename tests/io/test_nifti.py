"""NIfTI and Analyze files."""

import gzip
import shutil

import nibabel as nib
import numpy as np
import pytest

import medlab
from medlab.io.errors import CorruptFileError, TooLargeError, TruncatedFileError

AFFINE = np.array([[-2.0, 0.1, 0, 30], [0.1, 3.0, 0, -20], [0, 0, 4.0, 10], [0, 0, 0, 1]])
VALUES = np.arange(24, dtype=np.int16).reshape(2, 3, 4) - 5


def saved(path, values=VALUES, slope=None, inter=0, **header):
    nifti = nib.Nifti1Image(values, AFFINE)
    nifti.set_qform(AFFINE, 1)
    nifti.set_sform(AFFINE, 1)
    for field, value in header.items():
        nifti.header[field] = value
    nib.save(nifti, path)
    if slope is not None:
        content = bytearray(path.read_bytes())
        content[112:120] = np.array([slope, inter], "<f4").tobytes()
        path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.hdr", "a.img"])
def test_every_kind_of_file_gives_the_same_image(name, tmp_path):
    if name.endswith(("hdr", "img")):
        pair = nib.Nifti1Pair(VALUES, AFFINE)
        pair.set_sform(AFFINE, 1)
        nib.save(pair, tmp_path / "a.img")
    else:
        saved(tmp_path / name)
    image = medlab.read(tmp_path / name)
    np.testing.assert_array_equal(image.array, VALUES.T)
    assert image.dtype == np.int16
    lps = np.diag([-1, -1, 1, 1]) @ AFFINE[:, [2, 1, 0, 3]]
    np.testing.assert_allclose(image.affine, lps, atol=1e-6)


def test_the_content_decides_and_not_the_name(tmp_path):
    saved(tmp_path / "a.nii.gz").rename(tmp_path / "download")
    assert medlab.read(tmp_path / "download").shape == (4, 3, 2)
    saved(tmp_path / "b.nii.gz").rename(tmp_path / "b.nii")
    assert medlab.read(tmp_path / "b.nii").shape == (4, 3, 2)


@pytest.mark.parametrize(
    ("slope", "inter", "dtype"),
    [(1, 0, np.int16), (2, -1024, np.int16), (0.5, 0, np.float32), (3000, 0, np.int32), (1, 0.5, np.float32)],
)
def test_integers_stay_integers_where_the_scaling_allows(slope, inter, dtype, tmp_path):
    image = medlab.read(saved(tmp_path / "a.nii", slope=slope, inter=inter))
    assert image.dtype == dtype
    np.testing.assert_allclose(image.array, VALUES.T * float(slope) + inter)


def test_a_slope_of_zero_means_no_scaling(tmp_path):
    np.testing.assert_array_equal(medlab.read(saved(tmp_path / "a.nii", slope=0.0)).array, VALUES.T)


def test_float64_becomes_float32_unless_asked_for(tmp_path):
    path = saved(tmp_path / "a.nii", VALUES / 3)
    assert medlab.read(path).dtype == np.float32
    np.testing.assert_array_equal(medlab.read(path, dtype=np.float64).array, VALUES.T / 3)


def test_big_endian_files_are_read(tmp_path):
    nifti = nib.Nifti1Image(VALUES.astype(">i2"), AFFINE, nib.Nifti1Header(endianness=">"))
    nib.save(nifti, tmp_path / "a.nii")
    image = medlab.read(tmp_path / "a.nii")
    np.testing.assert_array_equal(image.array, VALUES.T)
    assert image.dtype.isnative


def test_a_fourth_dimension_is_time(tmp_path):
    values = np.arange(48, dtype=np.int16).reshape(2, 3, 4, 2)
    image = medlab.read(saved(tmp_path / "a.nii.gz", values))
    assert image.axes == "tzyx"
    np.testing.assert_array_equal(image.array[1], values[..., 1].T)


def test_nifti_2_is_read(tmp_path):
    nib.save(nib.Nifti2Image(VALUES, AFFINE), tmp_path / "a.nii")
    np.testing.assert_array_equal(medlab.read(tmp_path / "a.nii").array, VALUES.T)


def test_an_analyze_file_does_not_claim_to_know_left_from_right(tmp_path):
    nib.save(nib.AnalyzeImage(VALUES, np.diag([2.0, 3.0, 4.0, 1.0])), tmp_path / "a.img")
    image = medlab.read(tmp_path / "a.img")
    assert (image.space, image.spacing) == ("plane", (4.0, 3.0, 2.0))
    assert "Analyze" in image.notes[0]


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("keep", [0.4, 0.97])
def test_a_truncated_file_is_named(name, keep, tmp_path, rng):
    path = saved(tmp_path / name, rng.integers(0, 999, (20, 20, 20), dtype=np.int16))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(TruncatedFileError, match=name):
        medlab.read(path)


def test_a_damaged_byte_in_a_compressed_file_is_noticed(tmp_path, rng):
    path = tmp_path / "a.nii.gz"
    raw = saved(tmp_path / "a.nii", rng.integers(0, 99, (20, 20, 20), dtype=np.int16)).read_bytes()
    content = bytearray(gzip.compress(raw, 0))
    content[5000] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptFileError, match="CRC"):
        medlab.read(path)


def test_a_claimed_size_is_refused_before_memory_is_taken(tmp_path):
    path = saved(tmp_path / "a.nii")
    content = bytearray(path.read_bytes())
    content[42:48] = np.array([30000] * 3, "<i2").tobytes()
    path.write_bytes(content)
    with pytest.raises(TooLargeError, match=r"a\.nii"):
        medlab.read(path)


def test_max_bytes_is_kept(tmp_path):
    with pytest.raises(TooLargeError):
        medlab.read(saved(tmp_path / "a.nii"), max_bytes=40)
    assert medlab.read(saved(tmp_path / "b.nii"), max_bytes=48).nbytes == 48


def test_a_pair_without_its_header_is_explained(tmp_path):
    nib.save(nib.Nifti1Pair(VALUES, AFFINE), tmp_path / "a.img")
    (tmp_path / "a.img").unlink()
    with pytest.raises(medlab.LoadError):
        medlab.read(tmp_path / "a.hdr")


def test_dtype_refuses_what_it_cannot_hold(tmp_path):
    with pytest.raises(TypeError, match="cannot hold the values -5"):
        medlab.read(saved(tmp_path / "a.nii"), dtype=np.uint8)


def test_reading_prints_nothing(tmp_path, capfd):
    medlab.read(saved(tmp_path / "a.nii", pixdim=[-1, -2, 3, 4, 0, 0, 0, 0]))
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_every_nifti_of_the_public_sets_lies_where_simpleitk_puts_it(mirror, tmp_path):
    import SimpleITK as sitk  # noqa: N813

    shutil.unpack_archive(mirror / "ct" / "totalsegmentator_examples.zip", tmp_path / "ct")
    shutil.unpack_archive(mirror / "petct" / "ibsi_sts_004_ct_pet_mr.zip", tmp_path / "petct")
    files = [*tmp_path.rglob("*.nii.gz"), *(mirror / "brain").glob("*.nii.gz")]
    assert len(files) >= 20
    for file in files:
        image, itk = medlab.read(file), sitk.ReadImage(str(file))
        expected = medlab.Image.from_sitk(itk)
        np.testing.assert_allclose(image.affine, expected.affine, atol=1e-4, err_msg=file.name)
        np.testing.assert_array_equal(image.array, expected.array, err_msg=file.name)
