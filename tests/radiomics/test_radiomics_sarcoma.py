"""A real tumour in CT, PET and MR: its contours and its masks have one volume."""

from __future__ import annotations

import zipfile

import pandas as pd
import pytest
from pydicom import dcmread

from medlab import radiomics

MODALITIES = ("CT", "PET", "MR_T1")
VOLUMES = ["original_shape_VoxelVolume", "original_shape_MeshVolume"]


@pytest.fixture(scope="module")
def volumes(mirror, tmp_path_factory):
    """Volumes in ml by modality and kind of mask, of the IBSI's soft-tissue sarcoma STS_004."""
    folder = tmp_path_factory.mktemp("sarcoma")
    with zipfile.ZipFile(mirror / "petct" / "ibsi_sts_004_ct_pet_mr.zip") as bundle:
        bundle.extractall(folder)
    rows = []
    for name in MODALITIES:
        case = folder / "dicom" / "STS_004" / name
        contours = case / "mask" / "RS.dcm"
        structure = dcmread(contours).StructureSetROISequence[0].ROIName
        nifti = folder / "nifti" / "STS_004"
        image, mask = nifti / f"{name}_image.nii.gz", nifti / f"{name}_mask.nii.gz"
        rows += [
            {"kind": "contours", "image": case / "image", "mask": contours, "structure": structure},
            {"kind": "mask", "image": image, "mask": mask},
        ]
    cases = pd.DataFrame(rows).assign(scan=[name for name in MODALITIES for _ in range(2)])
    params = {"featureClass": {"shape": ["VoxelVolume", "MeshVolume"]}}
    table = radiomics.extract_batch(cases, params, workers=1, progress=False)
    assert table["status"].tolist() == ["ok"] * 6
    return table.pivot_table(index="scan", columns="kind", values=VOLUMES) / 1000


@pytest.mark.mirror
@pytest.mark.parametrize("name", MODALITIES)
@pytest.mark.parametrize("feature", VOLUMES)
def test_contours_and_mask_have_one_volume(volumes, name, feature):
    contours, mask = volumes.loc[name, (feature, "contours")], volumes.loc[name, (feature, "mask")]
    assert mask > 50
    assert contours == pytest.approx(mask, rel=0.01)
