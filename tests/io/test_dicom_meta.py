"""What is kept of a header serves measuring and says nothing about who the patient is."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_folders import item, write_slices
from pydicom.data import get_testdata_file
from pydicom.datadict import DicomDictionary
from pydicom.sequence import Sequence

from medlab.io.dicom import read_dicom

#: Elements of PS3.15 table E.1-1 that Image.meta must never hold, under any modality but PET's two.
IDENTIFYING = (  # noqa: SIM905  # reads better than 40 strings
    "PatientName PatientID PatientBirthDate PatientSex PatientAge OtherPatientIDs PatientAddress "
    "AccessionNumber InstitutionName InstitutionAddress ReferringPhysicianName "
    "PerformingPhysicianName OperatorsName StationName StudyDescription SeriesDescription "
    "PatientComments ImageComments StudyID StudyDate SeriesDate AcquisitionDate StudyTime "
    "ProtocolName DeviceSerialNumber StudyInstanceUID SeriesInstanceUID SOPInstanceUID "
    "FrameOfReferenceUID ContrastBolusAgent AdditionalPatientHistory MedicalAlerts "
    "RequestedProcedureDescription DetectorID GantryID"
).split()


def plant(ds):
    """Put a marker into identifying text elements, also in a sequence and a private block."""
    planted = []
    vrs = {keyword: vr for vr, _, _, _, keyword in DicomDictionary.values()}
    for number, keyword in enumerate(IDENTIFYING):
        vr = vrs[keyword]
        if vr in {"LO", "LT", "SH", "ST", "PN", "UT"}:
            setattr(ds, keyword, f"MARK{number}X")
            planted.append(f"MARK{number}X")
    ds.PatientBirthDate, ds.PatientAge, ds.PatientSex = "19010203", "099Y", "F"
    inner = item(PatientName="MARKINNER")
    ds.ReferencedPatientSequence = Sequence([inner])
    ds.private_block(0x0029, "MARKCREATOR", create=True).add_new(1, "LO", "MARKPRIVATE")
    return [*planted, "MARKINNER", "MARKPRIVATE", "19010203", "099Y"]


@pytest.mark.parametrize("modality", ["CT", "MR", "PT"])
def test_no_planted_identity_reaches_meta_notes_or_repr(tmp_path, modality):
    planted = []
    write_slices(tmp_path, modality=modality, change=lambda _, ds: planted.append(plant(ds)))
    image = read_dicom(tmp_path)
    said = f"{dict(image.meta)} {image.notes} {image!r}"
    assert len(planted[0]) > 20
    assert [marker for marker in planted[0] if marker in said] == []
    assert not set(image.meta) & set(IDENTIFYING)


def test_ct_facts_are_kept(tmp_path):
    write_slices(tmp_path, KVP=120, XRayTubeCurrent=200, Exposure=150, ConvolutionKernel="B30f")
    facts = read_dicom(tmp_path).meta
    assert (facts["KVP"], facts["XRayTubeCurrent"], facts["Exposure"], facts["ConvolutionKernel"]) == (
        120,
        200,
        150,
        "B30f",
    )
    assert facts["SliceThickness"] == 2.5


def test_mr_facts_are_kept(tmp_path):
    write_slices(
        tmp_path, modality="MR", EchoTime=3.5, RepetitionTime=8, FlipAngle=12, MagneticFieldStrength=3
    )
    facts = read_dicom(tmp_path).meta
    assert [facts[k] for k in ("EchoTime", "RepetitionTime", "FlipAngle", "MagneticFieldStrength")] == [
        3.5,
        8,
        12,
        3,
    ]


def tracer(**times):
    return Sequence([item(RadionuclideTotalDose=3.7e8, RadionuclideHalfLife=6586.2, **times)])


@pytest.mark.parametrize(
    ("times", "elapsed"),
    [
        ({"RadiopharmaceuticalStartTime": "090000"}, 3600.0),
        ({"RadiopharmaceuticalStartTime": "233000"}, 37800.0),
        ({"RadiopharmaceuticalStartDateTime": "20200101090000"}, 3600.0),
        ({"RadiopharmaceuticalStartDateTime": "20191231220000"}, 43200.0),
    ],
)
def test_pet_keeps_what_decay_correction_needs_and_no_dates(tmp_path, times, elapsed):
    write_slices(
        tmp_path,
        modality="PT",
        PatientWeight=70.5,
        DecayCorrection="START",
        Units="BQML",
        SeriesDate="20200101",
        SeriesTime="100000",
        AcquisitionDate="20200101",
        AcquisitionTime="100500",
        RadiopharmaceuticalInformationSequence=tracer(**times),
    )
    facts = read_dicom(tmp_path).meta
    assert (facts["PatientWeight"], facts["RadionuclideTotalDose"], facts["RadionuclideHalfLife"]) == (
        70.5,
        3.7e8,
        6586.2,
    )
    assert facts["SecondsFromInjectionToSeries"] == elapsed
    assert facts["SecondsFromInjectionToAcquisition"] == elapsed + 300
    assert "2020" not in str(dict(facts))


def test_acquisition_of_a_pet_starts_with_its_first_bed(tmp_path):
    def bed(place, ds):
        ds.AcquisitionTime = f"10{20 - 5 * place:02d}00"

    write_slices(
        tmp_path,
        modality="PT",
        change=bed,
        RadiopharmaceuticalInformationSequence=tracer(RadiopharmaceuticalStartTime="090000"),
    )
    assert read_dicom(tmp_path).meta["SecondsFromInjectionToAcquisition"] == 3600.0


def test_philips_factors_are_kept(tmp_path):
    def philips(_, ds):
        block = ds.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x00, "DS", "0.000123")
        block.add_new(0x09, "DS", "1.5")

    write_slices(tmp_path, modality="PT", Units="CNTS", change=philips)
    facts = read_dicom(tmp_path).meta
    assert facts["PhilipsSUVScaleFactor"] == pytest.approx(0.000123)
    assert facts["PhilipsActivityConcentrationScaleFactor"] == 1.5


def test_values_are_plain_numbers_and_texts():
    def plain(value):
        return type(value) in {str, int, float} or (type(value) is tuple and all(map(plain, value)))

    for name in (
        "CT_small.dcm",
        "MR_small.dcm",
        "color3d_jpeg_baseline.dcm",
        "emri_small.dcm",
        "RG1_UNCR.dcm",
    ):
        facts = read_dicom(get_testdata_file(name, download=False)).meta
        assert {key: value for key, value in facts.items() if not plain(value)} == {}


def test_reading_prints_nothing(capfd, recwarn):
    names = (
        "JPEG-LL.dcm",
        "JPGExtended.dcm",
        "bad_sequence.dcm",
        "explicit_VR-UN.dcm",
        "color3d_jpeg_baseline.dcm",
    )
    for name in (*names, "SC_rgb_jpeg.dcm", "MR_small_padded.dcm", "OT-PAL-8-face.dcm"):
        read_dicom(get_testdata_file(name, download=False))
    assert capfd.readouterr() == ("", "")
    assert list(recwarn) == []


def test_reading_imports_neither_tensorflow_nor_itk_nor_pandas(tmp_path):
    import subprocess
    import sys

    write_slices(tmp_path)
    code = (
        "import sys\nfrom medlab.io.dicom import read_dicom\nread_dicom(sys.argv[1])\n"
        "print([m for m in ('tensorflow', 'SimpleITK', 'pandas', 'nibabel') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_notes_are_sentences(tmp_path):
    write_slices(tmp_path, direction=np.array([0, 0.2, 1]))
    (tmp_path / "junk.txt").write_text("junk")
    notes = read_dicom(tmp_path).notes
    assert len(notes) == 2
    assert all(note[0].isalnum() and note.endswith(".") for note in notes)
