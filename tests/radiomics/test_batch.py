"""Many cases: in order, with failures as rows, in parallel, on Dask, and not twice."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import redirect_stdout
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import worker_tasks
from plain_pyradiomics import values_of

import medlab
from medlab import radiomics
from medlab.radiomics import batch, processes

SMALL = {"setting": {"binWidth": 50}, "featureClass": {"firstorder": [], "glcm": ["Contrast"]}}


@pytest.fixture
def cases(scan, lesion, tmp_path):
    """Five cases on disk: three good ones, one whose mask is missing, one whose mask is empty."""
    rows = []
    for n in range(5):
        image, mask = tmp_path / f"image{n}.nii.gz", tmp_path / f"mask{n}.nii.gz"
        medlab.write(scan.replace(array=scan.array + np.int16(10 * n)), image)
        if n != 1:
            medlab.write(lesion if n != 3 else lesion.replace(array=lesion.array * 0), mask)
        rows.append({"patient": f"p{n}", "image": image, "mask": mask, "outcome": n % 2})
    return pd.DataFrame(rows)


def run(cases, **options):
    return radiomics.extract_batch(cases, SMALL, progress=False, **{"workers": 1, **options})


@pytest.fixture
def counted(monkeypatch):
    """Numbers of the cases that were really computed."""
    seen = []
    original = batch.compute

    def compute(image, *others):
        seen.append(int(image.array[0, 0, 0]))
        return original(image, *others)

    monkeypatch.setattr(batch, "compute", compute)
    return seen


def test_rows_keep_the_order_and_the_columns_of_the_table(cases):
    table = run(cases)
    assert table["patient"].tolist() == ["p0", "p1", "p2", "p3", "p4"]
    assert table["outcome"].tolist() == [0, 1, 0, 1, 0]


def test_failed_cases_are_rows_with_a_reason(cases):
    table = run(cases)
    assert table["status"].tolist() == ["ok", "failed", "ok", "failed", "ok"]
    assert table["problem"].tolist() == ["", "FileNotFoundError", "", "empty", ""]
    assert "mask1.nii.gz" in table["reason"][1]
    assert radiomics.features(table).isna().all(axis=1).tolist() == [False, True, False, True, False]


def test_values_are_those_of_a_single_extraction(cases):
    image, mask = medlab.read(cases["image"][0]), medlab.read(cases["mask"][0])
    assert values_of(run(cases).iloc[[0]]) == values_of(radiomics.extract(image, mask, SMALL))


def test_two_processes_give_the_same_table_as_one(cases):
    pd.testing.assert_frame_equal(run(cases, workers=2), run(cases))


def test_dask_gives_the_same_table(cases):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        table = run(cases, client=client, workers=None)
    pd.testing.assert_frame_equal(table, run(cases))


def test_workers_import_neither_tensorflow_nor_plotting():
    assert dict(processes.on_processes(worker_tasks.loaded, [0, 1], 2)) == {0: [], 1: []}


def test_script_without_a_guard_runs_once_and_its_imports_stay_out_of_the_workers(cases, tmp_path):
    cases.astype({"image": str, "mask": str}).to_csv(tmp_path / "cases.csv", index=False)
    script = tmp_path / "study.py"
    script.write_text(
        "print('started')\nfrom medlab import radiomics\n"
        f"table = radiomics.extract_batch({str(tmp_path / 'cases.csv')!r}, workers=2, progress=False)\n"
        "print(table.status.tolist())\n"
    )
    answer = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=True)
    assert answer.stdout.splitlines() == ["started", "['ok', 'failed', 'ok', 'failed', 'ok']"]
    assert answer.stderr == ""


def test_exception_of_one_job_leaves_the_others_alone():
    outcomes = dict(processes.on_processes(worker_tasks.fail_at_three, range(6), 2))
    assert [outcomes[n] for n in (0, 1, 2, 4, 5)] == [0, 2, 4, 8, 10]
    assert isinstance(outcomes[3], ValueError)


def test_death_of_a_process_costs_only_the_job_at_fault():
    outcomes = dict(processes.on_processes(worker_tasks.die_of_three, range(8), 2))
    assert [outcomes[n] for n in (0, 1, 2, 4, 5, 6, 7)] == [0, 2, 4, 8, 10, 12, 14]
    assert "died" in str(outcomes[3])


def test_finished_cases_are_not_computed_twice(cases, tmp_path, counted):
    out = tmp_path / "out" / "features.csv"
    first = run(cases, out=out)
    assert len(counted) == 4
    second = run(cases, out=out)
    assert len(counted) == 5
    pd.testing.assert_frame_equal(first, second)


def test_new_cases_are_added_to_finished_ones(cases, tmp_path, counted):
    out = tmp_path / "features.csv"
    run(cases[:3], out=out)
    counted.clear()
    assert len(run(cases[::-1], out=out)) == 5
    assert len(counted) == 2


def test_batch_that_was_cut_short_goes_on_where_it_was(cases, tmp_path, counted):
    out = tmp_path / "features.csv"
    whole = run(cases, out=out)
    journal = tmp_path / "features.csv.journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text(lines[0] + lines[1][:40])
    counted.clear()
    pd.testing.assert_frame_equal(run(cases, out=out), whole)
    assert len(counted) == 3
    assert len(journal.read_text().splitlines()) == 3


def test_changed_parameters_are_computed_anew(cases, tmp_path, counted):
    out = tmp_path / "features.csv"
    run(cases, out=out)
    counted.clear()
    radiomics.extract_batch(cases, {"setting": {"binWidth": 60}}, workers=1, out=out, progress=False)
    assert len(counted) == 4


def test_changed_files_are_computed_anew(cases, scan, tmp_path, counted):
    out = tmp_path / "features.csv"
    before = run(cases, out=out)
    counted.clear()
    medlab.write(scan.replace(array=scan.array + np.int16(77)), cases["image"][2], overwrite=True)
    after = run(cases, out=out)
    assert len(counted) == 2
    shift = after["original_firstorder_Mean"] - before["original_firstorder_Mean"]
    assert shift.dropna().round(9).tolist() == [0, 57, 0]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_file_holds_every_digit_of_the_table(cases, tmp_path, suffix):
    out = tmp_path / f"features{suffix}"
    table = run(cases, out=out)
    read = radiomics.read_table(out)
    pd.testing.assert_frame_equal(radiomics.features(read), radiomics.features(table))
    assert read["patient"].tolist() == table["patient"].tolist()


def test_table_may_be_a_file(cases, tmp_path):
    path = radiomics.write_table(cases.astype({"image": str, "mask": str}), tmp_path / "cases.csv")
    pd.testing.assert_frame_equal(run(path), run(cases))


def test_all_labels_of_a_mask_have_a_row_each(scan, lesion):
    array = lesion.array.copy()
    array[0, :6, :6] = 5
    mask = scan.as_mask(array, labels={1: "lesion", 5: "node"})
    table = run([{"patient": "a", "image": scan, "mask": mask, "label": "all"}])
    assert table["label"].tolist() == [1, 5]
    assert table["label_name"].tolist() == ["lesion", "node"]
    assert table["patient"].tolist() == ["a", "a"]


def test_labels_that_a_file_mixes_with_gaps_are_numbers_all_the_same(scan, lesion, tmp_path):
    medlab.write(scan, tmp_path / "i.nii.gz")
    medlab.write(lesion, tmp_path / "m.nii.gz")
    (tmp_path / "cases.csv").write_text(
        f"image,mask,label\n{tmp_path}/i.nii.gz,{tmp_path}/m.nii.gz,1\n{tmp_path}/i.nii.gz,{tmp_path}/m.nii.gz,\n"
        f"{tmp_path}/i.nii.gz,{tmp_path}/m.nii.gz,all\n{tmp_path}/i.nii.gz,{tmp_path}/m.nii.gz,8\n"
    )
    assert run(tmp_path / "cases.csv")["status"].tolist() == ["ok", "ok", "ok", "failed"]


def test_structure_of_an_rtstruct_file_must_be_readable_or_is_a_failed_row(cases):
    table = run(cases.assign(structure=["GTV", None, None, None, None]))
    assert table["status"].tolist() == ["failed", "failed", "ok", "failed", "ok"]


def test_images_in_memory_do_not_travel(scan, lesion):
    with pytest.raises(ValueError, match=r"medlab\.io\.write"):
        run([{"image": scan, "mask": lesion}], workers=2)


def test_missing_column_is_named(cases):
    with pytest.raises(ValueError, match="mask is not"):
        run(cases.drop(columns="mask"))


def test_column_that_the_result_needs_itself_is_refused(cases):
    with pytest.raises(ValueError, match="voxels"):
        run(cases.assign(voxels=3))


@pytest.mark.parametrize("workers", [0, -1, 1.5])
def test_number_of_workers_must_be_a_whole_number_above_0(cases, workers):
    with pytest.raises(ValueError, match="workers"):
        run(cases, workers=workers)


def test_unknown_kind_of_file_is_refused_before_the_work(cases, counted):
    with pytest.raises(ValueError, match=r"\.parquet"):
        run(cases, out="features.xlsx")
    assert not counted


def test_progress_leaves_one_line_in_a_log(cases):
    text = io.StringIO()
    with redirect_stdout(text):
        radiomics.extract_batch(cases, SMALL, workers=1)
    assert text.getvalue().count("\n") == 1
    assert "5/5 cases · 2 failed" in text.getvalue()


def test_progress_is_one_output_of_a_notebook_that_is_updated(cases, monkeypatch):
    shown, updated = [], []
    handle = SimpleNamespace(update=lambda bundle, **_: updated.append(bundle["text/plain"]))
    monkeypatch.setattr("IPython.display.display", lambda bundle, **_: shown.append(bundle) or handle)
    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(kernel=True))
    radiomics.extract_batch(cases, SMALL, workers=1)
    assert len(shown) == 1
    assert set(shown[0]) == {"text/plain"}
    assert "5/5 cases" in updated[-1]


def test_report_is_told_which_parameters_were_used(cases):
    medlab.provenance.clear()
    table = run(cases)
    (noted,) = medlab.provenance.records("parameter")
    assert noted["sha256"] == table["params_sha256"][0]


def test_journal_is_plain_json(cases, tmp_path):
    run(cases, out=tmp_path / "features.csv")
    lines = (tmp_path / "features.csv.journal.jsonl").read_text().splitlines()
    assert [set(json.loads(line)) for line in lines] == [{"key", "rows"}] * 3
