"""Images that several tests of this room share."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

import medlab

AFFINE = np.array([[0, 0, 0.8, -20.0], [0, 0.8, 0, -24.0], [2.5, 0, 0, -15.0], [0, 0, 0, 1]])


@pytest.fixture(scope="session")
def ibsi():
    """The IBSI's digital phantom (CC BY 4.0): image, mask, and the reference values of its features."""
    content = json.loads((Path(__file__).parent / "ibsi_digital_phantom.json").read_text())
    affine = np.diag([*content["spacing_mm"], 1.0])[:, [2, 1, 0, 3]]
    image = medlab.Image(np.array(content["image"], np.int16), affine=affine)
    return image, image.as_mask(np.array(content["mask"], np.uint8)), content["reference"]


@pytest.fixture
def scan(rng):
    """A simulated CT with correlated noise, odd sizes and flat voxels at its border."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(rng.normal(0, 900, (23, 41, 38)), 1.0)
    values = np.rint(noise + 40).astype(np.int16)
    return medlab.Image(values, affine=AFFINE, modality="CT", units="HU")


@pytest.fixture
def lesion(scan):
    """An ellipsoid in the middle of `scan`."""
    k, j, i = np.mgrid[:23, :41, :38]
    inside = ((k - 11) / 2.3) ** 2 + ((j - 20) / 5.2) ** 2 + ((i - 18) / 4.1) ** 2 < 1
    return scan.as_mask(inside, labels={1: "lesion"})


@pytest.fixture(scope="session")
def testcases(mirror, tmp_path_factory):
    """PyRadiomics' own test cases and the values that its authors keep for them."""
    folder = tmp_path_factory.mktemp("pyradiomics")
    with zipfile.ZipFile(mirror / "pyradiomics_testcases.zip") as bundle:
        bundle.extractall(folder)
    return folder
