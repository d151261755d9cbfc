"""A notebook becomes one page, or nothing at all."""

from __future__ import annotations

import hashlib
import json
import re

import pytest
from report_cells import code, text

from medlab import report
from medlab.notebooks import UnknownNotebookError


def provenance_of(page: str) -> dict:
    block = re.search(
        r'<script type="application/json" id="medlab-provenance-json">(.*?)</script>', page, re.DOTALL
    )
    return json.loads(block[1])


def sum_on(page: str) -> str:
    return re.search(r"sum (-?\d+\.\d+) of \d+", page)[1]


@pytest.fixture
def page_of(tmp_path):
    def build(notebook, **options) -> str:
        return report.build(notebook, tmp_path / "out.html", **options).read_text()

    return build


def test_a_parameter_changes_the_result(noisy_sum, page_of):
    page = page_of(noisy_sum, parameters={"count": 12})
    assert "of 12" in page
    assert "of 10" not in page


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(noisy_sum, page_of):
    first, again, other = (sum_on(page_of(noisy_sum, parameters={"seed": seed})) for seed in (4, 4, 5))
    assert first == again
    assert first != other


def test_the_page_says_how_it_was_made(noisy_sum, page_of):
    made = provenance_of(page_of(noisy_sum, parameters={"seed": 7}, command="medlab report small"))
    assert {"kind": "seed", "value": 7} in made["records"]
    data = next(r for r in made["records"] if r["kind"] == "data")
    assert (data["sha256"], data["licence"], data["simulated"]) == ("a1" * 32, "CC0", True)
    assert made["parameters"] == {"seed": 7, "count": 10, "name": "noise"}
    assert made["notebook_sha256"] == hashlib.sha256(noisy_sum.read_bytes()).hexdigest()
    assert made["command"] == "medlab report small"
    assert {"numpy", "pandas"} <= made["packages"].keys()
    assert made["seconds"] > 0


def test_a_person_sees_seed_checksum_and_that_data_are_simulated(noisy_sum, page_of):
    box = page_of(noisy_sum, parameters={"seed": 7}).split('<section id="medlab-provenance"')[1]
    shown = re.sub(r"<[^>]+>", " ", box.split("<script")[0])
    for fact in ("value=7", "a1" * 32, "simulated", "CC0", "seed=7"):
        assert fact in shown, fact


def test_the_page_asks_for_nothing_from_elsewhere(noisy_sum, page_of):
    assert report.external_addresses(page_of(noisy_sum)) == []


def test_exercises_stay_out_and_are_not_run(noisy_sum, page_of):
    page = page_of(noisy_sum)
    assert "Double the sum" not in page
    assert "checked" not in page


def test_exercises_come_in_when_asked_for(noisy_sum, page_of):
    page = page_of(noisy_sum, exercises=True)
    assert "Double the sum" in page
    assert "checked" in page


def test_code_is_folded_away_or_left_out(noisy_sum, page_of):
    assert page_of(noisy_sum).count("<summary>Code</summary>") == 3
    assert "default_rng" not in page_of(noisy_sum, code=False)


def test_the_table_has_its_caption_above_it(noisy_sum, page_of):
    page = page_of(noisy_sum)
    assert re.search(r"<figcaption>Table 1\. All values</figcaption><div class=\"html\">", page)
    assert "tbl-cap" not in page


def test_a_failing_cell_is_named_and_leaves_nothing(write_notebook, tmp_path):
    notebook = write_notebook(text("# Title"), code("x = 1"), text("## Divide"), code("# by zero\nx / 0"))
    with pytest.raises(
        report.CellError, match=r"code cell 2 under “Divide” .*ZeroDivisionError: division by zero"
    ):
        report.build(notebook, tmp_path / "out.html")
    assert [p.name for p in tmp_path.iterdir()] == ["small.ipynb"]


def test_an_older_report_survives_a_failing_cell(write_notebook, tmp_path):
    older = tmp_path / "out.html"
    older.write_text("as it was")
    with pytest.raises(report.CellError):
        report.build(write_notebook(code("1 / 0")), older)
    assert older.read_text() == "as it was"


def test_an_error_in_the_callback_of_a_widget_is_no_secret(write_notebook, tmp_path):
    notebook = write_notebook(
        code("import ipywidgets\n@ipywidgets.interact(n=3)\ndef show(n):\n    raise ValueError(f'n is {n}')")
    )
    with pytest.raises(report.CellError, match=r"ValueError: n is 3 \(in the callback of a widget\)"):
        report.build(notebook, tmp_path / "out.html")


def test_a_dying_kernel_is_reported(write_notebook, tmp_path):
    with pytest.raises(report.CellError, match="the kernel died"):
        report.build(write_notebook(code("import os\nos._exit(1)")), tmp_path / "out.html")
    assert not (tmp_path / "out.html").exists()


def test_a_picture_from_elsewhere_is_refused_before_anything_runs(write_notebook, tmp_path):
    ran = tmp_path / "ran"
    notebook = write_notebook(text("![logo](https://example.org/a.png)"), code(f"open({str(ran)!r}, 'w')"))
    with pytest.raises(report.ExternalAddressError, match=r"example\.org/a\.png"):
        report.build(notebook, tmp_path / "out.html")
    assert not ran.exists()


def test_an_output_that_loads_a_script_from_elsewhere_is_refused(write_notebook, tmp_path):
    source = "from IPython.display import HTML\nHTML('<script src=\"https://example.org/x.js\"></script>')"
    with pytest.raises(report.ExternalAddressError, match=r"script src: https://example\.org/x\.js"):
        report.build(write_notebook(code(source)), tmp_path / "out.html")
    assert not (tmp_path / "out.html").exists()


def test_the_kernel_knows_that_it_works_for_a_report(write_notebook, page_of):
    source = "import os\nprint('told', os.environ['MEDLAB_STATIC_VIEWS'], os.environ['MEDLAB_REPORT'])"
    assert "told 1 1" in page_of(write_notebook(code(source)))


def test_an_unknown_notebook_is_refused(tmp_path):
    with pytest.raises(UnknownNotebookError, match="no-such"):
        report.build("no-such", tmp_path / "out.html")


def test_a_file_that_is_no_notebook_is_refused(tmp_path):
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    with pytest.raises(report.ReportError, match="not a notebook"):
        report.build(broken, tmp_path / "out.html")
