"""Features of many cases: in parallel, resumable, with failed ones as rows that say why."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medlab.image import Image
from medlab.radiomics import processes
from medlab.radiomics.extracting import compute, note
from medlab.radiomics.journal import Journal, key_of, mark
from medlab.radiomics.parameters import Parameters
from medlab.radiomics.progress import Progress
from medlab.radiomics.region import RegionError
from medlab.radiomics.tables import checked_path, read_table, write_table

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

__all__ = ["extract_batch"]

#: Columns of the table that say what to do; all others are carried along.
_ASKED = ("image", "mask", "label", "structure")

Job = dict[str, Any]
Rows = list[dict[str, Any]]


def extract_batch(
    table: pd.DataFrame | Iterable[Mapping[str, Any]] | str | os.PathLike[str],
    params: str | os.PathLike[str] | Mapping[str, Any] | Parameters | None = None,
    *,
    workers: int | None = None,
    client: Any = None,
    out: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Compute the radiomic features of many cases.

    Parameters
    ----------
    table : DataFrame, sequence of mappings, or path of a CSV or Parquet file
        A row for each region, with the columns ``image`` and ``mask`` (paths of anything that
        `medlab.read` reads; with one worker also `medlab.Image`), and optionally ``label`` (value or name;
        ``"all"`` for a row for each label; empty for the only one) and ``structure`` (name of the structure
        where the mask is an RTSTRUCT file). All other columns, such as ``patient``, are carried along.
    params : path, mapping or Parameters, optional
        What to compute; see `extract`.
    workers : int, optional
        Processes on this machine. Default: one for each core, as long as there are four cases for each to
        do. With 1 all happens here.
    client : dask.distributed.Client, optional
        Computes on its cluster instead. Paths travel, not images: every worker must see them.
    out : path, optional
        Where the table is kept, ``.csv`` or ``.parquet``. Finished cases are noted beside it in
        ``<out>.journal.jsonl`` as they finish; called again, only new, failed or changed cases are computed
        (another file, size or time of change, other parameters, other versions).
    progress : bool, optional
        Whether to show a line of progress.

    Returns
    -------
    pandas.DataFrame
        The rows in the order of `table`: its own columns, ``status`` (``"ok"`` or ``"failed"``), ``problem``
        and ``reason`` of a failure, then the columns of `extract`.

    Raises
    ------
    ValueError
        If a column is missing, a name is used twice, images are to travel to other processes, or parameters
        or `out` are not valid. What is wrong with a single case ends up in its row.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.arange(4 * 8 * 8.0).reshape(4, 8, 8)
    >>> scan = Image(values, affine=np.eye(4)[[2, 1, 0, 3]])
    >>> cases = [{"patient": "a", "image": scan, "mask": scan.as_mask(values > 99)},
    ...          {"patient": "b", "image": scan, "mask": scan.as_mask(values > 999)}]
    >>> extract_batch(cases, workers=1, progress=False)[["patient", "status", "problem"]]
      patient  status problem
    0       a      ok
    1       b  failed   empty
    """
    parameters = Parameters.of(params)
    note(parameters)
    cases = _checked(table)
    target = None if out is None else checked_path(out)
    jobs = [_job(row) for row in cases.to_dict("records")]
    journal = Journal(None if target is None else target.with_name(f"{target.name}.journal.jsonl"))
    keys = [key_of(job, parameters) for job in jobs] if target else [""] * len(jobs)
    done = {n: rows for n, key in enumerate(keys) if (rows := journal.get(key)) is not None}
    waiting = [n for n in range(len(jobs)) if n not in done]
    workers = _workers(workers, client, [jobs[n] for n in waiting])
    with Progress(len(jobs), done=len(done), show=progress) as line:
        for n, rows in _outcomes(jobs, waiting, parameters, workers, client):
            done[n] = rows
            journal.add(keys[n], rows)
            line.step(failed=any(row["status"] != "ok" for row in rows))
    _read.cache_clear()
    result = _assembled(cases, done)
    if target is not None:
        write_table(result, target)
    return result


def _checked(table: Any) -> pd.DataFrame:
    import pandas as pd

    cases = read_table(table) if isinstance(table, (str, Path)) else pd.DataFrame(table)
    missing = {"image", "mask"} - set(cases.columns)
    if missing:
        msg = (
            f"The table of cases needs the columns 'image' and 'mask'; {', '.join(sorted(missing))} is not "
            f"among {list(cases.columns)}."
        )
        raise ValueError(msg)
    return cases.reset_index(drop=True)


def _job(row: dict[str, Any]) -> Job:
    job = {name: None if _is_missing(row.get(name)) else row[name] for name in _ASKED}
    for name in ("image", "mask"):
        source = row.get(name)
        if job[name] is not None and not isinstance(source, Image):
            job[name] = str(Path(str(source)).expanduser())
    label = job["label"]
    if label is not None and (not isinstance(label, str) or label.strip().isdigit()):
        job["label"] = int(label) if float(label).is_integer() else float(label)
    return job


def _is_missing(value: Any) -> bool:
    import pandas as pd

    return value is None or value == "" or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _workers(workers: int | None, client: Any, jobs: list[Job]) -> int:
    travelling = client is not None or workers not in (None, 1)
    held = any(isinstance(job[name], Image) for job in jobs for name in ("image", "mask"))
    if held and travelling:
        msg = (
            "Images in memory do not travel to other processes: write them with medlab.io.write and put "
            "their paths into the table, or pass workers=1."
        )
        raise ValueError(msg)
    if workers is not None and (int(workers) != workers or workers < 1):
        msg = f"workers must be a whole number above 0; got {workers!r}."
        raise ValueError(msg)
    if workers is None:
        workers = 1 if held else min(processes.usable_cores(), len(jobs) // 4)
    return max(1, min(int(workers), len(jobs)))


def _outcomes(
    jobs: list[Job], waiting: list[int], parameters: Parameters, workers: int, client: Any
) -> Iterator[tuple[int, Rows]]:
    """Yield the number of each waiting job with its rows, as they finish."""
    text = parameters.as_json()
    chosen = [(jobs[n], text) for n in waiting]
    if client is not None:
        outcomes: Iterable[tuple[int, Any]] = processes.on_client(client, case_rows, chosen)
    elif workers > 1:
        outcomes = processes.on_processes(case_rows, chosen, workers)
    else:
        outcomes = ((n, case_rows(job)) for n, job in enumerate(chosen))
    for n, outcome in outcomes:
        yield waiting[n], [_failed(outcome)] if isinstance(outcome, BaseException) else outcome


def case_rows(task: tuple[Job, str]) -> Rows:
    """Return the rows of one case, one for each of its labels; what goes wrong becomes a row."""
    job, text = task
    parameters = Parameters.from_json(text)
    try:
        image, mask = _images(job)
        labels = _labels(mask) if job["label"] == "all" else [job["label"]]
    except Exception as error:  # noqa: BLE001 - whatever one file is like, the others go on
        return [_failed(error)]
    return [_row(image, mask, parameters, label) for label in labels]


def _row(image: Image, mask: Image, parameters: Parameters, label: int | str | None) -> dict[str, Any]:
    try:
        found = compute(image, mask, parameters, label)
    except Exception as error:  # noqa: BLE001 - one region must not end the batch
        return {**_failed(error), "label": label}
    return {"status": "ok", "problem": "", "reason": "", **found}


def _failed(error: BaseException) -> dict[str, Any]:
    problem = error.problem if isinstance(error, RegionError) else type(error).__name__
    return {"status": "failed", "problem": problem, "reason": str(error)}


def _labels(mask: Image) -> list[int]:
    import numpy as np

    found = [int(v) for v in np.unique(mask.array) if v > 0]
    if not found:
        msg = "The mask is empty: no voxel is marked. Check that it is the mask of this image."
        raise RegionError("empty", msg)
    return found


def _images(job: Job) -> tuple[Image, Image]:
    for name in ("image", "mask"):
        if job[name] is None:
            msg = f"The row names no {name}."
            raise FileNotFoundError(msg)
    image = job["image"] if isinstance(job["image"], Image) else _read(job["image"], str(mark(job["image"])))
    if isinstance(job["mask"], Image):
        return image, job["mask"]
    if job["structure"] is not None:
        from medlab.io import read_rtstruct

        return image, read_rtstruct(job["mask"], image, str(job["structure"]))
    return image, _read(job["mask"], str(mark(job["mask"])))


@functools.lru_cache(maxsize=2)
def _read(path: str, state: str) -> Image:  # noqa: ARG001 - a changed file is read again
    """Read an image; rows about one image that follow each other read it once."""
    from medlab.io import read

    return read(path)


def _assembled(cases: pd.DataFrame, done: dict[int, Rows]) -> pd.DataFrame:
    import pandas as pd

    found = pd.DataFrame([row for n in range(len(cases)) for row in done[n]])
    numbers = [n for n in range(len(cases)) for _ in done[n]]
    carried = cases.drop(columns=[c for c in ("label",) if c in cases]).iloc[numbers].reset_index(drop=True)
    for name in ("image", "mask"):
        carried[name] = [repr(v) if isinstance(v, Image) else str(v) for v in carried[name]]
    clash = sorted(set(carried.columns) & set(found.columns))
    if clash:
        msg = f"The table of cases has columns that the result needs itself: {', '.join(clash)}. Rename them."
        raise ValueError(msg)
    return pd.concat([carried, found], axis=1)
