"""The commands: what they print, and one clear line for what they cannot do."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import medlab
from medlab import cli


@pytest.fixture
def run(capsys, monkeypatch):
    """Call a command in this process; give its exit code, stdout and stderr."""

    def call(*arguments) -> tuple[int, str, str]:
        words = [str(a) for a in arguments]
        monkeypatch.setattr(sys, "argv", ["medlab", *words])
        with pytest.raises(SystemExit) as stop:
            cli.main(words)
        out, err = capsys.readouterr()
        return stop.value.code, out, err

    before = signal.getsignal(signal.SIGTERM)
    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def notebook(tmp_path):
    cells = [new_code_cell("count = 3", metadata={"tags": ["parameters"]}), new_code_cell("1 / count")]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = tmp_path / "small.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def assert_refused(result, code, *words):
    exit_code, out, err = result
    assert exit_code == code
    assert out == ""
    assert err.startswith("medlab: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    for word in words:
        assert word in err


def test_the_version_is_that_of_the_package(run):
    assert run("--version") == (0, f"medlab {medlab.__version__}\n", "")


def test_without_a_command_the_commands_are_named(run):
    code, out, _ = run()
    assert code == 0
    for command in ("lab", "list", "report", "view", "data", "course", "doctor"):
        assert re.search(rf"^  {command} ", out, re.MULTILINE)


def test_help_loads_nothing_heavy_and_comes_at_once():
    source = (
        "import sys\n"
        "from medlab.cli import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "except SystemExit:\n"
        "    heavy = {'numpy', 'keras', 'nbclient', 'jupyterlab', 'matplotlib', 'pydicom', 'SimpleITK'}\n"
        "    print('HEAVY', sorted(heavy & set(sys.modules)))\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert "HEAVY []" in done.stdout
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 1


def test_an_unknown_command_is_refused(run):
    assert_refused(run("nosuch"), 2, "nosuch")


def test_a_missing_argument_is_refused(run):
    assert_refused(run("report"), 2, "notebook")


def test_list_shows_name_question_and_what_is_needed(run):
    code, out, _ = run("list")
    assert code == 0
    assert "00-start/00-tour" in out
    assert "minutes" in out


@pytest.mark.parametrize("command", ["lab", "report"])
def test_an_unknown_notebook_is_refused(run, command):
    assert_refused(run(command, "99-no/such"), 2, "99-no/such", "medlab list")


def test_report_writes_the_page_and_says_so(run, notebook, tmp_path):
    code, out, err = run("report", notebook, "-o", tmp_path / "a.html", "--set", "count=4", "--no-code")
    assert (code, err) == (0, "")
    assert f"wrote {tmp_path / 'a.html'}" in out
    page = (tmp_path / "a.html").read_text()
    assert "0.25" in page
    assert f"medlab report {notebook} -o {tmp_path / 'a.html'} --set count=4 --no-code" in page


def test_a_failing_cell_is_named_and_leaves_no_file(run, notebook, tmp_path):
    result = run("report", notebook, "-o", tmp_path / "a.html", "--set", "count=0")
    assert_refused(result, 1, "code cell 3", "`1 / count`", "ZeroDivisionError")
    assert [p.name for p in tmp_path.iterdir()] == ["small.ipynb"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--set", "cuont=4"], "no parameter 'cuont'"),
        (["--set", "count"], "name=value"),
        (["--set", "count=many"], "whole number"),
        (["-o", "no-folder/a.html"], "no-folder"),
        (["-o", "a.pdf"], ".html"),
    ],
)
def test_report_refuses_what_cannot_be(run, notebook, monkeypatch, arguments, word):
    monkeypatch.chdir(notebook.parent)
    assert_refused(run("report", notebook, *arguments), 2, word)
    assert [p.name for p in notebook.parent.iterdir()] == ["small.ipynb"]


def test_a_pdf_without_a_browser_is_refused_before_anything_runs(run, notebook, tmp_path, monkeypatch):
    monkeypatch.setattr("medlab.machine.chromium", lambda: None)
    monkeypatch.chdir(tmp_path)
    assert_refused(run("report", notebook, "--pdf"), 1, "apt-get install chromium")
    assert [p.name for p in tmp_path.iterdir()] == ["small.ipynb"]


def test_view_writes_a_page_that_stands_alone(run, tmp_path):
    from pydicom.data import get_testdata_file

    from medlab.report import external_addresses

    code, out, err = run(
        "view", get_testdata_file("CT_small.dcm", download=False), "-o", tmp_path / "ct.html"
    )
    assert (code, err) == (0, "")
    assert out == f"wrote {tmp_path / 'ct.html'}\n"
    page = (tmp_path / "ct.html").read_text()
    assert "medlab-scene" in page
    assert external_addresses(page) == []


def test_view_refuses_a_path_that_is_not_there(run, tmp_path):
    assert_refused(run("view", tmp_path / "none", "-o", tmp_path / "a.html"), 2, "none")
    assert list(tmp_path.iterdir()) == []


def test_view_refuses_an_empty_folder(run, tmp_path):
    (tmp_path / "empty").mkdir()
    assert_refused(run("view", tmp_path / "empty", "-o", tmp_path / "a.html"), 1, "empty")
    assert not (tmp_path / "a.html").exists()


def test_view_refuses_a_page_that_cannot_be_written(run, tmp_path):
    assert_refused(run("view", tmp_path, "-o", tmp_path / "none" / "a.html"), 2, "none")


def test_view_refuses_a_window_that_no_preset_has(run, tmp_path):
    from pydicom.data import get_testdata_file

    path = get_testdata_file("CT_small.dcm", download=False)
    assert_refused(run("view", path, "-o", tmp_path / "a.html", "--window", "lnug"), 2, "lnug")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_lab_refuses_a_port_that_cannot_be(run, notebook, port):
    assert_refused(run("lab", notebook, "--no-browser", "--port", port), 1, port)


def test_doctor_tells_a_line_each_and_fails_for_what_is_broken(run, monkeypatch):
    from medlab import doctor

    good = doctor.Check("one", "good", "works")
    absent = doctor.Check("two", "absent", "not there", "get it")
    broken = doctor.Check("three", "broken", "bad", "mend it")
    for checks, code in (([good, absent], 0), ([good, broken], 1)):
        monkeypatch.setattr(
            doctor, "examine", lambda tell, checks=checks: [tell(c) for c in checks] and checks
        )
        result, out, err = run("doctor")
        assert result == code
        assert "✓ one: works\n" in out
        assert out.count("\n") == 2
    assert "✗ three: bad → mend it" in out
    assert err == "medlab: broken: three; the way out stands behind each arrow above\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_report_that_is_stopped_leaves_neither_file_nor_kernel(tmp_path, number):
    marker = tmp_path / "kernel"
    source = f"import os, time\nopen({str(marker)!r}, 'w').write(str(os.getpid()))\ntime.sleep(300)"
    nbformat.write(new_notebook(cells=[new_code_cell(source)]), tmp_path / "long.ipynb")
    call = "from medlab.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", call, "report", "long.ipynb", "-o", "a.html"],
        cwd=tmp_path,
        start_new_session=True,
    )
    while not (marker.exists() and marker.read_text()):
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(number)
    assert process.wait(60) == 128 + number
    assert sorted(p.name for p in tmp_path.iterdir()) == ["kernel", "long.ipynb"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)
