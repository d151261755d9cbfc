"""Fixtures that the tests of every room share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import browsers
import numpy as np
import pytest
import unsolved_exercises

import medlab

for _name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("MPLBACKEND", "agg")


def pytest_collection_modifyitems(items):
    """Try every exercise of a notebook unsolved too, and compare numbers only where their data is at hand.

    Without it another data set stands in, with other numbers; every cell still has to run.
    """
    unsolved_exercises.watch(items)
    if not os.environ.get("MEDLAB_DATA_MIRROR"):
        for item in items:
            if hasattr(item, "cell_num"):
                item.options["check"] = False


def pytest_report_header():
    mirror = os.environ.get("MEDLAB_DATA_MIRROR")
    return f"public data: {mirror or 'no MEDLAB_DATA_MIRROR; numbers in notebooks are not compared'}"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    import sys

    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Folder of real public data; a test that asks for it is skipped where there is none."""
    folder = os.environ.get("MEDLAB_DATA_MIRROR", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("MEDLAB_DATA_MIRROR names no folder with the public data")
    return Path(folder)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; a test that asks for it is skipped where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on PATH (Debian: apt-get install chromium)")
    return path


@pytest.fixture(scope="session")
def browser(chromium):
    """The Chromium that all browser tests of a process share; each opens a context of its own."""
    with browsers.chromium_browser(chromium) as running:
        yield running


@pytest.fixture
def ball() -> medlab.Image:
    """A small simulated CT: a ball of 40 HU, radius 9 mm, in air at -1000 HU, on an anisotropic grid."""
    affine = np.array([[0, 0, 0.8, -20.0], [0, 1.0, 0, -24.0], [2.0, 0, 0, -15.0], [0, 0, 0, 1]])
    k, j, i = np.mgrid[:16, :48, :52]
    x, y, z = 0.8 * i - 20.0, 1.0 * j - 24.0, 2.0 * k - 15.0
    values = np.where(x**2 + y**2 + z**2 < 81, 40, -1000).astype(np.int16)
    return medlab.Image(values, affine=affine, modality="CT", units="HU")
