"""The same function on many jobs: here, in processes beside, or on a Dask cluster."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["on_client", "on_processes", "usable_cores"]

Outcome = tuple[int, Any]


class WorkerDiedError(RuntimeError):
    """The process that worked on a job ended without an answer."""


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def on_processes(function: Callable[[Any], Any], jobs: Sequence[Any], workers: int) -> Iterator[Outcome]:
    """Yield the number of each job and its result or exception, in the order in which they finish.

    The processes are started afresh, not forked, and do not import the caller's main script. Where one dies,
    the jobs it may have died of run again, each alone, and only the one at fault is given up.

    Parameters
    ----------
    function : callable
        A function of a module, called with one job.
    jobs : sequence
        Anything that can be pickled; keep it small.
    workers : int
        How many processes.
    """
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    left = list(range(len(jobs)))
    while left:
        try:
            for number, result in _parallel(function, jobs, left, workers):
                left.remove(number)
                yield number, result
        except TerminatedWorkerError:
            suspects = left[: 2 * workers]
            for number in suspects:
                left.remove(number)
                yield number, _alone(function, jobs, number)


def on_client(client: Any, function: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterator[Outcome]:
    """Yield the number of each job and its result or exception, computed by a ``dask.distributed.Client``.

    Parameters
    ----------
    client : dask.distributed.Client
        Its workers must have medlab installed and see the same paths.
    function, jobs
        As for `on_processes`.
    """
    from distributed import as_completed

    futures = {client.submit(function, job, pure=False): number for number, job in enumerate(jobs)}
    try:
        for future in as_completed(futures):
            error = future.exception()
            yield futures[future], error if error is not None else future.result()
    finally:
        client.cancel(list(futures))


def _parallel(
    function: Callable[[Any], Any], jobs: Sequence[Any], numbers: Sequence[int], workers: int
) -> Iterator[Outcome]:
    from joblib import Parallel, delayed

    pool = Parallel(
        n_jobs=workers,
        backend="loky",
        return_as="generator_unordered",
        batch_size=1,
        pre_dispatch=2 * workers,
        max_nbytes=None,
    )
    return pool(delayed(_answer)(function, number, jobs[number]) for number in numbers)


def _alone(function: Callable[[Any], Any], jobs: Sequence[Any], number: int) -> Any:
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    try:
        ((_, result),) = _parallel(function, jobs, [number], 2)
    except TerminatedWorkerError:
        return WorkerDiedError(
            "The process that worked on it died: out of memory, or a crash in compiled code. Other cases "
            "were not affected."
        )
    return result


def _answer(function: Callable[[Any], Any], number: int, job: Any) -> Outcome:
    """Run one job in a worker; each worker has one core."""
    import SimpleITK as sitk  # noqa: N813

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        return number, function(job)
    except Exception as error:  # noqa: BLE001 - the caller gets it as the outcome of this job
        return number, error
