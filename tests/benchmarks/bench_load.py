"""Loading a CT series: medlab beside the usual tutorial code, SimpleITK and pydicom's own loop.

Run ``python tests/benchmarks/bench_load.py [--slices 400]``. All methods read the same files in the same
run with a warm cache; the least processor time counts. Figures are ratios: above 1, medlab is faster.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import medlab

if TYPE_CHECKING:
    from collections.abc import Callable

SYNTAXES = {
    "RLE": "1.2.840.10008.1.2.5",
    "JPEG 2000": "1.2.840.10008.1.2.4.90",
}


def write_series(folder: Path, slices: int, size: int = 512, transfer_syntax: str = "") -> None:
    """Write a simulated CT, noise in a smooth body, as one file a slice."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    rng = np.random.default_rng(0)
    y, x = np.mgrid[:size, :size] / size - 0.5
    body = 1024 + 60 * (x**2 + 1.5 * y**2 < 0.16) - 1000 * (x**2 + 1.5 * y**2 >= 0.16)
    series, study, frame = generate_uid(), generate_uid(), generate_uid()
    folder.mkdir(parents=True)
    for number in rng.permutation(slices):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
        ds.Modality, ds.ImageType = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.SeriesInstanceUID, ds.StudyInstanceUID, ds.FrameOfReferenceUID = series, study, frame
        ds.SeriesNumber, ds.InstanceNumber = 3, int(number) + 1
        ds.SliceThickness, ds.PixelSpacing = 1.5, [0.7, 0.7]
        ds.ImagePositionPatient = [-180.0, -180.0, 1.25 * int(number)]
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        ds.Rows = ds.Columns = size
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, -1024, "HU"
        pixels = np.clip(body + rng.normal(0, 12, body.shape), 0, 4095).astype(np.uint16)
        ds.PixelData = pixels.tobytes()
        ds["PixelData"].VR = "OW"
        if transfer_syntax:
            ds.compress(transfer_syntax, generate_instance_uid=False)
        ds.save_as(folder / f"IM{rng.integers(10**9):09d}.dcm", enforce_file_format=True)


def tutorial(folder: Path) -> np.ndarray:
    """Load as most tutorials and books do."""
    import pydicom

    slices = [pydicom.dcmread(path) for path in folder.iterdir()]
    slices.sort(key=lambda s: float(s.ImagePositionPatient[2]))
    return np.stack([s.pixel_array * s.RescaleSlope + s.RescaleIntercept for s in slices])


def pydicom_loop(folder: Path) -> np.ndarray:
    """Decode with pydicom alone, one file after the other, into one array."""
    import pydicom

    slices = [pydicom.dcmread(path) for path in folder.iterdir()]
    slices.sort(key=lambda s: float(s.ImagePositionPatient[2]))
    out = np.empty((len(slices), slices[0].Rows, slices[0].Columns), np.int16)
    for place, ds in enumerate(slices):
        out[place] = ds.pixel_array
    out += np.int16(slices[0].RescaleIntercept)
    return out


def itk(folder: Path) -> np.ndarray:
    """Load with SimpleITK's series reader."""
    import SimpleITK as sitk  # noqa: N813

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return sitk.GetArrayFromImage(reader.Execute())


def load(folder: Path) -> np.ndarray:
    """Load with medlab, all checks on."""
    return medlab.read(folder).array


def measure(work: Callable[[Path], np.ndarray], folder: Path, repeats: int = 3) -> tuple[float, float, Any]:
    """Return the least processor time and wall time in s, and the result."""
    cpu, wall, result = [], [], None
    for _ in range(repeats):
        result = None
        before = time.process_time(), time.perf_counter()
        result = work(folder)
        cpu.append(time.process_time() - before[0])
        wall.append(time.perf_counter() - before[1])
    return min(cpu), min(wall), result


def peak_over_volume(folder: Path) -> float:
    """Return the extra memory of loading at its peak, as a multiple of the volume (Linux only)."""
    code = (
        "import sys, medlab\n"
        "def peak():\n"
        "    return next(int(l.split()[1]) for l in open('/proc/self/status') if l.startswith('VmHWM'))\n"
        "medlab.read(sys.argv[2])\n"
        "before = peak()\n"
        "image = medlab.read(sys.argv[1])\n"
        "print((peak() - before) * 1024 / image.nbytes)\n"
    )
    small = next(folder.iterdir())
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder), str(small)], check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def uncompressed(folder: Path, slices: int) -> None:
    """Print medlab against tutorial code and SimpleITK, its memory, and its growth."""
    write_series(folder, slices)
    cpu, wall, truth = measure(load, folder)
    print(f"{slices} slices of 512 × 512, uncompressed: medlab {cpu:.2f} s CPU, {wall:.2f} s")
    for name, work in (("tutorial code", tutorial), ("SimpleITK", itk)):
        other, seconds, result = measure(work, folder, 2)
        same = np.array_equal(truth, result)
        del result
        print(f"  {name}: {other:.2f} s CPU, {seconds:.2f} s → {other / cpu:.1f} × CPU; same values: {same}")
    print(f"  peak memory: {peak_over_volume(folder):.2f} × the volume")
    half = folder.with_name("half")
    half.mkdir()
    for path in sorted(folder.iterdir(), key=_number)[: slices // 2]:
        os.link(path, half / path.name)
    part = measure(load, half)[0]
    print(f"  twice the slices: {cpu / part:.2f} × CPU")


def _number(path: Path) -> int:
    import pydicom

    return int(
        pydicom.dcmread(path, specific_tags=["InstanceNumber"], stop_before_pixels=True).InstanceNumber
    )


def compressed(root: Path, slices: int) -> None:
    """Print medlab against pydicom's own loop for compressed series, on one core and on all."""
    for name, syntax in SYNTAXES.items():
        folder = root / name
        write_series(folder, slices, transfer_syntax=syntax)
        cores = os.sched_getaffinity(0)
        for used in ({min(cores)}, cores):
            os.sched_setaffinity(0, used)
            theirs = measure(pydicom_loop, folder, 2)
            ours = measure(load, folder, 2)
            same = np.array_equal(theirs[2], ours[2])
            print(
                f"{name}, {slices} slices, {len(used)} core(s): medlab {ours[1]:.2f} s, "
                f"pydicom {theirs[1]:.2f} s "
                f"→ {theirs[1] / ours[1]:.2f} × wall, {theirs[0] / ours[0]:.2f} × CPU; same values: {same}",
            )
        os.sched_setaffinity(0, cores)


def main() -> None:
    """Write the files, time the loaders, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=400)
    parser.add_argument("--compressed-slices", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        uncompressed(Path(folder, "plain"), options.slices)
        compressed(Path(folder), options.compressed_slices)


if __name__ == "__main__":
    main()
