"""Mutate real DICOM files and check what reading makes of them.

``python tests/io/fuzz_dicom.py [--count 10000] [--seed 0]`` runs it by hand; `test_fuzz_dicom.py` runs it
in a process of its own, with a limit on memory and on time.

What must hold for every mutated file:

- reading gives an image or a `LoadError`, never another exception, within memory and time;
- an image that comes out holds exactly the values that pydicom reads from the mutated file;
- where pydicom finds every fact that matters unchanged, the image is that of the untouched file.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
from dicom_folders import spect, stored_values, write_mosaic
from pydicom.data import get_testdata_file

from medlab.io.dicom import read_dicom
from medlab.io.errors import LoadError

if TYPE_CHECKING:
    from types import FrameType

    from medlab import Image

SOURCES = (
    "CT_small.dcm",
    "MR_small.dcm",
    "MR_small_implicit.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_RLE.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "emri_small.dcm",
    "emri_small_RLE.dcm",
    "rtdose.dcm",
    "rtdose_rle.dcm",
    "image_dfl.dcm",
    "SC_rgb_small_odd.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "SC_rgb_rle_2frame.dcm",
    "SC_ybr_full_422_uncompressed.dcm",
    "JPEG2000.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
    "JPGExtended.dcm",
    "color-pl.dcm",
    "mosaic",
    "spect",
)
#: Largest file to mutate: copying and decoding more would only cost time.
LARGEST = 120_000
MAX_BYTES = 64 * 2**20
MEMORY = 1536 * 2**20
PATIENCE = 5.0

FACTS = (  # noqa: SIM905  # reads better than 40 strings
    "Rows Columns SamplesPerPixel PhotometricInterpretation PlanarConfiguration BitsAllocated "
    "BitsStored HighBit PixelRepresentation NumberOfFrames PixelPaddingValue PixelPaddingRangeLimit "
    "RescaleSlope RescaleIntercept ImagePositionPatient ImageOrientationPatient PixelSpacing "
    "SliceThickness SpacingBetweenSlices Modality ImageType SharedFunctionalGroupsSequence "
    "PerFrameFunctionalGroupsSequence GridFrameOffsetVector DoseGridScaling DimensionIndexSequence "
    "FrameTime FrameTimeVector ImagerPixelSpacing ModalityLUTSequence RescaleType "
    "RedPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableDescriptor "
    "RedPaletteColorLookupTableData BluePaletteColorLookupTableDescriptor "
    "GreenPaletteColorLookupTableData BluePaletteColorLookupTableData SequenceOfUltrasoundRegions "
    "SOPClassUID SOPInstanceUID SeriesInstanceUID PixelData NominalScannedPixelSpacing "
    "SliceVector DetectorVector TimeSlotVector DetectorInformationSequence"
).split()


class Hang(BaseException):
    """Reading took longer than `PATIENCE` seconds."""


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """Return a damaged copy of a file."""
    data = bytearray(content)
    # Most damage goes to the headers, at the start; pixels need none to be interesting.
    reach = len(data) if rng.random() < 0.25 else min(len(data), 4000)
    at = int(rng.integers(0, reach))
    kind = rng.integers(0, 8)
    if kind == 0:
        for place in rng.integers(0, reach, rng.integers(1, 6)):
            data[place] ^= 1 << int(rng.integers(0, 8))
    elif kind == 1:
        data[at : at + 4] = int(
            rng.choice([0, 1, 255, 65535, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1])
        ).to_bytes(4, "little")
    elif kind == 2:
        data[at : at + 2] = int(rng.choice([0, 1, 3, 255, 32767, 65535])).to_bytes(2, "little")
    elif kind == 3:
        del data[at:]
    elif kind == 4:
        del data[at : at + int(rng.integers(1, 64))]
    elif kind == 5:
        data[at:at] = bytes(rng.integers(0, 256, int(rng.integers(1, 64)), dtype=np.uint8))
    elif kind == 6:
        _swap_elements(data, rng)
    else:
        _change_value(data, rng)
    return bytes(data)


def _elements(data: bytearray) -> list[tuple[int, int]]:
    """Return the (start, end) of short explicit little-endian elements, found by walking."""
    position, found = 132, []
    while position + 8 < len(data) and len(found) < 200:
        vr = bytes(data[position + 4 : position + 6])
        if not (vr.isalpha() and vr.isupper()):
            break
        long = vr in {b"OB", b"OW", b"SQ", b"UN", b"UT"}
        size = 12 if long else 8
        length = int.from_bytes(data[position + size - (4 if long else 2) : position + size], "little")
        if length > 4096:
            break
        found.append((position, position + size + length))
        position += size + length
    return found


def _swap_elements(data: bytearray, rng: np.random.Generator) -> None:
    """Put two elements in the wrong order, or double one."""
    found = _elements(data)
    if len(found) < 2:
        return
    place = int(rng.integers(0, len(found) - 1))
    (first, middle), (_, end) = found[place], found[place + 1]
    if rng.random() < 0.5:
        data[first:end] = data[middle:end] + data[first:middle]
    else:
        data[first:first] = data[first:middle]


def _change_value(data: bytearray, rng: np.random.Generator) -> None:
    """Write nonsense of the right length into the value of an element."""
    found = [(start, end) for start, end in _elements(data) if end - start > 8]
    if not found:
        return
    start, end = found[int(rng.integers(0, len(found)))]
    nonsense = [
        b"9" * 64,
        b"-1" * 32,
        b"nan\\inf\\" * 8,
        b"\\" * 64,
        b"\0" * 64,
        b"1e99" * 16,
        b"\xff" * 64,
        b"0\\0\\0\\" * 10,
    ]
    data[start + 8 : end] = nonsense[int(rng.integers(0, len(nonsense)))][: end - start - 8]


def facts(path: Path) -> dict[str, object] | None:
    """Return what pydicom finds of the facts that matter, None if it finds a broken file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ds = pydicom.dcmread(path, force=True)
            found = {keyword: ds.get(keyword) for keyword in FACTS}
            found["TransferSyntaxUID"] = ds.file_meta.get("TransferSyntaxUID")
            found["encoding"] = ds.original_encoding
            found["private"] = [(e.tag, e.value) for e in ds if e.tag.is_private]
            return {key: value if isinstance(value, bytes) else str(value) for key, value in found.items()}
    except Exception:  # noqa: BLE001  # pydicom raises many kinds on broken files
        return None


def values_by_pydicom(path: Path) -> np.ndarray | None:
    """Return rescaled greyscale values of a single-frame file as pydicom reads them, None where it cannot."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ds = pydicom.dcmread(path, force=True)
            special = ("ModalityLUTSequence", "PixelPaddingValue", "DoseGridScaling")
            if "MOSAIC" in str(ds.get("ImageType")) or any(keyword in ds for keyword in special):
                return None
            if ds.get("SamplesPerPixel", 1) != 1 or int(ds.get("NumberOfFrames", 1) or 1) != 1:
                return None
            if "PerFrameFunctionalGroupsSequence" in ds or ds.PhotometricInterpretation == "PALETTE COLOR":
                return None
            return ds.pixel_array * float(ds.get("RescaleSlope") or 1) + float(
                ds.get("RescaleIntercept") or 0
            )
    except (KeyboardInterrupt, Hang):
        raise
    except BaseException:  # noqa: BLE001  # the RLE decoder's panics are no Exception
        return None


def complaint(image: Image, path: Path, original: Image, original_facts: dict[str, object] | None) -> str:
    """Return what is wrong with the image of a mutated file, ``""`` if nothing is."""
    theirs = values_by_pydicom(path)
    if theirs is not None and (
        theirs.shape != image.shape
        or not np.array_equal(theirs.astype(np.float32), image.array.astype(np.float32), equal_nan=True)
    ):
        return "values differ from pydicom's"
    if facts(path) == original_facts:
        if image.shape != original.shape or not np.array_equal(image.array, original.array):
            return "values changed although no fact did"
        if not np.array_equal(image.affine, original.affine) or image.space != original.space:
            return "geometry changed although no fact did"
    if not np.isfinite(image.affine).all() or (image.array.dtype.kind == "f" and np.isnan(image.array).any()):
        return "not a number"
    return ""


def trial(path: Path, original: Image, original_facts: dict[str, object] | None) -> str:
    """Read one mutated file and return ``"image"``, ``"error: <kind>"`` or ``"FAIL: <why>"``."""
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        image = read_dicom(path, max_bytes=MAX_BYTES)
    except LoadError as error:
        return f"error: {type(error).__name__}"
    except Hang:
        return "FAIL: hang"
    except Exception as error:  # noqa: BLE001  # what must not happen
        return f"FAIL: {type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    wrong = complaint(image, path, original, original_facts)
    return f"FAIL: {wrong}" if wrong else "image"


def source_file(name: str, folder: Path) -> Path:
    """Return one of pydicom's files, or a mosaic and a SPECT volume written for it."""
    if name == "mosaic":
        write_mosaic(folder / name, stored_values(5), 1, 1000, 1)
    elif name == "spect":
        spect(folder / name)
    else:
        return Path(get_testdata_file(name, download=False) or "")
    return folder / name


def run(count: int, seed: int, keep: Path | None = None) -> dict[str, object]:
    """Try `count` mutations spread over `SOURCES`; return counts and failures."""
    outcomes: Counter[str] = Counter()
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "mutated.dcm")
        for number, name in enumerate(SOURCES):
            source = source_file(name, Path(folder))
            content = source.read_bytes()
            if len(content) > LARGEST:
                continue
            original, original_facts = read_dicom(source), facts(source)
            share = count // len(SOURCES) + (number < count % len(SOURCES))
            for step in range(share):
                rng = np.random.default_rng([seed, number, step])
                target.write_bytes(mutate(content, rng))
                outcome = trial(target, original, original_facts)
                outcomes[outcome.split(":")[0]] += 1
                if outcome.startswith("FAIL"):
                    failures.append([name, step, outcome[:300]])
                    if keep is not None:
                        (keep / f"{source.stem}-{step}.dcm").write_bytes(target.read_bytes())
    return {"outcomes": dict(outcomes), "failures": failures}


def _alarm(_number: int, _frame: FrameType | None) -> None:
    raise Hang


def main() -> None:
    """Run under limits of memory and time, and print the result as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for files that fail")
    options = parser.parse_args()
    faulthandler.enable()
    signal.signal(signal.SIGALRM, _alarm)
    read_dicom(get_testdata_file("JPEG-LL.dcm", download=False))  # imports what imports lazily
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))
    start = time.perf_counter()
    result = run(options.count, options.seed, options.keep)
    result["seconds"] = round(time.perf_counter() - start, 1)
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
