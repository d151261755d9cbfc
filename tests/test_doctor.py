"""The doctor tells what it tried, and sees what is broken."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

from medlab import doctor, doctor_codecs, machine, notebooks


def test_every_package_that_is_required_is_looked_at():
    check = doctor._packages()
    assert check.state == "good"
    assert importlib.metadata.version("pydicom") in check.found


def test_a_missing_package_is_broken(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: ["no-such-package>=1", "numpy>=999"])
    check = doctor._packages()
    assert check.state == "broken"
    assert "no-such-package is missing" in check.found
    assert "does not fit >=999" in check.found
    assert check.remedy


def test_an_extra_that_nobody_asked_for_is_not_required(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: ["no-such-package>=1 ; extra == 'gpu'"])
    assert doctor._packages().state == "good"


def test_a_python_that_does_not_fit_is_broken(monkeypatch):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.8.1")
    assert doctor._python().state == "broken"


def test_each_transfer_syntax_is_decoded():
    assert set(doctor_codecs.codecs().values()) == {""}


def test_each_codec_sample_is_in_the_syntax_it_stands_for():
    import pydicom
    from pydicom.data import get_testdata_file

    syntaxes = {
        name: pydicom.dcmread(
            get_testdata_file(file, download=False), stop_before_pixels=True
        ).file_meta.TransferSyntaxUID
        for name, file in doctor_codecs.SAMPLES.items()
    }
    assert syntaxes == {
        "implicit little endian": "1.2.840.10008.1.2",
        "explicit little endian": "1.2.840.10008.1.2.1",
        "explicit big endian": "1.2.840.10008.1.2.2",
        "deflated": "1.2.840.10008.1.2.1.99",
        "RLE": "1.2.840.10008.1.2.5",
        "JPEG baseline": "1.2.840.10008.1.2.4.50",
        "JPEG extended 12 bit": "1.2.840.10008.1.2.4.51",
        "JPEG lossless": "1.2.840.10008.1.2.4.70",
        "JPEG-LS lossless": "1.2.840.10008.1.2.4.80",
        "JPEG-LS near-lossless": "1.2.840.10008.1.2.4.81",
        "JPEG 2000 lossless": "1.2.840.10008.1.2.4.90",
        "JPEG 2000": "1.2.840.10008.1.2.4.91",
    }


def test_a_codec_that_fails_is_named(monkeypatch):
    monkeypatch.setattr(doctor, "codecs", lambda: {"RLE": "", "JPEG 2000": "no decoder"})
    check = doctor.codecs_check()
    assert check.state == "broken"
    assert "1 of 2" in check.found
    assert "JPEG 2000 (no decoder)" in check.found


def framework(monkeypatch, facts: str, cards: list[str]):
    done = subprocess.CompletedProcess([], 0, stdout=facts, stderr="")
    monkeypatch.setattr(doctor.subprocess, "run", lambda *_, **__: done)
    monkeypatch.setattr(machine, "gpus", lambda: cards)
    return doctor._framework()


def test_a_gpu_that_keras_uses_is_good(monkeypatch):
    check = framework(monkeypatch, '{"backend": "tensorflow", "gpus": ["/GPU:0"]}', ["A card"])
    assert check.state == "good"
    assert "/GPU:0" in check.found


def test_a_card_that_keras_does_not_use_brings_a_remedy(monkeypatch):
    check = framework(monkeypatch, '{"backend": "tensorflow", "gpus": []}', ["A card"])
    assert check.state == "absent"
    assert "does not use the A card" in check.found
    assert "gpu" in check.remedy


def test_without_a_card_the_processor_is_good_enough(monkeypatch):
    assert framework(monkeypatch, '{"backend": "jax", "gpus": []}', []).state == "good"


@pytest.mark.slow
def test_keras_is_really_started():
    check = doctor._framework()
    assert check.state == "good", check
    assert "backend" in check.found


def test_a_backend_that_is_not_there_is_broken(monkeypatch):
    monkeypatch.setattr(doctor, "_FRAMEWORK", "raise ImportError('no such backend')")
    check = doctor._framework()
    assert check.state == "broken"
    assert "no such backend" in check.found


def test_a_mirror_that_is_no_folder_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("MEDLAB_DATA_MIRROR", str(tmp_path / "none"))
    assert doctor._mirror().state == "absent"
    monkeypatch.setenv("MEDLAB_DATA_MIRROR", str(tmp_path))
    assert doctor._mirror().state == "good"


def test_the_cache_may_not_exist_yet(monkeypatch, tmp_path):
    monkeypatch.setenv("MEDLAB_CACHE", str(tmp_path / "new" / "cache"))
    check = doctor._cache()
    assert check.state == "good"
    assert not (tmp_path / "new").exists()


def test_a_browser_that_is_missing_is_no_fault(monkeypatch):
    monkeypatch.setattr(machine, "chromium", lambda: None)
    check = doctor._chromium()
    assert (check.state, bool(check.remedy)) == ("absent", True)


def test_a_browser_that_does_not_start_is_told(monkeypatch):
    monkeypatch.setattr(machine, "chromium", lambda: "false")
    assert "does not start" in doctor._chromium().found


@pytest.mark.parametrize(("version", "state"), [("0.32.6", "absent"), ("1.0a55", "good")])
def test_itkwidgets_is_told_apart_by_version(monkeypatch, version, state):
    monkeypatch.setattr(importlib.metadata, "version", lambda _: version)
    assert doctor._itkwidgets().state == state


def test_a_broken_notebook_is_found(monkeypatch, tmp_path):
    (tmp_path / "a.ipynb").write_text("{")
    monkeypatch.setattr(notebooks, "folder", lambda: tmp_path)
    check = doctor._notebooks()
    assert check.state == "broken"
    assert "cannot read a" in check.found


def test_the_doctor_itself_does_not_load_tensorflow():
    source = "import sys, medlab.doctor; print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
