"""Dynamic contrast-enhanced breast MR with its maps and region of interest (Breast-MRI-NACT-Pilot)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medlab.datasets.dataset import Case, Dataset
from medlab.datasets.fetch import fetch
from medlab.io import read, read_seg
from medlab.io.dicom.header import read_dataset

if TYPE_CHECKING:
    from pathlib import Path

    from medlab.datasets.record import Record

__all__ = ["SERIES", "load", "measured"]

#: Name of a case → its folder.
SERIES = {"dynamic": "image_dce_3dfgre_orig", "PE1": "image_dce_pe1", "SER": "image_dce_ser"}
_CREATOR = "UCSF BIRP PRIVATE CREATOR 011710xx"


def load(record: Record) -> Dataset:
    """Read the dynamic series (``tzyx``) and the two maps made from it, a case each.

    ``PE1`` is the early enhancement in percent of the signal before contrast; ``SER`` the signal enhancement
    ratio, early over late. Each has the mask ``breast``. The facts are what the maps' headers say:
    ``seconds_from_injection`` of each time point, ``region`` (first and last index (k, j, i) of the box in
    which the tumour was measured), ``tumour_ml`` by the rule that measured it.
    """
    import pandas as pd

    folder = fetch(record) / record.options["patient"]
    table = pd.DataFrame({"patient": record.options["patient"], "series": list(SERIES)})

    def case(index: int) -> Case:
        series = table["series"][index]
        image = read(folder / SERIES[series]).replace(units="%" if series == "PE1" else "")
        facts = measured(folder / SERIES["SER"])
        if series == "dynamic":
            image = image.replace(
                times=facts["seconds_from_injection"],
                meta={**image.meta, "time_axis": "time from injection", "time_unit": "s"},
            )
        elif series == "SER":  # the header gives the window in stored numbers, not in ratios
            image = image.replace(meta={k: v for k, v in image.meta.items() if not k.startswith("Window")})
        return Case(image, {"breast": read_seg(folder / "mask" / "1-1.dcm", reference=image)}, facts)

    return Dataset(record, table, case)


def measured(folder: Path) -> dict[str, Any]:
    """Return times and tumour volumes from the private tags of a map.

    Parameters
    ----------
    folder : Path
        The series of a map.
    """
    header = read_dataset(min(folder.glob("*.dcm")))
    block = header.private_block(0x0117, _CREATOR)
    volumes = [item.private_block(0x0117, _CREATOR) for item in block[0xB0].value]
    corners = (tuple(int(v) for v in reversed(block[tag].value)) for tag in (0xA1, 0xA2))
    return {
        "seconds_from_injection": tuple(float(v) for v in block[0x34].value),
        "region": tuple(corners),
        "tumour_ml": {str(v[0xB5].value): float(v[0xB4].value) for v in volumes},
    }
