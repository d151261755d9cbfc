"""Records of public sets against the archives of the mirror: every file, no other, with its checksum."""

from __future__ import annotations

import zipfile

import pytest

from medlab.datasets.record import records

FROM_ZIP = [r for r in records().values() if r.files is not None and r.mirror]
#: Members of the archives that describe the data and are not read.
BESIDE = {
    "SHA256SUMS",
    "SOURCE.txt",
    "README.md",
    "README.rst",
    "LICENSE",
    "LICENSE.md",
    "LICENSE.txt",
    "HFS.txt",
}


@pytest.mark.parametrize("record", FROM_ZIP, ids=lambda r: r.name)
def test_record_lists_what_the_archive_holds(record, mirror):
    with zipfile.ZipFile(mirror / record.mirror) as bundle:
        own = dict(line.split("  ", 1)[::-1] for line in bundle.read("SHA256SUMS").decode().splitlines())
        held = {i.filename for i in bundle.infolist() if not i.is_dir()}
    listed = dict(record.files.sha256)
    sharing = {path for r in FROM_ZIP if r.mirror == record.mirror for path in r.files.sha256}
    missing = {path for path in held - sharing if path.rsplit("/", 1)[-1] not in BESIDE}
    assert {path: own[path] for path in listed} == listed
    assert missing <= {"training_set_pixel_size_and_HC.csv"}


@pytest.mark.parametrize("record", FROM_ZIP, ids=lambda r: r.name)
def test_every_file_has_an_address_at_a_fixed_commit(record):
    for path in record.files.sha256.keys() - set(record.files.optional):
        scheme, _, host, _owner, _repository, commit, *_ = record.files.url(path).split("/")
        assert (scheme, host) == ("https:", "raw.githubusercontent.com")
        assert len(commit) == 40


def test_files_that_lie_elsewhere_than_their_paths_say_have_their_addresses():
    head, hippocampus = (records()[name].files.url for name in ("hc18-112", "hippocampus-130"))
    assert head("training_set/000_HC.png").endswith("/training/image/000_HC.png")
    assert head("training_set/000_HC_Annotation.png").endswith("/training/annotation/000_HC_Annotation.png")
    volume = "hippocampus_001.nii.gz"
    assert hippocampus(f"labelsTr/{volume}").endswith(f"/TrainingSet/labels/{volume}")
