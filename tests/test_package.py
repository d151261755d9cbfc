"""The package as a whole: quick and quiet to import, few names, each of them there."""

from __future__ import annotations

import subprocess
import sys

import medlab

HEAVY = ("tensorflow", "keras", "SimpleITK", "radiomics", "lime", "matplotlib", "pandas", "pydicom", "scipy")


def in_fresh_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout


def test_import_loads_nothing_heavy_and_says_nothing():
    loaded = in_fresh_python("import sys, medlab; print(*{m.split('.')[0] for m in sys.modules})")
    assert not set(HEAVY) & set(loaded.split())


def test_import_creates_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MEDLAB_CACHE", str(tmp_path / "cache"))
    in_fresh_python("import medlab; medlab.datasets; medlab.view; medlab.io")
    assert not list(tmp_path.iterdir())


def test_every_public_name_is_there():
    assert len(medlab.__all__) <= 20
    for name in medlab.__all__:
        assert getattr(medlab, name) is not None, name


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(medlab, "no_such_room")
