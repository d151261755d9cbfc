"""Short-axis cardiac MR of the Sunnybrook data with the left ventricle outlined."""

from __future__ import annotations

import functools
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.image import Image
from medlab.io import read

if TYPE_CHECKING:
    from medlab.datasets.record import Record

__all__ = ["GROUPS", "PHASES", "fit", "load"]

#: What the letters in a patient's pseudonym stand for.
GROUPS = {
    "HF-I": "heart failure with infarction",
    "HF-NI": "heart failure without infarction",
    "HYP": "hypertrophy",
    "N": "normal",
}
#: Every slice was taken at this many moments of the heart beat.
PHASES = 20


def load(record: Record) -> Dataset:
    """Read pictures of one slice at one moment, each with the mask ``left ventricle`` (its blood pool).

    The table has the columns ``patient``, ``split``, ``group`` (see `GROUPS`), ``slice`` (from 0, base to
    apex), ``phase`` (1–20), ``moment`` (``"ED"`` or ``"ES"``, end of diastole or systole) and ``file``.
    """
    import pandas as pd

    folder = fetch(record)
    assert record.files is not None  # noqa: S101
    rows = [_row(path) for path in sorted(record.files.sha256) if "/Images/" in path]
    table = pd.DataFrame(rows).sort_values(["split", "patient", "phase", "slice"], ignore_index=True)

    def case(index: int) -> Case:
        row = table.iloc[index]
        image = read(folder / row["file"])
        image = image.replace(array=image.array[..., 0], axes="yx", modality="MR", notes=())
        label = read(folder / row["file"].replace("/Images/", "/Labels/")).array[..., 0]
        mask = image.as_mask(label > 0, {1: "left ventricle"})
        return Case(image, {"left ventricle": mask}, row[["group", "slice", "phase", "moment"]].to_dict())

    return Dataset(record, table, case)


def _row(path: str) -> dict[str, Any]:
    """Return what the path of a picture tells: ``Test/Images/…/SC-HF-I-09-IM-0001-0027.dcm.png``.

    The last number counts the pictures of a series slice by slice, `PHASES` for each slice; the two
    contoured phases lie in the first half (systole) and at the end (diastole) of every series.
    """
    found = re.fullmatch(r"(SC-([A-Z-]+)-\d+)-IM-\d+-(\d+)\.dcm\.png", PurePosixPath(path).name)
    assert found is not None, path  # noqa: S101
    patient, group, number = found.groups()
    where, phase = divmod(int(number) - 1, PHASES)
    return {
        "patient": patient,
        "split": path.partition("/")[0].lower(),
        "group": group,
        "slice": where,
        "phase": phase + 1,
        "moment": "ED" if phase + 1 > PHASES // 2 else "ES",
        "file": path,
    }


def fit(record: Record, data: Dataset) -> Dataset:
    """Take simulated cines apart into pictures of end diastole and end systole, as in this set.

    Slices in which there is no left ventricle are left out; grey values are squeezed to 8 bits picture by
    picture, and the pixel size is dropped, as the export did.
    """
    import pandas as pd

    cine = functools.lru_cache(maxsize=len(data))(data.__getitem__)
    rows = [row for index in range(len(data)) for row in _moments(data, index, cine(index))]
    rows.sort(key=lambda row: (row["split"], row["patient"], row["phase"], row["slice"]))
    table = pd.DataFrame(rows)

    def case(index: int) -> Case:
        row = rows[index]
        made = cine(row["cine"])
        at = row["frame"], made.image.size("z") - 1 - row["slice"]
        picture = made.image.array[at].astype(np.float32)
        low, high = np.percentile(picture, [0.5, 99.5])
        grey = np.round(255 * np.clip((picture - low) / (high - low), 0, 1)).astype(np.uint8)
        image = Image(grey, axes="yx", modality=record.modality, notes=made.image.notes)
        mask = image.as_mask(made.masks["heart"].array[at] == 3, {1: "left ventricle"})
        facts = {name: row[name] for name in ("group", "slice", "phase", "moment")}
        return Case(image, {"left ventricle": mask}, facts)

    return Dataset(data.record, table.drop(columns=["cine", "frame"]), case)


def _moments(data: Dataset, index: int, made: Case) -> list[dict[str, Any]]:
    """Return a row for each slice of a cine that shows the left ventricle, at both moments."""
    who = data.table.iloc[index]
    ill = "HF-I" if who["infarct"] else "HF-NI"
    frames = made.image.size("t")
    rows = []
    for moment, frame in (("ED", made.facts["end_diastole"]), ("ES", made.facts["end_systole"])):
        seen = (made.masks["heart"].array[frame] == 3).any(axis=(1, 2))[::-1]
        rows += [
            {
                "patient": who["patient"],
                "split": "test" if who["split"] == "test" else "train",
                "group": ill if who["label"] else "N",
                "slice": int(where),
                "phase": round(frame * PHASES / frames) or PHASES,
                "moment": moment,
                "cine": index,
                "frame": frame,
            }
            for where in np.flatnonzero(seen)
        ]
    return rows
