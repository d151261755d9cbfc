"""What a cell put out becomes HTML without noise."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_output

from medlab.report.outputs import Captions, outputs_html


def shown(*outputs, captions=None) -> str:
    cell = new_code_cell(outputs=list(outputs))
    return "\n".join(
        outputs_html(cell, captions or {}, "Picture in the section Look", lambda s: f"<p>{s}</p>")
    )


def display(data: dict, metadata: dict | None = None):
    return new_output("display_data", data=data, metadata=metadata or {})


def test_printed_text_keeps_its_colours_and_loses_its_power():
    page = shown(new_output("stream", name="stdout", text="\x1b[31mred\x1b[0m <b>"))
    assert "ansi-red-fg" in page
    assert "&lt;b&gt;" in page


def test_a_progress_bar_shows_its_last_state():
    page = shown(new_output("stream", name="stdout", text="1/3\r2/3\r3/3\n"))
    assert "3/3" in page
    assert "1/3" not in page


@pytest.mark.parametrize(
    "line",
    [
        "2026-01-01 12:00:00.0: I tensorflow/core/util/port.cc:153] oneDNN custom operations are on.",
        "E0000 00:00:1763 cuda_dnn.cc:8579] Unable to register cuDNN factory",
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        " 50%|#####     | 5/10 [00:01<00:01,  4.91it/s]",
    ],
)
def test_start_up_lines_and_progress_are_left_out(line):
    assert shown(new_output("stream", name="stderr", text=line + "\n")) == ""


def test_a_warning_is_kept_folded_away():
    page = shown(new_output("stream", name="stderr", text="UserWarning: the slices are not square\n"))
    assert page.startswith("<details><summary>Messages</summary>")
    assert "not square" in page


def test_a_page_is_preferred_to_its_picture():
    page = shown(display({"text/html": "<iframe></iframe>", "image/png": "AAAA", "text/plain": "x"}))
    assert "<iframe>" in page
    assert "AAAA" not in page


def test_a_picture_is_embedded_with_a_text_that_stands_for_it():
    page = shown(display({"image/png": "AA\nAA\n", "text/plain": "<Figure size 640x480 with 1 Axes>"}))
    assert '<img src="data:image/png;base64,AAAA" alt="Picture in the section Look">' in page
    assert "640x480" not in page


def test_the_caption_stands_below_the_first_picture_only():
    picture = display({"image/png": "AAAA"})
    page = shown(picture, picture, captions={"fig-cap": "Figure 1. The <lungs>"})
    assert page.count("<figcaption>Figure 1. The &lt;lungs&gt;</figcaption>") == 1
    assert page.index("<img") < page.index("<figcaption>")


def test_a_control_without_its_kernel_says_so():
    page = shown(
        display({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "IntSlider(value=3)"})
    )
    assert "needs a running kernel" in page
    assert "IntSlider" not in page


def test_captions_are_numbered_by_kind_and_taken_out_of_the_code():
    captions = Captions()
    assert captions.take("#| fig-cap: One\nplot()") == ("plot()", {"fig-cap": "Figure 1. One"})
    assert captions.take('#| tbl-cap: "Two"\n#| fig-cap: Three\nx') == (
        "x",
        {"tbl-cap": "Table 1. Two", "fig-cap": "Figure 2. Three"},
    )
    assert captions.take("plain()") == ("plain()", {})
