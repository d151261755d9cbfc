"""The data card says what a person must know before using a set."""

from __future__ import annotations

import dataclasses

from medlab import datasets
from medlab.datasets.datacard import DataCard
from medlab.datasets.record import Archive, Files


def test_card_of_a_public_set_has_parts_labels_checksums_and_flaws():
    rows = datasets.card("pneumoniamnist").rows()
    assert rows["Parts"] == ["train: 4,708 pictures", "val: 524 pictures", "test: 624 pictures"]
    assert rows["Labels"] == ["0: normal", "1: pneumonia"]
    assert "pneumoniamnist.npz: md5 28209eda62fecd6e6a2d98b1501bb15f" in rows["Checksums"]
    assert "another order" in rows["Mirror"][0]
    assert any("patients" in flaw for flaw in rows["Known flaws"])
    assert "Not for clinical use" in rows["Use"]


def test_card_of_a_sample_says_which_package_and_which_file():
    rows = datasets.card("retina").rows()
    assert rows["Source"].startswith("scikit-image")
    assert rows["Checksums"].startswith("sha256 ")
    assert rows["Here now"] == "yes"


def test_card_says_what_is_simulated():
    assert "nodule" in datasets.card("ct-thorax-slice-nodule").rows()["Real or simulated"]
    assert datasets.card("ct-thorax-slice").rows()["Real or simulated"] == "real"


def test_html_escapes_and_links(blank):
    record = dataclasses.replace(
        blank, title="<b>T</b>", citation="A. doi:10.1/x_y. See https://x.org/a?b=1, too.", flaws=("1 < 2",)
    )
    page = DataCard(record)._repr_html_()
    assert "<b>T" not in page
    assert '<a href="https://doi.org/10.1/x_y">doi:10.1/x_y</a>.' in page
    assert '<a href="https://x.org/a?b=1">https://x.org/a?b=1</a>,' in page
    assert "<li>1 &lt; 2</li>" in page


def test_card_lists_some_of_many_files_and_says_how_many_more(blank):
    digests = {f"{i}.dcm": f"{i:064x}" for i in range(10)}
    record = dataclasses.replace(blank, files=Files("https://x.org/", digests, ("9.dcm",), bytes=2_000_000))
    rows = DataCard(record).rows()
    assert rows["Download"] == ["9 files below https://x.org/ (2 MB)", "9.dcm: only with the mirror"]
    assert rows["Checksums"][-1] == "… and 7 more in the record"


def test_card_without_anything_to_say_leaves_the_heading_out(blank):
    record = dataclasses.replace(
        blank, archives=(Archive(mirror=("a.zip",), mirror_sha256="a" * 64, file="a.zip"),)
    )
    rows = DataCard(record).rows()
    assert "Labels" not in rows
    assert "Stand-in" not in rows
    assert rows["Download"] == ["a.zip: only with the mirror"]
    assert rows["Known flaws"] == "none known"


def test_printed_card_has_a_line_for_each_part():
    text = repr(datasets.card("breastmnist"))
    assert text.startswith("BreastMNIST")
    assert "\n  - train: 546 pictures\n" in text
