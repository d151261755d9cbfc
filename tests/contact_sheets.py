"""Draw one contact sheet per kind of data set, to look at: ``python tests/contact_sheets.py FOLDER [NAME…]``.

Every sample, every public set that is here (cache or ``MEDLAB_DATA_MIRROR``) and every phantom, with its
masks, as `medlab.view.show` draws it. Pages are written as ``<kind>-<page>.png``.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt
import numpy as np

from medlab import datasets, view
from medlab.datasets.catalogue import available
from medlab.datasets.record import records

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from medlab.datasets import Case, Dataset
    from medlab.datasets.record import Record

COLUMNS, ROWS = 6, 4
CASES = {"sample": 1, "public": 3, "phantom": 3}


def main() -> None:
    """Draw the sheets and say what could not be drawn."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="only these sets")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    for kind in CASES:
        wanted = [r for r in records().values() if r.kind == kind and r.name in (chosen.names or records())]
        failed += sheets(kind, [r for r in wanted if available(r)], chosen.folder)
    sys.exit(1 if failed else 0)


def sheets(kind: str, wanted: list[Record], folder: Path) -> int:
    """Draw the pages of one kind; return how many sets failed."""
    tiles, failed = [], 0
    for record in wanted:
        begin = time.perf_counter()
        try:
            data = datasets.load(record.name, strict=True)
            if not has_images(data):
                sys.stdout.write(f"{record.name}: {len(data)} rows without images\n")
                continue
            tiles += [(record, data, int(i), data[int(i)]) for i in spread(data, CASES[kind])]
            sys.stdout.write(f"{record.name}: {len(data)} cases, {time.perf_counter() - begin:.1f} s\n")
        except Exception as error:  # noqa: BLE001
            failed += 1
            sys.stdout.write(f"{record.name}: FAILED {type(error).__name__}: {error}\n")
    size = COLUMNS * ROWS
    for page in range(-(-len(tiles) // size)):
        draw(tiles[page * size : (page + 1) * size], folder / f"{kind}-{page + 1}.png")
    return failed


def has_images(data: Dataset) -> bool:
    """Whether a set is more than a table."""
    try:
        data[0]
    except TypeError:
        return False
    return True


def spread(data: Dataset, count: int) -> np.ndarray:
    """Row numbers spread over a set; over its labels where it has some."""
    for column in ("label_name", "label"):
        if column in data.table and len(data) > count:
            found = [rows.index for _, rows in data.table.groupby(column, observed=True)]
            turns = [index[turn] for turn in range(count) for index in reversed(found) if turn < len(index)]
            return np.array(turns[:count])
    return np.unique(np.linspace(0, len(data) - 1, count).round().astype(int))


def draw(tiles: list[tuple[Record, Dataset, int, Case]], path: Path) -> None:
    """Draw one page."""
    rows = -(-len(tiles) // COLUMNS)
    figure, grid = plt.subplots(
        rows, COLUMNS, figsize=(COLUMNS * 3.1, rows * 3.7), squeeze=False, layout="constrained"
    )
    for ax in grid.flat:
        ax.set_axis_off()
    for ax, (record, data, index, case) in zip(grid.flat, tiles, strict=False):
        tile(ax, record, data, index, case)
    figure.savefig(path, dpi=70)
    plt.close(figure)
    sys.stdout.write(f"wrote {path}\n")


def tile(ax: Axes, record: Record, data: Dataset, index: int, case: Case) -> None:
    """Draw one case: the middle time point, where the masks are, else the middle slice."""
    ax.set_axis_on()
    names = [str(case.facts[k]) for k in ("label_name",) if k in case.facts]
    number = f" [{index}]" if len(data) > 1 else ""
    whole = " (simulated)" if record.kind == "phantom" else f" (simulated: {record.simulated})"
    simulated = whole if record.simulated else ""
    title = "\n".join(textwrap.wrap(f"{record.name}{number}{simulated} {' '.join(names)}", 42))
    mask = dict(case.masks) or None
    image = case.image
    moment = image.size("t") // 2 if "z" in image.axes else 0
    seen = {"lung": ("lung", "nodule"), "brain": ("head", "brain")}
    text = record.title.lower() + record.task
    fits = [name for name, words in seen.items() if any(word in text for word in words)]
    window = fits[0] if fits and image.units == "HU" else None
    view.show(image, mask, time=moment, window=window, title=title, outline=True, colorbar=False, ax=ax)
    ax.title.set_fontsize(8)
    legend = ax.get_legend()
    if legend is not None:
        legend.remove()


if __name__ == "__main__":
    main()
