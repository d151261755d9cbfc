"""Several frames at one place become a fourth axis with its coordinate and unit."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_folders import stored_values, uid, write_slices
from pydicom.dataset import Dataset

from medlab.io.dicom import read_dicom
from medlab.io.errors import DuplicateSliceError, MissingSliceError, MultipleSeriesError

SLICES = 4


def write_repeats(folder, count, change):
    """Write `count` repeats of a volume, shuffled; returns stored values (repeat, slice, row, column)."""
    everything = stored_values(count * SLICES).reshape(count, SLICES, 6, 8)
    for repeat in range(count):

        def set_all(place, ds, repeat=repeat):
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, repeat, place)
            ds.InstanceNumber = (place * count + repeat) * 7 % 97
            change(repeat, place, ds)

        write_slices(
            folder,
            offsets=2.5 * np.arange(SLICES),
            values=everything[repeat],
            modality="MR",
            change=set_all,
            prefix=f"{(repeat * 5) % 7}-",
            seed=repeat,
        )
    return everything


CASES = {
    "temporal position": (lambda r: {"TemporalPositionIdentifier": r + 1}, [1, 2, 3], ""),
    "trigger time": (lambda r: {"TriggerTime": 40.5 * r}, [0, 40.5, 81], "ms"),
    "echo time": (lambda r: {"EchoTime": 2.3 + 2.3 * r}, [2.3, 4.6, 6.9], "ms"),
    "b-value": (lambda r: {"DiffusionBValue": [0.0, 500.0, 1000.0][r]}, [0, 500, 1000], "s/mm²"),
    "inversion time": (lambda r: {"InversionTime": 100 * 2**r}, [100, 200, 400], "ms"),
    "frame reference time": (lambda r: {"FrameReferenceTime": 5000 * r}, [0, 5000, 10000], "ms"),
    "acquisition time": (lambda r: {"AcquisitionTime": f"1200{5 * r:02d}.5"}, [0, 5, 10], "s"),
    "content time": (lambda r: {"ContentTime": f"12{r:02d}00"}, [0, 60, 120], "s"),
}


@pytest.mark.parametrize("name", CASES)
def test_repeats_become_the_first_axis_in_order(tmp_path, name):
    elements, times, unit = CASES[name]

    def change(repeat, _, ds):
        for keyword, value in elements(2 - repeat).items():
            setattr(ds, keyword, value)

    everything = write_repeats(tmp_path, 3, change)
    image = read_dicom(tmp_path)
    assert image.axes == "tzyx"
    np.testing.assert_array_equal(image.array, everything[::-1])
    np.testing.assert_allclose(image.times, times)
    assert (image.meta["time_axis"], image.meta["time_unit"]) == (name, unit)


def test_acquisition_times_cross_midnight(tmp_path):
    def change(repeat, _, ds):
        ds.AcquisitionDate, ds.AcquisitionTime = [("20200101", "235950"), ("20200102", "000010")][repeat]

    write_repeats(tmp_path, 2, change)
    np.testing.assert_allclose(read_dicom(tmp_path).times, [0, 20])


def test_times_that_differ_from_slice_to_slice_are_ranked_and_noted(tmp_path):
    def change(repeat, place, ds):
        ds.TriggerTime = 100 * repeat + 7 * place

    everything = write_repeats(tmp_path, 3, change)
    image = read_dicom(tmp_path)
    np.testing.assert_array_equal(image.array, everything)
    np.testing.assert_allclose(np.diff(image.times), 100)
    assert any("differs between slices" in note for note in image.notes)


def test_directions_at_one_b_value_keep_their_order_and_their_vectors(tmp_path):
    vectors = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)]

    def change(repeat, _, ds):
        ds.DiffusionBValue = 1000.0 if repeat else 0.0
        ds.AcquisitionTime = f"1200{5 * repeat:02d}"
        if repeat:
            ds.DiffusionGradientOrientation = list(vectors[repeat - 1])

    everything = write_repeats(tmp_path, 4, change)
    image = read_dicom(tmp_path)
    np.testing.assert_array_equal(image.array, everything)
    np.testing.assert_array_equal(image.times, [0, 1000, 1000, 1000])
    assert image.meta["DiffusionGradientOrientations"] == (None, *vectors)


def siemens(ds, b_value):
    ds.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", str(b_value))


def ge(ds, b_value):
    ds.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x39, "IS", [1000000000 + b_value, 8, 0, 0])


def philips(ds, b_value):
    ds.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(0x03, "FL", float(b_value))


@pytest.mark.parametrize("vendor", [siemens, ge, philips])
def test_b_values_are_found_in_private_elements(tmp_path, vendor):
    everything = write_repeats(tmp_path, 3, lambda repeat, _, ds: vendor(ds, [800, 0, 400][repeat]))
    image = read_dicom(tmp_path)
    np.testing.assert_array_equal(image.times, [0, 400, 800])
    np.testing.assert_array_equal(image.array, everything[[1, 2, 0]])
    assert image.meta["time_axis"] == "b-value"


def test_repeats_told_apart_by_instance_number_only_are_noted(tmp_path):
    def change(repeat, place, ds):
        ds.InstanceNumber = 1 + repeat * SLICES + place

    everything = write_repeats(tmp_path, 2, change)
    image = read_dicom(tmp_path)
    np.testing.assert_array_equal(image.array, everything)
    assert any("instance number only" in note for note in image.notes)


def test_a_slice_missing_from_one_repeat_is_refused_by_its_time(tmp_path):
    write_repeats(tmp_path, 3, lambda repeat, _, ds: setattr(ds, "TriggerTime", 40.0 * repeat))
    next(tmp_path.glob("5-*")).unlink()
    with pytest.raises(MissingSliceError, match="trigger time 40"):
        read_dicom(tmp_path)


def test_a_slice_missing_from_repeats_that_only_a_clock_tells_apart_is_refused(tmp_path):
    write_repeats(
        tmp_path, 3, lambda repeat, place, ds: setattr(ds, "AcquisitionTime", f"12{place:02d}{repeat:02d}")
    )
    next(tmp_path.glob("5-*")).unlink()
    with pytest.raises(MissingSliceError, match="Most positions have 3 slices, 1 of 4"):
        read_dicom(tmp_path)


def test_repeats_that_nothing_tells_apart_are_refused(tmp_path):
    write_repeats(tmp_path, 2, lambda _r, _p, ds: setattr(ds, "InstanceNumber", 1))
    with pytest.raises(DuplicateSliceError, match="neither time nor b-value nor echo"):
        read_dicom(tmp_path)


def test_magnitude_and_phase_are_not_mixed_but_listed(tmp_path):
    def change(repeat, _, ds):
        ds.ImageType = ["ORIGINAL", "PRIMARY", "MP"[repeat]]

    everything = write_repeats(tmp_path, 2, change)
    with pytest.raises(MultipleSeriesError, match=r"ORIGINAL\\PRIMARY\\P"):
        read_dicom(tmp_path)
    volumes = [read_dicom(tmp_path, row).array for row in (0, 1)]
    np.testing.assert_array_equal(sorted(v[0, 0, 0] for v in volumes), everything[:, 0, 0, 0])


def test_several_echoes_at_several_times_are_ordered_by_echo_then_time(tmp_path):
    def change(repeat, _, ds):
        ds.EchoTime = [2.0, 4.0][repeat % 2]
        ds.AcquisitionTime = f"1200{10 * (repeat // 2):02d}"

    everything = write_repeats(tmp_path, 4, change)
    image = read_dicom(tmp_path)
    np.testing.assert_array_equal(image.array, everything[[0, 2, 1, 3]])
    np.testing.assert_array_equal(image.times, [2, 2, 4, 4])


def test_an_empty_data_set_has_no_private_b_value():
    from medlab.io.dicom.vendors import diffusion_facts

    assert diffusion_facts(Dataset()) == {}
