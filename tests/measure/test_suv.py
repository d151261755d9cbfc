"""Standardised uptake values."""

import math

import numpy as np
import pydicom
import pytest

import medlab
from medlab.io.archive import unpacked
from medlab.measure import suv

SERIES, ACQUISITION = "SecondsFromInjectionToSeries", "SecondsFromInjectionToAcquisition"
FACTS = {
    "PatientWeight": 80.0,
    "RadionuclideTotalDose": 400e6,
    "RadionuclideHalfLife": 6586.2,
    "DecayCorrection": "START",
    "CorrectedImage": ("DECY", "ATTN", "SCAT"),
    "SecondsFromInjectionToSeries": 6586.2,
    "SecondsFromInjectionToAcquisition": 6586.2,
}


def a_pet(units="Bq/ml", **facts):
    meta = {k: v for k, v in (FACTS | facts).items() if v is not None}
    affine = np.diag([4.0, 4.0, 3.0, 1.0])[:, [2, 1, 0, 3]]
    return medlab.Image(
        np.full((2, 3, 4), 1000.0, np.float32), affine=affine, modality="PT", units=units, meta=meta
    )


def test_after_one_half_life_half_of_the_dose_is_left():
    result = suv(a_pet())
    np.testing.assert_allclose(result.array, 1000 * 80_000 / 200e6, rtol=1e-6)
    assert (result.units, result.dtype) == ("SUVbw", np.float32)
    assert "injection to series time" in result.notes[-1]


def test_an_image_corrected_to_the_injection_needs_no_decay_of_the_dose():
    result = suv(a_pet(DecayCorrection="ADMIN", SecondsFromInjectionToSeries=None))
    np.testing.assert_allclose(result.array, 1000 * 80_000 / 400e6, rtol=1e-6)


def test_an_image_in_suv_comes_back_as_it_is():
    image = a_pet(units="SUVbw")
    assert suv(image) is image


def test_the_input_is_not_changed():
    image = a_pet()
    suv(image)
    assert (image.array == 1000).all()


def test_philips_counts_use_the_private_suv_factor():
    image = a_pet(units="counts", PhilipsSUVScaleFactor=0.00125)
    np.testing.assert_allclose(suv(image).array, 1.25)


def test_philips_counts_without_it_use_the_factor_to_becquerels():
    image = a_pet(units="counts", PhilipsSUVScaleFactor=0.0, PhilipsActivityConcentrationScaleFactor=2.0)
    np.testing.assert_allclose(suv(image).array, 2000 * 80_000 / 200e6, rtol=1e-6)


def test_an_overwritten_series_time_is_replaced_by_frame_times():
    decay, frame, started = math.log(2) / 6586.2, 180.0, 3000.0
    within = math.log(decay * frame / (1 - math.exp(-decay * frame))) / decay
    acquired_after_start = 600.0
    image = a_pet(
        SecondsFromInjectionToSeries=90_000.0,
        SecondsFromInjectionToAcquisition=started + acquired_after_start,
        FrameReferenceTime=(acquired_after_start + within) * 1000,
        ActualFrameDuration=frame * 1000,
    )
    expected = 1000 * 80_000 / (400e6 * math.exp(-decay * started))
    np.testing.assert_allclose(suv(image).array, expected, rtol=1e-6)
    assert 85 < within < 90


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"PatientWeight": None}, "PatientWeight is missing"),
        ({"PatientWeight": 80_000.0}, "another unit"),
        ({"RadionuclideTotalDose": 0.0}, "RadionuclideTotalDose is missing or 0"),
        ({"RadionuclideTotalDose": 400.0}, "expected 100000 to 1e\\+11 Bq"),
        ({"RadionuclideHalfLife": 1.83}, "RadionuclideHalfLife is 1.83"),
        ({"DecayCorrection": "NONE"}, "DecayCorrection is NONE"),
        ({"DecayCorrection": None}, "DecayCorrection is missing"),
        ({"CorrectedImage": ("DECY",)}, "no correction for attenuation"),
        ({"CorrectedImage": "ATTN"}, "no correction for decay"),
        ({SERIES: None, ACQUISITION: None}, "time of injection"),
        ({"SecondsFromInjectionToSeries": 9e4}, "post-processed series"),
        ({"SecondsFromInjectionToSeries": -60.0}, "-1.0 min after the injection"),
        ({SERIES: 9e4, ACQUISITION: 9e4}, "were dates shifted"),
        (
            {"SecondsFromInjectionToSeries": 9e4, "FrameReferenceTime": 1.0, "ActualFrameDuration": 1.0,
             "Manufacturer": "GE MEDICAL SYSTEMS"},
            "nothing else tells",
        ),
    ],
)  # fmt: skip
def test_each_pitfall_is_an_error_that_names_the_tag(change, named):
    with pytest.raises(ValueError, match=named):
        suv(a_pet(**change))


@pytest.mark.parametrize("units", ["counts", "", "HU", "counts/s"])
def test_values_in_other_units_are_refused(units):
    with pytest.raises(ValueError, match="Units"):
        suv(a_pet(units=units))


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="kind must be 'bw'"):
        suv(a_pet(), kind="lbm")


def test_a_whole_body_pet_agrees_with_a_computation_from_its_tags(mirror):
    with unpacked(mirror / "petct" / "sts_001_pet_wholebody_dicom.zip") as folder:
        images = folder / "STS_001" / "FDG_PET" / "image"
        pet = medlab.read(images, on_irregular="resample")
        files = [pydicom.dcmread(f) for f in sorted(images.iterdir())[::40]]
    result = suv(pet)
    for file in files:
        tracer = file.RadiopharmaceuticalInformationSequence[0]
        clock = [float(t[:2]) * 3600 + float(t[2:4]) * 60 + float(t[4:]) for t in
                 (file.SeriesTime, tracer.RadiopharmaceuticalStartTime)]  # fmt: skip
        left = tracer.RadionuclideTotalDose * 2 ** (-(clock[0] - clock[1]) / tracer.RadionuclideHalfLife)
        becquerels = file.pixel_array * float(file.RescaleSlope) + float(file.RescaleIntercept)
        expected = becquerels / left * float(file.PatientWeight) * 1000
        k = round(float(pet.position_to_index([float(v) for v in file.ImagePositionPatient])[0]))
        np.testing.assert_allclose(result.array[k], expected, rtol=1e-5)
    assert 0.5 < result.array[result.array > 0.2].mean() < 2  # the dose spreads over the body


def test_the_suv_series_of_ibsi_equals_its_nifti(mirror):
    archive = mirror / "petct" / "ibsi_sts_004_ct_pet_mr.zip"
    dicom = suv(medlab.read(archive, series="dicom/STS_004/PET/image"))
    nifti = medlab.read(archive, series="nifti/STS_004/PET_image.nii.gz")
    np.testing.assert_allclose(dicom.array, nifti.array, atol=1e-6)
    assert (dicom.units, dicom.same_grid(nifti)) == ("SUVbw", True)
