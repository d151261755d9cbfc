"""NumPy files."""

import io
import zipfile

import numpy as np
import pytest

import medlab
from medlab.io.errors import CorruptFileError, MultipleSeriesError, TooLargeError, TruncatedFileError
from medlab.io.errors import UnsupportedFormatError as Unsupported


def saved(path, array, **options):
    np.save(path, array, **options)
    return path


def test_a_bare_array_lies_nowhere(tmp_path, rng):
    values = rng.random((3, 4, 5)).astype(np.float32)
    image = medlab.read(saved(tmp_path / "a.npy", values))
    np.testing.assert_array_equal(image.array, values)
    assert (image.axes, image.space) == ("zyx", "pixel")
    assert "numbers only" in image.notes[0]


def test_fortran_order_and_foreign_byte_order_are_read(tmp_path, rng):
    values = np.asfortranarray(rng.integers(0, 99, (3, 4, 5)).astype(">i4"))
    image = medlab.read(saved(tmp_path / "a.npy", values))
    np.testing.assert_array_equal(image.array, values)
    assert image.array.flags.c_contiguous
    assert image.dtype.isnative


def test_axes_can_be_told(tmp_path):
    assert medlab.read(saved(tmp_path / "a.npy", np.zeros((3, 4, 5))), axes="tyx").axes == "tyx"


def test_eight_bit_arrays_ending_in_three_are_colour_and_say_so(tmp_path):
    image = medlab.read(saved(tmp_path / "a.npy", np.zeros((7, 8, 3), np.uint8)))
    assert image.axes == "yxc"
    assert "taken as colour" in image.notes[1]
    assert medlab.read(saved(tmp_path / "b.npy", np.zeros((7, 8, 3), np.int16))).axes == "zyx"


class _Runs:
    def __reduce__(self):
        return (print, ("this code must never run",))


def test_a_pickle_is_never_opened(tmp_path, capfd):
    path = saved(tmp_path / "a.npy", np.array([_Runs()], dtype=object), allow_pickle=True)
    with pytest.raises(Unsupported, match="could run code"):
        medlab.read(path)
    np.savez(tmp_path / "b.npz", a=np.array([_Runs()], dtype=object))
    with pytest.raises(Unsupported):
        medlab.read(tmp_path / "b.npz", series="a")
    assert "must never run" not in capfd.readouterr().out


def test_a_truncated_array_is_named(tmp_path):
    path = saved(tmp_path / "a.npy", np.zeros((3, 4, 5)))
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(TruncatedFileError, match="477 of 480 bytes"):
        medlab.read(path)


def test_a_claimed_size_is_refused_before_memory_is_taken(tmp_path):
    header = np.lib.format.header_data_from_array_1_0(np.zeros(1)) | {"shape": (10**6, 10**6)}
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(TooLargeError):
        medlab.read(tmp_path / "a.npy")


def test_one_array_of_a_foreign_npz_is_taken_and_named(tmp_path):
    np.savez(tmp_path / "a.npz", scan=np.ones((4, 5)), age=np.array(7))
    image = medlab.read(tmp_path / "a.npz")
    assert image.shape == (4, 5)
    assert "'scan'" in image.notes[0]


def test_several_arrays_are_listed_and_one_can_be_chosen(tmp_path):
    np.savez(tmp_path / "a.npz", train=np.ones((4, 5)), test=np.zeros((2, 5)))
    with pytest.raises(MultipleSeriesError, match=r"train \(4, 5\), test \(2, 5\)"):
        medlab.read(tmp_path / "a.npz")
    assert medlab.read(tmp_path / "a.npz", series="test").shape == (2, 5)


def test_an_npz_array_larger_than_allowed_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros((1000, 1000)))
    with pytest.raises(TooLargeError):
        medlab.read(tmp_path / "a.npz", max_bytes=1_000_000)


def test_a_damaged_npz_is_named(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.ones((40, 50)))
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[5000] ^= 255
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(CorruptFileError, match=r"a\.npz"):
        medlab.read(tmp_path / "a.npz")


def test_an_npz_of_medlab_without_its_affine_is_corrupt(tmp_path, ball):
    medlab.write(ball, tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz") as whole, zipfile.ZipFile(tmp_path / "b.npz", "w") as part:
        for name in ("array.npy", "medlab.npy"):
            part.writestr(name, whole.read(name))
    with pytest.raises(CorruptFileError, match="affine"):
        medlab.read(tmp_path / "b.npz")


def test_numpy_itself_reads_what_medlab_writes(tmp_path, ball):
    medlab.write(ball, tmp_path / "a.npz")
    with np.load(io.BytesIO((tmp_path / "a.npz").read_bytes())) as arrays:
        np.testing.assert_array_equal(arrays["array"], ball.array)
        np.testing.assert_array_equal(arrays["affine"], ball.affine)
