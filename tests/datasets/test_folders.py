"""Pictures in folders named after what they show."""

from __future__ import annotations

import io
import tarfile

import numpy as np
import pytest
from PIL import Image as Picture

from medlab.datasets import folders
from medlab.datasets.record import records


@pytest.fixture
def record(cache, whole):  # noqa: ARG001
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as bundle:
        for name, grey in (("Hand/002", 20), ("Hand/001", 10), ("CXR/000", 30)):
            content = io.BytesIO()
            Picture.fromarray(np.full((64, 64), grey, np.uint8)).save(content, "png")
            info = tarfile.TarInfo(f"Set/{name}.png")
            info.size = content.tell()
            content.seek(0)
            bundle.addfile(info, content)
    return whole(
        buffer.getvalue(),
        "a.tar.gz",
        unpack="tar",
        options={"folder": "Set", "pattern": "*.png"},
        labels={"0": "CXR", "1": "Hand"},
    )


def test_a_folder_is_a_class(record):
    data = folders.load(record)
    assert [*data.table["label"]] == [0, 1, 1]
    assert [*data.table["label_name"]] == ["CXR", "Hand", "Hand"]
    x, y = data.arrays()
    assert [*x[:, 0, 0]] == [30, 10, 20]
    assert [*y] == [0, 1, 1]


def test_the_real_set_has_its_six_kinds():
    assert [*records()["mednist"].labels.values()] == [
        "AbdomenCT",
        "BreastMRI",
        "CXR",
        "ChestCT",
        "Hand",
        "HeadCT",
    ]
