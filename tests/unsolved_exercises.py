"""Every check of the course is tried on the stub of its exercise before the solution runs.

nbval runs the notebooks solved, cell by cell, in one kernel each. Where the first solution of an exercise
is about to run, the answer still holds the stub: the checks must say so now, with a hint, and not fail
otherwise.
"""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from medlab.course.editions import role

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest


def watch(items: Sequence[pytest.Item]) -> None:
    """Let each notebook's first solution cell of an exercise try the exercise's checks first."""
    cells = [item for item in items if hasattr(item, "cell_num")]
    for _, of_one_notebook in groupby(cells, key=lambda item: item.parent):
        for solution, checks in exercises(list(of_one_notebook)):
            _try_first(solution, checks)


def exercises(items: Sequence[Any]) -> list[tuple[Any, list[Any]]]:
    """Return for each exercise its first solution cell and its checks."""
    runs = [(name, list(run)) for name, run in groupby(items, key=lambda item: role(item.cell))]
    return [(now[0], then) for (a, now), (b, then) in pairwise(runs) if (a, b) == ("solution", "check")]


def _try_first(solution: Any, checks: list[Any]) -> None:
    run_solution = solution.runtest

    def runtest() -> None:
        for check in checks:
            if complaint := judge(_reply(solution, check.cell.source)):
                solution.raise_cell_error(
                    f"The check of the unsolved exercise {complaint}:\n{check.cell.source}"
                )
        run_solution()

    solution.runtest = runtest


def _reply(item: Any, source: str) -> dict[str, Any]:
    reply = item.parent.kernel.kc.execute_interactive(
        source,
        store_history=False,
        allow_stdin=False,
        stop_on_error=False,
        timeout=item.config.option.nbval_cell_timeout,
        output_hook=lambda _: None,
    )
    return reply["content"]


def judge(reply: dict[str, Any]) -> str:
    """Return what is wrong with a check's reply to the stub, ``""`` where it says what to do."""
    if reply["status"] == "ok":
        return "holds"
    if reply["ename"] != "NotYet":
        return f"fails with {reply['ename']}: {reply['evalue']}"
    return "" if "Hint: " in reply["evalue"] else f"gives no hint: {reply['evalue']}"
