"""How the learning scripts repeat over seeds and print what came out."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable


def repeated(run: Callable[[int], pd.DataFrame], title: str, default: int = 3) -> None:
    """Run with each seed and print its table, then the mean and range over seeds."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--seeds", type=int, default=default, help="how many seeds, from 0")
    tables = []
    for seed in range(parser.parse_args().seeds):
        start = time.monotonic()
        table = run(seed)
        print(f"\n{title}, seed {seed}, {time.monotonic() - start:.0f} s")
        print(table.round(3).to_string(), flush=True)
        tables.append(table)
    values = pd.concat([table.iloc[:, 0] for table in tables], axis=1)
    summary = pd.DataFrame(
        {"mean": values.mean(axis=1), "min": values.min(axis=1), "max": values.max(axis=1)}
    )
    print(f"\n{title}: {tables[0].columns[0]} over {len(tables)} seeds")
    print(summary.round(3).to_string())
