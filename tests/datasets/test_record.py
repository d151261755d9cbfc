"""Records: read as written, and refused where they are not what they should be."""

from __future__ import annotations

import pytest

from medlab.datasets.record import parse

HEAD = """
name = "tiny"
title = "Tiny"
kind = "public"
modality = "CT"
task = "test"
n = "few"
licence = "CC0"
citation = "nobody"
source = "nowhere"
loader = "none:none"
"""


@pytest.fixture
def written(tmp_path):
    def write(more, name="tiny"):
        path = tmp_path / f"{name}.toml"
        path.write_text(HEAD + more)
        return parse(path)

    return write


def test_files_may_have_their_checksums_beside_the_record(written, tmp_path):
    (tmp_path / "tiny.sha256").write_text(f"{'a' * 64}  with space.txt\n{'b' * 64} *b.bin\n")
    files = written('[files]\nbase_url = "https://x.org/"\nchecksums = "tiny.sha256"').files
    assert files.sha256 == {"with space.txt": "a" * 64, "b.bin": "b" * 64}
    assert files.url("with space.txt") == "https://x.org/with%20space.txt"


def test_the_address_of_the_nearest_folder_counts(written):
    files = written(
        '[files]\nbase_url = "https://x.org/"\n[files.urls]\n"a/" = "https://y.org/"\n'
        '"a/b/" = "https://z.org/"\n"a/c" = "https://one.org/file?x=1"'
    ).files
    assert files.url("a/d") == "https://y.org/d"
    assert files.url("a/b/d") == "https://z.org/d"
    assert files.url("a/c") == "https://one.org/file?x=1"
    assert files.url("d") == "https://x.org/d"


def test_an_archive_is_named_by_its_address(written):
    (archive,) = written(
        f'[[archive]]\nurl = "https://x.org/a%20b.npz?download=1"\nmd5 = "{"a" * 32}"'
    ).archives
    assert archive.file == "a b.npz"
    assert archive.digest == "md5:" + "a" * 32


def test_the_usual_form_and_its_variants_are_told_apart(written):
    one = f'[[archive]]\nurl = "https://x.org/a"\nmd5 = "{"a" * 32}"\nbytes = 5\n'
    record = written(one + one.replace("/a", "/b") + 'variant = "64"\n')
    assert record.variants == ("64",)
    assert record.bytes == 5
    assert [a.file for a in record.of_variant("64")] == ["b"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("colour = 1", "colour"),
        ('[[archive]]\nurl = "https://x.org/a"', "needs the md5 or the sha256"),
        ('[[archive]]\nurl = "https://x.org/a"\nmd5 = "abc"', "32 hexadecimal digits"),
        (f'[[archive]]\nurl = "https://x.org/a"\nfile = "../a"\nmd5 = "{"a" * 32}"', "not a path inside"),
        (f'[files]\nbase_url = "x"\n[files.sha256]\n"/etc/a" = "{"a" * 64}"', "not a path inside"),
        (f'[files]\nbase_url = "x"\n[files.sha256]\n"a" = "{"A" * 64}"', "64 hexadecimal digits"),
    ],
)
def test_a_record_that_cannot_be_is_refused(written, more, message):
    with pytest.raises(ValueError, match=message):
        written(more)


def test_a_record_in_a_file_of_another_name_is_refused(written):
    with pytest.raises(ValueError, match=r"other\.toml must hold the record of 'other'"):
        written("", name="other")
