"""The fast walk says what pydicom says, or leaves the file to pydicom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_folders import item, write_slices
from pydicom.data import get_testdata_files
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.sequence import Sequence

from medlab.io.dicom import header as header_module
from medlab.io.dicom.elements import ELEMENTS
from medlab.io.dicom.header import read_header
from medlab.io.dicom.silence import quiet
from medlab.io.dicom.walk import UnusualError, walk

LIMIT = 2**30


@pytest.fixture
def with_pydicom(monkeypatch):
    """Read a header without the fast walk."""

    def refuse(_):
        raise UnusualError

    def read(path):
        with monkeypatch.context() as patch:
            patch.setattr(header_module, "walk", refuse)
            return read_header(path, LIMIT)

    return read


def assert_same(fast, slow):
    for keyword in set(fast.values) | set(slow.values):
        assert fast.values.get(keyword) == slow.values.get(keyword), keyword
    assert fast.transfer_syntax == slow.transfer_syntax
    assert (fast.pixels.keyword, fast.pixels.offset, fast.pixels.length, fast.size) == (
        slow.pixels.keyword,
        slow.pixels.offset,
        slow.pixels.length,
        slow.size,
    )


def test_the_table_of_elements_is_that_of_the_standard():
    for tag, (keyword, vr) in ELEMENTS.items():
        assert keyword_for_tag(tag) == keyword
        assert dictionary_VR(tag).split(" or ")[0] == vr


def test_walk_and_pydicom_agree_on_all_of_pydicoms_files(with_pydicom):
    walked = 0
    with quiet():
        for path in map(Path, sorted(get_testdata_files("*.dcm"))):
            try:
                walk(path)
            except UnusualError:
                continue
            walked += 1
            assert_same(read_header(path, LIMIT), with_pydicom(path))
    assert walked > 100


def test_walk_and_pydicom_agree_on_real_series(mirror, with_pydicom, tmp_path):
    import zipfile

    walked = 0
    for archive in ("lung/lidc_idri_0314_ct", "mr/dcm_qa_hfs_t1_dwi", "petct/ibsi_sts_004_ct_pet_mr"):
        with zipfile.ZipFile(mirror / f"{archive}.zip") as content:
            names = [name for name in content.namelist() if name.endswith(".dcm")]
            for name in names[::20]:
                path = Path(content.extract(name, tmp_path))
                try:
                    walk(path)
                except UnusualError:
                    continue
                walked += 1
                assert_same(read_header(path, LIMIT), with_pydicom(path))
    assert walked > 10


@pytest.mark.parametrize("undefined", [True, False])
@pytest.mark.parametrize("implicit", [True, False])
def test_walk_steps_over_nested_sequences(tmp_path, with_pydicom, undefined, implicit):
    def nest(_, ds):
        inner = item(Rows=99, CodeValue="x")
        outer = item(PurposeOfReferenceCodeSequence=Sequence([inner, inner]), Columns=77)
        ds.ReferencedImageSequence = Sequence([outer, item()])
        for sequence in (ds["ReferencedImageSequence"], outer["PurposeOfReferenceCodeSequence"]):
            sequence.is_undefined_length = undefined
        for part in (outer, inner):
            part.is_undefined_length_sequence_item = undefined
        if implicit:
            ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"

    write_slices(tmp_path, change=nest)
    for path in tmp_path.iterdir():
        assert walk(path)[0].values["Rows"] == (6,)
        assert_same(read_header(path, LIMIT), with_pydicom(path))


def test_walk_reads_headers_longer_than_its_window(tmp_path, with_pydicom):
    def lengthen(_, ds):
        block = ds.private_block(0x0029, "MADE UP", create=True)
        block.add_new(0x01, "OB", bytes(100_001))
        ds.ImageComments = "y" * 9000

    write_slices(tmp_path, change=lengthen)
    for path in tmp_path.iterdir():
        walk(path)
        assert_same(read_header(path, LIMIT), with_pydicom(path))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"\x28\x00\x10\x00US", b"\x28\x00\x10\x00SL"),
        (b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0"),
        (b"DICM", b"DICK"),
        (b"\x28\x00\x10\x00US", b"\x08\x00\x10\x00US"),
    ],
)
def test_walk_leaves_unusual_files_to_pydicom(tmp_path, before, after):
    write_slices(tmp_path, offsets=[0.0])
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes().replace(before, after, 1))
    with pytest.raises(UnusualError):
        walk(path)


def test_ordinary_series_are_walked_and_not_parsed(tmp_path, monkeypatch):
    stored = write_slices(tmp_path)
    calls = []
    original = pydicom.dcmread
    monkeypatch.setattr(pydicom, "dcmread", lambda *a, **k: calls.append(a) or original(*a, **k))
    from medlab.io.dicom import read_dicom

    image = read_dicom(tmp_path)
    np.testing.assert_array_equal(image.array, stored.astype(int) - 1024)
    assert len(calls) == 1, "only the facts of the acquisition come from pydicom, from one file"
