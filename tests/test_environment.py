"""The conda environment and the lock say the same as pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())


def test_conda_installs_a_python_that_the_project_allows():
    python = next(d for d in CONDA["dependencies"] if isinstance(d, str) and d.startswith("python="))
    assert SpecifierSet(PROJECT["requires-python"]).contains(python.removeprefix("python="))


def test_conda_leaves_all_dependencies_to_the_project():
    (pip,) = [d["pip"] for d in CONDA["dependencies"] if isinstance(d, dict)]
    assert pip == ["-e ."]
    names = {re.split(r"[=<> ]", d)[0] for d in CONDA["dependencies"] if isinstance(d, str)}
    assert names == {"python", "pip", "c-compiler"}


def test_every_conda_line_says_why():
    text = (ROOT / "environment.yml").read_text()
    lines = [line for line in text.splitlines() if re.match(r"\s*- (?!pip:)", line)]
    without = [line for line in lines if "#" not in line and "conda-forge" not in line]
    assert not without


def test_lock_holds_every_dependency_with_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    for requirement in PROJECT["dependencies"]:
        name = re.match(r"[\w.-]+", requirement).group().lower().replace(".", "-")
        assert re.search(rf"^{re.escape(name)}==\S+.*\\\n    --hash=sha256:", lock, re.MULTILINE), name
