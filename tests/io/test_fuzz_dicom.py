"""Whatever happened to a file, reading gives its image or a `LoadError`, in bounded time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_folders import write_slices
from fuzz_dicom import FACTS, mutate

from medlab.io.dicom import read_dicom
from medlab.io.errors import LoadError

#: Mutations of single files; ``MEDLAB_FUZZ=100000`` tries more.
COUNT = int(os.environ.get("MEDLAB_FUZZ", "10000"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory needs Linux")
def test_mutated_files_give_their_image_or_a_load_error():
    command = [sys.executable, str(Path(__file__).with_name("fuzz_dicom.py")), "--count", str(COUNT // 2)]
    runs = [
        subprocess.Popen([*command, "--seed", str(seed)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for seed in (0, 1)
    ]
    results = [json.loads(run.communicate(timeout=60 + COUNT // 10)[0]) for run in runs]
    assert [failure for result in results for failure in result["failures"]] == []
    tried = [result["outcomes"] for result in results]
    assert sum(sum(outcomes.values()) for outcomes in tried) == COUNT // 2 * 2
    assert min(outcomes[kind] for outcomes in tried for kind in ("image", "error")) > COUNT // 20


def depends_on(path):
    """Return what the image of a series depends on in one file, None if pydicom cannot read it."""
    try:
        ds = pydicom.dcmread(path)
        return [repr(ds.get(keyword)) for keyword in FACTS]
    except Exception:  # noqa: BLE001
        return None


@pytest.mark.filterwarnings("ignore")
def test_a_mutated_slice_does_not_silently_change_the_volume(tmp_path):
    write_slices(tmp_path)
    original = read_dicom(tmp_path)
    target = tmp_path / "0002.dcm"
    content, before = target.read_bytes(), depends_on(target)
    outcomes = {"same": 0, "refused": 0, "left out by name": 0, "changed with the file": 0}
    for step in range(400):
        target.write_bytes(mutate(content, np.random.default_rng([2, step])))
        try:
            image = read_dicom(tmp_path)
        except LoadError:
            outcomes["refused"] += 1
            continue
        if image.shape == original.shape and np.array_equal(image.array, original.array):
            outcomes["same"] += 1
        elif any(target.name in note for note in image.notes):
            outcomes["left out by name"] += 1
        else:
            assert depends_on(target) != before, step
            outcomes["changed with the file"] += 1
    assert outcomes["refused"] > 100
    assert outcomes["same"] > 50
