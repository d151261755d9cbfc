"""A task of the Decathlon, from a small archive of the same form, served over loopback."""

from __future__ import annotations

import dataclasses
import io
import json
import tarfile

import nibabel as nib
import numpy as np
import pytest

from medlab.datasets import decathlon
from medlab.datasets.fetch import DatasetUnavailable
from medlab.datasets.record import records

TASKS = [r for r in records().values() if r.loader == "decathlon:load"]
AFFINE = np.diag([2.0, 3.0, 4.0, 1.0])


def nifti(array, folder):
    nib.save(nib.Nifti1Image(array, AFFINE), folder / "x.nii.gz")
    return (folder / "x.nii.gz").read_bytes()


@pytest.fixture
def task(cache, whole, tmp_path, rng):  # noqa: ARG001
    """Serve two cases with truth and one without; give the record and the arrays."""

    def make(channels=1, modality="CT"):
        shape = (5, 6, 7) if channels == 1 else (5, 6, 7, channels)
        image = rng.integers(-1000, 1000, shape).astype(np.int16)
        mask = rng.integers(0, 3, (5, 6, 7)).astype(np.uint8)
        names = {str(i): f"contrast {i}" for i in range(channels)} if channels > 1 else {"0": modality}
        told = {
            "modality": names,
            "labels": {"0": "background", "1": "liver", "2": "cancer"},
            "training": [
                {"image": f"./imagesTr/case_{i}.nii.gz", "label": f"./labelsTr/case_{i}.nii.gz"}
                for i in (1, 2)
            ],
            "test": ["./imagesTs/case_3.nii.gz"],
        }
        members = {"dataset.json": json.dumps(told).encode()}
        members |= {f"imagesTr/case_{i}.nii.gz": nifti(image, tmp_path) for i in (1, 2)}
        members |= {f"labelsTr/case_{i}.nii.gz": nifti(mask, tmp_path) for i in (1, 2)}
        members |= {"imagesTs/case_3.nii.gz": nifti(image, tmp_path), "._dataset.json": b"junk"}
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as bundle:
            for name, content in members.items():
                info = tarfile.TarInfo(f"Task99_Tiny/{name}")
                info.size = len(content)
                bundle.addfile(info, io.BytesIO(content))
        record = whole(
            buffer.getvalue(), "a.tar", unpack="tar", modality=modality, options={"task": "Task99_Tiny"}
        )
        return record, image, mask

    return make


def test_all_ten_tasks_have_a_record_of_their_own():
    assert [r.options["task"][:6] for r in sorted(TASKS, key=lambda r: r.options["task"])] == [
        f"Task{i:02}" for i in range(1, 11)
    ]
    assert all(a.url[0].endswith(f"{r.options['task']}.tar") for r in TASKS for a in r.archives)
    assert len({a.md5 for r in TASKS for a in r.archives}) == 10


def test_a_case_has_its_image_and_its_truth_on_one_grid(task):
    record, image, mask = task()
    case = decathlon.load(record)[0]
    np.testing.assert_array_equal(case.image.array, image.T)
    np.testing.assert_array_equal(case.masks["truth"].array, mask.T)
    assert case.image.units == "HU"
    assert case.image.spacing == (4.0, 3.0, 2.0)
    assert case.masks["truth"].labels == {1: "liver", 2: "cancer"}
    assert case.image.same_grid(case.masks["truth"])


def test_the_table_has_a_row_per_patient(task):
    table = decathlon.load(task()[0]).table
    assert [*table["patient"]] == ["case_1", "case_2", "case_3"]
    assert [*table["split"]] == ["train", "train", "test"]


def test_a_case_of_the_test_part_has_no_truth(task):
    assert not decathlon.load(task()[0])[2].masks


def test_contrasts_lie_along_t_and_have_names(task):
    record, image, _ = task(channels=4, modality="MR")
    case = decathlon.load(record)[0]
    assert case.image.axes == "tzyx"
    np.testing.assert_array_equal(case.image.array[2], image[..., 2].T)
    assert case.facts["channels"] == [f"contrast {i}" for i in range(4)]
    assert case.image.units == ""
    assert case.image.same_grid(case.masks["truth"])


def test_arrays_take_the_truth_as_target(task):
    record, _, mask = task()
    x, y = decathlon.load(record).arrays("train", "truth")
    assert x.shape == y.shape == (2, 7, 6, 5)
    np.testing.assert_array_equal(y[1], mask.T)


def test_an_archive_of_another_task_is_named(task):
    record, *_ = task()
    with pytest.raises(DatasetUnavailable, match=r"holds no Task98/dataset\.json"):
        decathlon.load(dataclasses.replace(record, options={"task": "Task98"}))
